"""What more samples of each problem would solve: pass@k, extrapolated by a zero-inflated beta-binomial distribution.

Each problem has a solve rate p of its own: 0 with probability w, else drawn from Beta(a, b). Then pass@k is
1 - E[(1 - p)**k] = (1 - w) * (1 - B(a, b + k) / B(a, b)). The form is that of arXiv 2502.17578 (pass@k follows from the
distribution of per-problem rates) and 2510.05197 (beta-binomial), with zero inflation: some problems are never solved.
w, a and b are not estimated by one value each, because few samples do not tell a rate of 0 from a small one: all values
that agree with the data are kept, as likely as they are (a posterior).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rlef_env.analysis.forecast.forecast import Bands, bands_of
from rlef_env.analysis.forecast.shapes import Array
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts

__all__ = ["MIN_PROBLEMS", "ProblemCounts", "SampleForecast", "problem_counts", "sample_forecast"]

MIN_PROBLEMS: Final = 10
DRAWS: Final = 2000
GRID: Final = 28
"""Values of each parameter on a grid."""
ZOOMS: Final = 3
"""How often the grid is laid again, over the part that holds nearly all of the probability."""
OUTSIDE: Final = 1e-5
"""Probability that each end of a parameter's range may leave out when the grid is laid again."""
RANGES: Final = ((0.0, 1.0), (0.0, 1.0), (-2.5, 6.5))
"""Of w ** 0.25, the mean a / (a + b) and log(a + b), each uniform before the data: a w near 0 is likely, as for a set
without unsolvable problems."""


@dataclass(frozen=True)
class ProblemCounts:
    """Successes and trials of each problem.

    Attributes:
        successes: number of solved episodes of each problem.
        trials: number of episodes of each problem that have a verdict, at least 1.
    """

    successes: tuple[int, ...]
    trials: tuple[int, ...]


@dataclass(frozen=True)
class SampleForecast:
    """How pass@k goes on.

    Attributes:
        counts: the data.
        allowed: whether there are enough problems and samples.
        reason: why not; empty if there are.
        parameters: equally likely values of w, a and b, shape (draws, 3).
    """

    counts: ProblemCounts
    allowed: bool
    reason: str
    parameters: Array

    def pass_at(self, k: float) -> Bands:
        """Return pass@k: the share of problems that at least one of k episodes solves.

        Raises:
            UsageError: ``allowed`` is False, or k is below 1.
        """
        return bands_of(self.values(k))

    def values(self, k: float) -> Array:
        """Return equally likely values of pass@k, shape (draws,); see ``pass_at``."""
        if not self.allowed:
            raise UsageError(f"pass@k: {self.reason}")
        if not k >= 1:
            raise UsageError(f"k: expected a number of at least 1, got {k:g}")
        return pass_at_k(self.parameters, k)

    @property
    def limit(self) -> Bands:
        """Share of problems that enough samples solve: 1 - w."""
        if not self.allowed:
            raise UsageError(f"pass@k: {self.reason}")
        return bands_of(1.0 - self.parameters[:, 0])


def problem_counts(facts: Iterable[EpisodeFacts]) -> ProblemCounts:
    """Return the counts of the last evaluation among some episodes: of the last step where they have steps."""
    kept = [each for each in facts if each.phase == "evaluate" and each.has_verdict]
    last = max((each.step for each in kept if each.step is not None), default=None)
    successes: dict[str, int] = {}
    trials: dict[str, int] = {}
    for each in kept:
        if each.step == last:
            name = each.problem.problem_id
            successes[name] = successes.get(name, 0) + each.solved
            trials[name] = trials.get(name, 0) + 1
    return ProblemCounts(tuple(successes.values()), tuple(trials.values()))


