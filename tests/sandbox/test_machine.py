"""What runs of a program that does nothing show about a machine, for given figures and for this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.errors import SandboxFailure
from rlef_env.sandbox import Execution, Status, measure_machine
from rlef_env.sandbox.machine.health import BusyTimes, busy_times, machine_health, parse_busy_times

TRACE = Path(__file__).parents[2] / ".." / "shared" / "faults" / "starved-machine.jsonl"
NO_TIME = BusyTimes(0.0, (0.0, 0.0))
# CPU and wall seconds of `print(1)`-like runs on a virtual machine with a third of its time stolen, made up by hand.
STARVED = [
    *[(0.0014, 0.004)] * 6,
    (0.0177, 1.33),
    (0.002, 0.006),
    (0.6, 1.9),
    (0.003, 0.2),
    (0.0015, 0.9),
    (0.25, 0.7),
]


def runs(rows: Sequence[tuple[float, float]]) -> list[Execution]:
    return [Execution(Status.EXITED, 0, cpu_seconds=cpu, wall_seconds=wall) for cpu, wall in rows]


def test_a_quiet_machine() -> None:
    health = machine_health(runs([(0.001, 0.002)] * 196 + [(0.002, 0.009)] * 4), NO_TIME, BusyTimes(1.0, (0.0, 0.01)))
    assert (health.runs, health.failed) == (200, 0)
    assert (health.cpu_median, health.cpu_p99) == (0.001, 0.002)
    assert (health.wall_median, health.wall_p99) == (0.002, 0.009)
    assert health.stolen == 0.0, "a single tick is within the counter's resolution"
    assert health.trusted_seconds == pytest.approx(0.1), "ten ticks, however exact the CPU clock is"
    assert not health.starved
    assert health.advice == "Verdicts can be trusted for time limits of 0.1 s or more."


def test_the_99th_percentile_ignores_one_in_a_hundred() -> None:
    """198 of 200 runs do not exceed it: two outliers do not count, three do."""
    quiet = [(0.001, 0.002)]
    assert machine_health(runs(quiet * 198 + [(5.0, 9.0)] * 2), None, None).cpu_p99 == 0.001
    assert machine_health(runs(quiet * 197 + [(5.0, 9.0)] * 3), None, None).cpu_p99 == 5.0


def test_a_machine_whose_time_is_stolen() -> None:
    health = machine_health(runs(STARVED), NO_TIME, BusyTimes(12.0, (3.0, 1.0)))
    assert health.stolen == pytest.approx(4.0 / 12.0)
    assert health.trusted_seconds == pytest.approx(6.0), "ten times the 0.6 s that nothing cost once"
    assert health.starved
    for words in ("6 s or more", "33%", "fewer workers", "cores of your own", "time_factor", "starved"):
        assert words in health.advice
    assert "33% of the busy time" in health.summary()


def test_little_stolen_time_gives_no_warning() -> None:
    assert not machine_health(runs([(0.001, 0.002)] * 50), NO_TIME, BusyTimes(10.0, (0.9, 0.0))).starved
    assert machine_health(runs([(0.001, 0.002)] * 50), NO_TIME, BusyTimes(10.0, (1.0, 0.0))).starved


def test_a_kernel_that_does_not_report_stolen_time() -> None:
    for before, after in ((None, None), (NO_TIME, None), (BusyTimes(0.0, ()), BusyTimes(9.0, ()))):
        health = machine_health(runs([(0.001, 0.002)]), before, after)
        assert health.stolen is None
        assert "not reported" in health.summary()
        assert not health.starved
        inexact = machine_health(runs([(0.5, 0.6)]), before, after)
        assert inexact.starved, "its CPU clock shows it"
        assert inexact.trusted_seconds == pytest.approx(5.0)
        assert "another host" in inexact.advice


def test_a_machine_on_which_every_run_waits() -> None:
    """The CPU clock is exact, but each run waits for a core: fewer workers help."""
    health = machine_health(runs([(0.001, 7.5)] * 200), NO_TIME, BusyTimes(1500.0, (0.0, 0.0)))
    assert health.trusted_seconds == pytest.approx(0.1)
    assert health.starved
    assert "wait up to 7.5 s for a core" in health.advice
    assert "fewer workers" in health.advice


def test_failed_runs_are_counted_and_excluded() -> None:
    failed = [Execution(Status.FAILED, message="lost")]
    health = machine_health(failed + runs([(0.001, 0.002)] * 9), NO_TIME, NO_TIME)
    assert (health.runs, health.failed, health.cpu_p99) == (10, 1, 0.001)
    assert health.starved
    for nothing in ([], failed):
        with pytest.raises(SandboxFailure, match="expected a program that does nothing to end by itself"):
            machine_health(nothing, None, None)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1000)), min_size=1, max_size=300), st.floats(0, 50))
def test_no_run_but_one_in_a_hundred_costs_more_than_a_tenth_of_a_trusted_limit(
    rows: list[tuple[float, float]], stolen: float
) -> None:
    health = machine_health(runs(rows), NO_TIME, BusyTimes(50.0, (stolen,)))
    assert sum(cpu > health.trusted_seconds / 10 * 1.000001 for cpu, _ in rows) <= len(rows) / 100
    assert health.trusted_seconds >= 0.1
    assert health.stolen is not None
    assert 0.0 <= health.stolen <= 1.0
    assert "\n" not in health.advice + health.summary()
    json.dumps(health.advice, allow_nan=False)


@pytest.mark.shared
@pytest.mark.skipif(not TRACE.exists(), reason="needs the developers' sample data in ../shared")
def test_the_trace_of_a_starved_machine() -> None:
    """A+B there: 0.84 s of CPU at the 99th percentile of 88 runs, 36 % of the busy time stolen."""
    rows = [row for row in map(json.loads, TRACE.read_text().splitlines()) if row["program"] == "add"]
    lines = [
        f"cpu{core} " + " ".join(str(sum(row[f"ticks_cpu{core}"][place] for row in rows)) for place in range(8))
        for core in (0, 1)
    ]
    after = parse_busy_times("\n".join(["cpu  1 2 3 4 5 6 7 8", *lines, "intr 7"]))
    health = machine_health(runs([(row["cpu"], row["wall"]) for row in rows]), NO_TIME, after)
    assert health.cpu_median < 0.002
    assert health.cpu_p99 == pytest.approx(0.8416)
    assert health.trusted_seconds == pytest.approx(8.416)
    assert health.stolen == pytest.approx(0.36, abs=0.01)
    assert health.starved


def test_times_are_read_core_by_core() -> None:
    text = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 100 20 30 5000 60 7 8 90 11 12\ncpu1 1 0 0 9 9 0 0 2\nintr 5\n"
    times = parse_busy_times(text)
    assert times.busy_seconds == pytest.approx((100 + 20 + 30 + 7 + 8 + 90 + 1 + 2) / 100)
    assert times.stolen_seconds == pytest.approx((0.9, 0.02))
    old = parse_busy_times("cpu 1 2 3 4\ncpu0 1 2 3 4\n")
    assert (old.busy_seconds, old.stolen_seconds) == (pytest.approx(0.06), ())
    for wrong in ("", "cpu 1 2 3 4 5 6 7 8\n", "cpu0 1 2\n", "cpu0 a b c d e f g h\n"):
        with pytest.raises(ValueError, match=r"cpuN|invalid literal"):
            parse_busy_times(wrong)


def test_this_machine_can_be_measured() -> None:
    health = measure_machine(5)
    assert (health.runs, health.failed) == (5, 0)
    assert 0.0 < health.cpu_median <= health.cpu_p99
    assert 0.0 < health.wall_median <= health.wall_p99
    times = busy_times()
    assert times is None or times.busy_seconds > 0.0


def test_processes_beside_the_measurement_end_with_it() -> None:
    before = children()
    health = measure_machine(5, beside=2)
    assert (health.runs, health.failed) == (5, 0)
    assert children() <= before


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_a_slow_machine_is_measured_with_fewer_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlef_env.sandbox.machine.health.RUN_SECONDS", 0.0)
    assert measure_machine(1000).runs == 20
    assert measure_machine(3).runs == 3
