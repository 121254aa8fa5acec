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
        status, *numbers = RESULT.unpack(message)
        usage, clocks = numbers[:18], numbers[18:]
        started, ended, spent = (clocks[place] + clocks[place + 1] / 1e9 for place in (0, 2, 4))
        cpu = usage[0] + usage[2] + (usage[1] + usage[3]) / 1e6
        return cls(status, cpu, usage[4] * 1024, started, ended, spent)
