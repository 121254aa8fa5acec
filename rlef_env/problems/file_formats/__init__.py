"""How rows are stored: JSONL, JSONL.gz, a JSON array, Parquet, or several such files. What rows mean: ``schemas``."""

from rlef_env.problems.file_formats.file_format import SUFFIXES, RawRow, is_plain, iter_rows, raw_rows
from rlef_env.problems.file_formats.json_values import json_bytes
from rlef_env.problems.file_formats.shards import is_pattern, named_files

__all__ = [
    "SUFFIXES",
    "RawRow",
    "is_pattern",
    "is_plain",
    "iter_rows",
    "json_bytes",
    "named_files",
    "raw_rows",
]
