"""The vector benchmark at small sizes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from benchmarks.vector import __main__ as benchmark
from benchmarks.vector.settings import QUICK
from benchmarks.vector.tails import played_in_steps, played_without_barrier
from benchmarks.vector.workload import RIGHT, WRONG, CannedPool, fenced, problems, tail_responses
from rlef_env.envs import CodeVectorEnv
from rlef_env.judge import Judge, JudgeJob
from rlef_env.sandbox import Program


@pytest.mark.parametrize("source", ["a, b = map(int, input().split())\nprint(a + b)", "print(-1)"])
@pytest.mark.parametrize("stop_early", [True, False])
def test_canned_judgements_equal_a_judges(source: str, stop_early: bool) -> None:
    job = JudgeJob(problems(3, 2).problems[0], Program(source), stop_early=stop_early)
    with Judge() as judge:
        judged = judge.judge(job)
    assert CannedPool().submit(job).result() == judged


def test_one_slow_program_among_as_many_as_environments() -> None:
    slow = fenced("slow")
    by_step = zip(*(zip(range(8), tail_responses(slow, 4, env_id), strict=False) for env_id in range(4)), strict=True)
    assert [[response for _, response in step].count(slow) for step in by_step] == [1] * 8


@pytest.mark.parametrize("play", [played_in_steps, played_without_barrier])
def test_every_response_ends_an_episode(play: object) -> None:
    env = CodeVectorEnv(4, dataset=problems(1, 3), pool=CannedPool(), max_turns=1)
    played = play(env, WRONG, 5)  # type: ignore[operator]
    assert 0 < played.episodes <= 20
    assert played.rate > 0
    env.step([RIGHT] * 4)
    assert [len(episode.turns) for episode in env.episodes] == [0] * 4


def test_open_episodes_are_measured_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "QUICK", dataclasses.replace(QUICK, open_episodes=8))
    code = benchmark.main(["--quick", "--rows", "open_episodes", "--json", str(tmp_path / "out.json")])
    report = json.loads((tmp_path / "out.json").read_text())
    assert [row["row"] for row in report["rows"]] == ["open_episodes"]
    assert code == (1 if report["rows"][0]["met"] is False else 0)


def test_an_unknown_row_is_refused() -> None:
    with pytest.raises(SystemExit):
        benchmark.main(["--rows", "speed"])
