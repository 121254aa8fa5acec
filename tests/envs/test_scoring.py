"""``score``: a response's verdict and reward, the same as those of ``CodeEnv(max_turns=1)``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from gymnasium.error import InvalidAction

from rlef_env import CodeEnv, JudgePool, Problem, Scored, Test, Verdict, load_dataset, score, score_all, score_async
from rlef_env.envs import fenced
from rlef_env.errors import DataError, ProblemNotFound, UsageError
from rlef_env.judge import BaseJudgePool, JudgeJob, Judgement
from tests.asynchronous import run
from tests.envs.samples import BROKEN, NO_TESTS, SUM, SUM_PASSES_PUBLIC, SUM_RIGHT, SUM_WRONG, TINY

ROW = {"task_id": 7, "text": "Add two numbers.", "code": "", "test_list": ["assert add(1, 2) == 3"]}
"""A row as MBPP has it."""


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2) as pool:
        yield pool


@pytest.mark.parametrize("every", [20, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])])
def test_a_score_is_that_of_a_single_turn_episode(pool: JudgePool, every: int) -> None:
    dataset = load_dataset("starter")
    pairs = [
        (problem, fenced(solution.source))
        for problem in dataset
        for solution in (*problem.solutions, *problem.incorrect_solutions)
        if solution.language == "python"
    ][::every]
    with CodeEnv(dataset, max_turns=1, judge=pool) as env:
        for (problem, response), scored in zip(pairs, score_all(pairs, pool=pool), strict=True):
            env.reset(options={"problem_id": problem.id})
            _, reward, _, _, info = env.step(response)
            turn = env.episode.turns[-1]
            assert (scored.program, scored.reward) == (turn.program, reward)
            assert (scored.judgement.verdict, scored.solved) == (turn.judgement.verdict, info["solved"])


@pytest.mark.parametrize(
    ("response", "reward", "verdict"),
    [
        (SUM_RIGHT, 1.0, Verdict.ACCEPTED),
        (SUM_PASSES_PUBLIC, -1.0, Verdict.WRONG_ANSWER),
        (SUM_WRONG, -1.0, Verdict.WRONG_ANSWER),
        ("no program", -1.0, Verdict.NO_PROGRAM),
    ],
)
def test_rewards(pool: JudgePool, response: str, reward: float, verdict: Verdict) -> None:
    scored = score(SUM, response, judge=pool)
    assert (scored.reward, scored.judgement.verdict) == (reward, verdict)
    assert scored.solved == (verdict is Verdict.ACCEPTED)
    assert (scored.program is None) == (verdict is Verdict.NO_PROGRAM)


def test_another_reward(pool: JudgePool) -> None:
    assert score(SUM, SUM_PASSES_PUBLIC, judge=pool, reward="pass_fraction").reward == 4 / 5


def test_without_a_verdict_there_is_no_reward(pool: JudgePool) -> None:
    for problem in (BROKEN, NO_TESTS):
        scored = score(problem, SUM_RIGHT, judge=pool)
        assert scored.judgement.verdict is Verdict.NO_VERDICT
        assert scored.reward is None
        assert not scored.solved


def test_a_row_and_an_id_name_a_problem(pool: JudgePool) -> None:
    right, wrong = fenced("def add(a, b):\n    return a + b"), fenced("def add(a, b):\n    return a - b")
    assert [score(ROW, each, judge=pool).reward for each in (right, wrong)] == [1.0, -1.0]
    assert score("sum", SUM_RIGHT, judge=pool, dataset=TINY).reward == 1.0
    starter = load_dataset("starter")[0]
    response = fenced(starter.solutions[0].source)
    assert score(starter.id, response, judge=pool, dataset="starter").reward == 1.0


@pytest.mark.parametrize(
    ("problem", "arguments", "error", "message"),
    [
        ({"a": 1}, {}, DataError, "expected the fields of one of the schemas"),
        ("sum", {}, UsageError, "expected dataset= beside the id"),
        ("summ", {"dataset": TINY}, ProblemNotFound, "similar: 'sum'"),
        (7, {}, UsageError, "expected a Problem, a row as a dict, or the id"),
        (SUM, {"reward": "rlefff"}, UsageError, "expected one of rlef"),
    ],
)
def test_bad_input_is_one_line(problem: Any, arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        score(problem, SUM_RIGHT, **arguments)
    assert "\n" not in str(caught.value)


def test_a_response_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidAction, match="expected a response as a str, got int"):
        score(SUM, 5)  # type: ignore[arg-type]


def test_scores_before_a_bad_pair_are_yielded(pool: JudgePool) -> None:
    scores = score_all([(SUM, SUM_RIGHT), (SUM, SUM_WRONG), ({"a": 1}, SUM_RIGHT)], pool=pool)
    assert [next(scores).reward, next(scores).reward] == [1.0, -1.0]
    with pytest.raises(DataError):
        next(scores)


class CountingPool(BaseJudgePool):
    """A pool whose jobs the test finishes."""

    def __init__(self) -> None:
        self.workers, self.isolation, self.judge_arguments = 2, "locked", {}
        self.submitted: list[Future[Judgement]] = []
        self.cancelled: list[Future[Judgement]] = []

    def submit(self, job: JudgeJob, priority: int = 0, owner: object = None) -> Future[Judgement]:
        self.submitted.append(Future())
        return self.submitted[-1]

    def cancel(self, future: Future[Judgement]) -> None:
        self.cancelled.append(future)
        future.cancel()

    def close(self) -> None:
        pass


def test_score_all_submits_four_pairs_a_worker_ahead_and_no_more() -> None:
    pool = CountingPool()
    taken = []

    def pairs() -> Iterator[tuple[Problem, str]]:
        for number in range(100):
            taken.append(number)
            if number == 7:
                pool.submitted[0].set_result(Judgement(Verdict.ACCEPTED, total=5))
            yield SUM, SUM_RIGHT

    scores = score_all(pairs(), pool=pool)
    assert next(scores).reward == 1.0
    assert len(taken) == len(pool.submitted) == 8
    scores.close()  # type: ignore[attr-defined]
    assert pool.cancelled == pool.submitted[1:]


def test_score_async_judges_many_at_once(pool: JudgePool) -> None:
    async def play() -> list[Scored]:
        return await asyncio.gather(*(score_async(SUM, each, pool=pool) for each in (SUM_RIGHT, SUM_WRONG) * 20))

    assert [each.reward for each in run(play())] == [1.0, -1.0] * 20


def test_cancelling_the_task_cancels_the_judgement() -> None:
    pool = CountingPool()

    async def play() -> None:
        task = asyncio.create_task(score_async(SUM, SUM_RIGHT, pool=pool))
        while not pool.submitted:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(play())
    assert pool.cancelled == pool.submitted


def test_one_test_without_a_verdict_is_never_a_reward(pool: JudgePool) -> None:
    """The paper's reward asks whether all tests pass: one that could not be judged leaves that open."""
    problem = Problem("two", "", private_tests=(Test("1\n", "1\n"),), checker=BROKEN.checker)
    assert score(problem, fenced("print(1)"), judge=pool).reward is None
