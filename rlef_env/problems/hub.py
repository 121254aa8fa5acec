"""Data sets of the Hugging Face hub: streamed once through ``datasets``, then read from the cache."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rlef_env.errors import DataError, UsageError
from rlef_env.files import cache_folder, written_whole
from rlef_env.problems.file_formats import json_bytes

__all__ = ["hub_file", "is_hub_name", "keep_rows"]

_NAME: Final = re.compile(r"([A-Za-z0-9][\w.-]*)/([A-Za-z0-9][\w.-]*)(?::([\w.-]+))?", re.ASCII)


def is_hub_name(name: str) -> bool:
    """Return whether a name is ``OWNER/NAME`` or ``OWNER/NAME:CONFIGURATION``."""
    return _NAME.fullmatch(name) is not None


def hub_file(name: str, split: str) -> Path:
    """Return the JSONL file with the rows of a split; download it first if it does not exist.

    To get a newer version of the data, delete the file.

    Raises:
        UsageError: the rows must be downloaded and cannot; the message says what to do.
        DataError: there are no rows, or a row holds a value that JSON cannot represent.
    """
    match = _NAME.fullmatch(name)
    if match is None or not re.fullmatch(r"[\w.-]+", split, re.ASCII):
        raise UsageError(f"data set: expected OWNER/NAME and the name of a split, got {name!r} and {split!r}")
    folder = cache_folder() / "hub" / f"{match[1]}--{match[2]}" / (match[3] or "default")
    path = folder / f"{split}.jsonl"
    if not path.is_file():
        keep_rows(_streamed(f"{match[1]}/{match[2]}", match[3], split), path, f"{name} ({split})")
    return path


def keep_rows(rows: Iterable[Mapping[str, Any]], path: Path, name: str) -> None:
    """Write rows as JSONL, with one in memory at a time: all of them or none.

    Args:
        rows: rows as ``datasets`` returns them.
        path: the file.
        name: the data set's name in errors.

    Raises:
        DataError: a row holds a value that JSON cannot represent, there are no rows, or the file cannot be written.
    """
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as file:
            for row in rows:
                file.write(json_bytes(dict(row), f"{name}: row {count}") + b"\n")
                count += 1
            if not count:
                raise DataError(f"{name}: expected rows, got none; check the name of the split")
    except OSError as error:
        raise DataError(
            f"{name}: expected room for its rows at {path}, got: {error.strerror}; make room, or name another folder "
            "with XDG_CACHE_HOME"
        ) from None


def _streamed(name: str, configuration: str | None, split: str) -> Iterator[Mapping[str, Any]]:
    advice = (
        "download its files elsewhere (Parquet or JSONL) and pass their folder: dataset='path/to/folder', or see "
        "whether the name is that of a file of yours, which is not there"
    )
    try:
        import datasets
    except ImportError:
        raise UsageError(
            f"data set {name!r}: expected the library `datasets` to be installed, which downloads from the Hugging "
            f"Face hub; pip install 'rlef-env[hub]', or {advice}"
        ) from None
    try:
        yield from _opened(datasets, name, configuration, split)
    except Exception as error:  # a library that reads from the network may raise anything
        first = str(error).strip().split("\n", 1)[0][:300]
        raise UsageError(
            f"data set {name!r}: expected to stream split {split!r} from the Hugging Face hub, got "
            f"{type(error).__name__}: {first}; check name, split and network, or {advice}"
        ) from error


def _opened(datasets: Any, name: str, configuration: str | None, split: str) -> Iterable[Mapping[str, Any]]:
    """Return the stream of a split; the second split of a data set is called ``valid`` or ``validation``."""
    rows: Iterable[Mapping[str, Any]]
    try:
        rows = datasets.load_dataset(name, configuration, split=split, streaming=True)
    except ValueError:
        other = {"valid": "validation", "validation": "valid"}.get(split)
        if other is None:
            raise
        rows = datasets.load_dataset(name, configuration, split=other, streaming=True)
    return rows
