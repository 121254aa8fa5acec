"""Read Parquet files row by row; needs pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rlef_env.errors import DataError, UsageError
from rlef_env.problems.file_formats.json_values import MAX_ROW_BYTES, json_bytes

__all__ = ["parquet_rows"]

_ROWS: Final = 8  # at a time: a row of CodeContests takes up to 100 MB
_MIN_VALUES: Final = 2**24  # numbers and texts that a file of any size may have


def parquet_rows(path: Path, name: str) -> Iterator[bytes]:
    """Yield each row as JSON, with a few rows in memory at a time.

    Raises:
        DataError: not a Parquet file, a truncated file, a value that JSON cannot represent, or a file that unpacks
            to far more than its size.
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
            _check_values(file.metadata, path.stat().st_size, name)
            for batch in file.iter_batches(batch_size=_ROWS, use_threads=False):
                if batch.nbytes > _ROWS * MAX_ROW_BYTES:
                    raise DataError(f"{name}: expected rows of at most {MAX_ROW_BYTES} bytes, got more; leave them out")
                for row in batch.to_pylist():
                    yield json_bytes(row, f"{name}: row {number}")
                    number += 1
    except (ArrowInvalid, ArrowException, OSError) as error:
        if isinstance(error, (FileNotFoundError, IsADirectoryError)):
            raise
        first = str(error).split("\n", 1)[0]
        raise DataError(f"{name}: expected a Parquet file, got: {first}; check that nothing was cut") from None


def _check_values(metadata: Any, size: int, name: str) -> None:
    """Refuse a file with more values than bytes: a list of a billion zeros is packed into a kilobyte."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    values = sum(group.column(number).num_values for group in groups for number in range(group.num_columns))
    most = max(_MIN_VALUES, size)
    if values > most:
        raise DataError(f"{name}: expected at most {most:,} values in a file of its size, got {values:,}; split it")
