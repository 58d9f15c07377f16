"""docs/scale.md says what its arithmetic gives, and the arithmetic is right."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from ingest import limits
from loadtest.bench.result import Result, saved
from loadtest.scale import needs
from loadtest.scale.assumptions import Assumptions, assumptions
from loadtest.scale.costs import Cost, measured
from loadtest.scale.log import PAGE, whole_pages
from loadtest.scale.needs import Cells, Kept, Rate
from loadtest.scale.page import filled, number, tables

DOCS = Path(__file__).parents[2] / "docs"
RECORD = DOCS / "benchmark.json"
A_SECOND = 30 * 86_400
"""Documents a month that are one a second."""


@pytest.fixture(scope="module")
def result() -> Result:
    return saved(RECORD)


@pytest.fixture(scope="module")
def assumed() -> Assumptions:
    return assumptions()


def test_the_page_says_what_follows_from_the_record(result: Result, assumed: Assumptions) -> None:
    page = (DOCS / "scale.md").read_text("utf-8")
    assert page == filled(page, tables(result, assumed)), "python -m loadtest.scale --write"


def test_costs_are_those_of_the_gateway_in_the_record(result: Result, assumed: Assumptions) -> None:
    figures = json.loads(RECORD.read_text("utf-8"))["figures"]
    costs = measured(result, assumed).costs
    for kind, figure in (
        ("invoices", "bulk"),
        ("look-ups", "read"),
        ("questions of lanes", "question"),
    ):
        seen = figures[figure]["seen"]["gateway"]
        assert costs[kind].workers == seen["cpu_seconds_a_million"]["workers"]
        assert costs[kind].valkey == seen["cpu_seconds_a_million"]["valkey"]
        assert costs[kind].wal == seen["wal_bytes"]
    generation = figures["generation"]["seen"]["gateway"]["cpu_seconds_a_million"]["workers"]
    assert costs["bills"].workers == generation + assumed.alone_workers
    assert costs["changes of bills"].stored == 0 < costs["bills"].stored


@pytest.mark.parametrize("lost", ["generation", "read", "question", "bulk"])
def test_a_record_without_a_figure_is_refused(
    lost: str, result: Result, assumed: Assumptions
) -> None:
    figures = {name: figure for name, figure in result.figures.items() if name != lost}
    with pytest.raises(ValueError, match=lost):
        tables(msgspec.structs.replace(result, figures=figures), assumed)


def test_half_of_a_months_invoices_in_four_hours_is_ninety_times_the_mean(
    assumed: Assumptions,
) -> None:
    found = needs.rates(assumed.but(invoices_a_month=A_SECOND, filing_share=0.5, filing_hours=4))
    assert found["invoices"] == Rate(1, 90)


def test_bills_have_their_peak_in_the_busiest_second_of_the_heaviest_day(
    assumed: Assumptions,
) -> None:
    even = assumed.but(
        bills_a_month=A_SECOND,
        heaviest_month=1,
        heaviest_day=1,
        busiest_hour=1 / 24,
        busiest_second=1,
        lookups_a_bill=10,
        lanes_a_journey=6,
        bills_a_vehicle=3,
        messages_a_bill=0.5,
    )
    found = needs.rates(even)
    assert found["bills"] == Rate(1, 1)
    assert found["look-ups"] == Rate(10, 10)
    assert found["questions of lanes"] == found["reads of tags"] == Rate(2, 2)
    assert needs.messages(even) == Rate(0.5, 0.5)
    busier = even.but(heaviest_month=2, heaviest_day=3, busiest_hour=1 / 8, busiest_second=5)
    assert needs.rates(busier)["bills"] == Rate(1, 2 * 3 * 3 * 5)
    assert needs.last_evening(
        assumed.but(invoices_a_month=A_SECOND, last_day=2, busiest_hour=1 / 24)
    ) == pytest.approx(2)


def test_what_documents_of_a_second_need_is_added_up() -> None:
    costs = {
        "bills": Cost(500, 250, 10, 1000, 1, 600, 70, 80),
        "reads": Cost(1, 0, 0, 0, 0, 0, 0, 9),
    }
    total = needs.together(costs, {"bills": 1000, "reads": 500_000})
    assert total == Cost(1.0, 0.25, 0.01, 1e6, 1000, 600_000, 70_000, 4_580_000)


def test_bytes_are_kept_for_so_many_months(assumed: Assumptions) -> None:
    assert Kept(row_bytes=500, rows_a_month=2e9, months=3).terabytes == 3
    before = needs.kept(assumed)
    longer = needs.kept(assumed.but(claims_years=2 * assumed.claims_years))
    for table, kept in before.items():
        times = 2 if table.endswith("_claim") and table != "rfid_read_claim" else 1
        assert longer[table].terabytes == pytest.approx(times * kept.terabytes)


@pytest.mark.parametrize(
    ("asked", "enough"),
    [(0.2, 1), (1.0, 1), (1.1, 2), (11.0, 16), (16.0, 16), (16.5, 32)],
)
@pytest.mark.parametrize("limit", Cells.__struct_fields__)
def test_cells_are_a_power_of_two_enough_for_every_limit(
    limit: str, asked: float, enough: int
) -> None:
    assert Cells(**{**dict.fromkeys(Cells.__struct_fields__, 0.1), limit: asked}).enough == enough


@pytest.mark.parametrize(
    ("limit", "assumption"), [("by_bytes", "cell_tb"), ("by_cores", "server_cores")]
)
def test_a_server_twice_as_large_leaves_half_as_many_cells(
    limit: str, assumption: str, result: Result, assumed: Assumptions
) -> None:
    known = measured(result, assumed)
    before = needs.cells(known, assumed)
    after = needs.cells(known, assumed.but(**{assumption: 2 * assumed[assumption].value}))
    for name in Cells.__struct_fields__:
        halves = 2 if name == limit else 1
        assert getattr(after, name) * halves == pytest.approx(getattr(before, name))


def test_a_cell_writes_no_more_log_than_a_server_was_seen_to(
    result: Result, assumed: Assumptions
) -> None:
    known = measured(result, assumed)
    written = needs.peak(known, assumed).wal
    as_much = msgspec.structs.replace(known, wal_seen=written / 5)
    without_pages = assumed.but(whole_page=0)
    assert needs.cells(as_much, without_pages).by_wal == pytest.approx(5)
    cells = needs.cells(as_much, assumed)
    assert cells.by_wal > 5
    assert needs.log(as_much, assumed).peak / cells.enough <= as_much.wal_seen


def test_indexes_written_at_random_fit_their_share_of_memory(
    result: Result, assumed: Assumptions
) -> None:
    known = measured(result, assumed)
    month = assumed.but(
        bills_a_month=100e6,
        bill_index_bytes=100,
        claim_index_bytes=50,
        invoice_index_bytes=30,
        server_gb=26,
        index_share=0.5,
    )
    # 60 GB of documents and 10 GB of parties; 13 GB less 3 GB of reference numbers in a cell.
    assert needs.cells(known, month).by_indexes == pytest.approx(7)


def test_live_bills_are_in_redis_and_old_invoices_in_files(
    result: Result, assumed: Assumptions
) -> None:
    known = msgspec.structs.replace(measured(result, assumed), redis_bytes=500)
    live = assumed.but(bills_a_month=30e6, live_days=4)
    assert needs.redis_gigabytes(known, live) == pytest.approx(2)
    old = assumed.but(
        invoices_a_month=1e9, claims_years=2, invoices_months_online=4, archived_bytes=100
    )
    assert needs.archive_terabytes(old) == pytest.approx(2)


def test_the_log_goes_to_every_other_copy(result: Result, assumed: Assumptions) -> None:
    known = measured(result, assumed)
    four = assumed.but(copies=4, sites=2)
    near, far = needs.replication(known, four)
    written = needs.log(known, four)
    assert (near, far) == (written, Rate(2 * written.average, 2 * written.peak))
    assert needs.wal_terabytes(known, four) == pytest.approx(written.average * A_SECOND / 1e12)


def test_a_page_goes_whole_into_the_log_once_between_two_checkpoints(assumed: Assumptions) -> None:
    few = dict.fromkeys(needs.rates(assumed), 0.0)
    hundred_pages = assumed.but(
        invoice_index_bytes=100 * PAGE / 100e6,
        upload_invoices=1e12,
        invoice_claim_index_bytes=1e-12,
        checkpoint_seconds=10,
        whole_page=5000,
    )
    seldom, often = (
        whole_pages({**few, "invoices": rate}, hundred_pages, 2) for rate in (0.002, 2000.0)
    )
    assert seldom == pytest.approx(0.002 * 5000, rel=0.01)
    assert often == pytest.approx(2 * 100 * 5000 / 10)


def test_the_fullest_slot_has_its_share_and_the_largest_owner(assumed: Assumptions) -> None:
    month = assumed.but(bills_a_month=999_999_999, heaviest_month=1, slots=256)
    assert needs.numbers_used(month.but(largest_owner=0), 1) == pytest.approx(1)
    assert needs.numbers_used(month.but(largest_owner=1 / 256), 1) == pytest.approx(2)
    assert needs.numbers_used(month.but(largest_owner=1 / 256), 16) == pytest.approx(17 / 16)


def _as_assumed(limit: float | timedelta) -> float:
    return limit / timedelta(hours=1) if isinstance(limit, timedelta) else limit


def test_copied_limits_are_those_of_the_gateway(assumed: Assumptions) -> None:
    copied = {name: each.value for name, each in assumed.items() if each.of == "limits"}
    assert copied == {name: _as_assumed(getattr(limits, name)) for name in copied}
    page = " ".join((DOCS / "scale.md").read_text("utf-8").split())
    for said in (
        f"leases EBNs in blocks of {limits.NUMBERS_BLOCK:,}",
        f"{limits.BULK_UPLOADS_MAX} uploads in a worker, or {limits.BULK_UPLOADS_OF_ONE_MAX} of "
        "one client",
        f"A worker may open {limits.POSTGRES_CONNECTIONS_PER_WORKER} and PostgreSQL takes "
        f"{limits.POSTGRES_CONNECTIONS_MAX}",
    ):
        assert said in page


def test_twice_the_cores_of_workers_take_twice_the_processes(
    result: Result, assumed: Assumptions
) -> None:
    known = measured(result, assumed)
    half, whole = (needs.servers(known, assumed.but(busy=busy)) for busy in (0.25, 0.5))
    assert half.worker_processes == pytest.approx(2 * whole.worker_processes, abs=1)
    few = needs.servers(known, assumed.but(upload_seconds=0))
    assert few.worker_processes * assumed.busy == pytest.approx(
        needs.peak(known, assumed).workers, abs=1
    )
    assert whole.all == whole.record + whole.workers + whole.redis + whole.proxies


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (0.00194, "0.0019"),
        (0.996, "1.0"),
        (1.04, "1.0"),
        (9.96, "10"),
        (111_111, "110,000"),
    ],
)
def test_figures_have_two_digits(value: float, written: str) -> None:
    assert number(value) == written


def test_tables_are_written_between_their_markers_and_nowhere_else() -> None:
    page = "a\n<!-- table: x -->\nold\nold\n<!-- end -->\nb\n<!-- table: y z -->\n<!-- end -->\n"
    new = "a\n<!-- table: x -->\n1\n<!-- end -->\nb\n<!-- table: y z -->\n2\n<!-- end -->\n"
    assert filled(page, {"x": "1\n", "y z": "2\n"}) == new
    with pytest.raises(ValueError, match="has"):
        filled(page, {"x": "1\n"})
    with pytest.raises(ValueError, match="not"):
        filled(page, {"x": "1\n", "y z": "2\n", "elsewhere": "3\n"})


def test_an_assumption_that_is_not_there_is_an_error(assumed: Assumptions) -> None:
    with pytest.raises(AttributeError, match="bills_a_day"):
        _ = assumed.bills_a_day
    with pytest.raises(KeyError):
        assumed.but(bills_a_day=1)
