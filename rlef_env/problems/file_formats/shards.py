"""Find the files that a path names (one file, those of a directory, or those that match a pattern) and their split."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import Final

from rlef_env.errors import DataError, UsageError
from rlef_env.problems.file_formats.file_format import SUFFIXES, suffix

__all__ = ["is_pattern", "named_files"]

_SPLITS: Final = ("train", "valid", "validation", "dev", "test")


def named_files(name: str, split: str) -> list[Path]:
    """Return the files that a path or a pattern names, ordered by name.

    In a directory, a split is the files whose names begin with it (``train-00000-of-00039.parquet``, ``valid.jsonl``).
    If no name begins with that of a split, all files are ``"train"``.

    Raises:
        UsageError: the path has no such split, or is not a path.
        DataError: there are no files.
    """
    try:
        path = Path(name).expanduser()
        is_directory, exists = path.is_dir(), path.exists()
    except (RuntimeError, ValueError) as error:
        raise UsageError(f"data set: expected a path, got {name!r} ({error}); write the path in full") from None
    if is_directory:
        return _of_split(name, sorted(path.iterdir()), split)
    if split != "train":
        raise UsageError(
            f"split: expected 'train', got {split!r}; a file has no splits: name the file of the split you want"
        )
    if exists or not is_pattern(name):
        return [path]
    return _readable(name, [Path(match) for match in sorted(glob.glob(os.fspath(path), recursive=True))])  # noqa: PTH207


def is_pattern(name: str) -> bool:
    """Return whether a name, unless a file has it, is a pattern that stands for all files that match."""
    return re.search(r"[*?\[]", name) is not None


def _readable(name: str, paths: list[Path]) -> list[Path]:
    files = [path for path in paths if suffix(path) and not path.name.startswith(".") and path.is_file()]
    if not files:
        raise DataError(f"{name}: expected files that end in {', '.join(SUFFIXES)}, got none; check the path")
    return files


def _of_split(name: str, paths: list[Path], split: str) -> list[Path]:
    files = _readable(name, paths)
    chosen = [file for file in files if _begins(file, split)]
    if chosen:
        return chosen
    named = [known for known in _SPLITS if any(_begins(file, known) for file in files)]
    if not named and split == "train":
        return files
    raise UsageError(
        f"split: expected {' or '.join(map(repr, named or ['train']))}, got {split!r}; in {name}, a file's split is "
        "the beginning of its name"
    )


def _begins(file: Path, split: str) -> bool:
    return re.match(rf"{re.escape(split)}[-_.]", file.name) is not None
