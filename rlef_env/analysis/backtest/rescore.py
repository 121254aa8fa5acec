"""Rescoring: the programs of stored episodes are judged again, without a model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

from rlef_env.analysis.errors import categorise
from rlef_env.envs import make_reward
from rlef_env.envs.plan import ResponsePlan
from rlef_env.episodes import Episode, Turn
from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, Judgement, TestResult, Verdict
from rlef_env.judge.judgement import UNDECIDED
from rlef_env.problems import Problem
from rlef_env.problems.problem import Role
from rlef_env.runs import EpisodeRecord

__all__ = ["Rescored", "TestChange", "VerdictChange", "rescore", "rescored_episode", "verdict_changes"]


class TestChange(NamedTuple):
    """The test that decided a verdict, before or after, and its verdicts.

    Attributes:
        role: its role.
        index: its index within the role.
        before: its verdict before; None if it was not run.
        after: its verdict now; None if it was not run.
    """

    role: Role
    index: int  # type: ignore[assignment]  # hides tuple.index, which is not used here
    before: Verdict | None
    after: Verdict | None


TestChange.__test__ = False  # type: ignore[attr-defined]  # not a pytest class


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A program whose verdict changed.

    Attributes:
        turn: number of its turn, from 1.
        before: its verdict before.
        after: its verdict now.
        test: the test that decided; None if none did.
    """

    turn: int
    before: Verdict
    after: Verdict
    test: TestChange | None

    @property
    def is_flip(self) -> bool:
        """Whether the judge decided both times: where it failed, it said nothing about the program."""
        return Verdict.NO_VERDICT not in (self.before, self.after)


@dataclass(frozen=True, slots=True)
class Rescored:
    """An episode that was judged again.

    Attributes:
        before: as it was.
        after: as it is with the new judgements.
        changes: the programs whose verdicts changed.
    """

    before: EpisodeRecord
    after: EpisodeRecord
    changes: tuple[VerdictChange, ...]

    @property
    def decided(self) -> int:
        """Number of programs that the judge decided both times."""
        pairs = zip(self.before.episode.turns, self.after.episode.turns, strict=False)
        return sum(
            a.program is not None and Verdict.NO_VERDICT not in (a.judgement.verdict, b.judgement.verdict)
            for a, b in pairs
        )


def rescore(
    records: Iterable[EpisodeRecord],
    problem: Callable[[str], Problem],
    judge: Callable[[JudgeJob], Judgement],
    threads: int = 1,
) -> Iterator[Rescored]:
    """Judge episodes again; yield them in order.

    Args:
        records: the episodes.
        problem: returns the problem with an id.
        judge: judges a job. It is called from several threads.
        threads: number of episodes that are judged at the same time.
    """

    def again(record: EpisodeRecord) -> Rescored:
        asked = problem(record.episode.problem_id)
        episode = rescored_episode(record.episode, asked, judge)
        extras = tuple(
            replace(extra, category=category)
            for extra, category in zip(record.extras(), categorise(asked, episode), strict=False)
        )
        return Rescored(
            record, replace(record, episode=episode, turns=extras), tuple(verdict_changes(record.episode, episode))
        )

    executor = ThreadPoolExecutor(threads, thread_name_prefix="rescore")
    pending: deque[Future[Rescored]] = deque()
    try:
        for record in records:
            pending.append(executor.submit(again, record))
            if len(pending) >= 4 * threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:  # after an error or Ctrl-C, what still runs is not waited for: closing the judge ends it
        executor.shutdown(wait=False, cancel_futures=True)


def rescored_episode(episode: Episode, problem: Problem, judge: Callable[[JudgeJob], Judgement]) -> Episode:
    """Judge the programs of an episode again, and return the episode that they make.

    Each response is judged as an environment judges it: on the public tests, and on all tests if it passes these or
    reaches the turn limit. The first response that ends the episode now is its last one; later responses, which reacted
    to feedback that there would not have been, are left out. An episode that would not have ended, because its last
    program fails a public test now, stays open and is not solved. The feedback stays as the agent saw it. Rewards are
    computed anew, unless the reward was a function without a name.

    Args:
        episode: the episode.
        problem: its problem, perhaps with other tests, limits or checker than before.
        judge: judges a job.
    """
    settings, turns = episode.settings, list[Turn]()
    final = lost = False
    for number, turn in enumerate(episode.turns, start=1):
        last = number >= settings["max_turns"]
        plan = ResponsePlan(problem, turn.program, last, settings["feedback"], settings["full_grid"])
        job = plan.job()
        judgement, final = plan.decide(None if job is None else judge(job))
        lost = judgement.verdict is Verdict.NO_VERDICT
        turns.append(_rewarded(replace(turn, judgement=judgement), final, settings.get("reward")))
        if final or lost:
            break
    return replace(episode, turns=tuple(turns), terminated=final and not lost, truncated=lost)


def verdict_changes(before: Episode, after: Episode) -> Iterator[VerdictChange]:
    """Yield the verdicts that differ between two judgements of an episode's programs."""
    for number, (old, new) in enumerate(zip(before.turns, after.turns, strict=False), start=1):
        if old.judgement.verdict is not new.judgement.verdict:
            test = _deciding_test(old.judgement, new.judgement)
            yield VerdictChange(number, old.judgement.verdict, new.judgement.verdict, test)


def _rewarded(turn: Turn, final: bool, name: object) -> Turn:
    try:
        reward = make_reward(name)  # type: ignore[arg-type]  # anything else is a UsageError
    except UsageError:
        return turn
    return replace(turn, reward=reward(replace(turn, reward=0.0), final))


def _deciding_test(before: Judgement, after: Judgement) -> TestChange | None:
    """Return the first test with another verdict: a failing one if there is one now, else one that failed before."""
    old, new = _by_place(before), _by_place(after)
    for results in (new, old):
        for place, result in results.items():
            verdicts = [found[place].verdict if place in found else None for found in (old, new)]
            if result.verdict not in UNDECIDED and verdicts[0] is not verdicts[1]:
                return TestChange(*place, *verdicts)
    for place in dict.fromkeys([*new, *old]):
        verdicts = [found[place].verdict if place in found else None for found in (old, new)]
        if Verdict.NO_VERDICT in verdicts:
            return TestChange(*place, *verdicts)
    return None


def _by_place(judgement: Judgement) -> dict[tuple[Role, int], TestResult]:
    return {(result.role, result.index): result for result in judgement.results}
