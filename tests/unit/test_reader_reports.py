"""The tags of a report: whole, of every length; and damaged ones, of which none is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reader.reports import DamagedMessage, tags_of
from tests import llrp_frames as llrp

TAG = "E2801160600002054CC2096F"
words = st.integers(1, 31).flatmap(lambda count: st.binary(min_size=2 * count, max_size=2 * count))


def of_data(*data: bytes) -> bytes:
    body = b"".join(llrp.tlv(240, each) for each in data)
    return llrp.message(llrp.RO_ACCESS_REPORT, body)


def epc_data(bits: int, epc: bytes) -> bytes:
    return llrp.tlv(241, bits.to_bytes(2) + epc)


@given(st.lists(words, max_size=5))
def test_every_length_of_an_epc(epcs: list[bytes]) -> None:
    tags = [epc.hex().upper() for epc in epcs]
    assert tags_of(llrp.report(tags, 0)) == tags


def test_96_bits_in_either_form() -> None:
    short = bytes([llrp.EPC_96]) + bytes.fromhex(TAG)
    assert tags_of(of_data(short, epc_data(96, bytes.fromhex(TAG)))) == [TAG, TAG]


def test_a_tag_without_an_epc_is_none() -> None:
    assert tags_of(of_data(epc_data(0, b""))) == []


def test_what_is_no_tag_report_is_passed_over() -> None:
    survey, custom = llrp.tlv(242, b"\0" * 6), llrp.tlv(1023, b"\0" * 12)
    whole = llrp.report([TAG], 0)[llrp.HEADER.size :]
    assert tags_of(llrp.message(61, survey + whole + custom)) == [TAG]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes([llrp.EPC_96]) + b"\x11" * 11, id="96 bits cut off"),
        pytest.param(epc_data(128, b"\x11" * 14), id="fewer bytes than bits"),
        pytest.param(epc_data(128, b"\x11" * 18), id="more bytes than bits"),
        pytest.param(epc_data(512, b"\x11" * 64), id="more than 496 bits"),
        pytest.param(epc_data(100, b"\x11" * 13), id="not in words"),
        pytest.param(llrp.tlv(241, b"\0"), id="without its length"),
        pytest.param(b"\x00\xf1\x00\x63" + b"\x11" * 14, id="longer than the report"),
        pytest.param(llrp.tlv(242, b"\0\x10\x11\x11"), id="another parameter first"),
    ],
)
def test_a_damaged_tag_spoils_its_report(data: bytes) -> None:
    good = bytes([llrp.EPC_96]) + bytes.fromhex(TAG)
    with pytest.raises(DamagedMessage):
        tags_of(of_data(good, data))


@given(st.binary(max_size=80))
def test_any_bytes_are_tags_or_damaged(body: bytes) -> None:
    try:
        tags = tags_of(llrp.message(61, body))
    except DamagedMessage:
        return
    assert all(len(tag) % 4 == 0 and 4 <= len(tag) <= 124 for tag in tags)


@given(st.integers(0, 42))
def test_a_report_cut_off_anywhere_is_damaged(kept: int) -> None:
    body = llrp.report([TAG], 0)[llrp.HEADER.size :]
    cut = llrp.message(61, body[:kept])
    if kept == 0:
        assert tags_of(cut) == []
    else:
        with pytest.raises(DamagedMessage):
            tags_of(cut)
