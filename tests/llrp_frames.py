"""The frames of LLRP 1.0.1, made and taken apart by hand after section 16 of the standard."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

HEADER: Final = struct.Struct("!HII")
VERSION: Final = 1

GET_READER_CAPABILITIES: Final = 1
GET_READER_CONFIG: Final = 2
SET_READER_CONFIG: Final = 3
CLOSE_CONNECTION_RESPONSE: Final = 4
CLOSE_CONNECTION: Final = 14
ADD_ROSPEC, DELETE_ROSPEC, START_ROSPEC, STOP_ROSPEC, ENABLE_ROSPEC, DISABLE_ROSPEC = range(20, 26)
DELETE_ACCESSSPEC: Final = 41
RO_ACCESS_REPORT: Final = 61
KEEPALIVE: Final = 62
READER_EVENT_NOTIFICATION: Final = 63
ENABLE_EVENTS_AND_REPORTS: Final = 64
KEEPALIVE_ACK: Final = 72
ERROR_MESSAGE: Final = 100

M_PARAMETER_ERROR: Final = 100
M_FIELD_ERROR: Final = 101
M_UNSUPPORTED_MESSAGE: Final = 109
A_INVALID: Final = 300
EPC_96: Final = 0x80 | 13


class Fault(Exception):
    """What a client sent is not LLRP. `code` is the status to refuse it with."""

    def __init__(self, words: str, code: int = M_PARAMETER_ERROR) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class RoSpec:
    """What of an ROSpec the tests look at."""

    spec_id: int
    antennas: tuple[int, ...]
    session: int
    transmit_power: int
    report_every: int


@dataclass(frozen=True)
class ReaderConfig:
    """What a SET_READER_CONFIG sets."""

    keepalive_seconds: float | None


def message(kind: int, body: bytes = b"", number: int = 0) -> bytes:
    return HEADER.pack(VERSION << 10 | kind, HEADER.size + len(body), number) + body


def tlv(kind: int, content: bytes) -> bytes:
    return struct.pack("!HH", kind, 4 + len(content)) + content


def status(code: int, words: str = "") -> bytes:
    """LLRPStatus."""
    text = words.encode()
    return tlv(287, struct.pack("!HH", code, len(text)) + text)


def connection_attempt(at_micros: int, outcome: int) -> bytes:
    """READER_EVENT_NOTIFICATION with a UTCTimestamp and a ConnectionAttemptEvent."""
    timestamp = tlv(128, struct.pack("!Q", at_micros))
    event = tlv(256, struct.pack("!H", outcome))
    return message(READER_EVENT_NOTIFICATION, tlv(246, timestamp + event))


def capabilities(antennas: int) -> bytes:
    """What a reader of two transmit powers and one mode says of itself."""
    firmware = b"1.0"
    general = struct.pack("!HHIIH", antennas, 0x4000, 0, 1, len(firmware)) + firmware
    general += tlv(139, struct.pack("!Hh", 1, 0)) + tlv(141, struct.pack("!HH", 0, 0))
    for antenna in range(1, antennas + 1):
        general += tlv(140, struct.pack("!HHB", antenna, 1, 1))
    llrp = struct.pack("!BBHIIIII", 0, 0, 0, 1, 32, 1, 8, 8)
    hops = tlv(147, struct.pack("!BBHI", 1, 0, 1, 865_700))
    mode = tlv(329, struct.pack("!IBBBBIIIII", 1, 0, 2, 0, 2, 40_000, 1500, 25_000, 25_000, 0))
    band = (
        tlv(145, struct.pack("!Hh", 1, 1000))
        + tlv(145, struct.pack("!Hh", 2, 3000))
        + tlv(146, b"\x80" + hops)
        + tlv(328, mode)
    )
    regulatory = struct.pack("!HH", 356, 2) + tlv(144, band)
    air = struct.pack("!BH", 0, 2)
    return tlv(137, general) + tlv(142, llrp) + tlv(143, regulatory) + tlv(327, air)


def epc_parameter(tag: str) -> bytes:
    """EPC-96 where it has 96 bits, else EPCData."""
    epc = bytes.fromhex(tag)
    if len(epc) == 12:
        return bytes([EPC_96]) + epc
    return tlv(241, struct.pack("!H", len(epc) * 8) + epc)


def report(tags: Iterable[str], at_micros: int) -> bytes:
    """RO_ACCESS_REPORT with all that a reader may say of each sighting."""
    body = b""
    for tag in tags:
        seen = struct.pack("!BH", 0x80 | 1, 1) + struct.pack("!Bb", 0x80 | 6, -52)
        seen += struct.pack("!BQ", 0x80 | 2, at_micros) + struct.pack("!BQ", 0x80 | 4, at_micros)
        seen += struct.pack("!BH", 0x80 | 8, 1)
        body += tlv(240, epc_parameter(tag) + seen)
    return message(RO_ACCESS_REPORT, body)


def set_reader_config(body: bytes) -> ReaderConfig:
    """Raises Fault when the body of the message is not one."""
    (flags,), rest = _fields("!B", body)
    if flags & 0x7F:
        raise Fault("reserved bits are set", M_FIELD_ERROR)
    keepalive = None
    for kind, content in _parameters(rest, allowed=(244, 221, 222, 237, 239, 220, 219, 225, 226)):
        if kind == 244:
            for _, state in _parameters(content, allowed=(245,)):
                (event, flag), left = _fields("!HB", state)
                if event > 8 or flag & 0x7F or left:
                    raise Fault(f"notification state of event {event}", M_FIELD_ERROR)
        if kind == 220:
            (trigger, milliseconds), left = _fields("!BI", content)
            if trigger not in (0, 1) or left:
                raise Fault("keepalive spec", M_FIELD_ERROR)
            keepalive = milliseconds / 1000 if trigger else None
    return ReaderConfig(keepalive)


def ro_spec(body: bytes, antennas_max: int) -> RoSpec:
    """The ROSpec of an ADD_ROSPEC. Raises Fault when a reader of so many antennas cannot do it."""
    (content,) = _exactly(body, 177)
    (spec_id, priority, state), rest = _fields("!IBB", content)
    if spec_id == 0 or priority > 7 or state != 0:
        raise Fault(f"ROSpec {spec_id}, priority {priority}, state {state}", M_FIELD_ERROR)
    boundary, ai_spec, reporting = _exactly(rest, 178, 183, 237)
    start, stop = _exactly(boundary, 179, 182)
    if start != b"\x01" or stop != b"\0\0\0\0\0":
        raise Fault("it neither starts at once nor goes on for ever", M_FIELD_ERROR)
    (count,), rest = _fields("!H", ai_spec)
    antennas, rest = _fields(f"!{count}H", rest)
    ai_stop, inventory = _exactly(rest, 184, 186)
    if ai_stop != b"\0\0\0\0\0":
        raise Fault("its inventory ends", M_FIELD_ERROR)
    (inventory_id, protocol), rest = _fields("!HB", inventory)
    if inventory_id == 0 or protocol != 1:
        raise Fault("not the air protocol of Gen2", M_FIELD_ERROR)
    configured = list(_parameters(rest, allowed=(222,)))
    session, power = 0, 0
    for (_, configuration), antenna in zip(configured, antennas, strict=True):
        session, power = _antenna(configuration, antenna)
    if not antennas or max(antennas) > antennas_max:
        raise Fault(f"antennas {antennas}", M_FIELD_ERROR)
    (trigger, every), selector = _fields("!BH", reporting)
    if trigger not in (1, 2):
        raise Fault(f"report trigger {trigger}", M_FIELD_ERROR)
    (content,) = _exactly(selector, 238)
    _, memory = _fields("!H", content)
    _exactly(memory, 348)
    return RoSpec(spec_id, antennas, session, power, every)


def _antenna(configuration: bytes, antenna: int) -> tuple[int, int]:
    (configured,), rest = _fields("!H", configuration)
    if configured != antenna:
        raise Fault(f"antenna {configured} where {antenna} is read with", M_FIELD_ERROR)
    transmitter, command = _exactly(rest, 224, 330)
    (_, _, power), left = _fields("!HHH", transmitter)
    if power not in (1, 2) or left:
        raise Fault(f"transmit power {power}", M_FIELD_ERROR)
    (aware,), rest = _fields("!B", command)
    (singulation,) = _exactly(rest, 336)
    (session, _, _), left = _fields("!BHI", singulation)
    if aware or session & 0x3F or left:
        raise Fault("singulation", M_FIELD_ERROR)
    return session >> 6, power


def _fields(form: str, content: bytes) -> tuple[tuple[int, ...], bytes]:
    size = struct.calcsize(form)
    if len(content) < size:
        raise Fault(f"{len(content)} bytes where {form} is due")
    return struct.unpack_from(form, content), content[size:]


def _parameters(content: bytes, allowed: tuple[int, ...]) -> Iterable[tuple[int, bytes]]:
    """Parameters with a length, in the order of the standard."""
    place = 0
    while content:
        (kind, length), _ = _fields("!HH", content)
        if kind not in allowed[place:]:
            raise Fault(f"parameter {kind} where one of {allowed[place:]} is due")
        if not 4 <= length <= len(content):
            raise Fault(f"parameter {kind} of {length} bytes in {len(content)}")
        place = allowed.index(kind)
        yield kind, content[4:length]
        content = content[length:]


def _exactly(content: bytes, *kinds: int) -> list[bytes]:
    """The contents of just these parameters."""
    found = list(_parameters(content, allowed=kinds))
    if [kind for kind, _ in found] != list(kinds):
        raise Fault(f"parameters {[kind for kind, _ in found]} where {kinds} are due")
    return [content for _, content in found]
