"""The table of aims on docs/benchmark.md is what the saved record reached."""

from pathlib import Path

import msgspec
import pytest

from loadtest.bench.aims import filled, table
from loadtest.bench.options import FIGURES, options
from loadtest.bench.result import Result, saved
from loadtest.bench.spread import Spread

DOCS = Path(__file__).parents[2] / "docs"
RECORD = DOCS / "benchmark.json"


@pytest.fixture(scope="module")
def result() -> Result:
    return saved(RECORD)


def test_the_page_says_what_the_record_reached(result: Result) -> None:
    page = (DOCS / "benchmark.md").read_text("utf-8")
    assert page == filled(page, result), "./run bench --saved docs/benchmark.json --page ..."


def test_an_aim_is_reached_by_the_median(result: Result) -> None:
    for median, said in ((0.45, "reached"), (0.449, "**not reached**")):
        generation = msgspec.structs.replace(
            result.figures["generation"], ratios={"bare": Spread(median, 0.4, 0.5)}
        )
        rows = table(msgspec.structs.replace(result, figures={"generation": generation}))
        row = f"| generation, of bare | at least 0.45 | {median:.3f} | 0.400 - 0.500 | {said} |"
        assert row in rows.splitlines()
        assert "| read, of bare | at least 0.7 | not measured |  |  |" in rows.splitlines()


def test_a_page_without_a_place_is_not_filled(result: Result) -> None:
    with pytest.raises(SystemExit, match="one place"):
        filled("no table", result)


def test_the_record_is_of_a_whole_run(result: Result) -> None:
    asked = options(["--saved", str(RECORD)])
    assert result.settings == asked.settings
    assert tuple(result.figures) == FIGURES
    assert result.durable
    assert result.sustained is not None
    assert result.sustained.minutes >= 10
