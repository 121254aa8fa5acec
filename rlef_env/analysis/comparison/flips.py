"""The problems whose outcome changed, and programs that were judged twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from rlef_env.analysis.backtest import JudgeFlips
from rlef_env.analysis.comparison.result import Flip
from rlef_env.runs import EpisodeFacts, ProblemFacts

__all__ = ["flips_between", "judge_flips", "turn_limit_of"]

ACCEPTED: Final = "accepted"

_T = TypeVar("_T", str, int)


def turn_limit_of(metric: str) -> int | None:
    """Return the turn up to which a metric looks at an episode: 2 for ``"solved_at_2"``; None for all turns."""
    prefix, _, turn = metric.rpartition("_")
    return int(turn) if prefix == "solved_at" else None


def flips_between(
    a: Sequence[EpisodeFacts], b: Sequence[EpisodeFacts], problems: Sequence[ProblemFacts], turns: int | None = None
) -> tuple[Flip, ...]:
    """Return the problems that most episodes of one run solve and most of the other do not, the worst change first.

    The verdict of a problem is the most frequent last verdict of its episodes with the problem's outcome, and its turn
    the most frequent one with that verdict. A problem counts as solved if at least half of its episodes solve it.

    Args:
        a: episodes before.
        b: episodes after.
        problems: the problems to look at.
        turns: look at the first turns only; None: at all.
    """
    before, after = _by_problem(a), _by_problem(b)
    found = []
    for problem in problems:
        name = problem.problem_id
        if not before[name] or not after[name]:
            continue
        was, verdict_a, turn_a, share_a = _outcome(before[name], turns)
        now, verdict_b, turn_b, share_b = _outcome(after[name], turns)
        if was != now:
            found.append(Flip(name, verdict_a, verdict_b, turn_a, turn_b, share_a, share_b))
    return tuple(sorted(found, key=lambda flip: (flip.share_after - flip.share_before, flip.problem)))


def judge_flips(runs: Iterable[Iterable[EpisodeFacts]], rescored: Iterable[JudgeFlips | None] = ()) -> JudgeFlips:
    """Count the programs that were judged more than once, and those of them that were accepted only sometimes.

    The same program for the same problem should always get the same verdict.

    Args:
        runs: episodes of each run.
        rescored: what ``rlef rescore`` kept of each run; it counts, too.
    """
    seen: defaultdict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    for facts in runs:
        for episode in facts:
            for turn in episode.turns:
                if turn.program is not None and turn.verdict != "no_verdict":
                    seen[episode.problem.problem_id, turn.program][turn.verdict == ACCEPTED] += 1
    twice = [counts for counts in seen.values() if counts.total() > 1]
    again = [each for each in rescored if each is not None]
    return JudgeFlips(
        len(twice) + sum(each.programs for each in again),
        sum(len(counts) > 1 for counts in twice) + sum(each.flips for each in again),
    )


def _by_problem(facts: Iterable[EpisodeFacts]) -> defaultdict[str, list[EpisodeFacts]]:
    found: defaultdict[str, list[EpisodeFacts]] = defaultdict(list)
    for each in facts:
        if each.has_verdict and each.turns:
            found[each.problem.problem_id].append(each)
    return found


def _outcome(episodes: Sequence[EpisodeFacts], turns: int | None) -> tuple[bool, str, int, float]:
    """Return whether a problem counts as solved, with what verdict, at which turn, and the share of solved episodes."""
    last = [each.turns[: turns or None][-1] for each in episodes]
    share = sum(turn.verdict == ACCEPTED for turn in last) / len(last)
    solved = share >= 0.5
    agree = [turn for turn in last if (turn.verdict == ACCEPTED) == solved]
    verdict = _mode(turn.verdict for turn in agree)
    return solved, verdict, _mode(turn.turn for turn in agree if turn.verdict == verdict), share


def _mode(values: Iterable[_T]) -> _T:
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], str(value)))
