"""Parquet files, row by row; needs pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rlef_env.errors import DataError, UsageError
from rlef_env.problems.carriers.json_values import json_bytes

__all__ = ["parquet_rows"]

_ROWS: Final = 8  # at a time: a row of CodeContests takes up to 100 MB


def parquet_rows(path: Path, name: str) -> Iterator[bytes]:
    """Yield each row as JSON, a few in memory at a time.

    Raises:
        DataError: the file is no Parquet, is cut short, or holds a value that JSON has not.
        UsageError: pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException, ArrowInvalid, parquet
    except ImportError:
        raise UsageError(
            f"{name}: expected pyarrow to be installed, which reads Parquet; pip install 'rlef-env[parquet]', or "
            "convert the file to JSONL"
        ) from None
    number = 0
    try:
        with path.open("rb") as source, parquet.ParquetFile(source, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=_ROWS, use_threads=False):
                for row in batch.to_pylist():
                    yield json_bytes(row, f"{name}: row {number}")
                    number += 1
    except (ArrowInvalid, ArrowException, OSError) as error:
        if isinstance(error, (FileNotFoundError, IsADirectoryError)):
            raise
        first = str(error).split("\n", 1)[0]
        raise DataError(f"{name}: expected a Parquet file, got: {first}; check that nothing was cut") from None
