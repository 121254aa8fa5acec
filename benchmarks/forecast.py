"""Measure forecasts on simulated learning curves whose truth is known, and pass@k on simulated problems.

``python -m benchmarks.forecast`` prints the table of docs/forecast.md. Half of the shapes are candidates of the
forecast, half are not. Rates wander about their curve with autocorrelation, and evaluations have binomial noise.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.figures import command_line, machine
from rlef_env.analysis.forecast import Series
from rlef_env.analysis.forecast.backtest import CUTS, Backtest, Score, backtest
from rlef_env.analysis.forecast.sampling import ProblemCounts, sample_forecast
from rlef_env.analysis.forecast.shapes import Array

__all__ = ["CANDIDATES", "OTHERS", "simulated"]

Truth = Callable[[Array, np.random.Generator], Array]
AUTOCORRELATION: Final = 0.6
EVALUATIONS: Final = (16, 24, 40, 64)
EPISODES: Final = (64, 250, 1000)
WANDERING: Final = (0.0, 0.01, 0.02)
"""Standard deviation of the rate about its curve, at a rate of one half."""


def middle(rng: np.random.Generator) -> float:
    """Return a share of the run at which about half of the rise is done: log-uniform from 0.08 to 1.2."""
    return float(np.exp(rng.uniform(np.log(0.08), np.log(1.2))))


def exponential(x: Array, rng: np.random.Generator) -> Array:
    """An exponential approach."""
    return -np.expm1(-x / middle(rng))


def sigmoid(x: Array, rng: np.random.Generator) -> Array:
    """ScaleRL's sigmoid."""
    return 1.0 / (1.0 + (middle(rng) / np.maximum(x, 1e-9)) ** rng.uniform(1.0, 4.0))


def power(x: Array, rng: np.random.Generator) -> Array:
    """A power law."""
    return 1.0 - (1.0 + 2.0 * x / middle(rng)) ** -rng.uniform(0.4, 1.5)


def constant(x: Array, _: np.random.Generator) -> Array:
    """No learning: at the ceiling from the start."""
    return np.ones_like(x)


def logistic(x: Array, rng: np.random.Generator) -> Array:
    """A logistic curve of the step, not of its logarithm."""
    centre = middle(rng)
    width = centre * rng.uniform(0.15, 0.4)
    value = 1.0 / (1.0 + np.exp(-(np.concatenate([[0.0], x]) - centre) / width))
    risen: Array = (value[1:] - value[0]) / (1.0 - value[0])
    return risen


def gompertz(x: Array, rng: np.random.Generator) -> Array:
    """A Gompertz curve: a late start and a slow end."""
    value = np.exp(-3.0 * np.exp(-1.5 * np.concatenate([[0.0], x]) / middle(rng)))
    risen: Array = (value[1:] - value[0]) / (1.0 - value[0])
    return risen


def stretched(x: Array, rng: np.random.Generator) -> Array:
    """A stretched exponential."""
    return -np.expm1(-((x / middle(rng)) ** rng.uniform(0.6, 1.8)))


def two_phases(x: Array, rng: np.random.Generator) -> Array:
    """An exponential approach, and later a second, sudden rise."""
    first = middle(rng)
    second = first + rng.uniform(0.2, 0.8)
    share = rng.uniform(0.3, 0.8)
    return share * -np.expm1(-x / (0.4 * first)) + (1.0 - share) / (1.0 + np.exp(-(x - second) / 0.08))


CANDIDATES: Final[dict[str, Truth]] = {
    "exponential": exponential, "sigmoid": sigmoid, "power": power, "constant": constant,
}  # fmt: skip
OTHERS: Final[dict[str, Truth]] = {
    "logistic": logistic, "Gompertz": gompertz, "stretched": stretched, "two phases": two_phases,
}  # fmt: skip


def simulated(kind: str, seed: int) -> tuple[Series, float]:
    """Return a simulated run of 100 steps, and its true ceiling."""
    rng = np.random.default_rng([seed, sorted({**CANDIDATES, **OTHERS}).index(kind)])
    end = rng.uniform(0.15, 1.0)
    start = rng.uniform(0.0, 0.5) * end
    x = np.linspace(0.0, 1.0, int(rng.choice(EVALUATIONS)) + 1)
    rate = start + (end - start) * {**CANDIDATES, **OTHERS}[kind](x, rng)
    wander = np.zeros(len(x))
    for place in range(1, len(x)):
        new = np.sqrt(1.0 - AUTOCORRELATION**2) * rng.standard_normal()
        wander[place] = AUTOCORRELATION * wander[place - 1] + new
    rate = np.clip(rate + wander * rng.choice(WANDERING) * 4.0 * rate * (1.0 - rate), 0.0, 1.0)
    episodes = int(rng.choice(EPISODES))
    successes = rng.binomial(episodes, rate)
    return Series(tuple(100.0 * x), tuple(successes), (episodes,) * len(x), f"{kind} {seed}"), float(end)


