"""How often the judge decides otherwise when nothing has changed: what ``rlef rescore`` found, kept in the run.

``RUN/rescored.jsonl`` has a line for each time that the run was judged again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.runs import RunFolder
from rlef_env.runs.folder import whole_lines

__all__ = ["JudgeFlips", "append_rescoring", "read_judge_flips"]


@dataclass(frozen=True, slots=True)
class JudgeFlips:
    """Programs that were judged again on the same tests, with the same limits, by the same judge.

    Attributes:
        programs: number of programs that got a verdict both times.
        flips: number of those that got another one.
    """

    programs: int
    flips: int

    @property
    def rate(self) -> float:
        """Share of the programs that got another verdict."""
        return self.flips / self.programs if self.programs else 0.0


def append_rescoring(run: RunFolder, row: Mapping[str, Any]) -> None:
    """Keep in a run what judging it again has shown.

    Args:
        run: the run.
        row: JSON values; ``"unchanged"`` says whether tests, limits, checkers and judge were the same, ``"programs"``
            and ``"changed"`` count.

    Raises:
        OSError: the file cannot be written.
    """
    with _path(run).open("ab") as file:
        file.write(json.dumps(row, allow_nan=False).encode("ascii") + b"\n")


def read_judge_flips(run: RunFolder) -> JudgeFlips | None:
    """Return what all repetitions of a run's judgements showed together; None if it was never judged again unchanged.

    Raises:
        DataError: the file is damaged.
    """
    path, programs, flips = _path(run), 0, 0
    if not path.exists():
        return None
    for number, line in enumerate(whole_lines(path), start=1):
        row = Field(parse_row(line, f"{path}:{number}"), f"{path}:{number}")
        if row.child("unchanged").boolean():
            programs += row.child("programs").integer()
            flips += row.child("changed").integer()
    return JudgeFlips(programs, flips) if programs else None


def _path(run: RunFolder) -> Path:
    return run.path / "rescored.jsonl"
