"""The arithmetic of the benchmarks: spreads, times of an open loop, footprints, comparisons."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
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
    # The machine was slow in the second round; the ratio of the medians would be 50 to 90.
    assert ratio([50, 25, 80], [100, 40, 90]) == Spread(0.625, 0.5, 80 / 90)
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
    acknowledged = {0: 2, 1: 3}
    expect({"g0": 2, "g1": 4, "other1": 1}, "g", acknowledged, 1, "bills")
    # More in one round do not make up for fewer in another; nor are there more than were sent.
    for stored in ({"g0": 3, "g1": 2}, {"g0": 2}, {"g0": 2, "g1": 5}):
        with pytest.raises(SystemExit, match=r"3 bills were acknowledged in round 1, \d are on"):
            expect(stored, "g", acknowledged, 1, "bills")


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

    class Measuring:
        def until_still(self) -> None:
            order.append(("still", 0))

        def before(self, contender: str) -> Footprint:
            order.append((contender, 9))
            return Footprint({"workers": next(passed)}, 0, 0, {})

        def after(self, contender: str) -> Footprint:
            return Footprint({"workers": next(passed)}, 0, 0, {})

    def tell(number: int, rates: dict[str, float]) -> None:
        told.append((number, rates))

    turns = in_turn([contender("a", 10), contender("b", 20)], 2, 1, Measuring(), tell)
    assert order == [
        step
        for number in (0, 1, 2)
        for name in "ab"
        for step in ((name, number), ("still", 0), (name, 9))
    ]
    assert told[0] == (0, {"a": 5, "b": 10})
    assert turns["a"].rates == [10, 15]
    assert turns["b"].documents == 40 + 60
    assert turns["b"].acknowledged == {0: 20, 1: 40, 2: 60}
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


def test_who_started_a_measurement_is_not_one_of_its_servers(tmp_path: Path) -> None:
    # A process of ours under a program that is called as a server is.
    disguised = tmp_path / "valkey-server"
    disguised.symlink_to(sys.executable)
    ours = "import os; print(os.getpid(), flush=True); input()"
    parent = f"import subprocess; subprocess.run([{sys.executable!r}, '-c', {ours!r}])"
    with subprocess.Popen(
        [disguised, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        spent = cpu_seconds({int(process.stdout.readline()): "measured"})
        process.communicate("\n")
    assert spent["measured"] > 0
    assert spent["valkey"] == 0


def result(rounds: int = 4, **ratios: Spread) -> Result:
    """Of figures with the gateway's part of the bare endpoint's rate each."""
    return Result(
        date="2026-11-22 12:00 UTC",
        commit="abc",
        machine=Machine("EPYC", 2, 25.0, "Linux 6", 0.1),
        versions={},
        postgresql={"fsync": "on", "synchronous_commit": "on"},
        settings=Settings(**dict.fromkeys(Settings.__struct_fields__, 1) | {"rounds": rounds}),
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
    assert compared(old, result(other=Spread(1, 1, 1))) == ["no figure is in both"]


def test_a_few_rounds_are_no_verdict_and_what_was_measured_otherwise_is_told() -> None:
    old = result(read=Spread(0.5, 0.4, 0.6))
    new = result(rounds=3, read=Spread(0.75, 0.7, 0.8))
    changed = msgspec.structs.replace(
        new,
        machine=msgspec.structs.replace(new.machine, cores=4),
        postgresql=new.postgresql | {"fsync": "off"},
    )
    told = compared(old, changed)
    assert told[:3] == ["cores was 2, is 4", "rounds was 4, is 3", "fsync was on, is off"]
    assert told[3].endswith("0.750 (0.700 to 0.800)")
    assert told[4:] == ["no verdict: fewer than 4 rounds"]


def test_what_reaches_no_disk_is_not_durable() -> None:
    sound = result()
    assert sound.durable
    disk = sound.machine
    for lost in (
        msgspec.structs.replace(sound, postgresql=sound.postgresql | {"fsync": "off"}),
        msgspec.structs.replace(sound, postgresql=sound.postgresql | {"synchronous_commit": "off"}),
        msgspec.structs.replace(
            sound, machine=msgspec.structs.replace(disk, filesystem="tmpfs", flush_ms=1)
        ),
        msgspec.structs.replace(sound, machine=msgspec.structs.replace(disk, flush_ms=0.001)),
    ):
        assert not lost.durable


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
    for wrong in (
        "--only reads",
        "--rounds 0",
        "--warm-ups -1",
        "--latency-seconds 0",
        "--latency-seconds nan",
        "--bills 2000000 --vehicles 1000001",
        "--bills 10 --vehicles 11",
        "--sustained 1",
    ):
        with pytest.raises(SystemExit):
            options([*read, *wrong.split()])
    assert options([*read, "--bills", "20000000"]).settings.vehicles == 1_000_000
