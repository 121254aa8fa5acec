"""Fits against scipy, and the properties of the candidates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.analysis.forecast.fitting import Points, bounded_least_squares, fit, origins, tail_errors
from rlef_env.analysis.forecast.shapes import RECENT, Shape, refined, shapes

CANDIDATES = shapes(0.05)
BY_NAME = {shape.name: shape for shape in CANDIDATES}
SATURATING = [shape for shape in CANDIDATES if shape.saturates and shape.name != "last value"]


def points(count: int, variance: float = 1e-4) -> Points:
    return Points(np.linspace(0, 1, count), np.full(count, 1 / variance), np.arange(count))


@pytest.mark.parametrize("shape", SATURATING, ids=lambda shape: shape.name)
def test_rises_begin_at_0_never_fall_and_tend_to_1(shape: Shape) -> None:
    rise = shape.rise(np.concatenate([[0.0], np.geomspace(1e-6, 1e80, 200)]), shape.grid)
    assert np.allclose(rise[:, 0], 0)
    assert (np.diff(rise, axis=1) >= -1e-12).all()
    assert np.allclose(rise[:, -1], 1, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_bounded_least_squares_is_scipys(seed: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 12))
    rise = rng.uniform(0, 1, (1, count))
    weights, rates = rng.uniform(0.1, 5, count), rng.uniform(-0.5, 1.5, (1, count))
    start, end, chosen, error = bounded_least_squares(rise, weights, rates)
    scale = np.sqrt(weights)
    design = np.stack([1 - rise[0], rise[0]], axis=1) * scale[:, None]
    best = optimize.lsq_linear(design, rates[0] * scale, bounds=(0, 1), method="bvls")
    assert chosen[0] == 0
    assert 0 <= start[0] <= 1
    assert 0 <= end[0] <= 1
    assert error[0] == pytest.approx(2 * best.cost, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("exponential", lambda u: 0.1 + 0.5 * (1 - np.exp(-u / 0.31))),
        ("sigmoid", lambda u: 0.05 + 0.6 / (1 + (0.42 / np.maximum(u, 1e-9)) ** 2.7)),
        ("POW4", lambda u: 0.9 - 0.8 * (1 + u / 0.17) ** -0.83),
    ],
)
def test_the_grid_finds_as_good_a_fit_as_scipy(name: str, truth: object) -> None:
    """Within noise: the grid's best error is at most a twentieth of the noise above that of a continuous search."""
    optimize = pytest.importorskip("scipy.optimize")
    at = points(40, variance=0.01**2)
    rates = truth(at.u) + 0.01 * np.random.default_rng(1).standard_normal(40)  # type: ignore[operator]
    shape = refined(BY_NAME[name], fit(BY_NAME[name], at, rates[None]).grid[0])
    found = fit(shape, at, rates[None])

    def residuals(parameters: np.ndarray) -> np.ndarray:
        start, end, *own = parameters
        rise = shape.rise(at.u, np.exp([[*own, 0.0][:2]]))[0]
        return (start + (end - start) * rise - rates) / 0.01

    first = [found.start[0], found.end[0], *np.log(np.maximum(found.grid[0], 1e-9))]
    best, _ = optimize.leastsq(residuals, first[: shape.parameters])
    assert found.error[0] <= (residuals(best) ** 2).sum() + 0.05 * len(rates)


def test_last_value_and_slope_look_at_the_end_only() -> None:
    at = points(20)
    rates = np.concatenate([np.linspace(0.9, 0.2, 10), np.linspace(0.2, 0.4, 10)])
    level, slope = (fit(BY_NAME[name], at, rates[None]) for name in ("last value", "constant slope"))
    assert level.values(np.array([1.0, 3.0]))[0] == pytest.approx([rates[-RECENT:].mean()] * 2)
    assert slope.values(np.array([1.0]))[0, 0] == pytest.approx(0.4)
    assert slope.values(np.array([50.0]))[0, 0] == 1.0
    assert slope.limit[0] == 1.0
    assert level.limit[0] == level.end[0]


def test_origins_leave_something_before_and_after() -> None:
    for count in range(5, 200):
        found = origins(count)
        assert 1 <= len(found) <= 6
        assert found[0] >= 4
        assert found[-1] == count - 1


def test_tail_errors_are_1_for_the_true_shape_and_larger_for_a_wrong_one() -> None:
    rng = np.random.default_rng(0)
    at = points(60, variance=0.01**2)
    rates = 0.1 + 0.5 * at.u + 0.01 * rng.standard_normal((200, 60))
    errors = {name: tail_errors(BY_NAME[name], at, rates).mean() for name in ("constant slope", "last value")}
    assert 0.9 < errors["constant slope"] < 3
    assert errors["last value"] > 20
