"""Series from metrics and from episodes; one line for each file that is none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rlef_env.analysis.forecast.sources import read_run, read_series
from rlef_env.envs.config import EnvConfig
from rlef_env.episodes import Episode, Turn
from rlef_env.errors import DataError, UsageError
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.runs import EpisodeRecord, EpisodeWriter, ProblemFacts, RunFolder, RunIdentity

ROWS: list[dict[str, Any]] = [
    {"kind": "evaluate", "update": 0, "solve_rate": 0.25, "solved_at_1": 0.0, "episodes": 8.0, "turns": 2.5},
    {"kind": "train", "update": 1, "solve_rate": 0.5, "episodes": 4.0},
    {"kind": "evaluate", "update": 5, "solve_rate": 0.5, "solved_at_1": 0.25, "episodes": 8.0, "turns": 2.0},
    {"kind": "evaluate", "update": 10, "episodes": 0.0, "no_verdict": 8.0},
]


def written(folder: Path, rows: Sequence[dict[str, Any]] = ROWS, end: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows) + end
    (folder / "metrics.jsonl").write_text(text, encoding="utf-8")
    return folder


def test_successes_are_rates_times_episodes(tmp_path: Path) -> None:
    series = read_series(written(tmp_path))
    assert (series.steps, series.successes, series.trials) == ((0, 5), (2, 4), (8, 8))
    assert read_series(tmp_path / "metrics.jsonl", "solved_at_1").successes == (0, 2)
    assert read_series(tmp_path, evaluation="train").successes == (2,)


def test_a_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    assert len(read_series(written(tmp_path, end='{"kind": "evaluate", "upd'))) == 2


def test_of_two_rows_of_a_step_the_later_one_counts(tmp_path: Path) -> None:
    again = {"kind": "evaluate", "update": 5, "solve_rate": 1.0, "episodes": 2.0}
    assert read_series(written(tmp_path, [*ROWS, again])).successes == (2, 2)


def test_several_evaluation_sets_have_to_be_named(tmp_path: Path) -> None:
    rows = [{**row, "evaluation": name} for name in ("valid", "test") for row in ROWS if row["kind"] == "evaluate"]
    written(tmp_path, rows)
    with pytest.raises(UsageError, match="--set with one of 'valid', 'test'"):
        read_series(tmp_path)
    assert read_series(tmp_path, evaluation="test").evaluation == "test"
    with pytest.raises(UsageError, match="evaluation sets 'valid', 'test', got 'tset'"):
        read_series(tmp_path, evaluation="tset")


def test_unknown_metrics_are_refused_with_those_there_are(tmp_path: Path) -> None:
    written(tmp_path, ROWS[:3])
    with pytest.raises(UsageError, match="rates solve_rate, solved_at_1, got 'solved_at1'; did you mean 'solved_at_1'"):
        read_series(tmp_path, "solved_at1")
    with pytest.raises(UsageError, match=r"turns: expected a rate from 0 to 1, got 2\.5"):
        read_series(tmp_path, "turns")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "JSON object"),
        ("[1]", "JSON object"),
        ('{"kind": "evaluate"}', "expected a row of metrics"),
        ('{"kind": "evaluate", "update": "x"}', "expected a row of metrics"),
        ('{"problem": "a", "verdict": "accepted"}', "expected a row of metrics"),
    ],
)
def test_foreign_files_are_refused_with_the_line(tmp_path: Path, line: str, said: str) -> None:
    written(tmp_path, ROWS[:1], end=line + "\n")
    with pytest.raises(DataError, match=rf"metrics\.jsonl:2: .*{said}"):
        read_series(tmp_path)


def test_folders_without_a_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found neither"):
        read_series(tmp_path)
    with pytest.raises(DataError, match="found neither"):
        read_series(tmp_path / "missing")


# --- counted from episodes -------------------------------------------------------------------------------------------


SETTINGS = EnvConfig.from_arguments("starter").settings


def episode(problem: str, solved_at: int, verdict: bool = True) -> Episode:
    """An episode that is solved at a turn, or at none (0); or one without a verdict."""
    outcomes = [Verdict.WRONG_ANSWER] * ((solved_at or 3) - 1)
    outcomes.append(Verdict.ACCEPTED if solved_at else Verdict.WRONG_ANSWER)
    if not verdict:
        outcomes[-1] = Verdict.NO_VERDICT
    turns = tuple(
        Turn("p", "p", Judgement(outcome, (TestResult("public", 0, outcome),), total=1), "again", -1.0)
        for outcome in outcomes
    )
    return Episode(problem, "D", "prompt", turns, verdict, not verdict, SETTINGS)


def stored(folder: Path, episodes: Sequence[tuple[int, int, int, bool]], kind: Any = "training") -> RunFolder:
    """A run with episodes (step, sample, solved_at, has a verdict) of one problem."""
    run = RunFolder.create(
        folder, kind, RunIdentity(episodes={"max_turns": 3}, problems={"dataset": "x"}), {}, [ProblemFacts("a")]
    )
    with EpisodeWriter(run, compress=False) as writer:
        for step, sample, solved_at, verdict in episodes:
            writer.append(EpisodeRecord(episode("a", solved_at, verdict), sample, "evaluate", "valid", step))
    return run


EPISODES = [(0, 0, 0, True), (0, 1, 0, True), (0, 2, 1, True), (5, 0, 1, True), (5, 1, 3, True), (5, 2, 2, False)]


@pytest.mark.parametrize(
    ("metric", "successes", "trials"),
    [
        ("solve_rate", (1, 2), (3, 2)),
        ("solved_at_1", (1, 1), (3, 2)),
        ("solved_at_2", (1, 1), (3, 2)),
        ("solved_at_3", (1, 2), (3, 2)),
        ("repair_rate", (0, 1), (2, 1)),
    ],
)
@pytest.mark.parametrize("evaluation", [None, "valid"])
def test_episodes_are_counted_without_those_that_have_no_verdict(
    tmp_path: Path, metric: str, successes: tuple[int, ...], trials: tuple[int, ...], evaluation: str | None
) -> None:
    stored(tmp_path / "run", EPISODES)
    series = read_series(tmp_path / "run", metric, evaluation)
    assert (series.steps, series.successes, series.trials) == ((0, 5), successes, trials)


def test_a_run_without_evaluations_yet_has_an_empty_series(tmp_path: Path) -> None:
    stored(tmp_path / "run", [])
    assert len(read_series(tmp_path / "run")) == 0


def test_settings_come_from_the_run_folder(tmp_path: Path) -> None:
    stored(tmp_path / "run", [])
    assert read_run(tmp_path / "run").config == {"max_turns": 3, "dataset": "x"}


def test_episodes_per_step_are_those_of_training(tmp_path: Path) -> None:
    assert read_run(written(tmp_path)).episodes_per_step() == 4.0
