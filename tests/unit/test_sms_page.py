"""docs/sms.md states the limits that the code has."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from ingest import sms_limits
from sms import spelling
from validators import sms_number

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sms.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\|[^|]+\| (\d+)(?: (\w+))? \| `([A-Z_]+)` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("number", "unit", "name"), ROWS, ids=[row[2] for row in ROWS])
def test_a_limit_is_that_of_the_code(number: str, unit: str, name: str) -> None:
    module = next(each for each in (sms_limits, spelling, sms_number) if hasattr(each, name))
    limit = getattr(module, name)
    if isinstance(limit, timedelta):
        assert limit == timedelta(**{unit: int(number)})
    else:
        assert limit == int(number)


def test_every_row_of_the_limits_is_compared() -> None:
    limits_of_page = PAGE.partition("\n## Limits\n")[2].partition("\n## ")[0]
    rows = [line for line in limits_of_page.splitlines() if line.startswith("|")]
    assert len(ROWS) == len(rows) - 2 > 0
