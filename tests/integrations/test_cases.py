"""What the adapters are compared with is right itself: `score`, and an episode of one turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlef_env import Episodes, score
from rlef_env.problems import load_dataset
from tests.integrations.cases import CASES, PROBLEMS, Case, fenced, write_dataset


@pytest.mark.parametrize("case", CASES, ids=str)
def test_score_and_episode_agree(case: Case, tmp_path: Path) -> None:
    dataset = load_dataset(write_dataset(tmp_path / "problems.jsonl"))
    scored = score(case.problem_id, fenced(case.program), dataset=dataset)
    assert (scored.judgement.verdict, scored.reward) == (case.verdict, case.reward)
    play = Episodes(dataset, max_turns=1).begin(case.problem_id)
    play.respond(fenced(case.program))
    assert (play.info["verdict"], play.total_reward) == (case.verdict.value, case.reward)


def test_each_problem_has_a_right_and_a_wrong_program() -> None:
    assert sorted(case.problem_id for case in CASES) == sorted(2 * [problem.id for problem in PROBLEMS])
    assert {case.problem_id for case in CASES if case.reward > 0} == {problem.id for problem in PROBLEMS}
