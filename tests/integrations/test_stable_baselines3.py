"""Stable-Baselines3 gets the verdicts and rewards of `score`, in single environments and in a ``VecEnv``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rlef_env import CodeEnv, CodeVectorEnv, Problem, Verdict
from rlef_env.errors import NoVerdictError
from rlef_env.testing import ScriptedJudge
from rlef_env.wrappers import Candidates
from tests.integrations.cases import CASES, write_dataset

pytest.importorskip("stable_baselines3")

from stable_baselines3.common.env_util import make_vec_env

from rlef_agents.baselines.sb3 import CandidateVecEnv


def programs(problem: Problem) -> list[str]:
    return [case.program for case in CASES if case.problem_id == problem.id]


def played(venv: object) -> set[tuple[str, str, float]]:
    """Choose each candidate until both of every problem were played; return ids, verdicts and rewards."""
    seen: set[tuple[str, str, float]] = set()
    for action in (0, 1):
        venv.reset()  # type: ignore[attr-defined]
        while len({row for row in seen if expected_action(row) == action}) < len(CASES) / 2:
            _, rewards, ends, infos = venv.step(np.array([action]))  # type: ignore[attr-defined]
            assert ends[0]
            seen.add((infos[0]["problem_id"], infos[0]["verdict"], float(rewards[0])))
    return seen


def expected_action(row: tuple[str, str, float]) -> int:
    return 0 if row[2] > 0 else 1


EXPECTED = {(case.problem_id, case.verdict.value, case.reward) for case in CASES}


def test_single_environments_agree_with_score(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "problems.jsonl")
    venv = make_vec_env(lambda: Candidates(CodeEnv(dataset, max_turns=1, judge="shared"), 2, programs), 1, seed=0)
    assert played(venv) == EXPECTED
    venv.close()


def test_the_vec_env_agrees_with_score(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "problems.jsonl")
    envs = CodeVectorEnv(1, dataset=dataset, max_turns=1, pool="shared", on_no_verdict="raise")
    venv = CandidateVecEnv(envs, 2, programs)
    venv.seed(0)
    assert played(venv) == EXPECTED
    venv.close()


def test_a_lost_verdict_is_no_reward(tmp_path: Path) -> None:
    dataset, lost = write_dataset(tmp_path / "problems.jsonl"), ScriptedJudge([Verdict.NO_VERDICT])
    envs = CandidateVecEnv(CodeVectorEnv(1, dataset=dataset, pool=lost, on_no_verdict="raise"), 2, programs)
    single = make_vec_env(lambda: Candidates(CodeEnv(dataset, judge=lost, on_no_verdict="raise"), 2, programs), 1)
    for venv in (envs, single):
        venv.reset()
        with pytest.raises(NoVerdictError, match="the judge failed"):
            venv.step(np.array([0]))
