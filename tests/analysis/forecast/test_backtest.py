"""Back-tests: by hand, on simulated runs, and on recorded ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.forecast import CANDIDATES, OTHERS, simulated
from rlef_env.analysis.forecast import Bands, Series, forecast
from rlef_env.analysis.forecast.backtest import Backtest, CutForecast, backtest
from rlef_env.analysis.forecast.ceilings import ceiling_of, metric_ceiling


def band(value: float, low: float, high: float) -> Bands:
    return Bands(value, {50: (value, value), 80: (low, high), 95: (0.0, 1.0)})


def test_scores_by_hand() -> None:
    cuts = (
        CutForecast("a", 0.5, 10, 0.6, "", band(0.5, 0.4, 0.7), (0.4, 0.9), band(0.7, 0.6, 0.8)),
        CutForecast("b", 0.5, 10, 0.2, "no plateau", band(0.5, 0.4, 0.6), (0.4, 0.3)),
        CutForecast("c", 0.5, 3, 0.2, "too few"),
    )
    score = Backtest(cuts, {"a": 0.9, "b": 0.9}).score()
    assert (score.forecasts, score.refused, score.plateaus) == (2, 1, 1)
    assert score.median_error == pytest.approx(0.2)
    assert score.coverage == {50: 0.0, 80: 0.5, 95: 1.0}
    assert score.width == pytest.approx(0.25)
    assert score.skill["last value"] == pytest.approx(1 - 0.4 / 0.4)
    assert score.skill["constant slope"] == pytest.approx(1 - 0.4 / 0.4)
    assert score.plateau_error == pytest.approx(0.2)
    assert score.plateau_coverage == 0.0


def test_a_cut_sees_nothing_of_what_follows() -> None:
    run, _ = simulated("exponential", 3)
    changed = Series(run.steps, (*run.successes[:-3], 0, 0, 0), run.trials, run.name)
    before, after = (backtest([each], cuts=(0.5,), quick=True).cuts[0] for each in (run, changed))
    assert before.end is not None
    assert after.end is not None
    assert before.end.value == after.end.value
    assert before.measured != after.measured == 0.0


def test_bands_are_calibrated_and_forecasts_beat_both_baselines_on_simulated_runs() -> None:
    """64 runs of shapes that are candidates and of others: within about 3 standard errors of the docs' table."""
    runs = [simulated(kind, 50 + number) for number in range(8) for kind in (*CANDIDATES, *OTHERS)]
    score = backtest([run for run, _ in runs], {run.name: end for run, end in runs}, cuts=(0.5,), quick=True).score()
    assert score.refused == 0
    assert 0.62 <= score.coverage[80] <= 0.97
    assert score.coverage[95] >= 0.85
    assert min(score.skill.values()) > 0.0


@pytest.mark.parametrize(
    ("dataset", "turns", "feedback", "expected"),
    [
        ("procedural/hidden_step?difficulty=3", 3, "public", 1.0),
        ("procedural/hidden_step?difficulty=3", 1, "public", 0.125),
        ("procedural/hidden_step?difficulty=3", 3, "random", 0.375),
        ("procedural/hidden_tail?difficulty=3", 3, "public", 0.5),
        ("procedural/hidden_step?difficulty=1-2", 1, "public", (1 / 2 + 1 / 4) / 2),
        ("procedural/clock", 3, "public", None),
        ("procedural", 3, "public", None),
        ("procedural/no_such_family", 3, "public", None),
        ("starter", 3, "public", None),
    ],
)
def test_ceilings(dataset: str, turns: int, feedback: str, expected: float | None) -> None:
    assert ceiling_of(dataset, turns, feedback) == (expected if expected is None else pytest.approx(expected))


def test_ceilings_of_metrics_follow_the_settings_of_the_run() -> None:
    config = {
        "dataset": "starter",
        "evaluate_dataset": "procedural/hidden_step?steps=8",
        "turns": 3,
        "feedback": "public",
    }
    assert metric_ceiling(config, "solve_rate") == 1.0
    assert metric_ceiling(config, "solved_at_1") == 0.125
    assert metric_ceiling(config, "valid_programs") is None
    assert metric_ceiling({}, "solve_rate") is None


DATA = sorted((Path(__file__).parent / "data").glob("*.json"))


def recorded() -> list[tuple[Series, float]]:
    """Recorded runs of the small model on `hidden_step`, and the true ceiling of each."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in DATA]
    return [
        (Series(row["steps"], row["successes"], row["trials"], row["name"], row["metric"]), row["ceiling"])
        for each in rows
        for row in each["series"]
    ]


def test_ends_of_recorded_runs_are_in_wide_bands_and_better_than_the_last_value() -> None:
    runs = recorded()
    assert len(runs) >= 3
    score = backtest([run for run, _ in runs], cuts=(0.5, 0.75), quick=True).score()
    assert score.forecasts == 2 * len(runs)
    assert score.coverage[95] >= 0.6
    assert score.skill["last value"] > 0.0


def test_plateaus_of_recorded_whole_runs_do_not_contradict_the_true_ceiling() -> None:
    for run, ceiling in recorded():
        plateau = forecast(run, quick=True).plateau
        assert plateau is None or plateau.bands[95][0] <= ceiling
