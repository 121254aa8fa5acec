"""What a zygote reports about a run that has ended."""

from __future__ import annotations

from typing import NamedTuple

from rlef_env.sandbox.zygote.protocol import RESULT

__all__ = ["RunResult"]


class RunResult(NamedTuple):
    """A ``RESULT``, decoded.

    Attributes:
        status: wait status.
        cpu_seconds: user + system time of the process, and of its children that it waited for.
        peak_bytes: the largest resident memory of any of these.
        started: when it was forked, in seconds of ``time.monotonic()``.
        ended: when it had ended.
        spent: CPU seconds, at the end, of the process that forked it.
    """

    status: int
    cpu_seconds: float
    peak_bytes: int
    started: float
    ended: float
    spent: float

    @classmethod
    def of(cls, message: bytes) -> RunResult | None:
        """Decode a message; None if it is not a ``RESULT``."""
        if len(message) != RESULT.size:
            return None
        status, user, user_us, system, system_us, peak_kb, *_, start, start_ns, end, end_ns, own, own_ns = (
            RESULT.unpack(message)
        )
        return cls(
            status,
            user + system + (user_us + system_us) / 1e6,
            peak_kb * 1024,
            start + start_ns / 1e9,
            end + end_ns / 1e9,
            own + own_ns / 1e9,
        )
