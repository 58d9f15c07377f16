"""Annexure 1, item by item; and Annexure 2, which exempts nothing."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from validators.annexure_1 import ANNEXURE_1, CONDITIONS, find
from validators.identifiers import hsn_fault

PAGE = Path(__file__).parents[2] / "docs" / "exemptions.md"
UNBRANDED = "NOT_IN_BRANDED_UNIT_CONTAINER"
EVERYTHING = tuple(
    condition
    for condition in CONDITIONS
    if condition not in ("POSTAL_BAGGAGE", "USED_PERSONAL_EFFECTS")
)
"""All that may be stated of goods, but for what is said of goods of any code."""


class Row(NamedTuple):
    """Goods of an item: codes that are, the conditions they need, and codes just outside."""

    item: int
    inside: str
    conditions: str
    outside: str


ROWS = [
    Row(1, "0101 0106 01051100", "", "0201 9801"),
    Row(2, "0201 0203 0208 02071100", "FRESH_OR_CHILLED", "0202 02023000 0209 0210 1601 0504"),
    Row(3, "0301 03011100", "NOT_SEED", "0305 0409"),
    Row(3, "0302 0304 0306 030791", "FRESH_OR_CHILLED NOT_SEED", "0303 0305 030559 0309 1604"),
    Row(4, "0401 04012000", "FRESH NOT_UHT", "0402 0403 0406"),
    Row(5, "0407 040721", "", "0406 0408"),
    Row(6, "0501 05010010", "UNWORKED", "0502 6703"),
    Row(7, "0601 0602 0603 0604", "", "0511 5601"),
    Row(8, "0701 0706 0709 0714", "FRESH_OR_CHILLED", "0710 071080 0711 0712 0901 2001"),
    Row(8, "0714 071490", "SAGO_PITH", "0710 1106"),
    Row(9, "0801 080119", "COCONUTS", "0811 2008"),
    Row(9, "0803 08039010", "", "0813 0903"),
    Row(9, "0802 0804 0810 0814", "FRESH", "0811 0812 0813 081310 2008"),
    Row(10, "0713 07132000", UNBRANDED, "0712 2005"),
    Row(11, "1001 1006 1008 10063020", UNBRANDED, "1104 1901"),
    Row(
        12, "1101 1102 1103 110311 1106",
        f"ATTA_BESAN_SUJI_DALIA_OR_MAIDA {UNBRANDED}", "1104 1105 1107",
    ),
    Row(13, "2711 271112 27111900", "HOUSEHOLD_OR_NDEC_SUPPLY", "271111 27112100 2712 2709"),
    Row(14, "2710 27101932", "SOLD_UNDER_PDS", "2709 2712"),
    Row(15, "2301 2302 2309 1213 1214 121490", "ANIMAL_FEED_OR_FODDER", "230230 1212 2401 1209"),
    Row(16, "2501 25010010", "", "2502 2523 2520"),
    Row(17, "3002 300212", "HUMAN_BLOOD", "3001 3003"),
    Row(18, "3006 4014 30066010", "CONTRACEPTIVES", "3005 4015"),
    Row(19, "3101 31010091", f"ORGANIC_MANURE {UNBRANDED}", "3102 3105"),
    Row(20, "4901 490199", "BOOKS", "4905 4820"),
    Row(20, "4902 4903", "", "4904 4905 4911"),
    Row(
        21, "3304 33049920", "KUMKUM_BINDI_ALTA_SINDOOR_OR_KAJAL NOT_KAJAL_PENCIL_STICK",
        "3303 3305",
    ),
    Row(22, "1904 19041020", "PUFFED_FLATTENED_OR_PARCHED_RICE", "1903"),
    Row(23, "1905 19059040", "PAPPAD", "1902"),
    Row(24, "6912 69120040", "EARTHEN_POTS_OR_CLAY_LAMPS", "6911 6913"),
    Row(25, "8802 8803 8807 880260", "SPACECRAFT", "8801 8804 8806"),
    Row(26, "4901 7215 1006", "POSTAL_BAGGAGE", "9803 980300"),
    Row(27, "7101 7102 7108 7112", "", "7001 7201 7113"),
    Row(28, "7113 7117 71131911", "", "7118 7001 7201"),
    Row(29, "4907 7118", "CURRENCY", "4906 7115 4802"),
    Row(30, "9403 8703 6309", "USED_PERSONAL_EFFECTS", "9803 98030000"),
]  # fmt: skip

CASES = [(row, code) for row in ROWS for code in row.inside.split()]


def exempt_by(hsn_code: str, stated: tuple[str, ...]) -> int | None:
    item, missing = find(hsn_code, stated)
    return item.number if item and not missing else None


def test_the_thirty_items_are_here_and_in_the_table() -> None:
    assert [item.number for item in ANNEXURE_1] == list(range(1, 31))
    assert {row.item for row in ROWS} == set(range(1, 31))
    assert {condition for row in ROWS for condition in row.conditions.split()} == set(CONDITIONS)
    written = {(item.number, goods.conditions) for item in ANNEXURE_1 for goods in item.goods}
    assert written == {(row.item, tuple(row.conditions.split())) for row in ROWS}


@pytest.mark.parametrize(("row", "code"), CASES)
def test_exempt_with_its_conditions_stated(row: Row, code: str) -> None:
    assert hsn_fault(code) is None
    conditions = tuple(row.conditions.split())
    assert exempt_by(code, conditions) == row.item
    assert exempt_by(code, tuple(reversed(conditions))) == row.item


@pytest.mark.parametrize(
    ("row", "code", "missing"),
    [(row, code, missing) for row, code in CASES for missing in row.conditions.split()],
)
def test_not_exempt_with_any_one_missing(row: Row, code: str, missing: str) -> None:
    stated = tuple(condition for condition in row.conditions.split() if condition != missing)
    item, named = find(code, stated)
    if row.item in (26, 30):  # Every code would lack these: they are not asked for.
        assert missing not in named
        assert exempt_by(code, stated) is None
        return
    assert item is not None
    assert item.number == row.item
    assert missing in named or code in ("0714", "071490", "0801", "080119")
    assert named


@pytest.mark.parametrize(
    ("row", "code"), [(row, code) for row in ROWS for code in row.outside.split()]
)
def test_not_of_the_item_just_outside(row: Row, code: str) -> None:
    assert hsn_fault(code) is None
    assert exempt_by(code, tuple(row.conditions.split())) != row.item


@pytest.mark.parametrize(
    ("code", "item", "missing"),
    [
        ("2523", None, ()),
        ("0710", None, ()),
        ("7215", None, ()),
        ("1006", 11, (UNBRANDED,)),
        ("0401", 4, ("FRESH", "NOT_UHT")),
        # Two ways to be exempt: the one that lacks less, then the first.
        ("0714", 8, ("FRESH_OR_CHILLED",)),
        ("0801", 9, ("COCONUTS",)),
        ("0301", 3, ("NOT_SEED",)),
    ],
)
def test_what_is_still_to_be_stated(code: str, item: int | None, missing: tuple[str, ...]) -> None:
    found = find(code, ())
    assert (found.item.number if found.item else None, found.missing) == (item, missing)


def test_conditions_of_other_goods_change_nothing() -> None:
    assert find("7215", EVERYTHING).item is None
    assert find("0401", ("FRESH_OR_CHILLED", "PAPPAD")).missing == ("FRESH", "NOT_UHT")


ANNEXURE_2 = """
    0201 0202 0203 0204 0205 0206 0207 0208 0209 | 0209 | 0210 | 0301 0306 | 0403 | 0409 | 0506
    | 050790 | 0511 | 0712 | 0901 0909 | 0901 | 0902 | 09101110 | 09103010 | 1102 | 1103 | 1104
    | 1105 1106 | 1201 1209 | 1301 | 14049040 | 1701 | 1702 | 1905 | 2106 | 2201 | 2201 | 22029090
    | 2302 2304 2306 2309 | 3825 | 3926 | 4401 | 4402 | 4802 4907 | 4817 4907 | 4801 4907 | 4907
    | 4905 | 5001 | 5002 | 5003 | 5101 | 5102 | 5103 | 5201 | 5205 | 5303 | 5305 | 6307 | 6703
    | 7018 | 8201 | 8445 | 8803 | 9021 | 9201 | 9603 | 9609 | 96100000 | 9803
