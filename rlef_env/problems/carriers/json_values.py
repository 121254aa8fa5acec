"""Rows that a library gave, as JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from rlef_env.errors import DataError

__all__ = ["json_bytes"]


def json_bytes(row: Any, where: str) -> bytes:
    """A row that a library gave, as JSON; days and times as ISO 8601.

    Raises:
        DataError: it holds what JSON has not.
    """
    try:
        return json.dumps(row, ensure_ascii=False, default=_iso).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{where}: expected values that JSON has, got: {error}; convert them first") from None


def _iso(value: object) -> str:
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__}")
