"""E-way bill numbers: leased durably, disjoint for ever, of the month they are taken in."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone

import asyncpg
import pytest

from ingest.database import Database
from ingest.numbers import IDS_PER_MONTH, SERIALS_PER_MONTH, Numbers, first_number_of
from tests.waiting import until
from validators.calendar import month_code

NOVEMBER = datetime(2026, 11, 21, 8, 35, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INDIA = timezone(timedelta(hours=5, minutes=30))


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = await Database.connect(dsn, connections_max=8)
    yield opened
    await opened.close()


def numbers_on(database: Database, block: int = 100) -> Numbers:
    """One worker's source of numbers."""

    async def lease(month: date, size: int) -> int:
        (row,) = await database.fetch("lease_numbers", month, size)
        return int(row[0])

    return Numbers(lease, block)


class Leases:
    """Leases in memory, each of which waits until it is let go."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[int]] = []

    async def __call__(self, month: date, size: int) -> int:
        self.asked.append(asyncio.get_running_loop().create_future())
        return await self.asked[-1]


async def test_numbers_of_many_workers_are_disjoint_and_near_sequential(
    database: Database,
) -> None:
    workers = [numbers_on(database, 50) for _ in range(6)]
    taken = await asyncio.gather(*(worker.take(NOVEMBER) for worker in workers for _ in range(400)))
    assert len(set(taken)) == len(taken)
    first = first_number_of(NOVEMBER)
    # At most two blocks of each worker are not used up.
    assert first < min(taken)
    assert max(taken) <= first + len(taken) + len(workers) * 2 * 50


async def test_a_lone_worker_counts_up_without_a_gap(database: Database) -> None:
    numbers = numbers_on(database, 10)
    first = first_number_of(NOVEMBER)
    taken = [await numbers.take(NOVEMBER) for _ in range(45)]
    assert taken == list(range(first + 1, first + 46))


async def test_the_month_is_that_of_utc_to_the_microsecond(database: Database) -> None:
    numbers = numbers_on(database)
    november, december = first_number_of(NOVEMBER), first_number_of(DECEMBER)
    assert december == november + SERIALS_PER_MONTH
    last = (DECEMBER - MICROSECOND).astimezone(INDIA)
    assert last.month == 12, "in India it is December already"
    assert november < await numbers.take(last) < december
    assert december < await numbers.take(DECEMBER) < december + SERIALS_PER_MONTH
    # Requests decided before midnight may come after others: theirs is still the old month.
    for _ in range(5):
        assert november < await numbers.take(DECEMBER - MICROSECOND) < december
        assert december < await numbers.take(DECEMBER) < december + SERIALS_PER_MONTH


async def test_both_sides_of_midnight_at_once(database: Database) -> None:
    workers = [numbers_on(database, 20) for _ in range(3)]
    instants = [DECEMBER - MICROSECOND, DECEMBER] * 100
    taken = await asyncio.gather(
        *(worker.take(at) for at in instants for worker in workers), return_exceptions=True
    )
    whole = [number for number in taken if isinstance(number, int)]
    assert len(set(whole)) == len(taken)
    asked = [at for at in instants for _ in workers]
    for at, number in zip(asked, whole, strict=True):
        assert number // SERIALS_PER_MONTH == first_number_of(at) // SERIALS_PER_MONTH


async def test_the_next_block_is_leased_before_it_is_needed() -> None:
    leases = Leases()
    numbers = Numbers(leases, 8)
    first = asyncio.create_task(numbers.take(NOVEMBER))
    await until(lambda: leases.asked)
    leases.asked[0].set_result(1000)
    taken = [await first] + [await numbers.take(NOVEMBER) for _ in range(4)]
    assert len(leases.asked) == 1
    taken.append(await numbers.take(NOVEMBER))  # The last quarter begins.
    await until(lambda: len(leases.asked) == 2)
    taken += [await numbers.take(NOVEMBER) for _ in range(2)]
    assert taken == list(range(1000, 1008))
    waiting = asyncio.create_task(numbers.take(NOVEMBER))
    leases.asked[1].set_result(2000)
    assert await waiting == 2000
    assert len(leases.asked) == 2


async def test_a_used_up_month_is_an_error_and_no_number_of_the_next(database: Database) -> None:
    await numbers_on(database).take(NOVEMBER)
    async with database.connection() as connection:
        await connection.execute("UPDATE ebn_month SET next_serial = 999999990")
    numbers = numbers_on(database, 10)
    taken = [await numbers.take(NOVEMBER) for _ in range(10)]
    assert taken[-1] == first_number_of(DECEMBER) - 1, "the month's last number"
    for _ in range(3):
        with pytest.raises(asyncpg.NumericValueOutOfRangeError, match="are used up"):
            await numbers.take(NOVEMBER)
    assert await numbers.take(DECEMBER) == first_number_of(DECEMBER) + 1


async def test_a_failed_lease_does_not_block_later_ones() -> None:
    leases = Leases()
    numbers = Numbers(leases, 4)
    waiting = [asyncio.create_task(numbers.take(NOVEMBER)) for _ in range(3)]
    await until(lambda: leases.asked)
    leases.asked[0].set_exception(OSError("the record is away"))
    for one in waiting:
        with pytest.raises(OSError, match="the record is away"):
            await one
    again = asyncio.create_task(numbers.take(NOVEMBER))
    await until(lambda: len(leases.asked) == 2)
    leases.asked[1].set_result(1000)
    assert await again == 1000


async def test_a_failed_lease_ahead_of_need_is_not_noticed() -> None:
    leases = Leases()
    numbers = Numbers(leases, 4)
    first = asyncio.create_task(numbers.take(NOVEMBER))
    await until(lambda: leases.asked)
    leases.asked[0].set_result(1000)
    assert [await first] + [await numbers.take(NOVEMBER) for _ in range(2)] == [1000, 1001, 1002]
    await until(lambda: len(leases.asked) == 2)
    leases.asked[1].set_exception(OSError("the record is away"))
    assert await numbers.take(NOVEMBER) == 1003
    next_one = asyncio.create_task(numbers.take(NOVEMBER))
    await until(lambda: len(leases.asked) == 3)
    leases.asked[2].set_result(2000)
    assert await next_one == 2000


async def test_one_waiter_going_away_leaves_the_others_waiting() -> None:
    leases = Leases()
    numbers = Numbers(leases, 4)
    waiting = [asyncio.create_task(numbers.take(NOVEMBER)) for _ in range(3)]
    await until(lambda: leases.asked)
    waiting[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    leases.asked[0].set_result(1000)
    assert {await waiting[1], await waiting[2]} == {1000, 1001}
    assert len(leases.asked) == 1


async def test_many_at_once_go_on_from_block_to_block(database: Database) -> None:
    numbers = numbers_on(database, 10)
    first = first_number_of(NOVEMBER)
    taken = [await numbers.take_many(NOVEMBER, count) for count in (7, 1, 2, 10, 25, 0, 3)]
    assert [len(some) for some in taken] == [7, 1, 2, 10, 25, 0, 3]
    assert [one for some in taken for one in some] == list(range(first + 1, first + 49))
    assert await numbers.take(NOVEMBER) == first + 49


@pytest.mark.parametrize("count", [5, 6, 7, 8])
async def test_many_at_once_lease_ahead_of_need_too(count: int) -> None:
    """As soon as the last quarter is reached, wherever within it that ends."""
    leases = Leases()
    numbers = Numbers(leases, 8)
    first = asyncio.create_task(numbers.take_many(NOVEMBER, count))
    await until(lambda: leases.asked)
    leases.asked[0].set_result(1000)
    assert await first == list(range(1000, 1000 + count))
    await asyncio.sleep(0)
    assert len(leases.asked) == (1 if count < 6 else 2)


async def test_many_takers_at_once_and_at_midnight_never_share_a_number(
    database: Database,
) -> None:
    """Singly and by the dozen, on both sides of midnight, while leases are waited for."""
    workers = [numbers_on(database, 20) for _ in range(2)]
    asked = [(at, count) for at in (DECEMBER - MICROSECOND, DECEMBER) for count in (1, 3, 50)] * 20
    taken = await asyncio.gather(
        *(worker.take_many(at, count) for at, count in asked for worker in workers)
    )
    for (at, count), some in zip([one for one in asked for _ in workers], taken, strict=True):
        assert len(some) == count
        months = {number // SERIALS_PER_MONTH for number in some}
        assert months == {first_number_of(at) // SERIALS_PER_MONTH}
    everything = [number for some in taken for number in some]
    assert len(set(everything)) == len(everything)


async def test_a_number_given_back_in_another_month_is_given_to_nobody(database: Database) -> None:
    numbers = numbers_on(database)
    numbers.give_back(await numbers.take(DECEMBER - MICROSECOND))
    december = first_number_of(DECEMBER)
    some = await numbers.take_many(DECEMBER, 5)
    assert all(december < number < december + SERIALS_PER_MONTH for number in some)
    assert december < await numbers.take(DECEMBER) < december + SERIALS_PER_MONTH


PARTITIONS = """SELECT inhrelid::regclass::text FROM pg_inherits
    WHERE inhparent = ANY('{eway_bill, document_claim, invoice, rfid_read}'::regclass[])"""


async def partitions(database: Database) -> set[str]:
    async with database.connection() as connection:
        return {row[0] for row in await connection.fetch(PARTITIONS)}


async def test_the_first_lease_of_a_month_makes_what_the_month_needs(database: Database) -> None:
    """Also when all workers ask at once. In March the clock in India may be in April already."""
    march = datetime(2031, 3, 31, 20, tzinfo=UTC)
    before = await partitions(database)
    assert "document_claim_2031" not in before
    await asyncio.gather(*(numbers_on(database).take(march) for _ in range(5)))
    made = await partitions(database) - before
    assert made == {"eway_bill_2031_03", "document_claim_2030", "document_claim_2031"}
    await numbers_on(database).take(march + timedelta(days=1))
    assert await partitions(database) - before - made == {"eway_bill_2031_04"}


@pytest.mark.parametrize("lease", ["lease_invoice_ids", "lease_read_numbers"])
async def test_ids_are_of_their_month(database: Database, lease: str) -> None:
    """What the record leases is what the gateway takes apart, on both sides of a month's end."""
    for month in (date(2026, 11, 1), date(2026, 12, 1)):
        ((first,),) = await database.fetch(lease, month, 100)
        assert first // IDS_PER_MONTH == (first + 99) // IDS_PER_MONTH == month_code(month)


async def test_the_first_lease_that_reaches_into_a_partition_makes_it(database: Database) -> None:
    """Of invoices and of reads, each for itself."""
    month, before = date(2031, 3, 1), await partitions(database)
    leases = {
        "lease_invoice_ids": ("invoice", 10**8),
        "lease_read_numbers": ("rfid_read", 5 * 10**7),
    }
    for lease, (table, room) in leases.items():
        sizes = (1, room - 2, 1, 1)  # Serials begin at 1: the third is of the next partition.
        made: list[set[str]] = []
        firsts = []
        for size in sizes:
            ((first,),) = await database.fetch(lease, month, size)
            firsts.append(first % IDS_PER_MONTH)
            now = await partitions(database)
            made.append({name for name in now - before if name.startswith(f"{table}_2")})
            before = now
        assert firsts == [1, 2, room, room + 1]
        assert made == [{f"{table}_2031_03_0000"}, set(), {f"{table}_2031_03_0001"}, set()]
