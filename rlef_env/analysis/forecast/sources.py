"""Reads series from runs: from ``metrics.jsonl``, or counted from the episodes of a run folder."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rlef_env.analysis.forecast.series import Series
from rlef_env.errors import DataError, UsageError
from rlef_env.problems.parsing.fields import parse_row
from rlef_env.runs import EpisodeFacts, RunFolder, read_facts

__all__ = ["TRAINING", "StoredRun", "read_run", "read_series"]

TRAINING: Final = "train"
"""Name of the evaluation set that stands for the episodes that a policy is trained on."""
RATES: Final = re.compile(r"solve_rate|solved_at_\d+|valid_programs|\d+@\d+")
"""Metrics of ``metrics.jsonl`` that are rates."""


@dataclass(frozen=True)
class StoredRun:
    """A run as it is stored.

    Attributes:
        name: the path, as the user gave it.
        rows: rows of ``metrics.jsonl``; empty where there is none.
        folder: the run folder; None for a file of metrics, and for a folder without ``run.json``.
        config: settings of the run; empty where unknown.
    """

    name: str
    rows: tuple[Mapping[str, Any], ...]
    folder: RunFolder | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    def evaluations(self) -> dict[str, int]:
        """Return the names of evaluation sets and the number of evaluations of each, that of training last."""
        found: dict[str, set[float]] = defaultdict(set)
        for row in self.rows:
            found[set_of(row)].add(float(row["update"]))
        if TRAINING in found:
            found[TRAINING] = found.pop(TRAINING)
        return {name: len(steps) for name, steps in found.items()}

    def episodes_per_step(self) -> float | None:
        """Return the mean number of episodes that an update is trained on; None where unknown."""
        counts = [
            float(row["episodes"])
            for row in self.rows
            if row["kind"] == TRAINING and isinstance(row.get("episodes"), (int, float))
        ]
        return sum(counts) / len(counts) if counts else None


def read_run(path: str | Path) -> StoredRun:
    """Open a run: its folder, or its file ``metrics.jsonl``.

    Raises:
        DataError: there is no run, or a line of its metrics is damaged; a last line without its end is left out.
    """
    given = Path(path)
    if given.is_file():
        return StoredRun(str(path), read_metrics(given))
    metrics = given / "metrics.jsonl"
    rows = read_metrics(metrics) if metrics.exists() else ()
    if (given / "run.json").exists():
        folder = RunFolder.open(given)
        return StoredRun(
            str(path), rows, folder, {**folder.identity.problems, **folder.identity.episodes, **folder.config}
        )
    if not metrics.exists():
        raise DataError(
            f"{path}: expected the folder of a run, with run.json or metrics.jsonl, found neither; name a folder that "
            "`rlef-agents train` or `rlef eval --out` wrote"
        )
    return StoredRun(str(path), rows)


def read_metrics(path: Path) -> tuple[dict[str, Any], ...]:
    """Return the rows of evaluations and updates in a file of metrics.

    Raises:
        DataError: the file cannot be read, or a line is no such row.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: expected a readable file, got: {error.strerror}; check the path") from None
    rows = []
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        if not line.strip():
            continue
        row = parse_row(line, f"{path}:{number}", python_json=True)
        if row.get("kind") not in ("evaluate", TRAINING) or not is_number(row.get("update")):
            raise DataError(
                f"{path}:{number}: expected a row of metrics with kind (evaluate or train) and update, got "
                f"kind {row.get('kind')!r} and update {row.get('update')!r}; name the metrics.jsonl of a training run"
            )
        rows.append(row)
    return tuple(rows)


