"""The tests' own RFID reader refuses what a reader refuses; else it would prove nothing."""

import socket
from collections.abc import Iterator

import pytest

from tests import llrp_frames as llrp
from tests.llrp_peer import LlrpPeer, llrp_peer

A_SPEC = bytes.fromhex(
    "00b1006600000001 0000"
    "00b20012 00b3000501 00b600090000000000"
    "00b70038 00010000 00b800090000000000"
    "00ba0027 000101 00de00200000 00e0000a000100010002 014a001000 0150000b40000400000000"
    "00ed0012010001 00ee000b0000 015c000500"
)
"""An ROSpec that is right."""


@pytest.fixture
def peer() -> Iterator[LlrpPeer]:
    with llrp_peer() as running:
        yield running


def asked(peer: LlrpPeer, *messages: tuple[int, bytes]) -> list[tuple[int, int]]:
    """The type and the status of each answer, the connection attempt's own first."""
    host, _, port = peer.address.partition(":")
    answers = []
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        stream = connection.makefile("rb")
        for number, (kind, body) in enumerate([(0, b""), *messages]):
            if number:
                connection.sendall(llrp.message(kind, body, number))
            answered, length, of = llrp.HEADER.unpack(stream.read(llrp.HEADER.size))
            content = stream.read(length - llrp.HEADER.size)
            assert of == number
            code = int.from_bytes(content[4:6] if number else content[-2:])
            answers.append((answered & 0x3FF, code))
    return answers[1:]


def spec_id(number: int) -> bytes:
    return number.to_bytes(4)


def test_a_client_that_does_it_right(peer: LlrpPeer) -> None:
    assert asked(
        peer,
        (llrp.GET_READER_CAPABILITIES, b"\0"),
        (llrp.ADD_ROSPEC, A_SPEC),
        (llrp.ENABLE_ROSPEC, spec_id(1)),
        (llrp.DELETE_ROSPEC, spec_id(0)),
        (llrp.CLOSE_CONNECTION, b""),
    ) == [(11, 0), (30, 0), (34, 0), (31, 0), (4, 0)]
    assert peer.faults == []
    assert peer.closed == 1


@pytest.mark.parametrize(
    ("kind", "body", "answer"),
    [
        pytest.param(llrp.ENABLE_ROSPEC, spec_id(1), (34, llrp.A_INVALID), id="wrong order"),
        pytest.param(llrp.START_ROSPEC, spec_id(7), (32, llrp.A_INVALID), id="no such spec"),
        pytest.param(llrp.ENABLE_ROSPEC, b"\0\0\1", (34, llrp.M_PARAMETER_ERROR), id="short"),
        pytest.param(llrp.GET_READER_CAPABILITIES, b"\x09", (11, llrp.M_FIELD_ERROR), id="field"),
        pytest.param(99, b"", (llrp.ERROR_MESSAGE, llrp.M_UNSUPPORTED_MESSAGE), id="no message"),
    ],
)
def test_what_is_not_so_is_refused(
    peer: LlrpPeer, kind: int, body: bytes, answer: tuple[int, int]
) -> None:
    assert asked(peer, (kind, body)) == [answer]
    assert len(peer.faults) == 1


@pytest.mark.parametrize("place", range(0, len(A_SPEC), 7))
def test_a_spec_cut_off_anywhere_is_refused(peer: LlrpPeer, place: int) -> None:
    ((_, code),) = asked(peer, (llrp.ADD_ROSPEC, A_SPEC[:place]))
    assert code != 0
