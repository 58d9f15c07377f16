"""Bodies of uploads: encodings, sizes and ends of lines, and what claims to be more than it is."""

import gzip
import json
import sys
import zlib
from collections.abc import Callable
from typing import Final

import pytest

from ingest import limits
from tests.documents import document
from tests.gateway_in_process import Gateway
from tests.uploads import BILLS, BY, INVOICES, KINDS, Kind, codes, ndjson, summary, uploaded
from tests.uploads import uploading as begun

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MEGABYTE: Final = 1024 * 1024
PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress,
    "zstd": zstd.compress,
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each of the two calls."""
    return KINDS[request.param]


@pytest.fixture(params=PACKERS)
def encoding(request: pytest.FixtureRequest) -> str:
    """Each of the content encodings."""
    return str(request.param)


# Encodings -------------------------------------------------------------------------------------


async def test_a_compressed_upload_is_answered_as_it_comes(
    gateway: Gateway, dsn: str, kind: Kind, encoding: str
) -> None:
    """Whole members are answered before the next one is sent; lines may cross them."""
    lines = kind.lines(30)
    body = ndjson(lines)
    middle = len(body) // 2
    pack = PACKERS[encoding]
    async with begun(gateway, kind, content_encoding=encoding) as upload:
        packed = pack(body[:middle])
        for start in range(0, len(packed), 1000):
            await upload.send_bytes(packed[start : start + 1000])
        first = await upload.answers(body[:middle].count(b"\n"))
        await upload.send_bytes(pack(b"") + pack(body[middle:]))
        await upload.end()
        answers = first + await upload.rest()
    assert answers.pop() == summary(30, 30)
    assert codes(answers) == [(201, None)] * 30
    assert await kind.stored(dsn) == 30


async def test_a_compressed_upload_that_is_cut_off(
    gateway: Gateway, dsn: str, kind: Kind, encoding: str
) -> None:
    """What came before is answered, then one refused line, and no summary."""
    lines = kind.lines(20)
    pack = PACKERS[encoding]
    packed = pack(ndjson(lines[:10])) + pack(ndjson(lines[10:]))
    answers = await uploaded(gateway, kind, packed[:-30], content_encoding=encoding)
    assert answers[-1]["code"] == "MALFORMED_BODY"
    assert codes(answers[:-1]) == [(201, None)] * (len(answers) - 1)
    assert (answers[-1]["line"], answers[-1]["status"]) == (len(answers), 400)
    assert 11 <= len(answers) <= 20
    assert await kind.stored(dsn) == len(answers) - 1


async def test_what_is_not_compressed_as_it_says(
    gateway: Gateway, kind: Kind, encoding: str
) -> None:
    """From the first byte on it is the answer as a whole, later it is that of a line."""
    (line,) = kind.lines(1)
    async with begun(gateway, kind, content_encoding=encoding) as upload:
        await upload.send_bytes(line + b"\n")
        problem = await upload.refusal()
    assert (problem["status"], problem["code"]) == (400, "MALFORMED_BODY")
    async with begun(gateway, kind, content_encoding=encoding) as upload:
        await upload.end()
        assert (await upload.refusal())["code"] == "MALFORMED_BODY"
    packed = PACKERS[encoding](line + b"\n")
    answers = await uploaded(gateway, kind, packed + b"rubbish" * 9, content_encoding=encoding)
    assert codes(answers) == [(201, None), (400, "MALFORMED_BODY")]


async def test_wrong_types_and_encodings(gateway: Gateway, dsn: str, kind: Kind) -> None:
    (line,) = kind.lines(1)
    for headers in (
        {"content_encoding": "br"},
        {"content_encoding": "gzip, gzip"},
        {"content_type": "application/json"},
        {"content_type": "text/csv; charset=utf-8"},
    ):
        async with begun(gateway, kind, BY, **headers) as upload:
            await upload.send(line)
            problem = await upload.refusal()
        assert problem["status"] == 415
        named = "MEDIA_TYPE" if "content_type" in headers else "CONTENT_ENCODING"
        assert problem["code"] == f"UNSUPPORTED_{named}"
    assert await kind.stored(dsn) == 0
    for right in ("Application/X-NDJSON", "application/x-ndjson; charset=utf-8"):
        answers = await uploaded(gateway, kind, line, content_type=right)
        assert codes(answers)[0][0] in (201, kind.again)
    answers = await uploaded(gateway, kind, line, content_encoding="identity")
    assert codes(answers)[0][0] == kind.again


@pytest.mark.parametrize("sound_behind", [True, False])
async def test_a_decompression_bomb_is_one_line_too_long(
    gateway: Gateway, dsn: str, encoding: str, sound_behind: bool
) -> None:
    """A line of 300 MB is never held, and others are served while it is read."""
    pack = PACKERS[encoding]
    bomb = pack(b" " * (30 * MEGABYTE)) * 10
    assert len(bomb) < MEGABYTE
    one, two = INVOICES.lines(2)
    body = pack(one + b"\n") + bomb + (pack(b"\n" + two) if sound_behind else b"")
    async with begun(gateway, INVOICES, content_encoding=encoding) as upload:
        await upload.send_bytes(body)
        assert (await gateway.generate(BY, document())).status_code == 201
        await upload.end()
        answers = await upload.rest()
    last = [(201, None)] if sound_behind else []
    assert codes(answers) == [(201, None), (413, "BODY_TOO_LARGE"), *last]
    assert answers[-1] == summary(2 + sound_behind, 1 + sound_behind, refused=1)
    assert await INVOICES.stored(dsn) == 1 + sound_behind


async def test_a_bomb_of_line_feeds_is_answered_line_by_line(gateway: Gateway) -> None:
    answers = await uploaded(
        gateway, INVOICES, gzip.compress(b"\n" * 20_000), content_encoding="gzip"
    )
    assert answers.pop() == summary(20_000, 0, refused=20_000)
    assert set(codes(answers)) == {(400, "MALFORMED_JSON")}


@pytest.mark.parametrize(("window_log", "taken"), [(23, True), (24, False)])
async def test_a_window_larger_than_rfc_9659_allows(
    gateway: Gateway, window_log: int, taken: bool
) -> None:
    """It would be kept in memory while the upload runs."""
    (line,) = INVOICES.lines(1)
    packer = zstd.ZstdCompressor(
        options={
            zstd.CompressionParameter.window_log: window_log,
            zstd.CompressionParameter.content_size_flag: 0,
        }
    )
    # Flushed and then ended, so that the frame does not shrink to its content.
    packed = packer.compress(line + b"\n", packer.FLUSH_BLOCK) + packer.flush()
    async with begun(gateway, INVOICES, content_encoding="zstd") as upload:
        await upload.send_bytes(packed)
        await upload.end()
        if taken:
            assert codes(await upload.rest()) == [(201, None)]
        else:
            assert (await upload.refusal())["code"] == "MALFORMED_BODY"


# Lines -----------------------------------------------------------------------------------------


async def test_the_longest_line(gateway: Gateway, dsn: str, kind: Kind) -> None:
    """Exactly the most that is taken, one byte more, ten times as much; each with its number."""
    lines = kind.lines(6)
    most = limits.BULK_LINE_BYTES_MAX
    sent = [
        lines[0].ljust(most),
        lines[1].ljust(most + 1),
        lines[2],
        lines[3].ljust(10 * MEGABYTE),
        lines[4].ljust(most - 1) + b"\r",
        lines[5].ljust(most) + b"\r",
    ]
    answers = await uploaded(gateway, kind, ndjson(sent))
    assert answers.pop() == summary(6, 3, refused=3)
    too_long = (413, "BODY_TOO_LARGE")
    assert codes(answers) == [
        *((201, None), too_long, (201, None)),
        *(too_long, (201, None), too_long),
    ]
    assert answers[1]["detail"] == f"at most {most} bytes are taken here"
    assert await kind.stored(dsn) == 3


async def test_the_longest_line_without_its_end(gateway: Gateway, dsn: str, kind: Kind) -> None:
    one, two = kind.lines(2)
    most = limits.BULK_LINE_BYTES_MAX
    answers = await uploaded(gateway, kind, one.ljust(most + 1))
    assert codes(answers) == [(413, "BODY_TOO_LARGE")]
    assert answers[-1] == summary(1, 0, refused=1)
    answers = await uploaded(gateway, kind, two.ljust(most))
    assert codes(answers) == [(201, None)]
    assert answers[-1] == summary(1, 1)
    assert await kind.stored(dsn) == 1


async def test_a_line_in_single_bytes(gateway: Gateway, kind: Kind) -> None:
    one, two = kind.lines(2)
    body = one + b"\r\n" + two
    async with begun(gateway, kind) as upload:
        for byte in body:
            await upload.send_bytes(bytes([byte]))
        await upload.end()
        answers = await upload.rest()
    assert codes(answers) == [(201, None), (201, None)]


async def test_blank_lines_have_numbers_too(gateway: Gateway, dsn: str, kind: Kind) -> None:
    """Whoever counts lines of a file finds the one an answer speaks of."""
    one, two = kind.lines(2)
    body = b"\n" + one + b"\n\r\n   \n" + two + b"\n\n"
    answers = await uploaded(gateway, kind, body)
    assert answers.pop() == summary(6, 2, refused=4)
    blank = (400, "MALFORMED_JSON")
    assert codes(answers) == [blank, (201, None), blank, blank, (201, None), blank]


async def test_ends_of_lines(gateway: Gateway, kind: Kind) -> None:
    lines = iter(kind.lines(8))
    for end, last in ((b"\n", b"\n"), (b"\r\n", b"\r\n"), (b"\n", b""), (b"\r\n", b"")):
        answers = await uploaded(gateway, kind, next(lines) + end + next(lines) + last)
        assert codes(answers) == [(201, None), (201, None)]
        assert answers[-1] == summary(2, 2)


async def test_an_empty_body_is_counted(gateway: Gateway, kind: Kind, encoding: str) -> None:
    assert await uploaded(gateway, kind, b"") == [summary(0, 0)]
    packed = PACKERS[encoding](b"")
    assert await uploaded(gateway, kind, packed, content_encoding=encoding) == [summary(0, 0)]


async def test_a_body_of_known_length(gateway: Gateway, kind: Kind) -> None:
    """Clients that know the length say so instead of sending chunks."""
    answer = await gateway.call(
        *(BY, "POST", kind.path),
        content=ndjson(kind.lines(3)),
        headers={"content-type": "application/x-ndjson"},
    )
    *answers, last = [json.loads(line) for line in answer.text.splitlines()]
    assert codes(answers) == [(201, None)] * 3
    assert last == summary(3, 3)
    assert answer.headers["connection"] == "close"


async def test_deflate_s_end_is_not_gzip_s(gateway: Gateway) -> None:
    """A stream of zlib without gzip's wrapper is not gzip."""
    async with begun(gateway, BILLS, content_encoding="gzip") as upload:
        await upload.send_bytes(zlib.compress(b"{}\n"))
        await upload.end()
        assert (await upload.refusal())["code"] == "MALFORMED_BODY"
