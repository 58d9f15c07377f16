"""The character sets of short messages, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.alphabets import BASIC, EXTENSION
from sms.smpp.characters import Charset, decode, encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
GSM_TEXTS = st.text(BASIC.replace("\x1b", "") + "".join(EXTENSION), max_size=700)
DEFAULTS: tuple[Charset, ...] = ("gsm7", "latin1", "ascii")


@pytest.mark.parametrize("default", DEFAULTS)
@given(text=TEXTS | GSM_TEXTS)
def test_what_is_encoded_is_decoded_again_in_parts_that_fit(default: Charset, text: str) -> None:
    data_coding, parts = encode(text, default)
    assert decode(b"".join(parts), data_coding, default) == text
    assert "".join(decode(part, data_coding, default) for part in parts) == text
    alone = {0: 160, 8: 140}[data_coding]
    joined = {0: 153, 8: 134}[data_coding]
    assert all(len(part) <= (joined if len(parts) > 1 else alone) for part in parts)


@given(octets=st.binary(max_size=200), data_coding=st.integers(0, 255))
def test_whatever_came_is_a_text(octets: bytes, data_coding: int) -> None:
    for default in DEFAULTS:
        assert isinstance(decode(octets, data_coding, default), str)


def test_gsm_7_is_in_octets_with_its_extensions() -> None:
    assert encode("@[€]", "gsm7") == (0, [b"\x00\x1b\x3c\x1b\x65\x1b\x3e"])
    assert decode(b"\x00\x1b\x3c\x1b\x65\x1b\x3e", 0, "gsm7") == "@[€]"
    # What the extension does not have is the character itself; an escape at the end says nothing.
    assert decode(b"\x1bA\x1b", 0, "gsm7") == "A"
    assert decode(b"\x80\x1b\x1bA", 0, "gsm7") == "\ufffd\ufffdA"


def test_what_gsm_7_has_not_is_ucs_2_with_its_surrogate_pairs() -> None:
    assert encode("रु", "gsm7") == (8, ["रु".encode("utf-16-be")])
    data_coding, parts = encode("अ" * 66 + "😀" + "अ" * 10, "gsm7")
    assert data_coding == 8
    assert [part.decode("utf-16-be") for part in parts] == ["अ" * 66, "😀" + "अ" * 10]


def test_a_default_that_lacks_a_character_of_gsm_7_makes_it_ucs_2() -> None:
    assert encode("Rs é", "latin1") == (0, [b"Rs \xe9"])
    assert encode("Rs é", "ascii") == (8, ["Rs é".encode("utf-16-be")])
    assert encode("€" + "x" * 69, "latin1") == (8, [("€" + "x" * 69).encode("utf-16-be")])
    _, parts = encode("€" + "x" * 70, "latin1")
    assert [len(part) for part in parts] == [134, 8]


@pytest.mark.parametrize(
    ("data_coding", "octets", "text"),
    [
        (0x00, b"\x02", "$"),
        (0x01, b"$", "$"),
        (0x03, b"\xa3", "£"),
        (0x04, b"\xa3", "£"),
        (0x08, b"\x09\x05", "अ"),
        (0x10, b"\x02", "$"),
        (0x14, b"\xa3", "£"),
        (0x18, b"\x09\x05", "अ"),
        (0x80, b"\xa3", "£"),
        (0xC8, b"\x02", "$"),
        (0xE0, b"\x09\x05", "अ"),
        (0xF1, b"\x02", "$"),
        (0xF5, b"\xa3", "£"),
    ],
)
def test_each_data_coding_has_its_character_set(data_coding: int, octets: bytes, text: str) -> None:
    assert decode(octets, data_coding, "gsm7") == text


def test_data_coding_0_is_what_the_operator_set() -> None:
    assert [decode(b"\xa3", 0, default) for default in DEFAULTS] == ["\ufffd", "£", "\ufffd"]


def test_half_a_character_is_a_replacement() -> None:
    assert decode(b"\x09\x05\x09", 8, "gsm7") == "अ\ufffd"
    assert decode(b"\xd8\x3d", 8, "gsm7") == "\ufffd"
    assert encode("a\ud83db", "gsm7") == (8, ["a?b".encode("utf-16-be")])
