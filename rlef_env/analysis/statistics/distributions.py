"""Quantiles of the normal and of Student's t distribution, so that comparing runs needs no SciPy."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

__all__ = ["normal_quantile", "t_cdf", "t_quantile"]

_TINY = 1e-300
_MAX_TERMS = 1000
_MAX_STEPS = 200


def normal_quantile(probability: float) -> float:
    """Return the value that a standard normal variable is below with this probability, which is in (0, 1)."""
    return NormalDist().inv_cdf(probability)


@lru_cache(maxsize=4096)
def t_quantile(probability: float, df: float) -> float:
    """Return a quantile of Student's t distribution.

    Args:
        probability: in (0, 1).
        df: degrees of freedom, above 0; a fraction is allowed.
    """
    if probability < 0.5:
        return -t_quantile(1 - probability, df)
    low, high = 0.0, 1.0
    while t_cdf(high, df) < probability and high < 1e12:
        low, high = high, 2 * high
    value = (low + high) / 2
    for _ in range(_MAX_STEPS):  # Newton's steps, and halvings where one leaves what is left of the range
        excess = t_cdf(value, df) - probability
        low, high = (low, value) if excess > 0 else (value, high)
        step = excess / _t_density(value, df)
        if abs(step) <= 1e-12 * value:
            break
        value = value - step if low < value - step < high else (low + high) / 2
    return value


def t_cdf(value: float, df: float) -> float:
    """Return the probability that a variable with Student's t distribution is below a value."""
    square = value * value
    if square < df:  # so that values near 0 lose no digits
        return 0.5 + math.copysign(_regularised_beta(0.5, df / 2, square / (df + square)) / 2, value)
    tail = _regularised_beta(df / 2, 0.5, df / (df + square)) / 2
    return 1 - tail if value > 0 else tail


def _t_density(value: float, df: float) -> float:
    log = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    return math.exp(log - (df + 1) / 2 * math.log1p(value * value / df))


def _regularised_beta(a: float, b: float, x: float) -> float:
    """Return I_x(a, b), by its continued fraction (DLMF 8.17.22, evaluated with Lentz's method)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast only below this
        return 1 - _regularised_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _nonzero(1 + term * d)
            c = _nonzero(1 + term / c)
            fraction *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return math.exp(log_front) / a * fraction


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
