"""What is typed on any keyboard, made plain; and what is left alone because it means something."""

# Letters that look alike are what is tested here.
# ruff: noqa: RUF001

import sys
import unicodedata

import pytest

from sms.spelling import plain

ALIKE = [
    ("ewbc 171000000144", "EWBC 171000000144"),
    ("  EWBC\t 171000000144 \r\n", "EWBC 171000000144"),
    ("EWBC\n171000000144", "EWBC 171000000144"),
    ("EWBC\u2028171000000144", "EWBC 171000000144"),
    ("EWBC\u00a0\u3000\u2009171000000144", "EWBC 171000000144"),
    ("EWBC\u2800\u3164171000000144", "EWBC 171000000144"),
    ("ＥＷＢＣ　１７１０００００ ０１４４", "EWBC 17100000 0144"),
    ("EWBC १७१००००००१४४", "EWBC 171000000144"),
    ("EWBC ১৭১০০০০০০১৪৪", "EWBC 171000000144"),
    ("EWBC ௧௭௧௦௦௦௦௦௦௧௪௪", "EWBC 171000000144"),
    ("EWBC ١٧١٠٠٠٠٠٠١٤٤", "EWBC 171000000144"),
    ("𝟏𝟕𝟏 𝙴𝚆𝙱𝙲", "171 EWBC"),
    ("ΕΒΚΑ", "EBKA"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
    ("αβεικνορτυχ", "ABEIKVOPTUX"),
    ("АВЕЅІЈКМНОРСТУХ", "ABESIJKMHOPCTYX"),
    ("авеѕіјкмнорстух", "ABESIJKMHOPCTYX"),
    ("ıİ", "II"),
    ("\u212a", "K"),
    ("01–04—2018", "01-04-2018"),
    ("01\u221204\u20112018", "01-04-2018"),
    ("01／04\u22152018\u20441", "01/04/2018/1"),
    ("75000．00", "75000.00"),
    ("EW\u200bBC\u200d\ufeff\u00ad", "EWBC"),
    ("\u202eEWBC\u202c\u2066\u2069", "EWBC"),
    ("EW\x00BC\x07\x1b\x7f\x9f", "EWBC"),
    ("KA\ufe0f12", "KA12"),
    ("", ""),
    (" \u200b\n", ""),
]


@pytest.mark.parametrize(("typed", "meant"), ALIKE)
def test_what_looks_alike_is_made_the_same(typed: str, meant: str) -> None:
    assert plain(typed) == meant


OTHER_IN_MEANING = ["100²", "½", "①", "Ⅷ", "É", "Ñ", "ОЖ", "Ω", "ß", "ﬁ", "…", "A\u0301", "ईवे", "€"]


@pytest.mark.parametrize("typed", OTHER_IN_MEANING)
def test_what_means_something_else_does_not_become_ascii(typed: str) -> None:
    assert not plain(typed).isascii()


@pytest.mark.parametrize("typed", ["O", "0", "I", "1", "l", "S", "5"])
def test_letters_and_digits_stay_apart(typed: str) -> None:
    assert plain(typed) == typed.upper()


def test_half_a_pair_of_surrogates_can_be_stored() -> None:
    assert plain("\ud800") == "\ufffd"


def test_every_character_there_is() -> None:
    """One character is at most one; digits stay digits of their value; it is done after once."""
    for code in range(sys.maxunicode + 1):
        typed = chr(code)
        meant = plain(typed)
        assert len(meant) <= 1
        assert plain(meant) == meant
        if "0" <= meant <= "9":
            assert int(meant) == unicodedata.decimal(typed)
        if meant:
            assert unicodedata.category(meant)[0] not in "CZ" or meant == typed
