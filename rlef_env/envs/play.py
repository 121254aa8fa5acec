"""Episodes without an environment, for programs that bring a loop of their own: trainers, servers, harnesses."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding

from rlef_env.envs.arguments import check_shared
from rlef_env.envs.config import EnvConfig
from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.envs.extract import Response
from rlef_env.envs.problem_sampler import make_problem_sampler
from rlef_env.envs.scoring import judged
from rlef_env.envs.shared_pool import SHARED, Shared, shared_pool
from rlef_env.episodes.episode import Episode, Turn
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool, JudgeJob, Judgement
from rlef_env.problems import Dataset, Problem

__all__ = ["Episodes", "Play"]


class Episodes:
    """Begins episodes; made once, used from any number of threads and tasks.

    ::

        episodes = Episodes("starter", max_turns=3)
        play = episodes.begin("starter/add-numbers")
        while not play.ended:
            play.respond(model(play.messages))
        print(play.total_reward)

    Each episode is the one that a ``CodeEnv`` with the same arguments, seed and actions would play.

    Args:
        dataset: as for ``CodeEnv``.
        pool: judge pool; None or ``"shared"`` is the pool that this process shares, which is started when first needed
            and closed at the end of the process.
        split: as for ``CodeEnv``.
        arguments: the other arguments of ``CodeEnv``: ``max_turns``, ``feedback``, ``reward``, ``protocol``, ...

    Raises:
        UsageError: an argument is unknown or has a value that is not supported.
        DataError: the data set cannot be read.
    """

    def __init__(
        self,
        dataset: str | os.PathLike[str] | Dataset = "starter",
        *,
        pool: BaseJudgePool | Shared | None = None,
        split: str = "train",
        **arguments: Any,
    ) -> None:
        check_shared("pool", pool, "JudgePool", "submit")
        if pool is not None and pool != SHARED:
            arguments["isolation"] = pool.isolation
        self.config = EnvConfig.from_arguments(dataset, split, **arguments)
        self.dynamics = EpisodeDynamics(self.config)
        self._shared_pool = pool
        self._sampler = make_problem_sampler(self.config.sampling, self.config.dataset)
        self._random = seeding.np_random(None)[0]
        self._lock = threading.Lock()

    @property
    def dataset(self) -> Dataset:
        """The problems."""
        return self.config.dataset

    @property
    def pool(self) -> BaseJudgePool:
        """The judge pool."""
        if self._shared_pool is None or self._shared_pool == SHARED:
            return shared_pool(self.config.isolation)
        return self._shared_pool

    def begin(self, problem_id: str | None = None, seed: int | None = None) -> Play:
        """Start an episode.

        Args:
            problem_id: the problem's id; None draws one.
            seed: decides what is drawn; None draws anew each time.

        Raises:
            ProblemNotFound: no problem has this id.
            UsageError: the problem has no test.
        """
        options = None if problem_id is None else {"problem_id": problem_id}
        with self._lock:
            random = self._random if seed is None else seeding.np_random(seed)[0]
            problem, episode = self.dynamics.begin(random, self._sampler, options)
        return Play(self, problem, episode)

    def learn(self, episode: Episode) -> None:
        """Tell the problem sampler how an episode ended."""
        with self._lock:
            self.dynamics.learn(self._sampler, episode)


class Play:
    """An episode in progress. ``Episodes.begin`` makes it.

    Attributes:
        problem: the problem, with all its tests: not for the agent's eyes.
        episode: the episode so far, as a value that can be kept and written.
    """

    def __init__(self, episodes: Episodes, problem: Problem, episode: Episode) -> None:
        self.problem, self.episode = problem, episode
        self._episodes = episodes
        self._busy = threading.Lock()

    @property
    def messages(self) -> list[dict[str, str]]:
        """The whole chat so far as ``{"role", "content"}`` dicts."""
        return self.episode.messages

    @property
    def ended(self) -> bool:
        """Whether the episode accepts no further response."""
        return self.episode.ended

    @property
    def total_reward(self) -> float | None:
        """Sum of the rewards so far; None if the judge itself failed. Leave such an episode out of training."""
        return None if self.episode.truncated else sum(turn.reward for turn in self.episode.turns)

    @property
    def info(self) -> dict[str, Any]:
        """The ``info`` that ``CodeEnv`` returns at this point."""
        return self._episodes.dynamics.info(self.problem, self.episode)

    def respond(self, text: str) -> Turn:
        """Judge a response, and return it with its feedback and reward.

        Raises:
            ResetNeeded: the episode has ended.
            InvalidAction: the response is not a text of at most 1,048,576 characters.
            UsageError: another response of this episode is being judged.
            NoVerdictError: the judge failed, with ``on_no_verdict="raise"``. The turn does not count.
        """
        with self._one_at_a_time():
            response, jobs = self._jobs(text)
            futures: list[Future[Judgement]] = []
            try:
                futures += map(self._episodes.pool.submit, jobs)
                judgements = [future.result() for future in futures]
            except BaseException:
                for future in futures:
                    self._episodes.pool.cancel(future)
                raise
            return self._advance(response, judgements)

    async def respond_async(self, text: str) -> Turn:
        """Judge a response like ``respond``, while other tasks go on. Cancelling the task cancels the judgement.

        As many responses are judged at once as the pool has workers, without a thread for each.
        """
        with self._one_at_a_time():
            response, jobs = self._jobs(text)
            # One after the other: there are two with random feedback only, and a cancelled task leaves none behind.
            judgements = [await judged(self._episodes.pool, job) for job in jobs]
            return self._advance(response, judgements)

    def _one_at_a_time(self) -> _Busy:
        return _Busy(self._busy)

    def _jobs(self, text: str) -> tuple[Response, Sequence[JudgeJob]]:
        if self.ended:
            raise ResetNeeded("the episode has ended; call begin() to start another one")
        dynamics = self._episodes.dynamics
        response = dynamics.read(text)
        return response, dynamics.jobs(self.problem, self.episode, response)

    def _advance(self, response: Response, judgements: Sequence[Judgement]) -> Turn:
        self.episode = self._episodes.dynamics.advance(self.problem, self.episode, response, judgements)
        if self.ended:
            self._episodes.learn(self.episode)
        return self.episode.turns[-1]


class _Busy:
    """Refuses a second response of an episode while the first is judged."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise UsageError(
                "respond: expected one response of an episode at a time, got a second one; wait for the first"
            )

    def __exit__(self, *_: object) -> None:
        self._lock.release()
