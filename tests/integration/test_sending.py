"""The sender: what it sends, to whom it does not, and what becomes of what could not be sent."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from ingest import sms_limits
from ingest.outbox import Line
from ingest.owed_messages import OwedMessages
from sms.carrier import Origin, Outgoing, PermanentFailure, TemporaryFailure
from sms.owed_words import NewPassword, OwedWords
from sms.sending import Sender
from sms.wording import notices
from tests.documents import OTHER, RECIPIENT, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway
from tests.owed import (
    MICROSECOND,
    MINUTE,
    MOBILE,
    TakingCarrier,
    ended,
    owed,
    registered,
    row_of,
    settled,
)
from tests.waiting import until
from validators.sms_number import Language

HOUR = timedelta(hours=1)
PASSWORD = "493817"
BILLS = "/v1/eway-bills"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is real time otherwise: the clock of the tests stands still."""
    monkeypatch.setattr(sms_limits, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(sms_limits, "MARK_PAUSES_SECONDS", (0.0, 0.005, 0.005))


@pytest.fixture
async def sql(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


class Sending:
    """A sender on a gateway's record, its carrier, and the passwords that are awaited."""

    def __init__(self, gateway: Gateway, owed: OwedMessages | None = None, **bounds: int) -> None:
        self.carrier = TakingCarrier()
        self.passwords: list[str | None] = []
        self.new_password: NewPassword = self._next_password
        words = OwedWords(gateway.services.lookups, self._new_password)
        outbox = owed or gateway.services.sms.owed
        ids = {"stranger.en": "1107"}
        self.sender = Sender(
            outbox,
            words,
            self.carrier,
            Origin("EWAYBL", "1101", ids),
            clock=gateway.clock,
            **bounds,
        )
        self._running: asyncio.Task[None] | None = None

    async def _new_password(self, gstin: str, mobile: str, at: datetime) -> str | None:
        return await self.new_password(gstin, mobile, at)

    async def _next_password(self, gstin: str, mobile: str, at: datetime) -> str | None:
        assert (gstin, mobile) == (SUPPLIER, MOBILE)
        return self.passwords.pop(0)

    async def __aenter__(self) -> "Sending":
        self._running = asyncio.create_task(self.sender.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.sender.close()
        assert self._running
        await self._running


@pytest.fixture
async def sending(gateway: Gateway) -> AsyncIterator[Sending]:
    async with Sending(gateway) as running:
        yield running


@pytest.fixture
async def bill(gateway: Gateway) -> dict[str, Any]:
    answer = await gateway.generate(person(SUPPLIER), document())
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()
    return found


async def test_a_reply_goes_out_as_it_was_worded(
    gateway: Gateway, sending: Sending, sql: asyncpg.Connection
) -> None:
    at = gateway.clock()
    number = await owed(sql, at)
    await until(settled(sql, number))
    (sent,) = sending.carrier.given
    assert sent == Outgoing(MOBILE, "words", "EWAYBL", "1101", "1107", 10 * MINUTE, str(number))
    row = await row_of(sql, number)
    assert row
    assert (row["sent_at"], row["carrier_id"], row["attempts"]) == (at, "taken-1", 1)


async def _due_again(sql: asyncpg.Connection, number: int, at: datetime, tries: int) -> datetime:
    """When a message that was tried so often is due again, once it is leased no more."""

    async def look() -> datetime | None:
        row = await row_of(sql, number)
        leased = row is None or row["attempts"] < tries or row["due_at"] == at + sms_limits.LEASE
        return None if leased or row is None else row["due_at"]

    due: datetime = await until(look)
    return due


async def test_tried_again_after_a_failure_of_the_moment(
    gateway: Gateway,
    sending: Sending,
    sql: asyncpg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, carrier = gateway.clock, sending.carrier
    begun = clock()
    carrier.does += [TemporaryFailure("busy"), TimeoutError(), ValueError("secret words"), "id"]
    number = await owed(sql, begun)
    pauses = []
    for tries in (1, 2, 3):
        again = await _due_again(sql, number, clock(), tries)
        pauses.append((again - clock()).total_seconds())
        clock.now = again
    assert pauses == [5, 10, 20]
    await until(settled(sql, number))
    row = await row_of(sql, number)
    assert row
    assert (row["sent_at"], row["carrier_id"]) == (begun + timedelta(seconds=35), "id")
    assert [message.reference for message in carrier.given] == [str(number)] * 4
    assert carrier.given[-1].validity == 10 * MINUTE - timedelta(seconds=35)
    assert "ValueError" in caplog.text
    assert "secret words" not in caplog.text


async def test_dead_once_another_try_would_come_too_late(
    gateway: Gateway, sending: Sending, sql: asyncpg.Connection
) -> None:
    at = gateway.clock()
    sending.carrier.does += [TemporaryFailure("busy")]
    number = await owed(sql, at, expires_at=at + timedelta(seconds=5) - MICROSECOND)
    await until(settled(sql, number))
    row = await row_of(sql, number)
    assert row
    assert (row["dead_at"], row["dead_reason"]) == (at, "expired: busy")


async def test_dead_at_once_where_the_carrier_will_never_take_it(
    gateway: Gateway, sending: Sending, sql: asyncpg.Connection
) -> None:
    sending.carrier.does += [PermanentFailure("no such number")]
    number = await owed(sql, gateway.clock())
    await until(settled(sql, number))
    (letter,) = await gateway.services.sms.owed.dead_letters(None, 10)
    assert (letter.message_id, letter.dead_reason) == (number, "no such number")


async def test_every_password_is_new_and_none_is_sent_that_nobody_awaits(
    gateway: Gateway,
    sending: Sending,
    sql: asyncpg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sending.carrier.does += [TemporaryFailure("busy"), RuntimeError(PASSWORD)]
    sending.passwords += ["111111", PASSWORD, None]
    number = await owed(sql, gateway.clock(), kind="ONE_TIME_PASSWORD", gstin=SUPPLIER, reply=None)
    for tries in (1, 2):
        gateway.clock.now = await _due_again(sql, number, gateway.clock(), tries)
    await until(settled(sql, number))
    assert await row_of(sql, number) is None
    said = notices.one_time_password(PASSWORD, SUPPLIER, Language.ENGLISH)
    assert sending.carrier.texts[1] == said.text
    references = [message.reference for message in sending.carrier.given]
    assert references == [f"{number}.1", f"{number}.2"]
    assert "no password is awaited" in caplog.text
    assert PASSWORD not in caplog.text
    assert MOBILE not in caplog.text


async def test_a_number_that_stopped_is_answered_that_and_told_nothing_more(
    gateway: Gateway, sending: Sending, sql: asyncpg.Connection, bill: dict[str, Any]
) -> None:
    at = gateway.clock()
    stopped = await registered(sql, SUPPLIER, at - HOUR, "EXPIRES_SOON")
    await ended(sql, stopped, at)
    about = {"ebn": int(bill["ebn"]), "reply": None, "expires_at": at + HOUR}
    of_stop = await owed(sql, at)
    before = await owed(sql, at - MICROSECOND)
    inform = await owed(sql, at, kind="INFORM_SUPPLIER", **about)
    notice = await owed(sql, at, kind="EXPIRES_SOON", gstin=SUPPLIER, **about)
    for number in (of_stop, before, inform, notice):
        await until(settled(sql, number))
    assert [message.reference for message in sending.carrier.given] == [str(of_stop)]
    assert [await row_of(sql, number) for number in (before, inform, notice)] == [None] * 3


async def test_stop_holds_until_the_number_is_confirmed_anew(
    gateway: Gateway, sending: Sending, sql: asyncpg.Connection, bill: dict[str, Any]
) -> None:
    """Asking for it again is not enough: whoever asks does not hold the telephone."""
    at = gateway.clock()
    await ended(sql, await registered(sql, SUPPLIER, at - HOUR), at - MINUTE)
    await registered(sql, RECIPIENT, at, confirmed=False)
    about = {"ebn": int(bill["ebn"]), "reply": None, "expires_at": at + HOUR}
    unwanted = await owed(sql, at, kind="INFORM_SUPPLIER", **about)
    await until(settled(sql, unwanted))
    assert await row_of(sql, unwanted) is None
    await registered(sql, OTHER, at)
    wanted = await owed(sql, at, kind="INFORM_SUPPLIER", **about)
    await until(settled(sql, wanted))
    assert [message.reference for message in sending.carrier.given] == [str(wanted)]


async def test_an_unregistered_supplier_is_told_unless_the_bill_was_cancelled(
    gateway: Gateway, sending: Sending, sql: asyncpg.Connection
) -> None:
    by = person(RECIPIENT)
    sent = document(supplier_gstin="URP", supplier_contact={"mobile": MOBILE})
    sending.carrier.does += [TemporaryFailure("busy")] * 2
    kept, cancelled = [(await gateway.generate(by, sent | {"document_number": n})).json()["ebn"]
                       for n in ("KEPT", "CANCELLED")]  # fmt: skip
    await until(lambda: len(sending.carrier.given) == 2)
    path = f"{BILLS}/{cancelled}/cancellation"
    assert (await gateway.call(by, "POST", path, json={"reason": "x"})).status_code == 200
    numbers = [row["message_id"] for row in await sql.fetch("SELECT * FROM outbox")]
    for number in numbers:
        await _due_again(sql, number, gateway.clock(), 1)
    gateway.clock.advance(seconds=5)
    for number in numbers:
        await until(settled(sql, number))
    (row,) = await sql.fetch("SELECT * FROM outbox")
    assert (str(row["ebn"]), row["carrier_id"]) == (kept, "taken-3")
    assert kept in sending.carrier.texts[2]


Change = Callable[[Gateway, asyncpg.Connection, dict[str, Any]], Any]


async def _unchanged(gateway: Gateway, sql: asyncpg.Connection, bill: dict[str, Any]) -> None:
    pass


async def _call(
    gateway: Gateway, gstin: str, bill: dict[str, Any], what: str, form: dict[str, Any]
) -> None:
    path = f"{BILLS}/{bill['ebn']}/{what}"
    answer = await gateway.call(person(gstin), "POST", path, json=form)
    assert answer.status_code in (200, 201), answer.text


async def _answered(gateway: Gateway, sql: asyncpg.Connection, bill: dict[str, Any]) -> None:
    await _call(gateway, RECIPIENT, bill, "acceptance", {"decision": "ACCEPTED"})


async def _cancelled(gateway: Gateway, sql: asyncpg.Connection, bill: dict[str, Any]) -> None:
    await _call(gateway, SUPPLIER, bill, "cancellation", {"reason": "x"})


async def _handed_over(gateway: Gateway, sql: asyncpg.Connection, bill: dict[str, Any]) -> None:
    await _call(gateway, TRANSPORTER, bill, "transporter", {"transporter_id": OTHER})


async def _asked_for_no_more(
    gateway: Gateway, sql: asyncpg.Connection, bill: dict[str, Any]
) -> None:
    await sql.execute("UPDATE sms_registration SET notices = '{}'")


async def _silent(gateway: Gateway, sql: asyncpg.Connection, bill: dict[str, Any]) -> None:
    """Nothing was heard for ninety days: the number may be somebody else's."""
    at = gateway.clock() - timedelta(days=90) - MICROSECOND
    await sql.execute("UPDATE sms_registration SET confirmed_at = $1", at)


@pytest.mark.parametrize(
    ("kind", "gstin", "change", "goes_out"),
    [
        ("GENERATED_AGAINST_YOU", RECIPIENT, _unchanged, True),
        ("GENERATED_AGAINST_YOU", RECIPIENT, _answered, False),
        ("GENERATED_AGAINST_YOU", RECIPIENT, _cancelled, False),
        ("GENERATED_AGAINST_YOU", RECIPIENT, _asked_for_no_more, False),
        ("GENERATED_AGAINST_YOU", RECIPIENT, _silent, False),
        ("GENERATED_AGAINST_YOU", RECIPIENT, _handed_over, True),
        ("EXPIRES_SOON", TRANSPORTER, _unchanged, True),
        ("EXPIRES_SOON", TRANSPORTER, _answered, True),
        ("EXPIRES_SOON", TRANSPORTER, _cancelled, False),
        ("EXPIRES_SOON", TRANSPORTER, _handed_over, False),
        ("EXPIRES_SOON", TRANSPORTER, _asked_for_no_more, False),
        ("EXPIRES_SOON", SUPPLIER, _unchanged, False),
    ],
)
async def test_a_notice_is_sent_if_it_is_still_worth_sending(
    gateway: Gateway,
    sql: asyncpg.Connection,
    bill: dict[str, Any],
    *,
    kind: str,
    gstin: str,
    change: Change,
    goes_out: bool,
) -> None:
    clock = gateway.clock
    await registered(sql, gstin, clock(), kind, language="en")
    number = await owed(
        sql, clock(), kind=kind, ebn=int(bill["ebn"]), gstin=gstin, reply=None,
        expires_at=clock.at(bill["valid_until"]),
    )  # fmt: skip
    await change(gateway, sql, bill)
    async with Sending(gateway) as sending:
        await until(settled(sql, number))
    assert bool(sending.carrier.given) is goes_out
    assert (await row_of(sql, number) is not None) is goes_out
    if goes_out:
        assert bill["ebn"] in sending.carrier.texts[0]


@pytest.mark.parametrize(("later", "goes_out"), [(timedelta(0), True), (MICROSECOND, False)])
async def test_expires_soon_until_it_is_not_valid_any_more(
    gateway: Gateway,
    sql: asyncpg.Connection,
    bill: dict[str, Any],
    later: timedelta,
    *,
    goes_out: bool,
) -> None:
    valid_until = gateway.clock.at(bill["valid_until"])
    await registered(sql, TRANSPORTER, gateway.clock(), "EXPIRES_SOON")
    gateway.clock.now = valid_until
    await owed(
        sql, gateway.clock(), kind="EXPIRES_SOON", ebn=int(bill["ebn"]), gstin=TRANSPORTER,
        expires_at=valid_until + later,
    )  # fmt: skip
    (message,) = await gateway.services.sms.owed.lease(valid_until, 1, Line.OTHERS)
    words = OwedWords(gateway.services.lookups, gateway.services.sms.numbers.new_password)
    if goes_out:
        assert (await words.of(message, valid_until)).template == "expires-soon.en"
        with pytest.raises(Exception, match="not active"):
            await words.of(message, valid_until + MICROSECOND)
    else:
        with pytest.raises(Exception, match="until another instant"):
            await words.of(message, valid_until)


async def test_a_number_is_told_so_often_a_day(
    gateway: Gateway, sending: Sending, sql: asyncpg.Connection, bill: dict[str, Any]
) -> None:
    clock, most = gateway.clock, sms_limits.TOLD_MAX
    at = clock()
    await registered(sql, RECIPIENT, at, "GENERATED_AGAINST_YOU")
    about = {"ebn": int(bill["ebn"]), "reply": None, "expires_at": at + 2 * sms_limits.TOLD_IN}
    kind = "GENERATED_AGAINST_YOU"
    for _ in range(most):
        await owed(sql, at, kind=kind, gstin=RECIPIENT, **about)
    await until(lambda: len(sending.carrier.given) == most)
    notice = await owed(sql, at, kind=kind, gstin=RECIPIENT, **about)
    inform = await owed(sql, at, kind="INFORM_SUPPLIER", **about)
    hopeless = about | {"expires_at": at + sms_limits.PUT_OFF - MICROSECOND}
    too_late = await owed(sql, at, kind="INFORM_SUPPLIER", **hopeless)
    for number in (notice, too_late):
        await until(settled(sql, number))
    letters = await gateway.services.sms.owed.dead_letters(None, 10)
    assert {letter.message_id for letter in letters} == {notice, too_late}
    assert {letter.dead_reason for letter in letters} == {
        f"its number was told {most} times within a day"
    }
    assert await _due_again(sql, inform, at, 1) == at + sms_limits.PUT_OFF
    reply = await owed(sql, at)
    await until(settled(sql, reply))
    assert len(sending.carrier.given) == most + 1
    clock.now = at + sms_limits.TOLD_IN
    await until(settled(sql, inform))
    assert len(sending.carrier.given) == most + 2


async def test_what_died_between_sending_and_marking_is_sent_again(
    gateway: Gateway, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await owed(sql, gateway.clock())

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(OwedMessages, "mark", dies)
        async with Sending(gateway, OwedMessages(gateway.services.database)) as first:
            await until(lambda: first.carrier.given)
    async with Sending(gateway) as second:
        gateway.clock.now += sms_limits.LEASE
        await until(settled(sql, number))
    assert [message.reference for message in second.carrier.given] == [str(number)]
    row = await row_of(sql, number)
    assert row
    assert row["attempts"] == 2


async def test_marked_although_the_record_was_away_for_a_moment(
    gateway: Gateway, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = OwedMessages(gateway.services.database)
    marks, mark = [0], outbox.mark

    async def fails_twice(*marked: Any) -> None:
        marks[0] += 1
        if marks[0] < 3:
            raise asyncpg.DeadlockDetectedError
        await mark(*marked)

    monkeypatch.setattr(outbox, "mark", fails_twice)
    number = await owed(sql, gateway.clock())
    async with Sending(gateway, outbox) as sending:
        await until(settled(sql, number))
    assert (len(sending.carrier.given), marks) == (1, [3])


async def test_no_error_s_own_words_are_logged(
    gateway: Gateway,
    sql: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """PostgreSQL's say the row that it would not have: number, text and all."""
    outbox = OwedMessages(gateway.services.database)
    marks, leases = [0], [0]
    mark, lease = outbox.mark, outbox.lease

    async def fails(tries: list[int]) -> None:
        tries[0] += 1
        if tries[0] == 1:
            async with gateway.services.database.connection() as connection:
                await connection.execute("UPDATE outbox SET dead_at = now()")

    async def fails_to_mark(*marked: Any) -> None:
        await fails(marks)
        await mark(*marked)

    async def fails_to_lease(at: datetime, count: int, line: Line) -> Any:
        if line is Line.REPLIES:
            await fails(leases)
        return await lease(at, count, line)

    monkeypatch.setattr(outbox, "mark", fails_to_mark)
    monkeypatch.setattr(outbox, "lease", fails_to_lease)
    number = await owed(sql, gateway.clock())
    async with Sending(gateway, outbox):
        await until(settled(sql, number))
    assert "no messages were leased: CheckViolationError" in caplog.text
    assert f"message {number} was not marked: CheckViolationError" in caplog.text
    assert "fails_to_mark" in caplog.text
    assert MOBILE not in caplog.text


async def test_what_is_worded_too_late_for_its_lease_is_not_sent(
    gateway: Gateway, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_limits, "WORDED_SECONDS_MAX", 0.2)
    number = await owed(
        sql, gateway.clock(), kind="ONE_TIME_PASSWORD", gstin=SUPPLIER, reply=None
    )  # fmt: skip
    async with Sending(gateway) as sending:

        async def never(*_: object) -> str:
            await asyncio.Event().wait()
            return PASSWORD

        sending.new_password = never
        await _due_again(sql, number, gateway.clock(), 1)
    assert sending.carrier.given == []


async def test_two_senders_send_each_message_once_and_within_their_bounds(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    numbers = [await owed(sql, gateway.clock()) for _ in range(200)]
    async with Sending(gateway, at_once=8) as one, Sending(gateway, at_once=8) as other:
        for number in numbers:
            await until(settled(sql, number))
    given = [message.reference for each in (one, other) for message in each.carrier.given]
    assert sorted(map(int, given)) == numbers
    assert max(one.carrier.most_at_once, other.carrier.most_at_once) <= 8
    assert min(len(one.carrier.given), len(other.carrier.given)) > 0


async def test_notices_that_hang_keep_no_reply_waiting(
    gateway: Gateway, sending: Sending, sql: asyncpg.Connection, bill: dict[str, Any]
) -> None:
    at = gateway.clock()
    sending.carrier.open.clear()
    about = {"ebn": int(bill["ebn"]), "expires_at": at + HOUR}
    for number in range(sms_limits.OTHERS_AT_ONCE + 1):
        mobile = f"98450{number:05}"
        await owed(sql, at, kind="INFORM_SUPPLIER", mobile=mobile, **about)
    await until(lambda: sending.carrier.at_once == sms_limits.OTHERS_AT_ONCE)
    await owed(sql, at)
    await until(lambda: "words" in sending.carrier.texts)
    assert sending.carrier.at_once == sms_limits.OTHERS_AT_ONCE + 1
    sending.carrier.open.set()


async def test_a_slow_carrier_is_given_less_at_once(
    gateway: Gateway, sql: asyncpg.Connection, bill: dict[str, Any]
) -> None:
    at = gateway.clock()
    about = {"ebn": int(bill["ebn"]), "expires_at": at + HOUR}
    numbers = [
        await owed(sql, at, kind="INFORM_SUPPLIER", mobile=f"98450{number:05}", **about)
        for number in range(10)
    ]
    async with Sending(gateway, at_once=16) as sending:
        sending.carrier.open.clear()
        await until(lambda: sending.carrier.at_once == 2)
        reply = await owed(sql, at)
        await until(lambda: sending.carrier.at_once == 3)
        sending.carrier.open.set()
        for number in (*numbers, reply):
            await until(settled(sql, number))
    assert sending.carrier.most_at_once == 3


async def test_what_was_begun_is_ended_and_nothing_else_begins(
    gateway: Gateway, sql: asyncpg.Connection
) -> None:
    async with Sending(gateway) as sending:
        sending.carrier.open.clear()
        begun = await owed(sql, gateway.clock())
        await until(lambda: sending.carrier.given)
        sending.sender.close()
        late = await owed(sql, gateway.clock())
        sending.carrier.open.set()
    rows = [await row_of(sql, number) for number in (begun, late)]
    assert [row["sent_at"] if row else row for row in rows] == [gateway.clock(), None]
    assert len(sending.carrier.given) == 1
