"""Episodes that were played before, and the data set of their problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from rlef_env.analysis.backtest.problem_set import is_problem_set, load_problem_set
from rlef_env.episodes import read_episodes
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset, load_dataset
from rlef_env.runs import EpisodeRecord, RunFolder, read_records

__all__ = ["dataset_of", "open_source", "read_source"]


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
    named = {"dataset": "starter"} if run is None else run.identity.problems
    name, part = data or named.get("dataset"), split or named.get("split") or "train"
    if not isinstance(name, str) or not isinstance(part, str):
        raise UsageError(f"{path}: expected a run that names its data set, got none; name it with --data")
    if is_problem_set(name):
        return load_problem_set(name)
    try:
        return load_dataset(name, part)
    except UsageError as error:
        if data is not None:
            raise
        raise UsageError(f"{path}: expected its data set to be here, got {error}; name it with --data") from None


def _numbered(path: str | Path) -> Iterator[EpisodeRecord]:
    seen: Counter[str] = Counter()
    for episode in read_episodes(path):
        yield EpisodeRecord(episode, sample=seen[episode.problem_id])
        seen[episode.problem_id] += 1
