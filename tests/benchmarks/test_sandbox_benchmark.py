"""The sandbox benchmark runs every row and counts all CPU time; no test here asserts a duration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.figures import Goal, measured, missed
from benchmarks.sandbox.__main__ import ROWS, main
from benchmarks.sandbox.blocks import Floor, SandboxBlocks, alternate
from benchmarks.sandbox.cpu import lock
from benchmarks.sandbox.settings import Settings
from benchmarks.sandbox.wall import mixed
from benchmarks.sandbox.workload import mixed_programs, trivial_programs
from rlef_env.sandbox import Program

TINY = Settings(
    runs=20, rounds=2, programs=2, passes=1, mixed_each=1, mixed_limit=0.2, kills=1, executions=40, repeats=1
)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_runs(row: str) -> None:
    figures = ROWS[row](TINY)
    assert figures
    for figure in figures:
        assert figure.row
        assert figure.figure
        assert (figure.measured is not None) or figure.note  # a figure without a value has the reason


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures.json"
    assert main(["--quick", "--rows", "functions,growth", "--executions", "40", "--json", str(out)]) in (0, 1)
    written = json.loads(out.read_text())
    assert set(written) == {"machine", "command", "rows"}
    assert {row["row"] for row in written["rows"]} == {"functions", "growth"}
    assert {"figure", "goal", "measured", "unit", "spread", "n", "met"} <= set(written["rows"][0])
    printed = capsys.readouterr().out
    assert "function-call problems" in printed
    assert "growth over 40 executions" in printed


def test_an_unknown_row_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--rows", "lock,speed"])
    assert "got speed" in capsys.readouterr().err


def test_rows_past_the_time_are_listed_as_not_measured(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    assert main(["--rows", "lock,mixed", "--minutes", "-1", "--json", str(out)]) == 0
    assert [row["measured"] for row in json.loads(out.read_text())["rows"]] == [None, None]


@pytest.mark.parametrize("compile_once", [True, False])
def test_a_block_counts_the_time_of_every_process(compile_once: bool) -> None:
    """Each program uses 30 ms of CPU time by its own clock; a block without start-up counts at least that."""
    burning = "import time\nwhile time.process_time() < 0.03:\n    pass\n"
    programs = [Program(burning + source) for source in trivial_programs(5)]
    runs = 20
    assert SandboxBlocks(compile_once=compile_once, programs=programs).cpu_seconds(runs) > 0.9 * 0.03 * runs


def test_the_floor_runs_programs(tmp_path: Path) -> None:
    program = tmp_path / "solution.py"
    program.write_text("import time\ntime.sleep(0.05)\n")
    with Floor() as floor:
        assert floor.cpu_seconds(5) > 0
        assert floor.wall_seconds(program) >= 0.05


def test_subjects_are_measured_in_alternating_order() -> None:
    measured_names: list[str] = []

    class Subject:
        def __init__(self, name: str) -> None:
            self.name = name

        def cpu_seconds(self, runs: int) -> float:
            measured_names.append(self.name)
            return float(runs)

    taken = alternate({"a": Subject("a"), "b": Subject("b")}, runs=10, rounds=3, seconds=60)
    assert measured_names == ["a", "b", "b", "a", "a", "b"]
    assert taken == {"a": [1.0, 1.0, 1.0], "b": [1.0, 1.0, 1.0]}


def test_mixed_programs_get_the_verdicts_they_must() -> None:
    assert len(mixed_programs()) == 40
    (figure,) = mixed(TINY)
    assert "NOT the right verdict" not in figure.note
    assert figure.n == 1


def test_both_ways_to_compile_are_compared_with_the_floor() -> None:
    per_test, once = lock(TINY)
    assert (per_test.goal, once.goal) == ("at most 1.2x", "at most 1.05x")
    assert per_test.n == once.n == 2


def test_goals_are_upper_or_lower_bounds() -> None:
    assert Goal(1.2, "x").met(1.2)
    assert not Goal(1.2, "x").met(1.21)
    assert Goal(3.9, "x", at_least=True).met(4.0)
    assert not Goal(3.9, "x", at_least=True).met(3.8)


def test_a_figure_is_the_median_and_the_middle_half() -> None:
    figure = measured("row", "what", [1.0, 2.0, 3.0, 4.0, 100.0], "x", Goal(3.0, "x"))
    assert (figure.measured, figure.spread, figure.n, figure.met) == (3.0, (2.0, 4.0), 5, True)
    assert not missed([figure])
