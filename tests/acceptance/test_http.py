"""HTTP itself: media types, encodings, methods, framing, request ids and the shape of problems."""

import asyncio
import gzip
import json
import sys
import zlib
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from tests.documents import SUPPLIER, document, person
from tests.gateway_in_process import Gateway

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BILLS = "/v1/eway-bills"
JSON = "application/json"
MIB = 1024 * 1024


def _body() -> bytes:
    return json.dumps(document()).encode()


async def _post(
    gateway: Gateway, body: bytes | AsyncIterator[bytes], **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await gateway.call(person(SUPPLIER), "POST", BILLS, content=body, headers=named)


def _said(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def _assert_problem(answer: httpx.Response) -> None:
    """RFC 9457, and what api.md adds to it."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"].endswith(f"#{problem['code']}")


async def test_media_types(gateway: Gateway) -> None:
    unsupported = (415, "UNSUPPORTED_MEDIA_TYPE")
    expected = {
        JSON: (201, None),
        "application/json; charset=utf-8": (201, None),
        "Application/JSON ;charset=UTF-8": (201, None),
        "": unsupported,
        "text/plain": unsupported,
        "application/jsonx": unsupported,
        "application/json-patch+json": unsupported,
        "application/x-www-form-urlencoded": unsupported,
        "multipart/form-data; boundary=application/json": unsupported,
    }
    answers = {kind: _said(await _post(gateway, _body(), content_type=kind)) for kind in expected}
    assert answers == expected
    assert _said(await _post(gateway, _body())) == (201, None)  # None at all.


def _flipped(packed: bytes) -> bytes:
    middle = len(packed) // 2
    return packed[:middle] + bytes([packed[middle] ^ 0xFF]) + packed[middle + 1 :]


MALFORMED, TOO_LARGE = (400, "MALFORMED_BODY"), (413, "BODY_TOO_LARGE")
UNKNOWN_CODING = (415, "UNSUPPORTED_CONTENT_ENCODING")


def _checked(body: bytes) -> bytes:
    """As zstd with the checksum it may carry."""
    return zstd.compress(body, options={zstd.CompressionParameter.checksum_flag: 1})


async def test_content_encodings(gateway: Gateway) -> None:
    body, bomb = _body(), b" " * 64 * MIB
    cases = (
        ("gzip", gzip.compress(_body()), (201, None)),
        ("GZIP", gzip.compress(_body()), (201, None)),
        ("zstd", zstd.compress(_body()), (201, None)),
        ("zstd", _checked(_body()), (201, None)),
        ("identity", _body(), (201, None)),
        ("gzip", gzip.compress(_body().ljust(MIB)), (201, None)),
        ("gzip", gzip.compress(body.ljust(MIB + 1)), TOO_LARGE),
        ("gzip", gzip.compress(bomb), TOO_LARGE),
        ("zstd", zstd.compress(bomb), TOO_LARGE),
        ("gzip", b"", MALFORMED),
        ("gzip", body, MALFORMED),
        ("zstd", body, MALFORMED),
        ("gzip", zlib.compress(body), MALFORMED),
        ("gzip", _flipped(gzip.compress(body)), MALFORMED),
        ("zstd", _flipped(_checked(body)), MALFORMED),
        ("gzip", gzip.compress(body)[:-3], MALFORMED),
        ("zstd", _checked(body)[:-3], MALFORMED),
        ("br", body, UNKNOWN_CODING),
        ("gzip, zstd", gzip.compress(body), UNKNOWN_CODING),
    )
    wrong = []
    for number, (coding, packed, expected) in enumerate(cases):
        answer = await _post(gateway, packed, content_type=JSON, content_encoding=coding)
        if _said(answer) != expected:
            wrong.append((number, coding, expected, answer.text))
    assert wrong == []


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
async def test_a_body_of_several_members_is_read_whole(
    gateway: Gateway, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    """RFC 1952, 2.2 and RFC 8878, 3: members (frames) one after the other are one body."""
    body = _body()
    packed = compress(body[:100]) + compress(body[100:])
    answer = await _post(gateway, packed, content_type=JSON, content_encoding=coding)
    assert _said(answer) == (201, None)
    trailed = compress(_body()) + b"garbage"
    answer = await _post(gateway, trailed, content_type=JSON, content_encoding=coding)
    assert _said(answer) == MALFORMED


async def _in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def test_bodies_in_chunks(gateway: Gateway) -> None:
    answer = await _post(gateway, _in_pieces(_body(), 1), content_type=JSON)
    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert answer.status_code == 201
    large = _in_pieces(_body().ljust(2 * MIB), 10_000)
    assert _said(await _post(gateway, large, content_type=JSON)) == TOO_LARGE
    packed = _in_pieces(gzip.compress(_body()), 7)
    answer = await _post(gateway, packed, content_type=JSON, content_encoding="gzip")
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/v1", "/v1/eway-bills/", "/v1/eway-bills/100000000017/x", "/docs/x"]
)
async def test_an_unknown_path_is_a_problem(gateway: Gateway, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = await gateway.call(None, method, path)
        assert _said(answer) == (404, "NO_SUCH_RESOURCE")
        _assert_problem(answer)


async def test_a_wrong_method_is_told_which_are_right(gateway: Gateway) -> None:
    expected = {
        BILLS: {"GET", "HEAD", "POST"},
        f"{BILLS}/100000000017": {"GET", "HEAD"},
        f"{BILLS}/requirement": {"POST"},
        f"{BILLS}/100000000017/cancellation": {"POST"},
        f"{BILLS}/100000000017/acceptance": {"POST"},
        "/v1/vehicles/KA12AB1234/eway-bills": {"GET", "HEAD"},
        "/v1/oauth/token": {"POST"},
        "/healthz": {"GET", "HEAD"},
        "/docs/errors": {"GET", "HEAD"},
    }
    allowed = {}
    for path in expected:
        answer = await gateway.call(None, "DELETE", path)
        assert _said(answer) == (405, "METHOD_NOT_ALLOWED")
        _assert_problem(answer)
        allowed[path] = {method.strip() for method in answer.headers["allow"].split(",")}
    assert allowed == expected


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", BILLS, "/nothing"])
async def test_head_is_get_without_the_body(gateway: Gateway, path: str) -> None:
    got = await gateway.call(person(SUPPLIER), "GET", path)
    head = await gateway.call(person(SUPPLIER), "HEAD", path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == got.headers[name]


async def test_problems_are_documented_where_they_point(gateway: Gateway) -> None:
    headers = {"Content-Type": "text/plain"}
    refused = [
        await gateway.call(None, "GET", "/nothing"),
        await gateway.call(None, "GET", BILLS),
        await gateway.call(person(SUPPLIER), "GET", f"{BILLS}/100000000017"),
        await gateway.call(person(SUPPLIER), "POST", BILLS, content=b"x", headers=headers),
        await gateway.call(person(SUPPLIER), "POST", BILLS, content=b"x"),
        await gateway.generate(person(SUPPLIER), {}),
    ]
    assert [answer.status_code for answer in refused] == [404, 401, 404, 415, 400, 422]
    for answer in refused:
        _assert_problem(answer)
        page = await gateway.http.get(answer.json()["type"])
        assert page.status_code == 200
        assert f'id="{answer.json()["code"]}"' in page.text


async def test_request_ids_are_unique(gateway: Gateway) -> None:
    answers = [await gateway.http.get(path) for path in ("/healthz", "/nothing", "/docs") * 20]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    assert all(answer.headers["x-request-id"] for answer in answers)


# Raw sockets: what a client library would never send ---------------------------------------------


async def _raw(gateway: Gateway, sent: bytes) -> bytes:
    """What comes back until the gateway closes the connection."""
    address = httpx.URL(gateway.address)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(sent)
    await writer.drain()
    async with asyncio.timeout(20):
        received = await reader.read()
    writer.close()
    return received


def _statuses(received: bytes) -> list[int]:
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


async def test_pipelined_requests_are_answered_in_order(gateway: Gateway) -> None:
    token = gateway.services.tokens.issue(person(SUPPLIER), gateway.clock())
    body = _body()
    post = (
        f"POST {BILLS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    get = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    sent = get % b"/healthz" + post + get % b"/nothing" + post + get % BILLS.encode() + last
    received = await _raw(gateway, sent)
    assert _statuses(received) == [200, 201, 404, 409, 401, 404]


async def test_a_body_nobody_reads_does_not_spoil_the_connection(gateway: Gateway) -> None:
    body = b"x" * 500_000
    sent = (
        b"POST /v1/eway-bills HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" + body
        + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )  # fmt: skip
    assert _statuses(await _raw(gateway, sent)) == [401, 200]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 1_000_000
        + b"\r\nConnection: close\r\n\r\n",
        b"GET /v1/eway-bills/%00%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /v1/vehicles/%C3%28/eway-bills HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /v1/eway-bills HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/eway-bills HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64,
    ],
    ids=["url", "header", "path", "vehicle", "authority", "length", "chunk", "tls"],
)  # fmt: skip
async def test_what_is_hardly_http_is_answered_and_harms_nobody(
    gateway: Gateway, sent: bytes
) -> None:
    (status,) = _statuses(await _raw(gateway, sent))
    assert status == 200 or 400 <= status < 500
    assert (await gateway.http.get("/healthz")).status_code == 200


async def test_a_client_gone_within_its_body_leaves_nothing(gateway: Gateway) -> None:
    token = gateway.services.tokens.issue(person(SUPPLIER), gateway.clock())
    body = _body()
    address = httpx.URL(gateway.address)
    _, writer = await asyncio.open_connection(address.host, address.port)
    head = f"POST {BILLS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    writer.write(f"{head}Content-Length: {len(body) + 9}\r\n\r\n".encode() + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    listed = await gateway.call(person(SUPPLIER), "GET", BILLS)
    assert listed.json()["items"] == []
