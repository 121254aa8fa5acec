"""Write a data set in steps that an interruption does not lose: the same call goes on where the last one ended."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from rlef_env.errors import DataError, UsageError
from rlef_env.problems.dataset import Dataset
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.problems.problem import Problem
from rlef_env.problems.quality_report import digest
from rlef_env.problems.schemas.code_contests import CODE_CONTESTS
from rlef_env.problems.writing import problem_to_line

__all__ = ["ResumedFile", "part_of"]


def part_of(out: Path) -> Path:
    """Return the file that holds the rows of ``out`` until all are written."""
    return out.with_name(out.name + ".part")


class ResumedFile:
    """A context that writes one row for each problem of a data set, in order.

    The rows are in ``OUT.part`` until the block ends without an error; then this file becomes ``OUT``. A row that an
    interruption left incomplete is written again.

    Args:
        out: the file to write.
        dataset: the problems that the rows are made from.

    Attributes:
        part: the unfinished file.
        written: number of rows in it.

    Raises:
        UsageError: another process writes the file, or the unfinished file has rows of other problems.
    """

    def __init__(self, out: Path, dataset: Dataset) -> None:
        self.out, self.part, self.written = out, part_of(out), 0
        self._dataset = dataset

    def __enter__(self) -> ResumedFile:
        self._file = self.part.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._go_on()
        except BlockingIOError:
            self._file.close()
            raise UsageError(f"{self.part}: expected to write it alone, got another process; wait for it") from None
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._file:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
                self.part.replace(self.out)

    def write(self, problem: Problem) -> None:
        """Append the row of a problem.

        Raises:
            DataError: the schema cannot hold the problem.
        """
        self._file.write(problem_to_line(problem))
        self._file.flush()
        self.written += 1

    def _go_on(self) -> None:
        """Check the rows that an earlier call left, and cut off an incomplete one."""
        end = 0
        self._file.seek(0)
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            self._check(line)
            end += len(line)
            self.written += 1
        self._file.truncate(end)

    def _check(self, line: bytes) -> None:
        where = f"{self.part}: row {self.written}"
        try:
            same = self.written < len(self._dataset) and digest(
                CODE_CONTESTS.problem(Field(parse_row(line, where), where))
            ) == digest(self._dataset[self.written])
        except DataError:
            same = False
        if not same:
            raise UsageError(
                f"{where}: expected a problem of data set {self._dataset.label!r} that an earlier run left, got "
                "something else; remove this file to begin again"
            )
