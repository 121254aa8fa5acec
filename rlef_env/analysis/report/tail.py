"""Reads the episodes of a run that have come since the last time, as plain rows: a report needs no objects of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from rlef_env.errors import DataError
from rlef_env.problems.parsing.fields import parse_row
from rlef_env.runs import EpisodeFacts, ProblemFacts, RunFolder, facts_of
from rlef_env.runs.reader import episode_files
from rlef_env.runs.record import record_from_row
from rlef_env.runs.shards import facts_of_shard, rows_of

__all__ = ["EpisodeRow", "RunTail"]

LISTINGS: Final = 10
"""How often the folder is listed again because a file was compressed in between."""


class EpisodeRow(NamedTuple):
    """An episode.

    Attributes:
        facts: what analyses count of it.
        row: ``record_to_row`` of it.
    """

    facts: EpisodeFacts
    row: dict[str, Any]


class RunTail:
    """The episodes of a run, each once, also while the run goes on and its files are compressed.

    Args:
        run: the run.
    """

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self._problems: dict[str, ProblemFacts] = {}
        self._rows: Counter[str] = Counter()  # stem of a file -> rows that were read
        self._bytes: Counter[str] = Counter()  # stem of a file of lines -> bytes that were read
        self._done: set[str] = set()

    def new(self) -> Iterator[EpisodeRow]:
        """Yield the episodes that were not read before, in the order of the run's files.

        Raises:
            DataError: a file is damaged; the message names it.
            UsageError: a file is compressed, and pyarrow is not installed.
        """
        self._problems = self.run.problem_facts()
        for _ in range(LISTINGS):
            gone = False
            shards, lines = episode_files(self.run)
            for path in sorted([*shards, *lines], key=lambda path: path.stem):
                if path.stem in self._done:
                    continue
                if path.suffix == ".parquet":
                    yield from self._of_shard(path)
                    self._done.add(path.stem)
                elif path.exists():
                    yield from self._of_lines(path)
                else:
                    gone = True
            if not gone:
                return

    def _of_shard(self, path: Path) -> Iterator[EpisodeRow]:
        known = self._rows[path.stem]
        facts = facts_of_shard(path, self._problem)[known:]
        rows = islice(rows_of(path), known, None)
        for (each, _), row in zip(facts, rows, strict=True):
            self._rows[path.stem] += 1
            yield EpisodeRow(each, row)

    def _of_lines(self, path: Path) -> Iterator[EpisodeRow]:
        try:
            with path.open("rb") as file:
                file.seek(self._bytes[path.stem])
                data = file.read()
        except FileNotFoundError:
            return  # compressed by now; the next listing has the shard
        except OSError as error:
            raise DataError(f"{path}: expected a readable file, got: {error.strerror}; check the folder") from None
        for line in data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]:
            where = f"{path}:{self._rows[path.stem] + 1}"
            if line.strip():
                row = parse_row(line, where)
                record = record_from_row(row, where)
                self._rows[path.stem] += 1
                yield EpisodeRow(facts_of(record, self._problem(record.episode.problem_id)), row)
            self._bytes[path.stem] += len(line) + 1

    def _problem(self, problem_id: str) -> ProblemFacts:
        return self._problems.setdefault(problem_id, ProblemFacts(problem_id, cluster=problem_id))
