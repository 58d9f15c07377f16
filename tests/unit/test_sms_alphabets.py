"""Septets, units and segments, on both sides of every boundary."""

# Letters that look alike are what is tested here.
# ruff: noqa: RUF001

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.alphabets import BASIC, EXTENSION, segments, septets, utf16_units

LAMP = "\U0001fa94"
HA = "ह"


def test_the_default_alphabet_is_that_of_gsm_03_38() -> None:
    """Places that a slip would shift: each row of the table, 16 wide."""
    assert len(BASIC) == len(set(BASIC)) == 128
    rows = [BASIC[row : row + 16] for row in range(0, 128, 16)]
    assert [row[0] for row in rows] == ["@", "Δ", " ", "0", "¡", "P", "¿", "p"]
    assert [row[-1] for row in rows] == ["å", "É", "/", "?", "O", "§", "o", "à"]
    assert BASIC[0x0A] == "\n"
    assert BASIC[0x1B] == "\x1b"
    assert BASIC[0x24] == "¤"


@pytest.mark.parametrize("character", BASIC.replace("\x1b", ""))
def test_one_septet(character: str) -> None:
    assert septets(character) == 1


@pytest.mark.parametrize("character", EXTENSION)
def test_two_septets(character: str) -> None:
    assert septets(character) == 2


@pytest.mark.parametrize("character", ["`", "\x1b", "ç", "Α", "\t", HA, LAMP, "\u00a0"])
def test_not_in_gsm_7(character: str) -> None:
    assert septets(character) is None
    assert septets("A" * 9 + character) is None


@pytest.mark.parametrize(("text", "units"), [("", 0), ("A", 1), (HA, 1), ("\uffff", 1), (LAMP, 2)])
def test_units(text: str, units: int) -> None:
    assert utf16_units(text) == units


PARTS = [
    ("", [0]),
    ("A" * 160, [160]),
    ("A" * 161, [153, 8]),
    ("A" * 306, [153, 153]),
    ("A" * 307, [153, 153, 1]),
    ("A" * 158 + "€", [159]),
    ("A" * 159 + "€", [153, 7]),
    ("A" * 151 + "€" + "A" * 8, [152, 8]),
    ("A" * 152 + "€" + "A" * 7, [152, 8]),
    ("€" * 80, [80]),
    ("€" * 81, [76, 5]),
    (HA * 70, [70]),
    (HA * 71, [67, 4]),
    (HA * 134, [67, 67]),
    (HA * 135, [67, 67, 1]),
    (HA * 68 + LAMP, [69]),
    (HA * 69 + LAMP, [67, 3]),
    (HA * 65 + LAMP + HA * 4, [66, 4]),
    (HA * 66 + LAMP + HA * 3, [66, 4]),
    (LAMP * 35, [35]),
    (LAMP * 36, [33, 3]),
]


@pytest.mark.parametrize(("text", "lengths"), PARTS)
def test_segments(text: str, lengths: list[int]) -> None:
    """Lengths in characters: the escaped € takes two septets, the lamp two units."""
    assert [len(part) for part in segments(text)] == lengths


@given(st.text(max_size=700) | st.text(BASIC + "".join(EXTENSION), max_size=700))
def test_segments_hold_the_text_and_no_more_than_they_may(text: str) -> None:
    parts = segments(text)
    assert "".join(parts) == text
    widths = [septets(part) for part in parts]
    if (whole := septets(text)) is not None:
        most = 160 if whole <= 160 else 153
        assert all(width is not None and width <= most for width in widths)
    else:
        most = 70 if utf16_units(text) <= 70 else 67
        assert all(len(part.encode("utf-16-be", "surrogatepass")) // 2 <= most for part in parts)
    assert (len(parts) == 1) == (most in (160, 70))
