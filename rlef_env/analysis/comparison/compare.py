"""Compares two runs on the same problems."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rlef_env.analysis.comparison.checks import common_problems, setting_differences
from rlef_env.analysis.comparison.flips import flips_between, judge_flips, turn_limit_of
from rlef_env.analysis.comparison.measure import comparable_metric, measure, sampling_share, sampling_spread
from rlef_env.analysis.comparison.result import Comparison, MetricDifference, Verdict
from rlef_env.analysis.comparison.sides import Side, Source, side_of
from rlef_env.analysis.metrics import MAX_NO_VERDICT, metric_named
from rlef_env.analysis.statistics import Interval, detectable_difference, problems_needed, samples_needed
from rlef_env.analysis.statistics.distributions import normal_quantile
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, ProblemFacts

__all__ = ["DEFAULT_MARGIN", "Settings", "assert_no_regression", "compare", "compare_halves", "compare_sides"]

DEFAULT_MARGIN: Final = 0.03
"""How much worse a run may be: what the paper's protocol can tell. With 20 samples of each of 117 problems, two
equally good runs are found to be within 3 points in three of four cases (docs/statistics.md)."""
POINT: Final = 0.01


@dataclass(frozen=True)
class Settings:
    """How runs are compared; the fields are the arguments of ``compare``."""

    metric: str = "solve_rate"
    margin: float = DEFAULT_MARGIN
    common: bool = False
    anyway: bool = False
    max_no_verdict: float = MAX_NO_VERDICT
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("margin", "max_no_verdict"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name}: expected a share from 0 to 1 (0.03 is 3 points), got {getattr(self, name)}")
        if not 0 < self.level < 1:
            raise UsageError(f"level: expected a probability between 0 and 1, got {self.level}")


def compare(
    a: Source,
    b: Source,
    *,
    metric: str = "solve_rate",
    margin: float = DEFAULT_MARGIN,
    common: bool = False,
    anyway: bool = False,
    evaluation: str | None = None,
    max_no_verdict: float = MAX_NO_VERDICT,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare run B with run A on the same problems.

    Args:
        a: the first run: a path, an open run or its episodes.
        b: the second run.
        metric: the metric that decides, such as ``"solve_rate"``, ``"solved_at_1"``, ``"repair_rate"`` or ``"1@3"``.
        margin: how much worse B may be, 0.01 for 1 point.
        common: compare the problems that both runs have; else other problems are an error.
        anyway: compare although limits, windows or judge versions differ; the report lists what differs.
        evaluation: name of the evaluation set of training runs that have several.
        max_no_verdict: largest share of episodes without a verdict; with more, the verdict is "cannot_tell".
        level: of the intervals.
        seed: of random permutations, where there are too many to try all: the same input gives the same result.

    Raises:
        UsageError: the runs cannot be compared. The message names what differs.
        DataError: a run cannot be read.
    """
    settings = Settings(metric, margin, common, anyway, max_no_verdict, level, seed)
    return compare_sides(side_of(a, "A", evaluation), side_of(b, "B", evaluation), settings)


def assert_no_regression(a: Source, b: Source, *, margin: float = DEFAULT_MARGIN, metric: str = "solve_rate") -> None:
    """Raise an ``AssertionError`` with the report, which lists the flips, unless B is no worse than A.

    Args:
        a: the first run: a path, an open run or its episodes.
        b: the second run.
        margin: how much worse B may be, 0.01 for 1 point.
        metric: the metric that decides.
    """
    found = compare(a, b, metric=metric, margin=margin)
    if found.verdict != "no_regression":
        raise AssertionError(str(found))


