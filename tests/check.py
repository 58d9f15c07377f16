"""`./run check`: lints, strict types, tests, as CI runs them; `--quick` leaves what takes long."""

import subprocess
import sys

STEPS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
)

QUICK = ("tests/unit", "tests/integration", "tests/acceptance/test_spine.py")


def main() -> int:
    """Runs every step; the exit code of the first that fails."""
    tests = ["pytest", *sys.argv[1:]]
    if "--quick" in tests:
        tests[tests.index("--quick") :] = ["-m", "not slow", *QUICK]
    for step in (*STEPS, tests):
        print("==>", *step, flush=True)
        code = subprocess.run([sys.executable, "-m", *step], check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
