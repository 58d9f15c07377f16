"""Sound documents damaged in every way a line can arrive: bytes, numbers, types, keys."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

Place = tuple[str | int, ...]

NUMBERS: Final = (
    *(b"1e400", b"-1e400", b"1e999999999", b"1e-999999999", b"-0", b"-0.0", b"0.0", b"1.0"),
    *(b"1e2", b"7.5e1", b"0.1e1", b"1.50", b"1.500", b"5e-1", b"1E7", b"1.0E7", b"12345678.9"),
    *(b"1" + b"0" * 30, b"1" + b"0" * 4299, b"1" + b"0" * 5000, b"18446744073709551616"),
    *(b"9223372036854775808", b"-9223372036854775809", b"0.1234", b"1", b"-1", b"75000"),
)
TEXTS: Final = (
    *(b'""', b'" "', b'"1"', b'"1.0"', b'"1.5"', b'"1.50"', b'"1e2"', b'" 1"', b'"1 "', b'"+1"'),
    *(b'"-0"', b'"1_0"', '"१"'.encode(), b'"1,000.00"', b'"NaN"', b'"2026-11-20"', b'"20-11-2026"'),
    *(b'"1.00,2.00"', rb'"1.00\n2.00"'),
    *(b'"2026-11-20T00:00:00"', b'"2026-11-20Z"', b'"2026-1-2"', b'"20261120"', b'"2026-W47-5"'),
    *(b'"a:b"', rb'"a\u003ab"', rb'"\u0000"', rb'"a\nb"', b'"B2B"', b'"b2b"', b'"URP"', b'"urp"'),
    *(b'"' + b"x" * 600 + b'"', "\u202e".encode().join((b'"', b'"'))),
)
OTHERS: Final = (
    *(b"null", b"true", b"false", b"{}", b"[]", b"[null]", b"[[]]", b'{"rate":1,"amount":1}'),
    *(b'{"a":1,"a":2}', b"[{}]", b'{"":null}', b'[{"serial":1}]', b"{}," * 99 + b"{}"),
)
NOT_JSON: Final = (
    *(b"NaN", b"Infinity", b"-Infinity", b"01", b"1.", b".5", b"+1", b"0x1", b"'a'", b"nul", b""),
    *(b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\x00"', b"\x00", rb'"\ud800"', rb'"\udc00x"'),
    *(rb'"\x41"', b'"a', b"1 2", b"{", b"[", b"\xef\xbb\xbf1", b"1e", b"--1", b"/**/1"),
)
ANY: Final = NUMBERS + TEXTS + OTHERS + NOT_JSON

_MARK: Final = '"\N{OBJECT REPLACEMENT CHARACTER}"'.encode()


def places(document: Any, here: Place = ()) -> Iterator[Place]:
    """Every place within a document, the deepest last."""
    yield here
    children: Any = ()
    if isinstance(document, dict):
        children = document.items()
    elif isinstance(document, list):
        children = enumerate(document)
    for key, value in children:
        yield from places(value, (*here, key))


def with_raw(document: Any, place: Place, raw: bytes) -> bytes:
    """A document's JSON with these bytes for the value at a place."""
    if not place:
        return raw
    copy = json.loads(json.dumps(document))
    *above, key = place
    _at(copy, tuple(above))[key] = json.loads(_MARK)
    return _json(copy).replace(_MARK, raw)


def doubled(document: Any, place: Place, raw: bytes, *, escaped: bool = False) -> bytes:
    """A document's JSON with the member at a place given twice, second with these bytes for its
    value; escaped if its second key is spelt with a backslash."""
    (*_, key) = place
    written = json.dumps(key).encode()
    again = rb'"\u%04x%b' % (ord(str(key)[0]), written[2:]) if escaped else written
    value = json.dumps(_at(document, place)).encode()
    return with_raw(document, place, b"%b,%b:%b" % (value, again, raw))


def without(document: Any, place: Place) -> bytes:
    """A document's JSON without what is at a place."""
    copy = json.loads(json.dumps(document))
    *above, key = place
    del _at(copy, tuple(above))[key]
    return _json(copy)


def damaged(random: Random, line: bytes) -> bytes:
    """A sound line with some damage."""
    document = json.loads(line)
    place = random.choice([place for place in places(document) if place])
    members = [place for place in places(document) if place and isinstance(place[-1], str)]
    member = random.choice(members)
    return random.choice(
        (
            lambda: line[: random.randrange(1, len(line))],
            lambda: line[random.randrange(1, len(line)) :],
            lambda: line + line,
            lambda: line + b" " + line,
            lambda: with_raw(document, place, random.choice(ANY)),
            lambda: with_raw(document, place, random.choice(ANY)),
            lambda: doubled(document, member, random.choice(NUMBERS + TEXTS)),
            lambda: doubled(document, member, random.choice(NUMBERS + TEXTS), escaped=True),
            lambda: without(document, member),
            lambda: _flipped(random, line),
        )
    )()


def hopeless(line: bytes) -> Iterator[bytes]:
    """Lines that are refused whatever the rest of them says."""
    document = json.loads(line)
    yield from (line[:-1], line[1:], line + line, line + b"\t" + line, line + b",", b"[" + line)
    yield from (b"{}", b"[]", b"null", b"0", b'""', b"true", b"[" * 100_000, b'{"a":' * 100_000)
    yield from (b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 9_999 + b"0" + b"}" * 9_999)
    yield from (with_raw(document, ("document_number",), raw) for raw in NOT_JSON)
    yield with_raw(document, ("document_number",), rb'"\u0000"')
    for member in places(document):
        if len(member) == 1:
            value = json.dumps(document[member[0]]).encode()
            yield doubled(document, member, value)
            yield doubled(document, member, value, escaped=True)
    yield with_raw(document, ("document_date",), b"1e999999999")
    yield line[:-1] + b',"unknown":1}'


def _flipped(random: Random, line: bytes) -> bytes:
    flipped = bytearray(line)
    flipped[random.randrange(len(line))] ^= 1 << random.randrange(8)
    return bytes(flipped).replace(b"\n", b" ")


def _at(document: Any, place: Place) -> Any:
    for key in place:
        document = document[key]
    return document


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
