"""Score single responses: a problem and a response in, a verdict and a reward out."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from gymnasium.error import InvalidAction

from rlef_env.envs.extract import read_response
from rlef_env.envs.plan import ResponsePlan
from rlef_env.envs.rewards import Reward, RewardSpec, make_reward
from rlef_env.envs.shared_pool import shared_pool
from rlef_env.episodes.episode import Turn
from rlef_env.errors import RLEFError, UsageError
from rlef_env.judge import BaseJudgePool, Judge, JudgeJob, Judgement, Verdict
from rlef_env.problems import Dataset, Problem, load_dataset, problem_from_row

__all__ = ["ProblemLike", "Scored", "as_problem", "score", "score_all", "score_async"]

ProblemLike: TypeAlias = Problem | Mapping[str, Any] | str
"""A problem, a row of a data set in any known schema, or the id of a problem beside ``dataset=``."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The score of a response.

    Attributes:
        judgement: verdict and results of the tests that were run.
        program: the program in the response; None where it holds none.
        reward: the reward; None if and only if there is no verdict, because the judge itself failed. Leave such a
            response out of training: it says nothing about the model.
    """

    judgement: Judgement
    program: str | None
    reward: float | None

    @property
    def solved(self) -> bool:
        """Whether the program passed all tests."""
        return self.judgement.verdict is Verdict.ACCEPTED


def score(
    problem: ProblemLike,
    response: str,
    *,
    reward: RewardSpec = "rlef",
    judge: Judge | BaseJudgePool | None = None,
    dataset: str | os.PathLike[str] | Dataset | None = None,
    split: str = "train",
) -> Scored:
    r"""Judge a response on all tests of a problem, as ``CodeEnv(max_turns=1)`` does.

    Args:
        problem: the problem, a row of any known schema as a dict, or a problem's id beside ``dataset``.
        response: text that holds a whole program between triple backticks.
        reward: as for ``CodeEnv``.
        judge: a judge or pool; None is the pool that this process shares, started once and closed at its end.
        dataset: the data set of a problem that is given by its id.
        split: the split of the data set.

    Raises:
        DataError: the row is not a problem in a known schema.
        ProblemNotFound: the data set has no problem with the id.
        UsageError: an argument has a value that is not supported.
        InvalidAction: the response is not a text of at most 1,048,576 characters.

    >>> row = {"task_id": 1, "text": "Add two numbers.", "code": "", "test_list": ["assert add(1, 2) == 3"]}
    >>> score(row, "```python\ndef add(a, b): return a + b\n```").reward
    1.0
    """
    plan, function = _planned(as_problem(problem, dataset, split), response, reward)
    job = plan.job()
    return _scored(plan, function, response, None if job is None else (judge or shared_pool()).judge(job))


def score_all(
    pairs: Iterable[tuple[ProblemLike, str]],
    *,
    reward: RewardSpec = "rlef",
    pool: BaseJudgePool | None = None,
    dataset: str | os.PathLike[str] | Dataset | None = None,
    split: str = "train",
) -> Iterator[Scored]:
    """Judge many responses side by side, and yield their scores in the order of the pairs.

    At most four pairs a worker are taken from the iterable ahead of the score that is yielded next.

    Args:
        pairs: problems and responses, each as for ``score``.
        reward: as for ``CodeEnv``.
        pool: a judge pool; None is the pool that this process shares.
        dataset: the data set of problems that are given by their ids.
        split: the split of the data set.

    Raises:
        DataError, ProblemNotFound, UsageError, InvalidAction: as for ``score``, after the scores of all pairs before.
    """
    chosen = pool or shared_pool()
    pending: deque[tuple[ResponsePlan, Reward, str, Future[Judgement] | None]] = deque()

    def first() -> Scored:
        plan, function, response, future = pending.popleft()
        return _scored(plan, function, response, None if future is None else future.result())

    error: Exception | None = None
    try:
        for problem, response in pairs:
            try:
                plan, function = _planned(as_problem(problem, dataset, split), response, reward)
            except (RLEFError, InvalidAction) as invalid:
                error = invalid
                break
            job = plan.job()
            pending.append((plan, function, response, None if job is None else chosen.submit(job)))
            if len(pending) >= 4 * chosen.workers:
                yield first()
        while pending:
            yield first()
        if error is not None:
            raise error
    finally:
        for _, _, _, future in pending:
            if future is not None:
                chosen.cancel(future)


async def score_async(
    problem: ProblemLike,
    response: str,
    *,
    reward: RewardSpec = "rlef",
    pool: BaseJudgePool | None = None,
    dataset: str | os.PathLike[str] | Dataset | None = None,
    split: str = "train",
) -> Scored:
    """Judge a response like ``score``, while other tasks go on. Cancelling the task cancels the judgement.

    As many responses are judged at once as the pool has workers, without a thread for each. The arguments and errors
    are those of ``score_all`` and ``score``.
    """
    plan, function = _planned(as_problem(problem, dataset, split), response, reward)
    job = plan.job()
    return _scored(plan, function, response, None if job is None else await judged(pool or shared_pool(), job))


async def judged(pool: BaseJudgePool, job: JudgeJob) -> Judgement:
    """Judge a job while other tasks go on. Cancelling the task cancels the judgement."""
    future = pool.submit(job)
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        pool.cancel(future)
        raise


def as_problem(
    problem: ProblemLike, dataset: str | os.PathLike[str] | Dataset | None = None, split: str = "train"
) -> Problem:
    """Return the problem that a problem, a row or an id names.

    Raises:
        DataError, ProblemNotFound, UsageError: as for ``score``.
    """
    if isinstance(problem, Problem):
        return problem
    if isinstance(problem, Mapping):
        return problem_from_row(dict(problem))
    if not isinstance(problem, str):
        raise UsageError(
            f"problem: expected a Problem, a row as a dict, or the id of a problem, got {type(problem).__name__}"
        )
    if dataset is None:
        raise UsageError(f"problem: expected dataset= beside the id of a problem, got {problem!r:.100} alone")
    return (dataset if isinstance(dataset, Dataset) else _loaded(os.fspath(dataset), split)).get(problem)


@lru_cache(maxsize=8)
def _loaded(name: str, split: str) -> Dataset:
    return load_dataset(name, split)


def _planned(problem: Problem, response: str, reward: RewardSpec) -> tuple[ResponsePlan, Reward]:
    function = make_reward(reward)
    program = read_response(response).program
    return ResponsePlan(problem, program, last=True, run_all_tests=function.run_all_tests), function


def _scored(plan: ResponsePlan, function: Reward, response: str, judged: Judgement | None) -> Scored:
    judgement, final = plan.decide(judged)
    if judgement.verdict is Verdict.NO_VERDICT:
        return Scored(judgement, plan.program, None)
    return Scored(judgement, plan.program, function(Turn(response, plan.program, judgement), final))
