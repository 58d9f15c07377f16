"""Access tokens through HTTP: how one gets a token, and which are worth nothing."""

import base64
import json
from typing import Any

import asyncpg
import httpx
import jwt
import pytest

from ingest.clients import Enrolment, EnrolmentError, enrol
from tests.documents import RECIPIENT, STRANGER, SUPPLIER, document, person
from tests.gateway_in_process import Gateway, gateway_in_process
from validators.authority import Role

TOKEN = "/v1/oauth/token"
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def credentials(gateway: Gateway) -> tuple[str, str]:
    """A supplier's client id and secret."""
    enrolment = Enrolment(Role.TAXPAYER, SUPPLIER)
    return await enrol(gateway.services.database, enrolment, gateway.clock())


def _body(credentials: tuple[str, str]) -> dict[str, str]:
    client_id, secret = credentials
    return GRANT | {"client_id": client_id, "client_secret": secret}


async def _token(gateway: Gateway, credentials: tuple[str, str]) -> str:
    answer = await gateway.http.post(TOKEN, data=_body(credentials))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def _use(gateway: Gateway, authorization: str | bytes | None) -> tuple[int, str | None]:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await gateway.http.get("/v1/eway-bills", headers=headers)  # type: ignore[arg-type]
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    return answer.status_code, answer.json().get("code")


def _said(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize("way", ["basic", "body"])
async def test_credentials_give_a_token_that_is_theirs(
    gateway: Gateway, credentials: tuple[str, str], way: str
) -> None:
    if way == "basic":
        answer = await gateway.http.post(TOKEN, data=GRANT, auth=credentials)
    else:
        answer = await gateway.http.post(TOKEN, data=_body(credentials))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()
    assert set(token) == {"access_token", "token_type", "expires_in"}
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 1800)
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    sent = await gateway.http.post("/v1/eway-bills", json=document(), headers=bearer)
    assert (sent.status_code, sent.json()["generated_by"]) == (201, SUPPLIER)
    others = document(supplier_gstin=STRANGER, transporter_id=...)
    refused = await gateway.http.post("/v1/eway-bills", json=others, headers=bearer)
    assert _said(refused) == (403, "NOT_A_PARTY")


def _basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


async def test_wrong_credentials_are_refused_alike(
    gateway: Gateway, credentials: tuple[str, str]
) -> None:
    client_id, secret = credentials
    _, others = await enrol(
        gateway.services.database, Enrolment(Role.TAXPAYER, RECIPIENT), gateway.clock()
    )
    attempts: list[dict[str, Any]] = [
        {"data": _body((client_id, secret + "x"))},
        {"data": _body((client_id, secret[:-1]))},
        {"data": _body((client_id, others))},
        {"data": _body(("taxpayer-000000000000", secret))},
        {"data": _body((client_id.upper(), secret))},
        {"data": _body((client_id, "\0"))},
        {"data": _body(("\0", secret))},
        {"data": GRANT},
        {"data": GRANT | {"client_id": client_id}},
        {"data": GRANT, "headers": _basic(f"{client_id}:")},
        {"data": GRANT, "headers": _basic(f"{client_id}:{others}")},
        {"data": GRANT, "headers": _basic(client_id)},
        {"data": GRANT, "headers": {"Authorization": "Basic *"}},
        {"data": GRANT, "headers": {"Authorization": "Basic /w=="}},
        {"data": GRANT, "headers": {"Authorization": f"Bearer {secret}"}},
    ]
    wrong = {}
    for number, attempt in enumerate(attempts):
        answer = await gateway.http.post(TOKEN, **attempt)
        challenge = answer.headers.get("www-authenticate", "")
        told = (*_said(answer), answer.json().get("error"))
        if told != (401, "INVALID_CLIENT", "invalid_client") or challenge[:6] != "Basic ":
            wrong[number] = answer.text
    assert wrong == {}


async def test_a_wrong_request_for_a_token_says_what_is_wrong(
    gateway: Gateway, credentials: tuple[str, str]
) -> None:
    body = _body(credentials)
    form = "application/x-www-form-urlencoded"
    asked: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
        "no grant": ({"data": body | {"grant_type": ""}}, (400, "UNSUPPORTED_GRANT_TYPE")),
        "password": ({"data": body | {"grant_type": "password"}}, (400, "UNSUPPORTED_GRANT_TYPE")),
        "twice": (
            {"data": body | {"grant_type": ["client_credentials", "password"]}},
            (400, "MALFORMED_BODY"),
        ),
        "two clients": (
            {"data": body | {"client_id": [credentials[0], credentials[0]]}},
            (400, "MALFORMED_BODY"),
        ),
        "JSON": ({"json": body}, (415, "UNSUPPORTED_MEDIA_TYPE")),
        "not ASCII": (
            {"content": "grant_type=é".encode(), "headers": {"Content-Type": form}},
            (400, "MALFORMED_BODY"),
        ),
        "not UTF-8": (
            {"content": b"grant_type=%FF", "headers": {"Content-Type": form}},
            (400, "MALFORMED_BODY"),
        ),
        "large": ({"data": body | {"x": "y" * 2 * 1024 * 1024}}, (413, "BODY_TOO_LARGE")),
    }
    answers = {
        name: _said(await gateway.http.post(TOKEN, **how)) for name, (how, _) in asked.items()
    }
    assert answers == {name: expected for name, (_, expected) in asked.items()}


