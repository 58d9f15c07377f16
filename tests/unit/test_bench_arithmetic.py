"""The arithmetic of the benchmarks: spreads, times of an open loop, footprints, comparisons."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.bench.clients.answer_head import status_and_length
from loadtest.bench.clients.schedule import Percentiles, Schedule, percentiles
from loadtest.bench.cpu import cpu_seconds
from loadtest.bench.figures.figure import expect
from loadtest.bench.footprint import Footprint, TableBytes
from loadtest.bench.options import Settings, options
from loadtest.bench.origin import Machine
from loadtest.bench.printing import compared
from loadtest.bench.result import FigureResult, Result, Turn, save, saved
from loadtest.bench.rounds import Contender, Done, in_turn
from loadtest.bench.spread import Spread, ratio, spread
from loadtest.bench.sustained import first_minute, last_minute


def test_a_spread_is_the_median_between_the_least_and_the_greatest() -> None:
    assert spread([3.0, 1.0, 10.0]) == Spread(3.0, 1.0, 10.0)
    assert spread([1.0, 2.0]) == Spread(1.5, 1.0, 2.0)
    with pytest.raises(ValueError, match="nothing"):
        spread([])


def test_a_ratio_is_taken_round_by_round() -> None:
    # The machine halved its speed in the second round; the ratio of medians would be 0.75 too.
    assert ratio([50, 25, 80], [100, 50, 100]) == Spread(0.5, 0.5, 0.8)
    with pytest.raises(ValueError, match="shorter"):
        ratio([1, 2], [1])


@pytest.mark.parametrize(
    ("least", "greatest", "apart"), [(4, 5, True), (3, 5, False), (0, 0.5, True), (0, 1, False)]
)
def test_spreads_are_apart_only_when_no_round_of_one_is_within_the_other(
    least: float, greatest: float, apart: bool
) -> None:
    one, other = Spread(2, 1, 3), Spread((least + greatest) / 2, least, greatest)
    assert one.apart_from(other) is other.apart_from(one) is apart


def test_percentiles_are_times_that_so_many_did_not_exceed() -> None:
    assert percentiles([number / 1000 for number in range(1000, 0, -1)]) == Percentiles(
        500.0, 900.0, 990.0, 999.0, 1000.0
    )
    assert percentiles([0.002]) == Percentiles(2, 2, 2, 2, 2)
    with pytest.raises(ValueError, match="nothing"):
        percentiles([])


def test_what_a_slow_answer_made_wait_counts_from_when_it_was_due() -> None:
    schedule = Schedule(rate=10, count=12, begins=100.0)
    assert schedule.due(99.9) is None
    # One connection. The first answer takes a second, every other nothing.
    now, times = 100.0, []
    while schedule.sent < schedule.count:
        due = schedule.due(now)
        if due is None:
            now += 0.1
            continue
        if schedule.sent == 1:
            now += 1.0
        times.append(round(now - due, 6))
    assert times == [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0, 0.0]
    assert schedule.due(1e9) is None


def test_what_was_acknowledged_and_is_not_on_record_ends_the_run() -> None:
    expect(stored=3, acknowledged=2, what="bills")
    with pytest.raises(SystemExit, match="3 bills were acknowledged, 2 are on record"):
        expect(stored=2, acknowledged=3, what="bills")


def test_the_head_of_an_answer_is_read_whatever_its_case() -> None:
    head = b"HTTP/1.1 201 Created\r\nContent-LENGTH: 17\r\nx-other: 1\r\n\r\n"
    assert status_and_length(head) == (b"201", 17)
    with pytest.raises(ValueError, match="not found"):
        status_and_length(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")


def test_contenders_take_turns_and_warm_ups_are_not_counted() -> None:
    order: list[tuple[str, int]] = []
    told: list[tuple[int, dict[str, float]]] = []
    passed = iter(range(100))

    def contender(name: str, documents: int) -> Contender:
        def prepare(number: int) -> Callable[[], Done]:
            order.append((name, number))
            return lambda: Done(documents * (1 + number), 2.0)

        return Contender(name, prepare)

    def measure(name: str) -> Footprint:
        return Footprint({"workers": next(passed)}, 0, 0, {})

    def tell(number: int, rates: dict[str, float]) -> None:
        told.append((number, rates))

    turns = in_turn([contender("a", 10), contender("b", 20)], 2, 1, measure, tell)
    assert order == [(name, number) for number in (0, 1, 2) for name in "ab"]
    assert told[0] == (0, {"a": 5, "b": 10})
    assert turns["a"].rates == [10, 15]
    assert turns["b"].documents == 40 + 60
    assert turns["b"].acknowledged == 20 + 40 + 60
    # Each turn passed one second of CPU between its two footprints.
    assert turns["a"].took == Footprint({"workers": 2}, 0, 0, {})


def test_a_footprint_of_each_document_leaves_out_tables_that_did_not_grow() -> None:
    before = Footprint(
        {"workers": 1.0}, 100, 7, {"bill": TableBytes(10, 5), "still": TableBytes(3, 3)}
    )
    after = Footprint(
        {"workers": 3.0},
        500,
        7,
        {"bill": TableBytes(30, 45), "still": TableBytes(3, 3), "new": TableBytes(20, 0)},
    )
    took = after.since(before)
    twice = took.and_of(took)
    assert twice.each(4) == Footprint(
        {"workers": 1.0}, 200, 0, {"bill": TableBytes(10, 20), "new": TableBytes(10, 0)}
    )


def test_cpu_time_is_of_whole_trees_with_those_that_ended() -> None:
    spin = "import time\nwhile time.process_time() < 0.3: pass\n"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}])\n"
    command = [sys.executable, "-c", f"{parent}print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert cpu_seconds({process.pid: "measured"})["measured"] >= 0.29
        # A process nobody named is nobody's, and not yet the client's.
        assert set(cpu_seconds({})) == {"postgresql", "valkey", "client"}
        before = cpu_seconds({})["client"]
        process.communicate(b"\n")
    assert cpu_seconds({})["client"] - before >= 0.29


def result(**ratios: Spread) -> Result:
    """Of figures with the gateway's part of the bare endpoint's rate each."""
    return Result(
        date="2026-11-22 12:00 UTC",
        commit="abc",
        machine=Machine("EPYC", 2, 25.0, "Linux 6", 0.1),
        versions={},
        postgresql={},
        settings=Settings(**dict.fromkeys(Settings.__struct_fields__, 1)),
        figures={
            name: FigureResult("bills", 64, {}, {"bare": ratio}, [])
            for name, ratio in ratios.items()
        },
    )


def test_two_results_are_told_apart_only_beyond_both_spreads(tmp_path: Path) -> None:
    old = result(read=Spread(0.5, 0.4, 0.6), bulk=Spread(0.5, 0.4, 0.6), gone=Spread(1, 1, 1))
    new = result(read=Spread(0.75, 0.7, 0.8), bulk=Spread(0.65, 0.6, 0.7), other=Spread(1, 1, 1))
    save(old, tmp_path / "old.json")
    assert saved(tmp_path / "old.json") == old
    read, bulk = compared(old, new)
    assert "0.500 (0.400 to 0.600)  now 0.750 (0.700 to 0.800)  better: 1.50" in read
    assert bulk.endswith("now 0.650 (0.600 to 0.700)")
    assert "worse: 0.67 of what it was" in compared(new, old)[0]


def test_what_is_not_a_result_is_not_compared(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"date": 1}')
    with pytest.raises(SystemExit, match=r"other\.json is no saved result"):
        saved(tmp_path / "other.json")


def test_the_first_and_the_last_minute() -> None:
    turns = [Turn(begun, rate, 100) for begun, rate in ((0, 50), (59, 70), (60, 1), (119, 40))]
    assert first_minute(turns).gateway == 60
    assert first_minute(turns).ratio == Spread(0.6, 0.5, 0.7)
    assert last_minute(turns).gateway == 20.5
    assert last_minute(turns[:1]) == first_minute(turns[:1])


def test_a_quick_run_is_short_but_for_what_is_said_by_itself() -> None:
    read = ["--saved", "x.json"]
    quick = options([*read, "--quick", "--rounds", "9", "--only", "read,bulk"])
    assert (quick.settings.rounds, quick.settings.seconds, quick.settings.bills) == (9, 1, 20_000)
    assert quick.settings.vehicles == 2000
    assert quick.figures == ("read", "bulk")
    assert options(read).settings.rounds == 5
    with pytest.raises(SystemExit):
        options([*read, "--only", "reads"])
