"""How much what is packed may unpack to: a small file must not fill the memory."""

from __future__ import annotations

from typing import Final

__all__ = ["unpacked_bytes"]

_AT_LEAST: Final = 2**27  # bytes: tests that repeat themselves are packed to a thousandth
_TIMES: Final = 64


def unpacked_bytes(packed: int) -> int:
    """Bytes that ``packed`` bytes may unpack to: 64 times as many, and 128 MiB in any case."""
    return max(_AT_LEAST, _TIMES * packed)