def compare_halves(
    run: Source, *, metric: str = "solve_rate", margin: float = DEFAULT_MARGIN, seed: int = 0
) -> Comparison:
    """Compare a run with itself: every second sample of each problem with the others. This is the noise floor.

    Args:
        run: a run with two samples or more of its problems.
        metric: the metric.
        margin: how much worse the second half may be.
        seed: of random permutations.

    Raises:
        UsageError: no problem has two samples.
    """
    side = side_of(run, "A")
    by_problem: defaultdict[str, list[EpisodeFacts]] = defaultdict(list)
    for each in sorted(side.facts, key=lambda each: each.sample):
        if each.has_verdict:
            by_problem[each.problem.problem_id].append(each)
    halves = [
        [each for found in by_problem.values() for each in found[start : len(found) // 2 * 2 : 2]] for start in (0, 1)
    ]
    if not halves[0]:
        raise UsageError(f"{side.name}: expected two samples or more of a problem, got one of each; evaluate with more")
    first, second = (
        Side(f"{side.name}, {which} sample of two", half, side.identity)
        for which, half in zip(("the first", "the second"), halves, strict=True)
    )
    return compare_sides(first, second, Settings(metric, margin, seed=seed))


def compare_sides(a: Side, b: Side, settings: Settings) -> Comparison:
    """Compare two sides.

    Raises:
        UsageError: they cannot be compared. The message names what differs.
    """
    metric, level, seed = comparable_metric(settings.metric), settings.level, settings.seed
    shared = common_problems(a, b, settings.common)
    different = setting_differences(a, b)
    if different and not settings.anyway:
        raise UsageError(
            f"{a.name}, {b.name}: expected runs with the same limits, window and judge, got other ones: "
            f"{'; '.join(different[:6])}; play one again, or add --anyway"
        )
    answered = [{each.problem.problem_id for each in side.facts if each.has_verdict} for side in (a, b)]
    problems = [each for each in shared if each.problem_id in answered[0] & answered[1]]
    everyone = {each.problem.problem_id for side in (a, b) for each in side.facts}
    main = measure(metric, a.facts, b.facts, problems, level, seed)
    detectable = detectable_difference(Interval(main.difference, main.low, main.high), level)
    spreads = [sampling_spread(metric, side.facts, problems) for side in (a, b)]
    within = sampling_share(spreads, (main.high - main.low) / 2 / _z(level))
    samples = _samples(a, problems), _samples(b, problems)
    identical = _programs(a) == _programs(b)
    lost = max(side.no_verdict / len(side.facts) for side in (a, b)) > settings.max_no_verdict
    verdict, reason = _verdict(main, settings, lost, identical)
    return Comparison(
        name_a=a.name,
        name_b=b.name,
        metrics=(main, *_others(settings, a, b, problems)),
        verdict=verdict,
        reason=reason,
        margin=settings.margin,
        level=level,
        adjusted_p=main.p_value,
        identical=identical,
        flips=flips_between(a.facts, b.facts, problems, turn_limit_of(settings.metric)),
        samples=samples,
        episodes=(len(a.facts), len(b.facts)),
        no_verdict=(a.no_verdict, b.no_verdict),
        left_out=len(everyone) - len(problems),
        detectable=detectable,
        problems_for_point=problems_needed(main.problems, detectable, POINT),
        samples_for_point=None if within is None else samples_needed(max(samples), detectable, POINT, within),
        noise=None if not spreads[0] else _z(level) * math.sqrt(2 * spreads[0]),
        judge=judge_flips((a.facts, b.facts), (a.rescored, b.rescored)),
        different_settings=tuple(different),
    )


def _verdict(main: MetricDifference, settings: Settings, lost: bool, identical: bool) -> tuple[Verdict, str]:
    """Return the verdict, and the reason where it is not the interval's.

    B is no worse if the lower end of the interval is above -margin, and worse if the interval lies below 0 otherwise.
    Runs with the same programs and outcomes are no worse, however few problems there are.
    """
    if lost:
        return "cannot_tell", f"more than {100 * settings.max_no_verdict:.3g} % of a run's episodes have no verdict"
    if math.isnan(main.difference):
        return "cannot_tell", f"no problem says anything about {main.name} in both runs"
    if identical:
        return "no_regression", "both runs have the same programs with the same outcomes"
    if main.low > -settings.margin:
        return "no_regression", ""
    return ("regression" if main.high < 0 else "cannot_tell"), ""


def _others(settings: Settings, a: Side, b: Side, problems: Sequence[ProblemFacts]) -> list[MetricDifference]:
    turns = max(each.max_turns for side in (a, b) for each in side.facts)
    repair = ["repair_rate"] if turns > 1 else []
    names = ["solve_rate", *(f"solved_at_{turn}" for turn in range(1, turns + 1)), *repair]
    return [
        measure(metric_named(name), a.facts, b.facts, problems, settings.level, settings.seed)
        for name in names
        if name != settings.metric
    ]


def _samples(side: Side, problems: Sequence[ProblemFacts]) -> float:
    wanted = {each.problem_id for each in problems}
    count = sum(each.has_verdict and each.problem.problem_id in wanted for each in side.facts)
    return count / len(wanted) if wanted else 0.0


def _programs(side: Side) -> dict[tuple[str, int], tuple[object, ...]]:
    return {
        (each.problem.problem_id, each.sample): (
            each.has_verdict,
            each.solved_at,
            *((turn.program, turn.verdict) for turn in each.turns),
        )
        for each in side.facts
    }


def _z(level: float) -> float:
    return normal_quantile((1 + level) / 2)
