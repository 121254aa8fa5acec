"""Byte for byte."""

from __future__ import annotations

from rlef_env.problems import NO_FLAGS, CheckerFlags

__all__ = ["check_exact"]


def check_exact(output: bytes, expected: bytes, _: CheckerFlags = NO_FLAGS) -> bool:
    r"""Whether both are the same bytes.

    >>> check_exact(b"1\n", b"1\n"), check_exact(b"1", b"1\n")
    (True, False)
    """
    return output == expected
