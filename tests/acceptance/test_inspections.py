"""Inspections over HTTP, FORM GST INS-08: both parts, who may, lateness, and races."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from ingest import limits
from tests.documents import OFFICER, READER, SUPPLIER, TRANSPORTER, document, person
from tests.gateway_in_process import Gateway, TestClock, gateway_in_process
from tests.reports import INSPECTIONS, final, summary
from tests.waiting import until
from validators.authority import Person, Role

BY = person(SUPPLIER)
OTHER_OFFICER = Person("client-of-other-officer", Role.OFFICER, "KA-1002", "29")
SAME_OFFICER = Person("second-client-of-officer", Role.OFFICER, OFFICER.id, "29")
NOT_OFFICERS = [
    BY,
    person(TRANSPORTER, Role.TRANSPORTER),
    READER,
    Person("client-of-sms", Role.SMS_PROVIDER, "sms"),
    Person("client-of-commissioner", Role.COMMISSIONER, "commissioner"),
    Person("client-of-operator", Role.OPERATOR, "operator"),
    # An id that looks like the officer's gives none of the officer's rights.
    person(OFFICER.id),
]
WAITING = """SELECT count(*) >= 2 FROM pg_stat_activity WHERE datname = current_database()
    AND wait_event_type = 'Lock' AND application_name = 'gateway'"""


async def _record(gateway: Gateway, who: Person = OFFICER, **changes: Any) -> dict[str, Any]:
    answer = await gateway.call(who, "POST", INSPECTIONS, json=summary(**changes))
    assert answer.status_code == 201, answer.text
    inspection: dict[str, Any] = answer.json()
    return inspection


async def _finalise(
    gateway: Gateway, inspection: dict[str, Any], who: Person = OFFICER, **changes: Any
) -> httpx.Response:
    path = f"{INSPECTIONS}/{inspection['inspection_id']}/final"
    return await gateway.call(who, "PUT", path, json=final(**changes))


async def _read(gateway: Gateway, inspection_id: str, who: Person = OFFICER) -> httpx.Response:
    return await gateway.call(who, "GET", f"{INSPECTIONS}/{inspection_id}")


def _said(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def _faults(answer: httpx.Response) -> list[tuple[str, str]]:
    assert _said(answer) == (422, "INVALID_DOCUMENT")
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


async def test_both_parts_as_they_are_answered_and_read(gateway: Gateway) -> None:
    ebn = (await gateway.generate(BY, document())).json()["ebn"]
    made = await _record(gateway, ebn=ebn, vehicle_number="ka 12 ab 1234", declared_value=75000)
    inspection_id = made["inspection_id"]
    assert isinstance(inspection_id, str)
    assert made == {
        "inspection_id": inspection_id,
        "recorded_at": "2026-11-21T14:05:09.123456+05:30",
        "recorded_by": OFFICER.id,
        "state": "29",
        "late": False,
        "summary": summary(ebn=ebn),
        "final_due": "2026-11-24T14:00:00+05:30",
        "final": None,
        "final_recorded_at": None,
        "final_late": None,
    }
    gateway.clock.advance(hours=1)
    finalised = await _finalise(gateway, made)
    assert (finalised.status_code, finalised.json()) == (
        200,
        made
        | {
            "final": final(),
            "final_recorded_at": "2026-11-21T15:05:09.123456+05:30",
            "final_late": False,
        },
    )
    for who in (OFFICER, OTHER_OFFICER):
        assert (await _read(gateway, inspection_id, who)).content == finalised.content


async def test_what_is_left_out_is_null(gateway: Gateway) -> None:
    told = {name: summary()[name] for name in ("officer_name", "place", "inspected_at")}
    answer = await gateway.call(
        OFFICER, "POST", INSPECTIONS, json=told | {"vehicle_number": "KA12AB1234"}
    )
    assert answer.status_code == 201
    nothing = dict.fromkeys(summary(ebn=None).keys())
    assert answer.json()["summary"] == {
        **nothing, **told, "vehicle_number": "KA12AB1234", "detained": False,
    }  # fmt: skip
    finalised = (
        await _finalise(gateway, answer.json(), tax_payable=..., penalty_payable=..., notice=...)
    ).json()
    assert finalised["final"] == final(tax_payable=None, penalty_payable=None, notice=None)
    assert (await _read(gateway, finalised["inspection_id"])).json() == finalised


@pytest.mark.parametrize(("microseconds", "late"), [(0, False), (1, True)])
async def test_a_summary_after_24_hours_is_marked_late(
    gateway: Gateway, microseconds: int, late: bool
) -> None:
    inspected_at = gateway.clock().isoformat()
    gateway.clock.advance(hours=24, microseconds=microseconds)
    made = await _record(gateway, inspected_at=inspected_at, released_at=...)
    read = (await _read(gateway, made["inspection_id"])).json()
    assert (made["late"], read["late"]) == (late, late)


@pytest.mark.parametrize(("microseconds", "late"), [(0, False), (1, True)])
async def test_a_final_report_after_three_days_is_marked_late(
    gateway: Gateway, microseconds: int, late: bool
) -> None:
    inspected_at = gateway.clock().isoformat()
    gateway.clock.advance(hours=5)
    made = await _record(gateway, inspected_at=inspected_at, released_at=...)
    gateway.clock.advance(hours=67, microseconds=microseconds)
    finalised = (await _finalise(gateway, made)).json()
    read = (await _read(gateway, made["inspection_id"])).json()
    assert (finalised["late"], finalised["final_late"], read["final_late"]) == (False, late, late)


async def test_a_summary_at_fault_is_told_everything_at_once(gateway: Gateway) -> None:
    tomorrow = "2026-11-22T14:00:00+05:30"
    told = summary(ebn="100000000017", place="", inspected_at=tomorrow, released_at=...)
    answer = await gateway.call(OFFICER, "POST", INSPECTIONS, json=told)
    assert _faults(answer) == [
        ("/place", "EMPTY"), ("/inspected_at", "IN_THE_FUTURE"), ("/ebn", "EBN_UNKNOWN"),
    ]  # fmt: skip
    answer = await gateway.call(OFFICER, "POST", INSPECTIONS, json=summary(ebn="1"))
    assert _faults(answer) == [("/ebn", "EBN_FORMAT")]


async def test_the_instant_it_is_judged_at_is_that_of_the_request(gateway: Gateway) -> None:
    now = gateway.clock()
    await _record(gateway, inspected_at=now.isoformat(), released_at=...)
    gateway.clock.advance(microseconds=-1)
    told = summary(inspected_at=now.isoformat(), released_at=...)
    answer = await gateway.call(OFFICER, "POST", INSPECTIONS, json=told)
    assert _faults(answer) == [("/inspected_at", "IN_THE_FUTURE")]


async def test_the_bill_may_have_ended(gateway: Gateway) -> None:
    ebn = (await gateway.generate(BY, document(distance_km=50))).json()["ebn"]
    await gateway.call(
        BY, "POST", f"/v1/eway-bills/{ebn}/cancellation", json={"reason": "not sent"}
    )
    gateway.clock.advance(days=30)
    assert (await _record(gateway, ebn=ebn))["summary"]["ebn"] == ebn


async def test_only_officers_have_to_do_with_inspections(gateway: Gateway) -> None:
    made = await _record(gateway)
    for who in NOT_OFFICERS:
        for answer in (
            await gateway.call(who, "POST", INSPECTIONS, json=summary()),
            await _finalise(gateway, made, who),
            await _read(gateway, made["inspection_id"], who),
        ):
            assert _said(answer) == (403, "ROLE_NOT_PERMITTED")
    answer = await gateway.call(None, "POST", INSPECTIONS, json=summary())
    assert _said(answer) == (401, "UNAUTHENTICATED")
    assert (await _read(gateway, made["inspection_id"])).json() == made


async def test_only_the_officer_of_part_a_records_part_b(gateway: Gateway) -> None:
    made = await _record(gateway)
    assert _said(await _finalise(gateway, made, OTHER_OFFICER)) == (403, "NOT_THE_INSPECTOR")
    finalised = await _finalise(gateway, made, SAME_OFFICER)
    assert finalised.status_code == 200
    assert _said(await _finalise(gateway, made, OTHER_OFFICER)) == (403, "NOT_THE_INSPECTOR")


@pytest.mark.parametrize("inspection_id", ["2", "0", "01", "x", "-1", "9" * 18, "9" * 19, "٣"])
async def test_an_inspection_there_is_not(gateway: Gateway, inspection_id: str) -> None:
    await _record(gateway)
    for answer in (
        await _read(gateway, inspection_id),
        await _finalise(gateway, {"inspection_id": inspection_id}),
    ):
        assert _said(answer) == (404, "INSPECTION_NOT_FOUND")


async def test_a_final_report_is_put_once(gateway: Gateway) -> None:
    made = await _record(gateway)
    assert _faults(await _finalise(gateway, made, findings="")) == [("/findings", "EMPTY")]
    first = await _finalise(gateway, made)
    gateway.clock.advance(days=9)
    # The same content, said in other words, an age later: still the first, still in time.
    again = await _finalise(gateway, made, actual_value=100000)
    assert (again.status_code, again.content) == (200, first.content)
    other = await _finalise(gateway, made, findings="nothing")
    assert _said(other) == (409, "FINAL_REPORT_EXISTS")
    assert (await _read(gateway, made["inspection_id"])).content == first.content


async def test_a_summary_under_one_key_is_recorded_once(gateway: Gateway, dsn: str) -> None:
    how: dict[str, Any] = {"json": summary(), "headers": {"Idempotency-Key": "k"}}
    # A fault is not kept under the key.
    wrong = await gateway.call(OFFICER, "POST", INSPECTIONS, **how | {"json": summary(ebn="1")})
    assert _faults(wrong) == [("/ebn", "EBN_FORMAT")]
    asked = [gateway.call(OFFICER, "POST", INSPECTIONS, **how) for _ in range(8)]
    answers = await asyncio.gather(*asked)
    assert {(one.status_code, one.content) for one in answers} == {(201, answers[0].content)}
    replayed = Counter(one.headers.get("idempotency-replayed") for one in answers)
    assert replayed == {None: 1, "true": 7}
    reused = await gateway.call(OFFICER, "POST", INSPECTIONS, **how | {"json": summary(place="x")})
    assert _said(reused) == (422, "IDEMPOTENCY_KEY_REUSED")
    # A key of another client is another key.
    assert (await gateway.call(OTHER_OFFICER, "POST", INSPECTIONS, **how)).status_code == 201
    sql = await asyncpg.connect(dsn)
    assert await sql.fetchval("SELECT count(*) FROM inspection") == 2
    await sql.close()


@pytest.fixture
async def workers(dsn: str, redis_url: str, clock: TestClock) -> AsyncIterator[list[Gateway]]:
    """Two workers on one record, whose clocks differ: each takes reports one at a time."""
    ahead = TestClock()
    ahead.now = clock.now
    ahead.advance(seconds=1)
    async with (
        gateway_in_process(dsn, redis_url, clock) as one,
        gateway_in_process(dsn, redis_url, ahead) as two,
    ):
        yield [one, two]


async def _race(
    workers: list[Gateway], dsn: str, contents: list[str]
) -> tuple[list[httpx.Response], dict[str, Any]]:
    """Two final reports that have both found none when they are let go, and what became of it."""
    made = await _record(workers[0])
    sql = await asyncpg.connect(dsn)
    async with sql.transaction():
        await sql.execute("SELECT FROM inspection FOR UPDATE")
        tasks = [
            asyncio.create_task(_finalise(worker, made, findings=content))
            for worker, content in zip(workers, contents, strict=True)
        ]

        async def both_wait() -> bool:
            await sql.execute("SELECT pg_stat_clear_snapshot()")
            return bool(await sql.fetchval(WAITING))

        await until(both_wait)
    await sql.close()
    answers = await asyncio.gather(*tasks)
    return answers, (await _read(workers[1], made["inspection_id"])).json()


async def test_of_two_different_final_reports_one_is_written(
    workers: list[Gateway], dsn: str
) -> None:
    for _ in range(5):
        answers, read = await _race(workers, dsn, ["one", "two"])
        assert sorted(map(_said, answers)) == [(200, None), (409, "FINAL_REPORT_EXISTS")]
        (won,) = (answer for answer in answers if answer.status_code == 200)
        assert won.json() == read


async def test_of_two_equal_final_reports_one_is_written_and_both_answered(
    workers: list[Gateway], dsn: str
) -> None:
    for _ in range(5):
        answers, read = await _race(workers, dsn, ["one", "one"])
        assert [answer.status_code for answer in answers] == [200, 200]
        # The clocks differ, so one instant means one write.
        assert [answer.json() for answer in answers] == [read, read]


async def test_many_final_reports_at_once(workers: list[Gateway]) -> None:
    for _ in range(10):
        made = await _record(workers[0])
        answers = await asyncio.gather(
            *(
                _finalise(workers[number % 2], made, findings=str(number % 3))
                for number in range(12)
            )
        )
        assert Counter(map(_said, answers)) == {(200, None): 4, (409, "FINAL_REPORT_EXISTS"): 8}
        bodies = {answer.content for answer in answers if answer.status_code == 200}
        assert bodies == {(await _read(workers[0], made["inspection_id"])).content}


async def test_reports_that_are_stuck_keep_nobody_else_waiting(
    dsn: str, redis_url: str, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RARE_WRITES_WAITING_MAX", 2)
    sql = await asyncpg.connect(dsn)
    async with gateway_in_process(dsn, redis_url, clock) as gateway:
        async with sql.transaction():
            await sql.execute("LOCK TABLE inspection IN ACCESS EXCLUSIVE MODE")
            stuck = [asyncio.create_task(_record(gateway)) for _ in range(4)]
            await until(lambda: any(task.done() for task in stuck))
            (refused,) = [task for task in stuck if task.done()]
            assert "OVERLOADED" in str(refused.exception())
            assert (await gateway.generate(BY, document())).status_code == 201
            assert (await gateway.call(BY, "GET", "/v1/eway-bills")).status_code == 200
        await asyncio.gather(*(task for task in stuck if task is not refused))
    await sql.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE inspection SET place = 'elsewhere'",
        "UPDATE inspection SET recorded_at = recorded_at + interval '1 second'",
        "UPDATE inspection SET final = '{}'",
        "UPDATE inspection SET final = NULL, final_recorded_at = NULL",
    ],
)
async def test_the_record_alone_keeps_a_report_as_it_is(
    gateway: Gateway, dsn: str, change: str
) -> None:
    await _finalise(gateway, await _record(gateway))
    sql = await asyncpg.connect(dsn)
    with pytest.raises(asyncpg.CheckViolationError, match="what was recorded does not change"):
        await sql.execute(change)
    await sql.close()
