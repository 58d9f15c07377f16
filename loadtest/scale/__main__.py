"""Prints the tables of docs/scale.md, or writes them into it: `python -m loadtest.scale`."""

import argparse
from pathlib import Path
from typing import Final

from loadtest.bench.result import saved
from loadtest.scale.assumptions import assumptions
from loadtest.scale.page import filled, tables

_DOCS: Final = Path(__file__).parents[2] / "docs"


def main() -> None:
    """Exits with an error when the result or the page is not what it should be."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.scale",
        description="What a country's load needs, from what was measured (docs/scale.md).",
    )
    say = parser.add_argument
    say("--result", type=Path, default=_DOCS / "benchmark.json", help="of ./run bench --json")
    say("--page", type=Path, default=_DOCS / "scale.md", help="that --write writes into")
    say("--write", action="store_true", help="into the page, in the place of its tables")
    options = parser.parse_args()
    try:
        found = tables(saved(options.result), assumptions())
        if options.write:
            page = options.page.read_text("utf-8")
            options.page.write_text(filled(page, found), "utf-8")
        else:
            print("\n".join(found.values()), end="")
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
