"""Stopping by a signal: SIGTERM, and SIGUSR1 as Slurm's ``--signal`` sends it, save a checkpoint and end the run.

A handler only sets a flag. The run looks at it where it can stop: between steps of a rollout, which is dropped, and
after an update. A signal may reach the processes of a run at different times, or one of them only, so they agree where
they meet anyway: before an update, after it, and after the episodes of an evaluation.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import numpy as np

from rlef_agents.ppo import parallel

__all__ = ["Interrupted", "StopSignal"]

SIGNALS: Final = (signal.SIGTERM, signal.SIGUSR1)


class Interrupted(Exception):
    """The episodes that are being played are dropped, because the run was asked to stop."""


class StopSignal:
    """Flag that a signal sets.

    Attributes:
        name: name of the signal; empty until one arrives.
    """

    def __init__(self) -> None:
        self.name = ""

    def check(self) -> None:
        """Return, or raise ``Interrupted`` in a process that got a signal."""
        if self.name:
            raise Interrupted(self.name)

    def agreed(self) -> bool:
        """Return whether any process got a signal; all processes call it at once."""
        return bool(parallel.largest(np.array([float(bool(self.name))]))[0])

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Set the flag at the first of ``SIGNALS``; a second one ends the process at once, as without a handler.

        Under torchrun a second one is ignored: a scheduler signals every process, and torchrun passes it on once more.
        torchrun ends processes that take too long itself. Outside of the main thread nothing is installed.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.name = signal.Signals(number).name
        again = signal.SIG_IGN if "TORCHELASTIC_RUN_ID" in os.environ else signal.SIG_DFL
        for each in SIGNALS:
            signal.signal(each, again)
