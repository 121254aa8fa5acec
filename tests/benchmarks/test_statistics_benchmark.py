"""How often `rlef compare` is wrong, in a small simulation with fixed seeds. The large one is in docs/statistics.md."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.statistics import NULLS, Design, coverage, errors, false_alarms, missed, simulate

REPEATS = 200
CONTESTS = Design(20, 5, 3)


def above(nominal: float) -> float:
    """Three standard errors above a nominal rate."""
    return nominal + 3 * math.sqrt(nominal * (1 - nominal) / REPEATS)


@pytest.mark.parametrize("null", NULLS, ids=lambda null: null.name)
def test_equally_good_runs_raise_few_alarms_with_correlated_samples_too(null) -> None:
    (line,) = false_alarms([CONTESTS], [null], REPEATS)
    assert line.rates["ours: p value"] <= above(0.05)
    assert line.rates["ours: interval"] <= above(0.05)


def test_naive_methods_raise_many() -> None:
    """So the simulation can tell a wrong method."""
    (line,) = false_alarms([CONTESTS], [NULLS[2]], REPEATS)
    for name in ("McNemar on pairs", "unpaired z", "paired t", "bootstrap"):
        assert line.rates[name] > 0.15


def test_verdicts_are_seldom_wrong_and_find_what_is_lost() -> None:
    (line,) = errors([Design(60, 1, 8)], REPEATS)
    assert line.rates["false regression"] <= above(0.025)
    assert line.rates["false all-clear"] <= above(0.025)
    assert line.rates["regression if 10 points lost"] > 0.8


@pytest.mark.parametrize("mean", [0.1, 0.5, 0.95])
def test_intervals_cover(mean: float) -> None:
    for line in coverage([CONTESTS, Design(30, 1, 1)], [mean], REPEATS):
        assert 1 - line.rates["ours"] <= above(0.05)
        assert line.rates["episodes, normal"] <= line.rates["ours"]


def test_the_simulation_is_what_it_says() -> None:
    random = np.random.default_rng(0)
    pairs = [simulate(random, Design(200, 10, 2), NULLS[2], 0.4, 0.1) for _ in range(20)]
    assert np.mean([pair.a.mean() for pair in pairs]) == pytest.approx(0.4, abs=0.02)
    assert np.mean([pair.change.mean() for pair in pairs]) == pytest.approx(-0.1, abs=0.02)
    same = np.concatenate([pair.a for pair in pairs])
    assert np.corrcoef(same[:, 0], same[:, 1])[0, 1] == pytest.approx(1 - 0.7 * 0.6, abs=0.05)


def test_a_rate_beyond_its_goal_is_named() -> None:
    lines = false_alarms([Design(5, 1, 1)], NULLS[:1], 1)
    wrong = errors([Design(5, 1, 1)], 1)
    covered = coverage([Design(5, 1, 1)], [0.4], 1)
    bad = [type(lines[0])("5 x 1, 1", "same model", {**lines[0].rates, "ours: p value": 0.3})]
    assert missed(lines, wrong, covered, 1) == []
    assert missed(bad, wrong, covered, 200) == ["ours: p value: 5 x 1, 1, same model: 30.0% false alarms"]