async def test_a_token_lasts_as_long_as_it_says(
    gateway: Gateway, credentials: tuple[str, str]
) -> None:
    token = f"Bearer {await _token(gateway, credentials)}"
    assert await _use(gateway, token) == (200, None)
    gateway.clock.advance(minutes=30, seconds=-1)
    assert await _use(gateway, token) == (200, None)
    gateway.clock.advance(seconds=1)
    # Once with the token remembered, once read anew.
    for written in (token, token.replace("Bearer", "bearer")):
        assert await _use(gateway, written) == (401, "UNAUTHENTICATED")


async def test_forged_tokens_are_worth_nothing(gateway: Gateway) -> None:
    now = gateway.clock()
    good = gateway.services.tokens.issue(person(SUPPLIER), now)
    header, payload, signature = good.split(".")
    kid = jwt.get_unverified_header(good)["kid"]
    claims = jwt.decode(good, options={"verify_signature": False})
    padded = claims | {"role": "operator"}
    raised = base64.urlsafe_b64encode(json.dumps(padded).encode()).decode().rstrip("=")
    key, headers = b"k" * 32, {"kid": kid}
    forged = {
        "tampered payload": f"{header}.{raised}.{signature}",
        "tampered signature": f"{header}.{payload}.{signature[:9]}{'AB'[signature[9] == 'A']}"
        f"{signature[10:]}",
        "no signature": f"{header}.{payload}.",
        "none": jwt.encode(claims, None, "none", headers=headers),
        "another key": jwt.encode(claims, key, "HS256", headers=headers),
        "another algorithm": jwt.encode(claims, key * 2, "HS512", headers=headers),
        "unknown kid": jwt.encode(claims, key, "HS256", headers={"kid": "x"}),
        "no kid": jwt.encode(claims, key, "HS256"),
        "kid of another type": jwt.encode(claims, key, "HS256", headers={"kid": ""}),
        "two parts": f"{header}.{payload}",
        "rubbish": "abc",
        "unreadable": "é.é.é",
    }
    assert await _use(gateway, f"Bearer {good}") == (200, None)
    answers = {
        name: await _use(gateway, f"Bearer {token}".encode()) for name, token in forged.items()
    }
    assert answers == dict.fromkeys(forged, (401, "UNAUTHENTICATED"))


async def test_other_authorization_headers_are_worth_nothing(
    gateway: Gateway, credentials: tuple[str, str]
) -> None:
    good = await _token(gateway, credentials)
    written = [
        None,
        "",
        "Bearer",
        good,
        f"Basic {good}",
        f"Bearer{good}",
        f"Token {good}",
    ]
    answers = [await _use(gateway, authorization) for authorization in written]
    assert answers == [(401, "UNAUTHENTICATED")] * len(written)


async def test_a_secret_is_nowhere_in_clear(
    credentials: tuple[str, str], gateway: Gateway, dsn: str
) -> None:
    client_id, secret = credentials
    await _token(gateway, credentials)
    connection = await asyncpg.connect(dsn)
    (row,) = await connection.fetch("SELECT client::text AS written, * FROM client")
    await connection.close()
    assert row["client_id"] == client_id
    assert secret not in row["written"]
    assert base64.b64encode(secret.encode()).decode() not in row["written"]
    assert row["secret_hash"].startswith("scrypt$")


async def test_two_clients_of_one_person_share_no_salt(
    gateway: Gateway, credentials: tuple[str, str]
) -> None:
    again = await enrol(
        gateway.services.database, Enrolment(Role.TAXPAYER, SUPPLIER), gateway.clock()
    )
    assert set(again).isdisjoint(credentials)
    rows = await gateway.services.database.fetch("client_by_id", again[0])
    first = await gateway.services.database.fetch("client_by_id", credentials[0])
    assert rows[0]["secret_hash"].split("$")[1] != first[0]["secret_hash"].split("$")[1]


async def test_a_token_is_good_at_every_worker_and_after_a_restart(
    gateway: Gateway, credentials: tuple[str, str], dsn: str, redis_url: str
) -> None:
    token = await _token(gateway, credentials)
    async with gateway_in_process(dsn, redis_url, gateway.clock) as other:
        assert await _use(other, f"Bearer {token}") == (200, None)
        theirs = await _token(other, credentials)
    assert await _use(gateway, f"Bearer {theirs}") == (200, None)


@pytest.mark.parametrize(
    "enrolment",
    [
        Enrolment(Role.TAXPAYER, "URP"),
        Enrolment(Role.TRANSPORTER, "27AAPFU0939F1ZW"),
        Enrolment(Role.OFFICER, "KA-1001"),
        Enrolment(Role.READER, "LANE-7", state="29"),
        Enrolment(Role.TAXPAYER, SUPPLIER, person_class="TANKER"),
        Enrolment(Role.TRANSPORTER, SUPPLIER, person_class=" "),
        Enrolment(Role.TRANSPORTER, SUPPLIER, person_class="T" * 101),
    ],
    ids=str,
)
async def test_nobody_is_enrolled_without_what_the_role_needs(
    gateway: Gateway, enrolment: Enrolment
) -> None:
    with pytest.raises(EnrolmentError):
        await enrol(gateway.services.database, enrolment, gateway.clock())
