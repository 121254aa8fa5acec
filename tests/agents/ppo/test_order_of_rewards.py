"""No shipped reward pays more for not solving than for solving, for another turn, or for a response without a program.

Episodes are played by the environment's own dynamics, with a judge that reads each program's verdicts from its text.
Returns are those that the trainer computes: sums without discount, with its penalty for a last response that holds no
program.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import rlef_agents.ppo
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import load_config
from rlef_agents.ppo.rlef import returns_to_go
from rlef_env import Dataset, Episode, Verdict
from rlef_env.envs import REWARDS
from rlef_env.envs.config import EnvConfig
from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.envs.rewards import RewardSpec
from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, Judgement, TestResult
from rlef_env.problems import Problem, Test, TestGroup
from rlef_env.testing import ScriptedJudge

Response: TypeAlias = "tuple[Verdict, ...] | None"
"""The verdicts of a program on all tests of a problem, in order; None: a response without a program."""

PRESETS = sorted((Path(rlef_agents.ppo.__file__).parent / "presets").glob("*.toml"))
FAILURES = (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR, Verdict.TIME_LIMIT)
OK = Verdict.ACCEPTED


class Recipe(NamedTuple):
    """A reward as a run has it."""

    reward: RewardSpec
    final_invalid_penalty: float = 0.0


def recipes() -> dict[str, Recipe]:
    """Return all rewards with a name, of all presets, and those that the documentation shows."""
    presets = {path.stem: load_config(path) for path in PRESETS}
    found = {
        **{name: Recipe(name) for name in REWARDS},
        **{name: Recipe(each.reward, each.final_invalid_penalty) for name, each in presets.items()},
        "docs": Recipe({"outcome": 1, "no_program": 1, "compile_error": 0.5}),
        "docs, with a penalty": Recipe("rlef", -0.2),
    }
    return {name: each for name, each in found.items() if each not in [*found.values()][: [*found].index(name)]}


RECIPES = recipes()


def problem(public: int, hidden: int, points: bool) -> Problem:
    tests = tuple(Test(f"{number}\n", "1\n") for number in range(public + hidden))
    every: list[Any] = [
        *(("public", index) for index in range(public)),
        *(("private", index) for index in range(hidden)),
    ]
    groups = (TestGroup("first", 10, tuple(every[:1])), TestGroup("all", 90, tuple(every))) if points else ()
    return Problem("p", "Print 1.", tests[:public], tests[public:], groups=groups)


PROBLEMS = [
    problem(*sizes, points=points) for sizes in ((1, 1), (2, 2), (3, 1), (0, 2), (2, 0)) for points in (False, True)
]


@cache
def dynamics(recipe: str, which: int, feedback: Any, turns: int) -> EpisodeDynamics:
    dataset = Dataset("order", "Order", (PROBLEMS[which],))
    reward: Any = RECIPES[recipe].reward
    return EpisodeDynamics(EnvConfig(dataset, max_turns=turns, feedback=feedback, reward=reward))


class Case(NamedTuple):
    """A recipe, a problem and a source of feedback."""

    recipe: str
    problem: int
    feedback: str

    @property
    def right(self) -> Response:
        """A program that passes all tests."""
        return (OK,) * self.tests

    @property
    def tests(self) -> int:
        """Number of the problem's tests."""
        return sum(1 for _ in PROBLEMS[self.problem].tests())

    def play(self, responses: Sequence[Response]) -> Episode:
        """Play an episode whose turn limit is the number of responses; it may end before."""
        rules, chosen = dynamics(self.recipe, self.problem, self.feedback, len(responses)), PROBLEMS[self.problem]
        sampler: Any = None  # draws nothing: the problem is named
        _, episode = rules.begin(np.random.default_rng(0), sampler, {"problem_id": "p"})
        for response in responses:
            if episode.ended:
                break
            text = "nothing" if response is None else f"```python\n# {json.dumps(response)}\n```"
            read = rules.read(text)
            judged = [judge(job) for job in rules.jobs(chosen, episode, read)]
            episode = rules.advance(chosen, episode, read, judged)
        assert episode.ended
        return episode

    def rewards(self, episode: Episode) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the rewards of an episode's turns as ``Rollout`` hands them to the learner."""
        rewards = np.array([turn.reward for turn in episode.turns], np.float64)
        if episode.turns[-1].program is None:
            rewards[-1] += RECIPES[self.recipe].final_invalid_penalty
        return rewards

    def total(self, responses: Sequence[Response]) -> float:
        """Return the return of an episode: G of its first turn, without KL."""
        rewards = self.rewards(self.play(responses))
        return float(returns_to_go(rewards, np.zeros(len(rewards), np.int64))[0])


