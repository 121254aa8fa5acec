"""Measure how often `rlef compare` is wrong, and how often its intervals cover, beside methods in common use.

Runs are simulated whose truth is known: clusters of problems, with samples of each problem that are correlated because
they have its difficulty in common. A contest's mean solve rate is drawn from a Beta distribution, a problem's rate from
one around its contest's mean, and its samples are solved with this probability. The correlation within each level (ICC)
is 0.3 for contests and 0.4 for problems. docs/statistics.md has the results and explains them.

`python -m benchmarks.statistics` prints three tables; the exit code is 1 if a rate of ours misses its goal.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from benchmarks.figures import command_line, machine
from rlef_env.analysis.comparison import DEFAULT_MARGIN
from rlef_env.analysis.statistics import Ratio, difference_interval, mean_interval, permutation_test

__all__ = ["COMPARED", "DESIGNS", "NULLS", "Design", "Null", "coverage", "errors", "false_alarms", "simulate"]

Floats = npt.NDArray[np.float64]

CLUSTER_ICC: Final = 0.3
PROBLEM_ICC: Final = 0.4
MEAN: Final = 0.4
"""Share of episodes that run A solves, in the comparisons."""
RESAMPLES: Final = 500


class Design(NamedTuple):
    """Clusters, problems of each, and samples of each problem."""

    clusters: int
    problems: int
    samples: int

    def __str__(self) -> str:
        return f"{self.clusters} x {self.problems}, {self.samples}"


class Null(NamedTuple):
    """Two runs that are equally good over all problems of this kind.

    Attributes:
        name: in tables.
        problems: share of the problems whose rate in B is drawn anew.
        clusters: share of the clusters whose mean rate in B is drawn anew.
    """

    name: str
    problems: float
    clusters: float


DESIGNS: Final = (
    Design(12, 1, 4), Design(30, 1, 1), Design(66, 1, 4), Design(117, 1, 20), Design(165, 1, 4), Design(15, 20, 4),
    Design(50, 10, 1), Design(50, 10, 4),
)  # fmt: skip
"""Few problems; the starter set; CodeContests' validation and test sets; procedural families; contests."""
NULLS: Final = (
    Null("same model", 0.0, 0.0),
    Null("other problems", 0.3, 0.0),
    Null("other contests", 0.3, 0.5),
)
MEANS: Final = (0.02, 0.1, 0.4, 0.95)


@dataclass(frozen=True)
class Pair:
    """Two simulated runs: solved samples of each problem, shape (problems, samples), and each problem's cluster."""

    a: Floats
    b: Floats
    clusters: tuple[str, ...]

    @property
    def change(self) -> Floats:
        """B's share less A's, of each problem."""
        found: Floats = self.b.mean(axis=1) - self.a.mean(axis=1)
        return found

    @property
    def ratios(self) -> tuple[Ratio, Ratio]:
        """Both runs as means of problems."""
        one = np.ones(len(self.a))
        return Ratio(self.a.mean(axis=1), one), Ratio(self.b.mean(axis=1), one)


def simulate(random: np.random.Generator, design: Design, null: Null, mean: float = MEAN, loss: float = 0.0) -> Pair:
    """Draw two runs; B solves ``loss`` less, because each of its successes fails with probability loss / mean."""
    icc = CLUSTER_ICC if design.problems > 1 else 0.0  # a cluster of one has its problem's spread only
    cluster_a, redrawn = (_beta(random, np.full(design.clusters, mean), icc) for _ in range(2))
    moved = random.random(design.clusters) < null.clusters
    cluster_b = np.where(moved, redrawn, cluster_a)
    rate_a, rate_b = (_beta(random, np.repeat(each, design.problems), PROBLEM_ICC) for each in (cluster_a, cluster_b))
    anew = np.repeat(moved, design.problems) | (random.random(len(rate_a)) < null.problems)
    rate_b = np.where(anew, rate_b, rate_a) * (1 - loss / mean)
    shape = (len(rate_a), design.samples)
    a, b = ((random.random(shape) < rate[:, None]).astype(np.float64) for rate in (rate_a, rate_b))
    return Pair(a, b, tuple(str(number) for number in np.repeat(np.arange(design.clusters), design.problems)))


def _beta(random: np.random.Generator, mean: Floats, icc: float) -> Floats:
    if icc == 0:
        return mean
    mean, size = np.clip(mean, 1e-6, 1 - 1e-6), (1 - icc) / icc
    found: Floats = random.beta(mean * size, (1 - mean) * size)
    return found


# --- methods that say whether two runs differ, at 5 % ----------------------------------------------------------------


