"""Verdicts, edits and repetitions by turn, of a run that was played for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from rlef_agents.studies.edits import edits_and_verdicts
from rlef_env import load_dataset
from rlef_env.agents import Conversation, NamedAgent
from rlef_env.analysis.errors import chrf
from rlef_env.analysis.evaluation import Evaluation
from rlef_env.envs import fenced
from rlef_env.errors import DataError
from rlef_env.judge import JudgePool

FIRST, SECOND = "print(int(input()) + 90)", "print(int(input()) + 91)"
SCRIPT = ((FIRST, SECOND, FIRST), (FIRST, FIRST, None), (FIRST, None, SECOND))


class Scripted:
    """Answers the problem of each number with a script of its own; None is a response without a program."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = list(ids)

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        programs = [SCRIPT[self.ids.index(each.problem_id)][each.turn] for each in conversations]
        return ["none" if program is None else fenced(program) for program in programs]


def test_turns_by_hand(tmp_path: Path) -> None:
    dataset = load_dataset("procedural/hidden_step?steps=4", split="test")
    ids = [dataset[place].id for place in range(len(SCRIPT))]
    evaluation = Evaluation(NamedAgent("scripted", Scripted(ids), {}), dataset, "steps", problem_ids=ids, turns=3)
    with JudgePool(1) as pool:
        evaluation.play(tmp_path / "run", pool=pool)
    first, second, third = (edits_and_verdicts(tmp_path / "run")[turn] for turn in "123")
    assert first == {"episodes": 3, "verdicts": {"wrong_answer": 3}, "edited": 0, "chrf": None, "repeats": None}
    assert second["verdicts"] == {"wrong_answer": 2, "no_program": 1}
    assert second["edited"] == 2
    assert second["chrf"]["mean"] == pytest.approx((chrf(SECOND, FIRST) + 1) / 2)
    assert second["repeats"]["mean"] == pytest.approx(1 / 2)
    assert third["verdicts"] == {"wrong_answer": 2, "no_program": 1}
    assert third["edited"] == 2  # the third episode's program follows that of its first turn
    assert third["chrf"]["mean"] == pytest.approx((chrf(FIRST, SECOND) + chrf(SECOND, FIRST)) / 2)
    assert third["repeats"]["mean"] == pytest.approx(1 / 2)  # the first episode's last program is its first
    assert 0 <= third["repeats"]["low"] < 1 / 2 < third["repeats"]["high"] <= 1
    assert edits_and_verdicts(tmp_path / "run", phase="train") == {}


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        edits_and_verdicts(tmp_path)