def judge(job: JudgeJob) -> Judgement:
    """Judge a program by the verdicts in its text, in the order in which the judge runs tests."""
    verdicts = json.loads(job.program.source.strip().removeprefix("# "))
    public = len(job.problem.public_tests)

    def result(role: Any, index: int) -> TestResult:
        return TestResult(role, index, Verdict(verdicts[index + public * (role != "public")]))

    future: Future[Judgement] = ScriptedJudge(result=result).submit(job)
    return future.result()


def case_of(data: st.DataObject, recipe: str) -> tuple[Case, list[Response]]:
    """Draw a case and one to four responses: no program, one that does not compile, or a verdict for each test."""
    which = data.draw(st.integers(0, len(PROBLEMS) - 1))
    case = Case(recipe, which, data.draw(st.sampled_from(["public", "first", "none", "private", "verdict"])))
    return case, data.draw(st.lists(responses(case.tests), min_size=1, max_size=4))


def responses(tests: int) -> st.SearchStrategy[Response]:
    one = st.sampled_from([OK, OK, OK, *FAILURES])
    ran = st.tuples(*[one] * tests)
    return st.one_of(st.none(), st.just((Verdict.COMPILE_ERROR,) * tests), st.just((OK,) * tests), ran, ran)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_pays_for_solving(name: str) -> None:
    """Strictly more for a right program than for one that fails every test, or for none; alone and after others."""
    for which in range(len(PROBLEMS)):
        case = Case(name, which, "public")
        for bad in (None, (Verdict.WRONG_ANSWER,) * case.tests, (Verdict.COMPILE_ERROR,) * case.tests):
            assert case.total([case.right]) > case.total([bad])
            assert case.total([case.right, case.right]) >= case.total([bad, case.right]) > case.total([bad, bad])


@pytest.mark.parametrize("name", RECIPES)
@given(data=st.data())
def test_from_any_turn_on_right_programs_pay_most(name: str, data: st.DataObject) -> None:
    """So an episode that is never solved, or solved later, returns no more than one solved at once from there."""
    case, played = case_of(data, name)
    found = case.total(played)
    for turn in range(len(played)):
        assert found <= case.total([*played[:turn], *[case.right] * (len(played) - turn)]) + 1e-9


@pytest.mark.parametrize("name", RECIPES)
@given(data=st.data())
def test_another_turn_pays_nothing(name: str, data: st.DataObject) -> None:
    """An episode returns no more than the same episode without one of its turns before the last."""
    case, played = case_of(data, name)
    played = played[: len(case.play(played).turns)]
    assume(len(played) > 1)
    left_out = data.draw(st.integers(0, len(played) - 2))
    assert case.total(played) <= case.total(played[:left_out] + played[left_out + 1 :]) + 1e-9


@pytest.mark.parametrize("name", RECIPES)
@given(data=st.data())
def test_a_response_without_a_program_pays_no_more_than_any_program(name: str, data: st.DataObject) -> None:
    """In the same place of the same episode, where both are the last response or both are not."""
    case, played = case_of(data, name)
    program = data.draw(responses(case.tests).filter(lambda each: each is not None))
    before = played[:-1]
    for after in ([], [case.right]):
        none, some = (case.play([*before, each, *after]) for each in (None, program))
        assume(len(none.turns) > len(before))  # no earlier response ended the episode
        place = len(before)
        if (len(none.turns) == place + 1) == (len(some.turns) == place + 1):
            assert case.rewards(none)[place] <= case.rewards(some)[place] + 1e-9


def test_settings_cannot_reward_a_last_response_for_having_no_program() -> None:
    with pytest.raises(UsageError, match="final_invalid_penalty: expected at most 0"):
        TrainConfig(final_invalid_penalty=0.1)
