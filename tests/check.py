"""`./run check`: lints, strict types, tests, as CI runs them; `--quick` leaves what takes long."""

import subprocess
import sys

STEPS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
)

# Two at a time take two thirds of the time, on two cores; each has servers of its own.
TESTS = ("pytest", "--numprocesses", "2", "--dist", "worksteal")

QUICK = ("tests/unit", "tests/integration", "tests/acceptance/test_spine.py")


def main() -> int:
    """Runs every step; the exit code of the first that fails."""
    tests = [*TESTS, *sys.argv[1:]]
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