def permutation(pair: Pair) -> bool:
    """Ours: the permutation test by cluster."""
    return permutation_test(*pair.ratios, pair.clusters).p_value <= 0.05


def interval(pair: Pair) -> bool:
    """Ours: the interval of the difference excludes 0."""
    found = difference_interval(*pair.ratios, pair.clusters)
    return found.low > 0 or found.high < 0


def mcnemar(pair: Pair) -> bool:
    """McNemar's exact test on (problem, repeat) pairs, as if repeats were independent."""
    gained, lost = int((pair.b > pair.a).sum()), int((pair.b < pair.a).sum())
    return bool(gained + lost) and stats.binomtest(gained, gained + lost).pvalue <= 0.05


def unpaired_z(pair: Pair) -> bool:
    """Two shares of independent episodes."""
    count, a, b = pair.a.size, pair.a.mean(), pair.b.mean()
    error = math.sqrt((a * (1 - a) + b * (1 - b)) / count)
    return bool(error) and abs(b - a) / error >= 1.96


def paired_t(pair: Pair) -> bool:
    """Student's paired test over problems, without clusters."""
    return bool(pair.change.std()) and stats.ttest_rel(pair.b.mean(axis=1), pair.a.mean(axis=1)).pvalue <= 0.05


def bootstrap(pair: Pair) -> bool:
    """Percentile bootstrap over problems, without clusters."""
    rows = np.random.default_rng(0).integers(0, len(pair.a), size=(RESAMPLES, len(pair.a)))
    low, high = np.quantile(pair.change[rows].mean(axis=1), [0.025, 0.975])
    return bool(low > 0 or high < 0)


COMPARED: Final[Mapping[str, Callable[[Pair], bool]]] = {
    "ours: p value": permutation,
    "ours: interval": interval,
    "McNemar on pairs": mcnemar,
    "unpaired z": unpaired_z,
    "paired t": paired_t,
    "bootstrap": bootstrap,
}


# --- intervals of one run's solve rate -------------------------------------------------------------------------------


def normal_interval(pair: Pair) -> tuple[float, float]:
    """Mean of episodes and 1.96 standard errors."""
    half = 1.96 * pair.a.std() / math.sqrt(pair.a.size)
    return pair.a.mean() - half, pair.a.mean() + half


def cluster_normal_interval(pair: Pair) -> tuple[float, float]:
    """Mean of problems and 1.96 clustered standard errors."""
    numbers = np.array(pair.clusters, dtype=np.intp)
    shares = pair.a.mean(axis=1)
    error = math.sqrt(float((np.bincount(numbers, shares - shares.mean()) ** 2).sum())) / len(shares)
    return shares.mean() - 1.96 * error, shares.mean() + 1.96 * error


