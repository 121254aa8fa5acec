"""Rows that a library gave, as JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

from rlef_env.errors import DataError

__all__ = ["LONGEST_ROW", "json_bytes"]

LONGEST_ROW: Final = 2**29
"""Bytes of a row at most: a file that is not what it seems must not fill the memory."""


def json_bytes(row: Any, where: str) -> bytes:
    """A row that a library gave, as JSON; days and times as ISO 8601.

    Raises:
        DataError: it holds what JSON has not, or takes more than 512 MiB.
    """
    try:
        raw = json.dumps(row, ensure_ascii=False, default=_iso).encode()
        if len(raw) <= LONGEST_ROW:
            return raw
        raise DataError(f"{where}: expected a row of at most {LONGEST_ROW} bytes, got {len(raw)}; leave it out")
    except DataError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{where}: expected values that JSON has, got: {error}; convert them first") from None


def _iso(value: object) -> str:
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__}")