def read_series(run: StoredRun | str | Path, metric: str = "solve_rate", evaluation: str | None = None) -> Series:
    """Return the series of a metric of a run.

    Args:
        run: the run, or the path of its folder or its ``metrics.jsonl``.
        metric: ``solve_rate``, ``solved_at_2``, ``repair_rate`` (counted from episodes), or another rate among the
            metrics.
        evaluation: name of the evaluation set; ``"train"`` for the episodes that the policy is trained on. None: the
            only one there is.

    Returns:
        The series; without evaluations yet, an empty one.

    Raises:
        UsageError: the run has no such evaluation set or metric; the message lists those there are.
        DataError: see ``read_run``, and `Series`.
    """
    stored = run if isinstance(run, StoredRun) else read_run(run)
    names = [name for name in stored.evaluations() if name != TRAINING]
    if evaluation is None and len(names) > 1:
        raise UsageError(f"{stored.name}: expected --set with one of {', '.join(map(repr, names))}, got none")
    chosen = evaluation if evaluation is not None else names[0] if names else ""
    rows = [row for row in stored.rows if set_of(row) == chosen]
    if any(metric in row for row in rows):
        return series_of_rows(stored, rows, metric, chosen)
    if stored.folder is not None and metric in counted_metrics(stored.config):
        facts = [each for each in read_facts(stored.folder) if each.step is not None and matches(each, evaluation)]
        played = sorted({each.evaluation for each in facts})
        if evaluation is None and len(played) > 1:
            raise UsageError(f"{stored.name}: expected --set with one of {', '.join(map(repr, played))}, got none")
        if facts:
            return series_of_facts(stored, facts, metric, chosen)
    if rows:
        rates = [name for name in rows[-1] if RATES.fullmatch(name)]
        near = difflib.get_close_matches(metric, rates, n=1)
        raise UsageError(
            f"{stored.name}: expected one of the rates {', '.join(rates)}, got {metric!r}"
            + (f"; did you mean {near[0]!r}?" if near else "")
        )
    if evaluation is not None and stored.evaluations():
        raise UsageError(
            f"{stored.name}: expected one of the evaluation sets {', '.join(map(repr, stored.evaluations()))}, got "
            f"{evaluation!r}"
        )
    return Series((), (), (), stored.name, metric, chosen)


def series_of_rows(run: StoredRun, rows: Sequence[Mapping[str, Any]], metric: str, evaluation: str) -> Series:
    """Return the series of a metric in rows of one evaluation set; of two rows of one step, the later one counts."""
    by_step: dict[float, tuple[float, float]] = {}
    for row in rows:
        rate, trials = row.get(metric), row.get("episodes")
        if rate is None or trials is None or not is_number(rate) or not is_number(trials) or not trials:
            continue  # no episode has a verdict
        if not 0.0 <= rate <= 1.0:
            raise UsageError(
                f"{run.name}: {metric}: expected a rate from 0 to 1, got {rate:g} at step {row['update']:g}; a "
                "forecast is for rates, such as solve_rate or solved_at_1"
            )
        by_step[float(row["update"])] = float(rate * trials), float(trials)
    steps = sorted(by_step)
    won, tried = ([by_step[step][place] for step in steps] for place in (0, 1))
    return Series(tuple(steps), tuple(won), tuple(tried), run.name, metric, evaluation)


def series_of_facts(run: StoredRun, facts: Sequence[EpisodeFacts], metric: str, evaluation: str) -> Series:
    """Return the series of a metric, counted from episodes of one evaluation set."""
    success = counted_metrics({"turns": max(each.max_turns for each in facts)})[metric]
    counts: dict[float, list[int]] = defaultdict(lambda: [0, 0])
    for each in facts:
        outcome = success(each) if each.has_verdict else None
        if outcome is not None and each.step is not None:
            counts[float(each.step)][0] += outcome
            counts[float(each.step)][1] += 1
    steps = sorted(counts)
    won, tried = ([counts[step][place] for step in steps] for place in (0, 1))
    return Series(tuple(steps), tuple(won), tuple(tried), run.name, metric, evaluation)


def counted_metrics(config: Mapping[str, Any]) -> dict[str, Callable[[EpisodeFacts], bool | None]]:
    """Return the metrics that can be counted: name -> whether an episode is a success, None if it is no trial."""

    def solved_at(turn: int) -> Callable[[EpisodeFacts], bool | None]:
        return lambda each: 0 < each.solved_at <= turn

    turns = config.get("turns", config.get("max_turns", 3))
    return {
        "solve_rate": lambda each: each.solved,
        "repair_rate": lambda each: None if each.solved_at == 1 else each.solved,
        **{f"solved_at_{turn}": solved_at(turn) for turn in range(1, (turns if isinstance(turns, int) else 3) + 1)},
    }


def matches(facts: EpisodeFacts, evaluation: str | None) -> bool:
    """Return whether an episode is of an evaluation set; None is any set but the episodes of training."""
    if evaluation == TRAINING:
        return facts.phase == TRAINING
    return facts.phase == "evaluate" and evaluation in (None, facts.evaluation)


def set_of(row: Mapping[str, Any]) -> str:
    """Return the evaluation set of a row of metrics."""
    return TRAINING if row["kind"] == TRAINING else str(row.get("evaluation", ""))


def is_number(value: object) -> bool:
    """Return whether a value of a row is a number other than NaN."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
