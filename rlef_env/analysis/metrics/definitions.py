"""Definitions of the metrics. Each is a sum over problems divided by another sum over problems.

The mean of a share over problems has 1 as every problem's denominator, so that a problem counts once however many
episodes it has. The repair rate has the number of failed first turns: problems that fail more often count more.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rlef_env.analysis.metrics.n_at_k import NAtK, n_at_k
from rlef_env.analysis.metrics.pass_at_k import pass_at_k
from rlef_env.analysis.statistics.interval import Interval, ratio_interval
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, ProblemFacts, TurnFacts

__all__ = ["METRICS", "Metric", "ProblemRatio", "by_problem", "clusters_of", "metric_named", "standard_metrics"]

Episodes = Sequence[EpisodeFacts]
Ratio = tuple[float, float]

NOT_VALID: Final = ("no_program", "compile_error")
NOTHING: Final[Ratio] = (0.0, 0.0)
PASS_AT: Final = (1, 5, 10, 20, 50, 100, 200, 500, 1000)
"""The k of pass@k, as far as there are so many episodes."""


class ProblemRatio(NamedTuple):
    """What a problem contributes to a metric: the metric is the sum of numerators over the sum of denominators."""

    problem: ProblemFacts
    numerator: float
    denominator: float


@dataclass(frozen=True)
class Metric:
    """A metric.

    Attributes:
        name: its name in tables and JSON.
        meaning: what it is, in words.
        ratio: function of a problem's episodes that have a verdict: numerator and denominator; both are 0 if the
            problem says nothing.
        bounds: lowest and highest possible value.
        is_share: whether it is shown in percent.
    """

    name: str
    meaning: str
    ratio: Callable[[Episodes], Ratio]
    bounds: tuple[float, float] = (0.0, 1.0)
    is_share: bool = True

    def of_problems(self, facts: Iterable[EpisodeFacts]) -> list[ProblemRatio]:
        """Return what each problem contributes. Episodes without a verdict are left out."""
        return self._of_groups(by_problem(facts))

    def interval(self, facts: Iterable[EpisodeFacts], level: float = 0.95) -> Interval:
        """Return the metric and its interval, with problems of a contest or family as a cluster; NaN if unknown."""
        return self.interval_of_groups(by_problem(facts), level)

    def interval_of_groups(self, groups: Mapping[str, Episodes], level: float = 0.95) -> Interval:
        """Return the same as ``interval`` for episodes that ``by_problem`` has grouped."""
        found = self._of_groups(groups)
        if not any(each.denominator for each in found):
            return Interval(math.nan, *self.bounds)
        clusters = clusters_of(each.problem for each in found)
        return ratio_interval(
            [each.numerator for each in found], [each.denominator for each in found], clusters, level, self.bounds
        )

    def _of_groups(self, groups: Mapping[str, Episodes]) -> list[ProblemRatio]:
        ratios = ((episodes[0].problem, self.ratio(episodes)) for episodes in groups.values())
        return [ProblemRatio(problem, *ratio) for problem, ratio in ratios if any(ratio)]


def clusters_of(problems: Iterable[ProblemFacts]) -> list[str] | None:
    """Return the cluster of each problem; None if all are of one contest or family, of which they are then draws."""
    names = [each.cluster or each.problem_id for each in problems]
    return None if len(set(names)) == 1 else names


def by_problem(facts: Iterable[EpisodeFacts]) -> dict[str, list[EpisodeFacts]]:
    """Return the episodes that have a verdict, by problem."""
    found: dict[str, list[EpisodeFacts]] = defaultdict(list)
    for each in facts:
        if each.has_verdict:
            found[each.problem.problem_id].append(each)
    return found


def standard_metrics(max_turns: int, samples: int, wanted: Sequence[NAtK] = ()) -> list[Metric]:
    """Return the metrics of an evaluation, in the order in which they are shown.

    Args:
        max_turns: turn limit.
        samples: largest number of episodes of a problem; it decides which pass@k there are.
        wanted: n@k to estimate.
    """
    ks = sorted({*(k for k in PASS_AT if k <= samples), max(samples, 1)})
    return [
        METRICS["solve_rate"],
        *(solved_at(turn) for turn in range(1, max_turns + 1)),
        METRICS["repair_rate"],
        *(n_at_k_metric(each) for each in dict.fromkeys(wanted)),
        *(pass_at(k) for k in ks),
        *(metric for name, metric in METRICS.items() if name not in ("solve_rate", "repair_rate")),
    ]


def metric_named(name: str) -> Metric:
    """Return the metric of a name: a key of ``METRICS``, ``"solved_at_2"``, ``"1@3"`` or ``"pass@10"``.

    Raises:
        UsageError: no metric has this name.
    """
    if name in METRICS:
        return METRICS[name]
    match = re.fullmatch(r"(solved_at_|pass@|(\d+)@)(\d{1,6})", name)
    if match and int(match[3]):
        if match[1] == "solved_at_":
            return solved_at(int(match[3]))
        if match[1] == "pass@":
            return pass_at(int(match[3]))
        if 0 < int(match[2]) <= int(match[3]):
            return n_at_k_metric(NAtK(int(match[2]), int(match[3])))
    raise UsageError(
        f"metric: expected {', '.join(METRICS)}, or a name such as solved_at_2, 1@3 or pass@10; got {name!r}"
    )


# --- shares of episodes ----------------------------------------------------------------------------------------------


def solved_at(turn: int) -> Metric:
    """Return the share of episodes solved by a turn or before."""
    return Metric(
        f"solved_at_{turn}",
        f"share of episodes solved at turn {turn} or before, averaged over problems",
        lambda episodes: (_mean(0 < each.solved_at <= turn for each in episodes), 1.0),
    )


def n_at_k_metric(wanted: NAtK) -> Metric:
    """Return n@k as a metric, over problems with as many episodes as k needs."""

    def ratio(episodes: Episodes) -> Ratio:
        drawn = wanted.episodes(max(each.max_turns for each in episodes))
        if not 1 <= drawn <= len(episodes):
            return NOTHING
        passed = [bool(each.turns) and each.turns[-1].passed_public for each in episodes]
        return n_at_k(passed, [each.solved for each in episodes], wanted.n, drawn), 1.0

    submissions = "a submission" if wanted.n == 1 else f"one of {wanted.n} submissions"
    return Metric(
        str(wanted), f"probability that {submissions} from {wanted.k} samples is right; every turn is a sample", ratio
    )


def pass_at(k: int) -> Metric:
    """Return pass@k as a metric, over problems with k episodes or more."""

    def ratio(episodes: Episodes) -> Ratio:
        if len(episodes) < k:
            return NOTHING
        return pass_at_k(len(episodes), sum(each.solved for each in episodes), k), 1.0

    return Metric(f"pass@{k}", f"probability that {'an episode' if k == 1 else f'one of {k} episodes'} solves", ratio)


def _solve_rate(episodes: Episodes) -> Ratio:
    return _mean(each.solved for each in episodes), 1.0


def _repair_rate(episodes: Episodes) -> Ratio:
    failed = [each for each in episodes if each.max_turns > 1 and each.solved_at != 1]
    return sum(each.solved for each in failed), len(failed)


# --- programs --------------------------------------------------------------------------------------------------------


def _turns(episodes: Episodes) -> Iterator[TurnFacts]:
    return (turn for each in episodes for turn in each.turns)


def _valid_programs(episodes: Episodes) -> Ratio:
    valid = [turn.verdict not in NOT_VALID for turn in _turns(episodes)]
    return sum(valid), len(valid)


def _repeated_programs(episodes: Episodes) -> Ratio:
    repeated = later = 0
    for each in episodes:
        seen: set[str] = set()
        for turn in each.turns:
            if turn.program is not None:
                later += turn.turn > 1
                repeated += turn.program in seen
                seen.add(turn.program)
    return repeated, later


def _distinct_programs(episodes: Episodes) -> Ratio:
    programs = [turn.program for turn in _turns(episodes) if turn.program is not None]
    return len(set(programs)), len(programs)


# --- cost ------------------------------------------------------------------------------------------------------------


def _mean_turns(episodes: Episodes) -> Ratio:
    return _mean(len(each.turns) for each in episodes), 1.0


def _cpu_seconds(episodes: Episodes) -> Ratio:
    return _mean(math.fsum(turn.cpu_seconds for turn in each.turns) for each in episodes), 1.0


def _executions(episodes: Episodes) -> Ratio:
    return _mean(sum(turn.executions for turn in each.turns) for each in episodes), 1.0


def _prompt_tokens(episodes: Episodes) -> Ratio:
    return _mean_tokens([turn.prompt_tokens for turn in _turns(episodes)], len(episodes))


def _completion_tokens(episodes: Episodes) -> Ratio:
    return _mean_tokens([turn.completion_tokens for turn in _turns(episodes)], len(episodes))


def _tokens_per_solved(episodes: Episodes) -> Ratio:
    counts = [turn.completion_tokens for turn in _turns(episodes)]
    if None in counts:
        return NOTHING
    return sum(count or 0 for count in counts), sum(each.solved for each in episodes)


def _mean_tokens(counts: Sequence[int | None], episodes: int) -> Ratio:
    """Return the tokens of an episode; nothing where a turn's are unknown."""
    return NOTHING if None in counts or not counts else (sum(count or 0 for count in counts) / episodes, 1.0)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)


