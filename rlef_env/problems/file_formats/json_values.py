"""Convert rows that a library returns into JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

from rlef_env.errors import DataError

__all__ = ["MAX_ROW_BYTES", "json_bytes"]

MAX_ROW_BYTES: Final = 2**29
"""Maximum bytes of a row: a file that is not what it seems must not fill the memory."""


def json_bytes(row: Any, where: str) -> bytes:
    """Return a row that a library returned as JSON, with dates and times in ISO 8601.

    Raises:
        DataError: the row holds a value that JSON cannot represent, or takes more than 512 MiB.
    """
    try:
        raw = json.dumps(row, ensure_ascii=False, default=_iso).encode()
        if len(raw) <= MAX_ROW_BYTES:
            return raw
        raise DataError(f"{where}: expected a row of at most {MAX_ROW_BYTES} bytes, got {len(raw)}; leave it out")
    except DataError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{where}: expected values that JSON can represent, got: {error}; convert them first") from None


def _iso(value: object) -> str:
    if isinstance(value, date):  # includes datetime
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__}")
