"""Signs that a model has seen problems or their solutions before: none of them is a proof.

Two signs are computed. Problems published before a model's data was collected are solved more often than later ones of
the same kind; and a first program, written before any feedback, is nearly a stored solution, word by word.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from rlef_env.analysis.statistics import Interval, mean_interval
from rlef_env.errors import UsageError
from rlef_env.problems import Problem
from rlef_env.runs import EpisodeFacts, EpisodeRecord

__all__ = ["DateDrop", "DateWindow", "Overlap", "date_drop", "reference_overlaps", "solved_by_date"]

MAX_WINDOWS: Final = 12
"""Windows are months, quarters or years: the shortest of which there are no more than this."""

NGRAM: Final = 8
"""Tokens that must follow each other as in a stored solution."""

MIN_TOKENS: Final = 50
"""Shorter programs are alike by chance."""

MIN_OVERLAP: Final = 0.8
"""Share of a program's n-grams that are in one stored solution, from which it counts as near verbatim."""

MAX_CHARACTERS: Final = 65_536
MAX_SOLUTIONS: Final = 50
_TOKEN: Final = re.compile(r"[^\W\d]\w*|\d+|[^\w\s]")
_COMMENT: Final = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True)
class DateWindow:
    """Problems that were published in one span of time.

    Attributes:
        name: ``"2023-08"``, ``"2023-Q3"`` or ``"2023"``.
        problems: number of problems with a verdict.
        first: share of episodes whose first response solved the problem, by problem.
        solved: share of episodes that any response solved.
    """

    name: str
    problems: int
    first: Interval
    solved: Interval


@dataclass(frozen=True, slots=True)
class DateDrop:
    """First-turn solve rate of problems published before a day and of later ones.

    Attributes:
        cutoff: the day, as ``"2023-09-01"``; problems of this day count as later ones.
        before: rate of the earlier problems.
        after: rate of the later problems.
        difference: ``before - after``: above 0 if earlier problems are solved more often.
    """

    cutoff: str
    before: Interval
    after: Interval
    difference: Interval


@dataclass(frozen=True, slots=True)
class Overlap:
    """A first program that is nearly a stored solution.

    Attributes:
        problem_id: the problem.
        sample: number of the episode among those of its problem.
        step: number of updates of the policy; None outside of training.
        solution: index of the most similar Python solution in ``Problem.solutions``.
        share: share of the program's n-grams that are in the solution.
        verbatim: whether the tokens are the same, all of them in the same order.
    """

    problem_id: str
    sample: int
    step: int | None
    solution: int
    share: float
    verbatim: bool


def solved_by_date(episodes: Iterable[EpisodeFacts]) -> list[DateWindow]:
    """Return solve rates by day of publication, in order; problems without a day are left out."""
    problems = _by_problem(episodes)
    for name_of in (_month, _quarter, _year):
        windows: dict[str, list[_Rates]] = defaultdict(list)
        for rates in problems:
            windows[name_of(rates.published)].append(rates)
        if len(windows) <= MAX_WINDOWS:
            break
    return [
        DateWindow(name, len(windows[name]), _interval(windows[name]), _interval(windows[name], first=False))
        for name in sorted(windows)[-MAX_WINDOWS:]
    ]


def date_drop(episodes: Iterable[EpisodeFacts], cutoff: str) -> DateDrop:
    """Return how much more often problems published before a day are solved by the first response than later ones.

    The interval of the difference combines the two intervals by Newcombe's method (1998, Statistics in Medicine 17).

    Args:
        episodes: the episodes.
        cutoff: the day up to which the model's data was collected, as ``"2023-09-01"``.

    Raises:
        UsageError: the cutoff is no day, or there are no problems before or after it.
    """
    try:
        date.fromisoformat(cutoff)
    except ValueError:
        raise UsageError(f"cutoff: expected a day such as 2023-09-01, got {cutoff!r}") from None
    problems = _by_problem(episodes)
    early = [rates for rates in problems if rates.published < cutoff]
    late = [rates for rates in problems if rates.published >= cutoff]
    if not early or not late:
        raise UsageError(
            f"cutoff: expected problems published before and after {cutoff}, got {len(early)} before and {len(late)} "
            "after; choose another day"
        )
    before, after = _interval(early), _interval(late)
    difference = before.value - after.value
    low = difference - math.hypot(before.value - before.low, after.high - after.value)
    high = difference + math.hypot(before.high - before.value, after.value - after.low)
    return DateDrop(cutoff, before, after, Interval(difference, low, high))