COUNTS: Final = (0.0, math.inf)

METRICS: Final[Mapping[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric("solve_rate", "share of episodes solved, averaged over problems", _solve_rate),
        Metric("repair_rate", "share of episodes solved later, of those whose first turn did not solve", _repair_rate),
        Metric("valid_programs", "share of responses with a program that compiles", _valid_programs),
        Metric(
            "repeated_programs",
            "share of programs after the first turn that equal an earlier one of their episode",
            _repeated_programs,
        ),
        Metric("distinct_programs", "share of a problem's programs that are distinct", _distinct_programs),
        Metric("turns", "responses of an episode", _mean_turns, COUNTS, is_share=False),
        Metric("prompt_tokens", "tokens read in an episode", _prompt_tokens, COUNTS, is_share=False),
        Metric("completion_tokens", "tokens written in an episode", _completion_tokens, COUNTS, is_share=False),
        Metric("tokens_per_solved", "tokens written for each solved episode", _tokens_per_solved, COUNTS, False),
        Metric(
            "executions",
            "runs of a program on a test in an episode, the agent's own included",
            _executions,
            COUNTS,
            False,
        ),
        Metric("cpu_seconds", "CPU seconds of an episode's programs", _cpu_seconds, COUNTS, is_share=False),
    )
}
"""Metrics by name, without those that have a number in their name."""
