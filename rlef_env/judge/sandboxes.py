"""The two sandboxes of a judge: one for the program that is judged, one for the programs of the problem."""

from __future__ import annotations

from collections.abc import Callable

from rlef_env.sandbox import Sandbox

__all__ = ["OnSleep", "Sandboxes", "ignore_sleep"]

OnSleep = Callable[[bool], object]
"""Called with True when the judged program sleeps, so that it holds no core, and with False when it runs again."""


def ignore_sleep(_: bool) -> None:
    """Do nothing when a program sleeps or wakes up."""


class Sandboxes:
    """Two sandboxes, each started when first needed.

    Args:
        isolation: ``"locked"`` or ``"none"``.
        numpy: let the judged program import numpy.
        on_sleep: called when the judged program begins or ends to sleep.
    """

    def __init__(self, isolation: str = "locked", numpy: bool = False, on_sleep: OnSleep = ignore_sleep) -> None:
        self.isolation, self.numpy, self._on_sleep = isolation, numpy, on_sleep
        self._program: Sandbox | None = None
        self._data: Sandbox | None = None

    @property
    def program(self) -> Sandbox:
        """Sandbox for the program that is judged."""
        if self._program is None:
            self._program = Sandbox(self.isolation, numpy=self.numpy, on_sleep=self._on_sleep)
        return self._program

    @property
    def data(self) -> Sandbox:
        """Sandbox for the programs that came with the problem: checkers, interactors, the code of tests."""
        if self._data is None:
            self._data = Sandbox(self.isolation)
        return self._data

    @property
    def zygotes(self) -> dict[int, bool]:
        """Zygotes of those that were started, as in ``Sandbox.zygotes``."""
        started = (sandbox for sandbox in (self._program, self._data) if sandbox is not None)
        return {pid: launches for sandbox in started for pid, launches in sandbox.zygotes.items()}

    def close(self) -> None:
        """End both. Safe to call twice; they start again when needed."""
        for sandbox in (self._program, self._data):
            if sandbox is not None:
                sandbox.close()
        self._program = self._data = None

    def kill(self) -> None:
        """Kill what runs in them at once, from any thread."""
        for sandbox in (self._program, self._data):
            if sandbox is not None:
                sandbox.kill()