def measure(curves: int, seed: int) -> Backtest:
    """Back-test ``curves`` simulated runs of each shape."""
    runs = [simulated(kind, seed + number) for number in range(curves) for kind in (*CANDIDATES, *OTHERS)]
    return backtest([run for run, _ in runs], {run.name: end for run, end in runs}, quick=True)


SAMPLES: Final = (4, 8)
TIMES: Final = (4, 16)
"""Extrapolation: so many times the samples."""
PROBLEMS: Final = 150
MANY: Final = 200_000


def problem_rates(kind: str, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return solve rates of problems, and many more of the same distribution, for its true pass@k."""
    zero, a, b = rng.uniform(0.0, 0.6), rng.uniform(0.2, 3.0), rng.uniform(0.3, 3.0)
    centre, spread = rng.uniform(-3.0, 1.0), rng.uniform(0.5, 2.5)

    def draw(size: int) -> Array:
        if kind == "beta with zeros":
            return np.where(rng.random(size) < zero, 0.0, rng.beta(a, b, size))
        rates: Array = 1.0 / (1.0 + np.exp(-(centre + spread * rng.standard_normal(size))))
        return rates

    return draw(count), draw(MANY)


def measure_samples(sets: int, seed: int) -> list[list[str]]:
    """Return rows of the table of pass@k: extrapolated from few samples of ``PROBLEMS`` problems."""
    rows = []
    for kind in ("beta with zeros", "logit-normal"):
        for samples in SAMPLES:
            errors: dict[int, list[float]] = {times: [] for times in TIMES}
            inside: dict[int, list[bool]] = {times: [] for times in TIMES}
            for number in range(sets):
                rng = np.random.default_rng([seed + number, samples, len(kind)])
                rates, many = problem_rates(kind, PROBLEMS, rng)
                won = tuple(int(each) for each in rng.binomial(samples, rates))
                found = sample_forecast(ProblemCounts(won, (samples,) * PROBLEMS))
                for times in TIMES:
                    truth = float((1.0 - (1.0 - many) ** (samples * times)).mean())
                    band = found.pass_at(samples * times)
                    errors[times].append(abs(band.value - truth))
                    inside[times].append(band.low <= truth <= band.high)
            cells = [f"{np.median(errors[times]):.3f} | {np.mean(inside[times]):.2f}" for times in TIMES]
            rows.append([kind, str(samples), *cells])
    return rows


def row(name: str, score: Score) -> list[str]:
    """Return a row of the table."""
    shown = [name, str(score.forecasts), str(score.refused)]
    if score.median_error is None or score.width is None:
        return shown
    shown += [f"{score.median_error:.3f}", *(f"{share:.2f}" for share in score.coverage.values()), f"{score.width:.2f}"]
    shown += [f"{value:+.2f}" for value in score.skill.values()]
    shown += [f"{score.plateaus / score.forecasts:.0%}"]
    if score.plateau_error is not None and score.plateau_coverage is not None:
        shown += [f"{score.plateau_error:.3f}", f"{score.plateau_coverage:.2f}"]
    return shown


def main() -> None:
    """Measure, print the table, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast", description=__doc__)
    parser.add_argument(
        "--curves",
        type=int,
        default=50,
        help="simulated runs of each shape, and sets of problems (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="first seed (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write scores and forecasts to OUT")
    given = parser.parse_args()
    found = measure(given.curves, given.seed)
    table = Table(
        "curves", "forecasts", "refused", "median error", "50 %", "80 %", "95 %", "width of 80 %",
        "skill, last value", "skill, slope", "plateaus", "plateau error", "plateau 80 %",
    )  # fmt: skip
    table.add_row(*row("all", found.score()))
    for cut in CUTS:
        table.add_row(*row(f"cut at {cut:.0%}", found.score(lambda each, cut=cut: each.cut == cut)))  # type: ignore[misc]
    for kind in (*CANDIDATES, *OTHERS):
        table.add_row(*row(kind, found.score(lambda each, kind=kind: each.name.startswith(kind))))  # type: ignore[misc]
    Console(width=160).print(table)
    sampled = Table("rates of problems", "samples", *(f"{times} times: median error | in 80 %" for times in TIMES))
    for cells in measure_samples(given.curves, given.seed):
        sampled.add_row(*cells)
    Console(width=160).print(sampled)
    if given.json:
        result = {**found.as_json(), "machine": machine(), "command": command_line("benchmarks.forecast")}
        given.json.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
