"""The candidates: shapes of learning curves, each with a grid of its non-linear parameters.

Every candidate is ``start + (end - start) * rise(u)``, where u is the step divided by the last step of the data, and
``rise`` is 0 at u = 0. For a given ``rise`` the best start and end follow from linear least squares; its own one or two
parameters are searched on a grid, so that the best fit is found without starting values, and is the same each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["RECENT", "Array", "Shape", "refined", "shapes"]

Array = NDArray[Any]

RECENT: Final = 3
"""Evaluations whose mean is the "last value": a single one is mostly noise."""
REFINED: Final = 9
"""Values of each parameter around the best one, from half a step of the grid below it to half a step above."""


@dataclass(frozen=True)
class Shape:
    """A candidate.

    Attributes:
        name: its name.
        parameters: number of its free parameters.
        rise: ``(u of shape (n,), grid of shape (g, 2)) -> (g, n)``.
        grid: values of the non-linear parameters, shape (g, 2); an unused column is 0.
        recent: ``count -> first``: it is fitted to the evaluations from this index on, of ``count``.
        saturates: whether ``rise`` tends to 1, so that ``end`` is the plateau.
    """

    name: str
    parameters: int
    rise: Callable[[Array, Array], Array]
    grid: Array
    recent: Callable[[int], int] = lambda _: 0
    saturates: bool = True


def flat(u: Array, grid: Array) -> Array:
    """Return a constant: ``start`` at all steps."""
    return np.zeros((len(grid), len(u)))


def line(u: Array, grid: Array) -> Array:
    """Return a constant slope; values are cut to 0 and 1 by the caller."""
    return np.broadcast_to(u, (len(grid), len(u)))


def exponential(u: Array, grid: Array) -> Array:
    """Return 1 - exp(-u / tau); the grid has tau."""
    return -np.expm1(-u / grid[:, :1])


def power(u: Array, grid: Array) -> Array:
    """Return 1 - (1 + u / d) ** -c; the grid has c and d. POW4 fits d, POW3 has it fixed (LCDB 1.1)."""
    return 1.0 - (1.0 + u / grid[:, 1:]) ** -grid[:, :1]


def sigmoid(u: Array, grid: Array) -> Array:
    """Return 1 / (1 + (m / u) ** b); the grid has b and m (ScaleRL, arXiv 2510.13786: B and Cmid)."""
    with np.errstate(divide="ignore", over="ignore"):  # at u = 0 the power is infinite, and the rise 0
        return 1.0 / (1.0 + (grid[:, 1:] / u) ** grid[:, :1])


def shapes(spacing: float) -> tuple[Shape, ...]:
    """Return the candidates, the simplest first.

    Args:
        spacing: smallest distance between two evaluations, as a share of the last step. It is POW3's fixed parameter:
            a power law has no value at step 0.
    """
    tau = np.geomspace(0.03, 20.0, 36)
    exponent = np.geomspace(0.1, 8.0, 12)
    offset = np.geomspace(0.03, 3.0, 8)
    steepness = np.geomspace(0.6, 8.0, 12)
    middle = np.geomspace(0.04, 8.0, 22)
    none = np.zeros((1, 2))
    return (
        Shape("last value", 1, flat, none, recent=lambda count: max(count - RECENT, 0)),
        Shape("constant slope", 2, line, none, recent=lambda count: min(count // 2, count - RECENT), saturates=False),
        Shape("exponential", 3, exponential, pairs(tau, np.zeros(1))),
        Shape("POW3", 3, power, pairs(exponent, np.array([spacing]))),
        Shape("POW4", 4, power, pairs(exponent, offset)),
        Shape("sigmoid", 4, sigmoid, pairs(steepness, middle)),
    )


def refined(shape: Shape, best: Array) -> Shape:
    """Return the shape with more values of its grid around the one that fits best.

    Args:
        shape: a candidate.
        best: row of its grid, shape (2,).
    """
    finer = []
    for column, value in enumerate(best):
        values = np.unique(shape.grid[:, column])
        step = np.sqrt(values[1] / values[0]) if len(values) > 1 else 1.0
        finer.append(value * np.geomspace(1.0 / step, step, REFINED) if len(values) > 1 else values)
    return replace(shape, grid=np.concatenate([shape.grid, pairs(finer[0], finer[1])]))


def pairs(first: Array, second: Array) -> Array:
    """Return all pairs of two parameters' values, shape (len(first) * len(second), 2)."""
    return np.stack([each.ravel() for each in np.meshgrid(first, second, indexing="ij")], axis=1)
