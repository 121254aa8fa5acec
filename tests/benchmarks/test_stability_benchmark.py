"""The stability benchmark has the promised programs, detects flips and cleans up; no test here asserts a duration."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.stability.__main__ import Level, figures_of, flips_of, main, was_starved
from benchmarks.stability.load import busy
from benchmarks.stability.suite import COMPILED, LIMIT_SECONDS, NEAR, SHARES, problem, suite
from rlef_env.judge import Judge, Judgement, Verdict
from rlef_env.sandbox import Program, installed_languages

needs_cpp = pytest.mark.skipif("cpp" not in installed_languages(), reason="g++ is not installed here")


def children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            found.update(int(pid) for pid in (task / "children").read_text().split())
    return found


def test_the_suite_has_the_promised_size_and_kinds() -> None:
    cases = suite(5000)
    assert len(cases) == 5000
    assert [case.number for case in cases] == list(range(5000))
    assert sum(case.kind.startswith(NEAR) for case in cases) == 500
    near = Counter(case.verdict for case in cases if case.kind.startswith(NEAR))
    assert near == {Verdict.ACCEPTED: 250, Verdict.TIME_LIMIT: 250}
    assert cases == suite(5000)
    assert problem().time_limit == LIMIT_SECONDS


@pytest.mark.parametrize("judgements", [1, 9, 30])
def test_a_small_suite_has_the_requested_size(judgements: int) -> None:
    assert len(suite(judgements)) == judgements


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_cpp)])
def test_every_kind_gets_the_verdict_it_must(compiled: bool) -> None:
    cases = {case.kind: case for case in suite(200, compiled=compiled)}
    assert {*SHARES, *(COMPILED if compiled else ())} < set(cases)
    with Judge() as judge:
        for kind, case in cases.items():
            judgement = judge.judge(problem(), Program(case.source, case.language))
            while was_starved(judgement):  # this machine is busy
                judgement = judge.judge(problem(), Program(case.source, case.language))
            assert judgement.verdict is case.verdict, kind


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures.json"
    assert main(["--judgements", "10", "--load", "0,1", "--workers", "1", "--json", str(out)]) in (0, 1)
    written = json.loads(out.read_text())
    assert set(written) == {"machine", "command", "rows", "flips"}
    assert {row["row"] for row in written["rows"]} == {"load 0", "load 1"}
    assert "idle" in capsys.readouterr().out


def test_a_flip_is_listed_and_counted() -> None:
    cases = suite(10)
    right = [Judgement(case.verdict) for case in cases]
    assert flips_of(cases, 2, right, [case.verdict for case in cases]) == ()
    flipped = [*right[:-1], Judgement(Verdict.NO_VERDICT, category="lost")]
    (flip,) = flips_of(cases, 2, flipped, [case.verdict for case in cases])
    assert (flip.number, flip.expected, flip.got) == (9, cases[9].verdict.value, "no_verdict")
    level = Level(2, 1.0, tuple(judgement.verdict for judgement in flipped), 0, (flip,))
    assert [figure.met for figure in figures_of(level, cases, 1)] == [False, False, None, True]


def test_a_starved_program_is_counted_separately_and_is_no_flip_at_the_next_level() -> None:
    cases = suite(3)
    right = [Judgement(case.verdict) for case in cases]
    starved = [*right[:-1], Judgement(Verdict.NO_VERDICT, category="starved")]
    assert flips_of(cases, 8, starved, [case.verdict for case in cases]) == ()
    assert list(map(was_starved, starved)) == [False, False, True]
    assert flips_of(cases, 8, right, [judgement.verdict for judgement in starved]) == ()


def test_busy_processes_are_stopped_also_after_an_error() -> None:
    before = children()

    def fail_while_busy() -> None:
        with busy(2):
            assert len(children() - before) == 2
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_while_busy()
    assert children() - before == set()


def test_a_busy_process_that_dies_early_is_no_error() -> None:
    before = children()
    with busy(1):
        (pid,) = children() - before
        os.kill(pid, signal.SIGKILL)
    assert children() - before == set()
