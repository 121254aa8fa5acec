"""Reads the episodes of a run, compressed or not, also while it is being written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from rlef_env.errors import DataError, short_repr
from rlef_env.problems.parsing.fields import parse_row
from rlef_env.runs.facts import EpisodeFacts, ProblemFacts
from rlef_env.runs.folder import RunFolder, whole_lines
from rlef_env.runs.record import EpisodeKey, EpisodeRecord, facts_of, record_from_row
from rlef_env.runs.shards import facts_of_shard, rows_of

__all__ = ["episode_files", "read_facts", "read_records", "twice"]

LISTINGS: Final = 10
"""How often the folder is listed again because a file was compressed in between."""

_T = TypeVar("_T")


def read_records(run: RunFolder) -> Iterator[EpisodeRecord]:
    """Yield the episodes of a run, in the order of its files; of one that was played again, the last attempt.

    A last line that is cut, because the process ended or still writes, is left out.

    Raises:
        DataError: a file is damaged; the message names the file and the line.
        UsageError: a file is compressed, and pyarrow is not installed.
    """
    newest: dict[EpisodeKey, int] = {}
    for key, _, attempt in _checked(run):
        if attempt:
            newest[key] = max(attempt, newest.get(key, 0))
    for record in _read(run, _records_of_shard, _records_of_lines):
        if not newest or newest.get(record.key, record.attempt) == record.attempt:
            yield record


def read_facts(run: RunFolder) -> list[EpisodeFacts]:
    """Return what analyses count of each episode; the order and the errors are those of ``read_records``."""
    found: dict[EpisodeKey, tuple[int, EpisodeFacts]] = {}
    for key, facts, attempt in _checked(run):
        if key not in found or attempt >= found[key][0]:
            found[key] = attempt, facts
    return [facts for _, facts in found.values()]


def episode_files(run: RunFolder) -> tuple[list[Path], list[Path]]:
    """Return the compressed files of episodes and the files of JSON lines that are not compressed, each in order."""
    names = sorted(path for path in run.episodes.glob("*-*") if not path.name.startswith("."))
    shards = [path for path in names if path.suffix == ".parquet" and not path.name.endswith(".turns.parquet")]
    stems = {path.stem for path in shards}
    return shards, [path for path in names if path.suffix == ".jsonl" and path.stem not in stems]


def read_lines(path: Path) -> Iterator[EpisodeRecord]:
    """Yield the records of a file of JSON lines."""
    for number, line in enumerate(whole_lines(path), start=1):
        yield record_from_row(parse_row(line, f"{path}:{number}"), f"{path}:{number}")


def _facts_with_attempts(run: RunFolder) -> Iterator[tuple[EpisodeFacts, int]]:
    problems = run.problem_facts()

    def of_lines(path: Path) -> Iterator[tuple[EpisodeFacts, int]]:
        for record in read_lines(path):
            yield facts_of(record, _problem(problems, record.episode.problem_id)), record.attempt

    def of_shard(path: Path) -> Iterable[tuple[EpisodeFacts, int]]:
        return facts_of_shard(path, lambda problem_id: _problem(problems, problem_id))

    return _read(run, of_shard, of_lines)


def _checked(run: RunFolder) -> Iterator[tuple[EpisodeKey, EpisodeFacts, int]]:
    """Yield the key, the facts and the attempt of each episode.

    Raises:
        DataError: an attempt at an episode stands twice.
    """
    seen: set[int] = set()  # hashes: a run may have a million episodes
    for facts, attempt in _facts_with_attempts(run):
        key = _key(facts)
        number = hash((key, attempt))
        if number in seen:
            raise DataError(twice(run, key.problem_id, key.sample))
        seen.add(number)
        yield key, facts, attempt


def twice(run: RunFolder, problem_id: str, sample: int) -> str:
    """Return the error for an episode that stands twice in a run."""
    return (
        f"{run.episodes}: expected each episode once, got sample {sample} of problem {short_repr(problem_id)} twice: "
        "the folder has the episodes of two runs; move the files of one into a folder of its own"
    )


def _problem(problems: dict[str, ProblemFacts], problem_id: str) -> ProblemFacts:
    return problems.setdefault(problem_id, ProblemFacts(problem_id, cluster=problem_id))


def _key(facts: EpisodeFacts) -> EpisodeKey:
    return EpisodeKey(facts.phase, facts.evaluation, facts.step, facts.problem.problem_id, facts.sample)


def _records_of_shard(path: Path) -> Iterator[EpisodeRecord]:
    for number, row in enumerate(rows_of(path), start=1):
        yield record_from_row(row, f"{path}: row {number}")


def _records_of_lines(path: Path) -> Iterator[EpisodeRecord]:
    return read_lines(path)


def _read(
    run: RunFolder, of_shard: Callable[[Path], Iterable[_T]], of_lines: Callable[[Path], Iterable[_T]]
) -> Iterator[_T]:
    """Yield what the functions return for each file, each file once, although files may be compressed meanwhile."""
    done: set[str] = set()
    for _ in range(LISTINGS):
        shards, lines = episode_files(run)
        changed = False
        for path in sorted([*shards, *lines], key=lambda path: path.stem):
            if path.stem in done:
                continue
            try:
                found = list(of_shard(path) if path.suffix == ".parquet" else of_lines(path))
            except DataError:
                if path.exists():
                    raise
                changed = True
                continue
            done.add(path.stem)
            yield from found
        if not changed:
            return
    raise DataError(f"{run.path}: expected files of episodes that stay, but they kept changing; try again")
