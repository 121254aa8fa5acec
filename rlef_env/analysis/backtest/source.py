"""Episodes that were played before, and the data set of their problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rlef_env.analysis.backtest.problem_set import is_problem_set, load_problem_set, read_problem_set
from rlef_env.episodes import read_episodes
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset, load_dataset
from rlef_env.runs import EpisodeRecord, RunFolder, read_records

__all__ = ["data_set_named", "dataset_of", "open_source", "origins", "read_source"]


def open_source(path: str | Path) -> RunFolder | None:
    """Open a run; return None if the path is a file, which should then hold episodes as ``write_episodes`` writes them.

    Raises:
        DataError: there is neither, or the run cannot be read.
    """
    return None if Path(path).is_file() else RunFolder.open(path)


def read_source(path: str | Path) -> Iterable[EpisodeRecord]:
    """Return the episodes of a run or of a file. Those of a file are numbered for each problem.

    Raises:
        DataError: an episode cannot be read.
    """
    run = open_source(path)
    return _numbered(path) if run is None else read_records(run)


def dataset_of(path: str | Path, data: str | None = None, split: str | None = None) -> Dataset:
    """Load the problems of a run or of a file of episodes.

    Args:
        path: the run or the file.
        data: data set or problem set to take them from; None: the one that the run names, and ``"starter"`` for a file.
        split: its split; None: the one that the run names, and ``"train"`` for a file.

    Raises:
        UsageError: the run names no data set, or one that cannot be loaded.
        DataError: the data cannot be read.
    """
    run = open_source(path)
    name, part = (data or "starter", split or "train") if run is None else data_set_named(run, data, split)
    if is_problem_set(name):
        return load_problem_set(name)
    try:
        return load_dataset(name, part)
    except UsageError as error:
        if data is not None:
            raise
        raise UsageError(f"{path}: expected its data set to be here, got {error}; name it with --data") from None


def data_set_named(run: RunFolder, data: str | None = None, split: str | None = None) -> tuple[str, str]:
    """Return the names of a run's data set and its split, unless others are given.

    Raises:
        UsageError: the run names none.
    """
    named = run.identity.problems
    name, part = data or named.get("dataset"), split or named.get("split") or "train"
    if not isinstance(name, str) or not isinstance(part, str):
        raise UsageError(f"{run.path}: expected a run that names its data set, got none; name it with --data")
    return name, part


def origins(run: RunFolder, data: str | None = None, split: str | None = None) -> Callable[[str], tuple[str, str]]:
    """Return a function of a problem's id that returns the names of its data set and split.

    They are those of ``data_set_named``; or those that the problem set names, if the run played a problem set.

    Raises:
        UsageError: the run names no data set.
    """
    name, part = data_set_named(run, data, split)
    if not is_problem_set(name):
        return lambda _: (name, part)
    found = {entry.problem_id: (entry.dataset, entry.split) for entry in read_problem_set(name)}
    return lambda problem_id: found.get(problem_id, (name, part))


def _numbered(path: str | Path) -> Iterator[EpisodeRecord]:
    seen: Counter[str] = Counter()
    for episode in read_episodes(path):
        yield EpisodeRecord(episode, sample=seen[episode.problem_id])
        seen[episode.problem_id] += 1