def cluster_bootstrap_interval(pair: Pair) -> tuple[float, float]:
    """Percentile bootstrap of clusters."""
    numbers = np.array(pair.clusters, dtype=np.intp)
    sums, sizes = np.bincount(numbers, pair.a.mean(axis=1)), np.bincount(numbers)
    rows = np.random.default_rng(0).integers(0, len(sums), size=(RESAMPLES, len(sums)))
    low, high = np.quantile(sums[rows].sum(axis=1) / sizes[rows].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def our_interval(pair: Pair) -> tuple[float, float]:
    """Ours: Wilson's interval with the effective number of the clusters."""
    found = mean_interval(list(pair.a.mean(axis=1)), pair.clusters)
    return found.low, found.high


INTERVALS: Final[Mapping[str, Callable[[Pair], tuple[float, float]]]] = {
    "ours": our_interval,
    "episodes, normal": normal_interval,
    "clusters, normal": cluster_normal_interval,
    "clusters, bootstrap": cluster_bootstrap_interval,
}


# --- tables ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A row of a table: what was simulated, and the rate of each method."""

    what: str
    truth: str
    rates: Mapping[str, float]


def false_alarms(designs: Iterable[Design], nulls: Sequence[Null], repeats: int, seed: int = 0) -> list[Line]:
    """Return how often each method finds a difference between equally good runs. The nominal rate is 5 %."""
    found = []
    for design in designs:
        for null in nulls:
            if null.clusters and design.problems == 1:
                continue
            random = np.random.default_rng([seed, *design, NULLS.index(null)])
            pairs = [simulate(random, design, null) for _ in range(repeats)]
            rates = {name: float(np.mean([method(pair) for pair in pairs])) for name, method in COMPARED.items()}
            found.append(Line(str(design), null.name, rates))
    return found


def errors(designs: Iterable[Design], repeats: int, margin: float = DEFAULT_MARGIN, seed: int = 0) -> list[Line]:
    """Return how often the verdicts are wrong and right, for true losses of 0, the margin and 10 points.

    Wrong are a regression where nothing is lost, and no regression where the margin is lost: nominally 2.5 % each.
    """
    found = []
    for design in designs:
        verdicts = {loss: _verdicts(design, loss, margin, repeats, seed) for loss in (0.0, margin, 0.1)}
        rates = {
            "false regression": verdicts[0.0]["regression"],
            "false all-clear": verdicts[margin]["no_regression"],
            "all-clear if equal": verdicts[0.0]["no_regression"],
            "regression if 10 points lost": verdicts[0.1]["regression"],
        }
        found.append(Line(str(design), NULLS[0].name, rates))
    return found


def _verdicts(design: Design, loss: float, margin: float, repeats: int, seed: int) -> dict[str, float]:
    random = np.random.default_rng([seed, *design, round(1000 * loss)])
    counts = {"regression": 0, "no_regression": 0}
    for _ in range(repeats):
        pair = simulate(random, design, NULLS[0], loss=loss)
        found = difference_interval(*pair.ratios, pair.clusters)
        counts["no_regression"] += found.low > -margin
        counts["regression"] += found.high < 0 and found.low <= -margin
    return {name: count / repeats for name, count in counts.items()}


def coverage(designs: Iterable[Design], means: Iterable[float], repeats: int, seed: int = 0) -> list[Line]:
    """Return how often intervals of a solve rate cover the true one. The nominal rate is 95 %."""
    found = []
    means = list(means)
    for design in designs:
        for mean in means:
            random = np.random.default_rng([seed, *design, round(1000 * mean)])
            pairs = [simulate(random, design, NULLS[0], mean) for _ in range(repeats)]
            rates = {}
            for name, method in INTERVALS.items():
                ends = [method(pair) for pair in pairs]
                rates[name] = float(np.mean([low <= mean <= high for low, high in ends]))
            found.append(Line(str(design), f"{mean:g}", rates))
    return found


def markdown(headings: Sequence[str], lines: Sequence[Line]) -> str:
    """Return a table in Markdown, with rates in percent."""
    names = list(lines[0].rates)
    rows = [f"| {' | '.join([*headings, *names])} |", "|---" * len(headings) + "|---:" * len(names) + "|"]
    for line in lines:
        cells = [line.what, line.truth, *(f"{100 * line.rates[name]:.1f}" for name in names)]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def missed(alarms: Sequence[Line], wrong: Sequence[Line], covered: Sequence[Line], repeats: int) -> list[str]:
    """Return which of our rates miss their goals by more than three standard errors of the simulation."""

    def above(rate: float, nominal: float) -> bool:
        return rate > nominal + 3 * math.sqrt(nominal * (1 - nominal) / repeats)

    found = [
        f"{name}: {line.what}, {line.truth}: {line.rates[name]:.1%} false alarms"
        for line in alarms
        for name in ("ours: p value", "ours: interval")
        if above(line.rates[name], 0.05)
    ]
    found += [
        f"{name}: {line.what}: {line.rates[name]:.1%}"
        for line in wrong
        for name in ("false regression", "false all-clear")
        if above(line.rates[name], 0.025)
    ]
    return found + [
        f"coverage of {line.what}, {line.truth}: {line.rates['ours']:.1%}"
        for line in covered
        if above(1 - line.rates["ours"], 0.05)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2000, help="simulations of each row (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the figures to OUT")
    arguments = parser.parse_args()
    repeats = arguments.repeats
    alarms = false_alarms(DESIGNS, NULLS, repeats)
    print(f"False alarms, nominally 5 %\n\n{markdown(('contests x problems, samples', 'null'), alarms)}\n", flush=True)
    wrong = errors(DESIGNS, repeats)
    print(f"Verdicts\n\n{markdown(('contests x problems, samples', 'runs'), wrong)}\n", flush=True)
    covered = coverage(DESIGNS, MEANS, repeats)
    print(f"Coverage, nominally 95 %\n\n{markdown(('contests x problems, samples', 'solve rate'), covered)}\n")
    misses = missed(alarms, wrong, covered, repeats)
    print("\n".join(misses) or "every goal is met")
    if arguments.json:
        tables = {"false_alarms": alarms, "verdicts": wrong, "coverage": covered}
        report = {
            "machine": machine(),
            "command": command_line("benchmarks.statistics"),
            "repeats": repeats,
            **{name: [asdict(line) for line in lines] for name, lines in tables.items()},
            "missed": misses,
        }
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
