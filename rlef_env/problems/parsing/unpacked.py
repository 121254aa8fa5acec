"""Bound on the size of unpacked data: a small file must not fill the memory."""

from __future__ import annotations

from typing import Final

__all__ = ["unpacked_bytes"]

_MIN_BYTES: Final = 2**27  # bytes: repetitive tests are packed to a thousandth of their size
_TIMES: Final = 64


def unpacked_bytes(packed: int) -> int:
    """Return the bytes that ``packed`` bytes may unpack to: 64 times as many, and at least 128 MiB."""
    return max(_MIN_BYTES, _TIMES * packed)
