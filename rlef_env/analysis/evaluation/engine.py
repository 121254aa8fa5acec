"""Plays the episodes of an evaluation: responses in batches or threads, judgements by a pool, no episode waiting.

One thread, the caller's, owns the episodes. Agent threads and the pool's thread only put events into its queue.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Final, Protocol

import numpy as np
from gymnasium.error import InvalidAction

from rlef_env.agents import Conversation, NamedAgent, SampledText
from rlef_env.analysis.evaluation.agent_threads import AgentThreads, Answer
from rlef_env.analysis.evaluation.schedule import PlannedEpisode
from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.envs.extract import Response
from rlef_env.envs.problem_sampler import make_problem_sampler
from rlef_env.episodes import Episode
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool, Judgement
from rlef_env.problems import Problem
from rlef_env.runs import EpisodeRecord, TurnExtra

__all__ = ["MAX_FAILURES", "Engine", "Observer", "Played"]

MAX_FAILURES: Final = 5
"""After so many failures of the agent in a row, the evaluation stops."""


class Observer(Protocol):
    """Is told what happens, in the thread that plays."""

    def began(self, planned: PlannedEpisode) -> None:
        """Take note of an episode that began."""

    def ended(self, record: EpisodeRecord) -> None:
        """Take note of an episode that ended and is kept."""

    def failed(self, planned: PlannedEpisode, error: UsageError) -> None:
        """Take note of an episode that was dropped because the agent failed."""


@dataclass
class Played:
    """What an engine has done.

    Attributes:
        episodes: number of episodes that ended.
        failures: number of episodes that were dropped because the agent failed.
        tokens: tokens read and written.
        out_of_budget: whether episodes were left out because the tokens were spent.
    """

    episodes: int = 0
    failures: int = 0
    tokens: int = 0
    out_of_budget: bool = False


@dataclass(eq=False)
class OpenEpisode:
    """An episode that is being played."""

    number: int
    planned: PlannedEpisode
    problem: Problem
    episode: Episode
    began: float
    extras: list[TurnExtra] = field(default_factory=list)
    response: Response | None = None
    judgements: list[Future[Judgement]] = field(default_factory=list)

    def conversation(self) -> Conversation:
        """Return what the agent has to answer."""
        planned = self.planned
        return Conversation(tuple(self.episode.messages), planned.problem_id, planned.seed, planned.sample)


@dataclass
class Engine:
    """Plays episodes, and keeps each as soon as it ends.

    Attributes:
        agent: gives the responses.
        dynamics: the environment's episodes.
        pool: judges.
        keep: called with each episode that has ended.
        observer: is told what happens.
        categorise: returns the category of each turn of an episode.
        concurrency: maximum number of episodes that are played at the same time.
        budget: tokens that may be spent; when they are, open episodes are played to their end and no other begins.
        played: what was done so far.
    """

    agent: NamedAgent
    dynamics: EpisodeDynamics
    pool: BaseJudgePool
    keep: Callable[[EpisodeRecord], object]
    observer: Observer
    categorise: Callable[[Problem, Episode], list[str | None]]
    concurrency: int = 16
    budget: int | None = None
    played: Played = field(default_factory=Played)

    def play(self, planned: Iterable[PlannedEpisode]) -> Played:
        """Play episodes, in the order in which they are given.

        Raises:
            UsageError: the agent failed several times in a row, or there is a budget and the agent tells no tokens.
            OSError: an episode cannot be kept.
        """
        # An event is the agent's answers to what it was asked at once, or an episode of which a program is judged.
        self._events: SimpleQueue[list[Answer] | OpenEpisode] = SimpleQueue()
        self._open: dict[int, OpenEpisode] = {}
        self._ready: deque[OpenEpisode] = deque()
        self._failures_in_a_row = 0
        # The sampler is not used: each problem is named.
        self._sampler = make_problem_sampler("uniform", self.dynamics.config.dataset)
        left, next_number = deque(planned), 0
        threads = AgentThreads(self.agent, self.concurrency, self._events.put)
        idle = threads.threads
        try:
            while True:
                while left and len(self._open) < self.concurrency and self._within_budget():
                    self._begin(next_number, left.popleft())
                    next_number += 1
                while self._ready and idle:
                    batch = [self._ready.popleft() for _ in range(min(threads.batch, len(self._ready)))]
                    threads.ask([(each.number, each.conversation()) for each in batch])
                    idle -= 1
                if not self._open:
                    return self.played
                event = self._events.get()
                if isinstance(event, OpenEpisode):
                    self._judged(event)
                else:
                    idle += 1
                    for answer in event:
                        self._answered(answer)
        finally:
            threads.close()

    def _within_budget(self) -> bool:
        self.played.out_of_budget = self.budget is not None and self.played.tokens >= self.budget
        return not self.played.out_of_budget

    def _begin(self, number: int, planned: PlannedEpisode) -> None:
        rng = np.random.default_rng(planned.seed)  # random feedback draws
        problem, episode = self.dynamics.begin(rng, self._sampler, {"problem_id": planned.problem_id})
        opened = OpenEpisode(number, planned, problem, episode, time.monotonic())
        self._open[number] = opened
        self._ready.append(opened)
        self.observer.began(planned)

    def _answered(self, answer: Answer) -> None:
        """Have the program of an answer judged."""
        opened = self._open[answer.number]
        try:
            if isinstance(answer.response, UsageError):
                raise answer.response
            opened.response = self.dynamics.read(str(answer.response))
        except (InvalidAction, UsageError) as error:
            self._drop(opened, error)
            return
        self._failures_in_a_row = 0
        extra = _extra(answer)
        tokens = (extra.prompt_tokens, extra.completion_tokens)
        if self.budget is not None and None in tokens:
            raise UsageError(
                f"--budget-tokens: expected an agent that tells its tokens, {self.agent.name} does not; leave the "
                "budget out, or return rlef_env.agents.SampledText"
            )
        self.played.tokens += sum(count or 0 for count in tokens)
        opened.extras.append(extra)
        jobs = self.dynamics.jobs(opened.problem, opened.episode, opened.response)
        opened.judgements = [self.pool.submit(job) for job in jobs]
        if not jobs:
            self._advance(opened, [])
        for future in opened.judgements:
            future.add_done_callback(lambda _: self._events.put(opened))

    def _judged(self, opened: OpenEpisode) -> None:
        """Go on if all programs of the response are judged; random feedback needs two."""
        if opened.judgements and all(future.done() for future in opened.judgements):
            judgements = [future.result() for future in opened.judgements]
            opened.judgements = []
            self._advance(opened, judgements)

    def _advance(self, opened: OpenEpisode, judgements: list[Judgement]) -> None:
        assert opened.response is not None
        opened.episode = self.dynamics.advance(opened.problem, opened.episode, opened.response, judgements)
        if not opened.episode.ended:
            self._ready.append(opened)
            return
        record = self._record(opened)
        self.keep(record)
        del self._open[opened.number]
        self.played.episodes += 1
        self.observer.ended(record)

    def _record(self, opened: OpenEpisode) -> EpisodeRecord:
        categories = self.categorise(opened.problem, opened.episode)
        return EpisodeRecord(
            opened.episode,
            opened.planned.sample,
            attempt=opened.planned.attempt,
            seconds=time.monotonic() - opened.began,
            turns=tuple(
                replace(extra, category=category) for category, extra in zip(categories, opened.extras, strict=True)
            ),
        )

    def _drop(self, opened: OpenEpisode, error: Exception) -> None:
        """Leave out an episode because the agent failed."""
        del self._open[opened.number]
        self.played.failures += 1
        self._failures_in_a_row += 1
        place = f"problem {opened.planned.problem_id}, sample {opened.planned.sample}"
        named = str(error) if isinstance(error, UsageError) else f"agent {self.agent.name}: act: {error}"
        failure = UsageError(f"{named} ({place}, turn {len(opened.episode.turns) + 1})")
        failure.__cause__ = error.__cause__ or error
        if self._failures_in_a_row >= MAX_FAILURES:
            raise failure
        self.observer.failed(opened.planned, failure)


def _extra(answer: Answer) -> TurnExtra:
    response = answer.response
    if isinstance(response, SampledText):
        tokens = (response.prompt_tokens, response.completion_tokens)
        return TurnExtra(None, *tokens, answer.seconds, response.values)
    return TurnExtra(seconds=answer.seconds)