"""
"""The headings of its rows in their order; of a chapter, some of its headings."""
HEADINGS = [row.split() for row in ANNEXURE_2.split("|")]
ALSO_IN_ANNEXURE_1 = {
    "0201", "0203", "0204", "0205", "0206", "0207", "0208", "0301", "0306", "1102", "1103", "1106",
    "1905", "2302", "2304", "2306", "2309", "4907", "8803",
}  # fmt: skip
"""Headings of which other goods, or the same in another state, are in Annexure 1."""


def test_every_row_of_annexure_2_is_here() -> None:
    assert len(HEADINGS) == 61


@pytest.mark.parametrize("code", sorted({code for row in HEADINGS for code in row}))
def test_annexure_2_is_no_exemption(code: str) -> None:
    """Curd, bread, firewood, dressed hair: free of tax, and yet they need a bill."""
    assert exempt_by(code, ()) is None
    assert (exempt_by(code, EVERYTHING) is not None) == (code in ALSO_IN_ANNEXURE_1)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_a_sentence(condition: str) -> None:
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", condition)
    assert re.fullmatch(r"The [a-z].*\.", CONDITIONS[condition])


def test_the_page_says_what_the_data_say() -> None:
    text = PAGE.read_text()
    for item in ANNEXURE_1:
        for goods in item.goods:
            prefixes = "any" if goods.of_any_code else " ".join(goods.prefixes)
            but_not = " ".join(goods.but_not)
            conditions = ", ".join(f"`{each}`" for each in goods.conditions)
            cells = (str(item.number), item.description, prefixes, but_not, conditions)
            assert "|".join(f" {cell} " if cell else " " for cell in ("", *cells, "")).strip() in (
                text
            )
    for condition, sentence in CONDITIONS.items():
        assert f"| `{condition}` | {sentence} |" in text