def reference_overlaps(
    records: Iterable[EpisodeRecord], problems: Mapping[str, Problem], min_share: float = MIN_OVERLAP
) -> Iterator[tuple[EpisodeRecord, Overlap | None]]:
    """Yield each record whose first response can be compared with stored solutions, and its overlap if it is high.

    Args:
        records: the episodes.
        problems: the problems by id. Episodes of other problems, and of problems without a solution in Python, are
            left out; so are first programs of fewer than 50 tokens.
        min_share: least share of n-grams that counts.
    """
    known: dict[str, list[_Reference]] = {}
    for record in records:
        problem_id, turns = record.episode.problem_id, record.episode.turns
        if problem_id not in problems or not turns or turns[0].program is None:
            continue
        if problem_id not in known:
            known[problem_id] = list(_references(problems[problem_id]))
        tokens = _tokens(turns[0].program)
        if not known[problem_id] or len(tokens) < MIN_TOKENS:
            continue
        ours = _ngrams(tokens)
        shares = [
            (tokens == each.tokens, len(ours & each.ngrams) / len(ours), -each.number) for each in known[problem_id]
        ]
        verbatim, share, index = max(shares)
        found = Overlap(problem_id, record.sample, record.step, -index, share, verbatim)
        yield record, found if verbatim or share >= min_share else None


class _Reference(NamedTuple):
    """A stored solution: its number in the problem, its tokens and its n-grams."""

    number: int
    tokens: list[str]
    ngrams: set[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Rates:
    """A problem's day of publication, cluster, and share of episodes solved by the first and by any response."""

    published: str
    cluster: str
    first: float
    solved: float


def _by_problem(episodes: Iterable[EpisodeFacts]) -> list[_Rates]:
    solved: dict[str, list[int]] = defaultdict(list)
    problems = {}
    for episode in episodes:
        published = episode.problem.published
        if episode.has_verdict and published is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", published):
            problems[episode.problem.problem_id] = published, episode.problem.cluster or episode.problem.problem_id
            solved[episode.problem.problem_id].append(episode.solved_at)
    return [
        _Rates(*problems[name], sum(at == 1 for at in turns) / len(turns), sum(at > 0 for at in turns) / len(turns))
        for name, turns in solved.items()
    ]


def _interval(problems: Sequence[_Rates], first: bool = True) -> Interval:
    values = [rates.first if first else rates.solved for rates in problems]
    return mean_interval(values, [rates.cluster for rates in problems])


def _month(published: str) -> str:
    return published[:7]


def _quarter(published: str) -> str:
    return f"{published[:4]}-Q{(int(published[5:7]) + 2) // 3}"


def _year(published: str) -> str:
    return published[:4]


def _references(problem: Problem) -> Iterator[_Reference]:
    for index, solution in enumerate(problem.solutions[:MAX_SOLUTIONS]):
        if solution.language == "python":
            tokens = _tokens(solution.source)
            yield _Reference(index, tokens, _ngrams(tokens))


def _tokens(program: str) -> list[str]:
    return _TOKEN.findall(_COMMENT.sub("", program[:MAX_CHARACTERS]))


def _ngrams(tokens: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(tokens[start : start + NGRAM]) for start in range(len(tokens) - NGRAM + 1)}