def sample_forecast(counts: ProblemCounts, seed: int = 0) -> SampleForecast:
    """Draw distributions of per-problem rates that agree with the counts, from their posterior on a grid.

    Raises:
        UsageError: scipy is not installed.
    """
    problems = len(counts.trials)
    repeated = sum(tried >= 2 for tried in counts.trials)
    if repeated < MIN_PROBLEMS:
        reason = (
            f"{problems} problem{'' if problems == 1 else 's'}, {repeated} of them with two samples or more, at least "
            f"{MIN_PROBLEMS} are needed; evaluate with more samples of each problem"
        )
        return SampleForecast(counts, False, reason, np.zeros((0, 3)))
    pairs, repeats = np.unique(np.stack([counts.successes, counts.trials], axis=1), axis=0, return_counts=True)
    ranges = np.array(RANGES)
    for zoom in range(ZOOMS):
        axes = [cell_centres(low, high) for low, high in ranges]
        grid = np.stack([each.ravel() for each in np.meshgrid(*axes, indexing="ij")], axis=1)
        likelihood = log_likelihood(natural(grid), pairs) @ repeats
        probability = np.exp(likelihood - likelihood.max())
        probability /= probability.sum()
        if zoom < ZOOMS - 1:
            cube = probability.reshape(GRID, GRID, GRID)
            ranges = np.array([narrowed(each, cube, axis) for axis, each in enumerate(ranges)])
    rng = np.random.default_rng(seed)
    drawn = grid[rng.choice(len(grid), DRAWS, p=probability)]
    cells = (ranges[:, 1] - ranges[:, 0]) / GRID  # anywhere in the cell, so that bands do not show the grid
    return SampleForecast(counts, True, "", natural(drawn + rng.uniform(-0.5, 0.5, drawn.shape) * cells))


def cell_centres(low: float, high: float) -> Array:
    """Return the centres of ``GRID`` cells of equal size."""
    return low + (high - low) * (np.arange(GRID) + 0.5) / GRID


def narrowed(limits: Array, cube: Array, axis: int) -> tuple[float, float]:
    """Return the part of a parameter's range that holds nearly all probability, in whole cells.

    Args:
        limits: lowest and highest value, shape (2,).
        cube: probability of each cell, an axis for each parameter.
        axis: the parameter's.
    """
    others = tuple(each for each in range(cube.ndim) if each != axis)
    below = cube.sum(axis=others).cumsum()
    first, last = np.searchsorted(below, OUTSIDE), np.searchsorted(below, 1.0 - OUTSIDE)
    cell = (limits[1] - limits[0]) / GRID
    return float(limits[0] + first * cell), float(limits[0] + (min(int(last), GRID - 1) + 1) * cell)


def natural(grid: Array) -> Array:
    """Return w, a and b of rows of w ** 0.25, a / (a + b) and log(a + b), shape (n, 3)."""
    w, mean, size = np.clip(grid[:, 0], 0.0, 1.0) ** 4, grid[:, 1], np.exp(grid[:, 2])
    return np.stack([w, mean * size, (1.0 - mean) * size], axis=1)


def log_likelihood(parameters: Array, pairs: Array) -> Array:
    """Return the log of the probability of successes of trials, without the binomial coefficient, shape (n, p).

    Args:
        parameters: rows of w, a and b, shape (n, 3).
        pairs: successes and trials, shape (p, 2).
    """
    betaln = scipy_special().betaln
    w, a, b = (parameters[:, column, None] for column in range(3))
    won, tried = pairs[:, 0], pairs[:, 1]
    beta: Array = np.log1p(-w) + betaln(a + won, b + tried - won) - betaln(a, b)
    return np.where(won == 0, np.logaddexp(np.log(w), beta), beta)


def pass_at_k(parameters: Array, k: float) -> Array:
    """Return pass@k for rows of w, a and b, shape (n,)."""
    betaln = scipy_special().betaln
    w, a, b = parameters.T
    values: Array = (1.0 - w) * -np.expm1(betaln(a, b + k) - betaln(a, b))
    return values


def scipy_special() -> Any:
    """Return ``scipy.special``.

    Raises:
        UsageError: scipy is not installed.
    """
    try:
        from scipy import special
    except ImportError:
        raise UsageError('pass@k: expected scipy to be installed; pip install "rlef-env[analysis]"') from None
    return special
