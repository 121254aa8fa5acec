"""The result of a comparison, as a value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from rlef_env.analysis.backtest import JudgeFlips
from rlef_env.analysis.comparison.text import html_report, report

__all__ = ["Comparison", "Flip", "MetricDifference", "Verdict", "worst"]

Verdict = Literal["no_regression", "regression", "cannot_tell"]
"""What a comparison says about the second run."""
BAD_TO_GOOD: Final[tuple[Verdict, ...]] = ("regression", "cannot_tell", "no_regression")


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """The difference of a metric between two runs on the same problems.

    Attributes:
        name: the metric.
        a: its value in the first run; NaN where unknown.
        b: its value in the second run.
        difference: ``b - a``.
        low: lower end of the interval of the difference.
        high: upper end.
        p_value: of the permutation test that swaps the runs cluster by cluster.
        exact: whether every way to swap was counted.
        problems: number of problems that count.
        clusters: number of their clusters.
    """

    name: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    p_value: float
    exact: bool
    problems: int
    clusters: int


@dataclass(frozen=True, slots=True)
class Flip:
    """A problem that most episodes of one run solve and most of the other do not.

    Attributes:
        problem: its id.
        before: verdict in the first run, such as ``"accepted"``.
        after: verdict in the second run.
        turn_before: turn of that verdict, from 1.
        turn_after: turn of that verdict in the second run.
        share_before: share of its episodes that solve it, in the first run.
        share_after: share in the second run.
    """

    problem: str
    before: str
    after: str
    turn_before: int
    turn_after: int
    share_before: float
    share_after: float

    @property
    def worse(self) -> bool:
        """Whether the second run no longer solves it."""
        return self.share_after < self.share_before


@dataclass(frozen=True)
class Comparison:
    """A comparison of run B with run A.

    Attributes:
        name_a: name of the first run, from which B may have regressed.
        name_b: name of the second run.
        metrics: the metric that decides, first, and others for the reader.
        verdict: what it says about B.
        reason: why the verdict is ``"cannot_tell"`` or an exception; empty where the interval decides.
        margin: how much worse B may be.
        level: of the intervals.
        adjusted_p: p value of the first metric, adjusted for the number of candidates (Holm).
        identical: whether no episode ended in another way.
        flips: problems whose outcome changed, the worst change first.
        samples: samples of a problem in A and in B, on average.
        episodes: number of episodes in A and in B.
        no_verdict: number of these without a verdict.
        left_out: problems left out: not common, or without a verdict in one of the runs.
        detectable: smallest difference that is detected with a power of 0.8.
        problems_for_point: problems that it takes to detect 1 point.
        samples_for_point: samples of each problem that it takes; None where no number does, or it is unknown.
        noise: 95 % of pairs of runs like A with other seeds differ by at most this; None where unknown, also where the
            samples of each problem all had one outcome.
        judge: programs judged more than once, in these runs and by ``rlef rescore``.
        different_settings: settings that differ although the comparison was asked for.
    """

    name_a: str
    name_b: str
    metrics: tuple[MetricDifference, ...]
    verdict: Verdict
    reason: str
    margin: float
    level: float
    adjusted_p: float
    identical: bool
    flips: tuple[Flip, ...]
    samples: tuple[float, float]
    episodes: tuple[int, int]
    no_verdict: tuple[int, int]
    left_out: int
    detectable: float
    problems_for_point: int
    samples_for_point: int | None
    noise: float | None
    judge: JudgeFlips
    different_settings: tuple[str, ...] = ()

    @property
    def main(self) -> MetricDifference:
        """The metric that decides."""
        return self.metrics[0]

    @property
    def worse(self) -> tuple[Flip, ...]:
        """The problems that B no longer solves."""
        return tuple(flip for flip in self.flips if flip.worse)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; numbers that are unknown are None."""
        main = self.main
        return {
            "metric": main.name,
            "a": finite(main.a),
            "b": finite(main.b),
            "difference": finite(main.difference),
            "low": finite(main.low),
            "high": finite(main.high),
            "p_value": main.p_value,
            "verdict": self.verdict,
            "flips": [
                {
                    "problem": flip.problem,
                    "before": flip.before,
                    "after": flip.after,
                    "turn_before": flip.turn_before,
                    "turn_after": flip.turn_after,
                    "share_before": flip.share_before,
                    "share_after": flip.share_after,
                }
                for flip in self.flips
            ],
            "least_detectable": finite(self.detectable),
            "run_a": self.name_a,
            "run_b": self.name_b,
            "reason": self.reason or None,
            "margin": self.margin,
            "level": self.level,
            "p_value_exact": main.exact,
            "p_value_adjusted": self.adjusted_p,
            "identical": self.identical,
            "problems": main.problems,
            "clusters": main.clusters,
            "samples": list(self.samples),
            "episodes": list(self.episodes),
            "no_verdict": list(self.no_verdict),
            "left_out": self.left_out,
            "problems_for_one_point": self.problems_for_point,
            "samples_for_one_point": self.samples_for_point,
            "noise": self.noise,
            "judge": {"judged_twice": self.judge.programs, "changed": self.judge.flips},
            "different_settings": list(self.different_settings),
            "metrics": {
                each.name: {
                    "a": finite(each.a),
                    "b": finite(each.b),
                    "difference": finite(each.difference),
                    "low": finite(each.low),
                    "high": finite(each.high),
                    "p_value": each.p_value,
                    "problems": each.problems,
                }
                for each in self.metrics
            },
        }

    def __str__(self) -> str:
        """Return the report as text."""
        return report(self)

    def _repr_html_(self) -> str:
        """Return the report for notebooks."""
        return html_report(self)


def finite(value: float) -> float | None:
    """Return the number, or None where it is not finite."""
    return value if math.isfinite(value) else None


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of several verdicts: a regression, else that one cannot be told."""
    found = set(verdicts)
    return next(each for each in BAD_TO_GOOD if each in found)
