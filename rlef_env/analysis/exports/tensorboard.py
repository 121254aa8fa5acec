"""Event files of TensorBoard with the metrics of training, and with solve rates of evaluations."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from rlef_env.analysis.exports.source import Source, missing_package
from rlef_env.errors import DataError
from rlef_env.problems.parsing.fields import parse_row
from rlef_env.runs.folder import whole_lines

__all__ = ["Scalar", "scalars", "write_tensorboard"]


_Group = tuple[str, str, int]


class Scalar(NamedTuple):
    """A number of a run at a step."""

    name: str
    step: int
    value: float


def write_tensorboard(source: Source, out: Path) -> list[str]:
    """Write an event file.

    Raises:
        UsageError: tensorboard is not installed.
        DataError: the run has no metrics and no episode with a verdict.
    """
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError:
        raise missing_package("tensorboard", "tensorboard") from None
    values = sorted(scalars(source), key=lambda scalar: scalar.step)
    if not values:
        raise DataError(f"{source.run.path}: expected a run with metrics or episodes, found neither")
    created = datetime.fromisoformat(source.run.created).timestamp() if source.run.created else 0.0
    writer = EventFileWriter(str(out))
    for name, step, value in values:
        summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
        writer.add_event(Event(wall_time=created + step, step=step, summary=summary))
    writer.close()
    return [f"{len({scalar.name for scalar in values})} curves, {len(values)} values"]


def scalars(source: Source) -> Iterator[Scalar]:
    """Yield each number of ``metrics.jsonl``, and ``episodes/PHASE/...`` from the episodes of each step."""
    if source.run.metrics.exists():
        for number, line in enumerate(whole_lines(source.run.metrics), start=1):
            row = parse_row(line, f"{source.run.metrics}:{number}")
            kind, step = row.get("kind"), row.get("update")
            if isinstance(kind, str) and type(step) is int:
                named = "/".join(part for part in (kind, row.get("evaluation")) if isinstance(part, str))
                for name, value in row.items():
                    if name != "update" and type(value) in (int, float) and math.isfinite(value):
                        yield Scalar(f"{named}/{name}", step, float(value))
    solved: dict[_Group, list[bool]] = defaultdict(list)
    lost: dict[_Group, int] = defaultdict(int)
    for record in source.records():
        key: _Group = record.phase, record.evaluation, record.step or 0
        if record.has_verdict:
            solved[key].append(record.episode.solved)
        else:
            lost[key] += 1
    for key in sorted({*solved, *lost}):
        phase, evaluation, step = key
        name = "/".join(part for part in ("episodes", phase, evaluation) if part)
        if each := solved.get(key):
            yield Scalar(f"{name}/solve_rate", step, sum(each) / len(each))
        yield Scalar(f"{name}/no_verdict", step, float(lost.get(key, 0)))
