"""Which problems are played: by difficulty, by what was solved, and the same in one process and in two."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from rlef_agents.ppo import parallel
from rlef_agents.ppo.planner import Planner
from rlef_agents.ppo.rollout import plan
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset, Problem, Test
from rlef_env.runs import EpisodeFacts, problem_facts
from tests.agents.ppo.small import config

HARD = ("easy", "hard", "hard", "hard", "hard", "hard", "hard", "hard")
PROBLEMS = [
    Problem(str(number), "?", public_tests=(Test("", ""),), difficulty=kind) for number, kind in enumerate(HARD)
]
DATASET = Dataset("test", "Test", tuple(PROBLEMS))


def drawn(planner: Planner, updates: int = 50) -> Counter[int | str]:
    return Counter(name for update in range(updates) for name in planner.plan(update).problems)


def facts(problem: Problem, solved: bool, has_verdict: bool = True) -> EpisodeFacts:
    return EpisodeFacts(problem_facts(problem), 0, "train", "", 0, 3, int(solved), has_verdict, ())


def test_uniform_draws_are_left_to_the_environment() -> None:
    made = config(episodes=4)
    assert Planner(made, DATASET).plan(3) == plan(made.seed, 3, 4)


def test_difficulties_are_drawn_by_their_weights() -> None:
    equally = drawn(Planner(config(episodes=8, sampling="difficulty"), DATASET))
    assert 150 < equally["0"] < 250, "the only easy problem is half of 400 draws"
    seldom = config(episodes=8, sampling="difficulty", difficulty_weights={"easy": 0.0, "hard": 1.0})
    assert not drawn(Planner(seldom, DATASET))["0"]
    with pytest.raises(UsageError, match="'easy' \\(1\\), 'hard' \\(7\\), got 'medium'"):
        Planner(config(sampling="difficulty", difficulty_weights={"medium": 1.0}), DATASET)


def test_a_curriculum_leaves_what_is_always_and_never_solved_and_is_restored() -> None:
    made = config(episodes=8, sampling="curriculum")
    planner = Planner(made, DATASET)
    for turn in range(40):
        for number, problem in enumerate(PROBLEMS):
            planner.learn([facts(problem, number == 0 or (number == 1 and turn % 2 == 0))])
    planner.learn([facts(PROBLEMS[2], True, has_verdict=False)] * 1000)
    counts = drawn(planner)
    assert counts["1"] > 200, "the only one that is sometimes solved"
    assert all(counts[str(number)] for number in range(8)), "the others are drawn now and then"
    again = Planner(made, DATASET)
    again.load_state_dict(planner.state_dict())
    assert again.plan(77) == planner.plan(77)
    assert Planner(made, DATASET).plan(77) != planner.plan(77)


def test_a_plan_does_not_change_after_it_was_made() -> None:
    planner = Planner(config(episodes=8, sampling="curriculum"), DATASET)
    before = planner.plan(1)
    planner.learn([facts(PROBLEMS[number], False) for number in range(4)] * 100)
    assert planner.plan(1) == before, "an update that was begun ahead goes on with its problems"


def test_samples_share_a_problem_and_replacements_are_others() -> None:
    made = config(episodes=12, samples_per_problem=3, sampling="curriculum")
    planner = Planner(made, DATASET)
    first, second = planner.plan(0), planner.plan(0, 1)
    assert [len(set(first.problems[place : place + 3])) for place in range(0, 12, 3)] == [1, 1, 1, 1]
    assert len({*first.seeds, *second.seeds}) == 24
    assert Planner(replace(made, sampling="uniform"), DATASET).plan(0, 1) == plan(made.seed, 0, 12, 3, first=4)


def test_two_processes_draw_what_one_draws(monkeypatch: Any) -> None:
    made = config(episodes=8, sampling="curriculum")
    alone = Planner(made, DATASET).plan(5)
    parts = []
    for rank in range(2):
        monkeypatch.setattr(parallel, "rank", lambda rank=rank: rank)
        monkeypatch.setattr(parallel, "world", lambda: 2)
        parts.append(Planner(made, DATASET).plan(5))
    assert parts[0].problems + parts[1].problems == alone.problems
    assert parts[0].seeds + parts[1].seeds == alone.seeds
