"""The launcher of executed programs, which is kept for the next program: starting one takes longer than three runs."""

from __future__ import annotations

import contextlib
import socket

from rlef_env.errors import SandboxFailure
from rlef_env.sandbox.zygote.ipc import receive_within, send
from rlef_env.sandbox.zygote.protocol import COMPILED, PROGRAM

__all__ = ["KeptLauncher"]

ANSWER_SECONDS = 120.0  # the launcher answers at once, unless it is gone
MAX_PROGRAMS = 1000  # that one launcher serves: its own CPU time is limited, like that of its runs


class KeptLauncher:
    """The process in which launcher.c runs, between two programs with the same limits.

    Nothing of a program ever runs in it: its child executes the program, in memory of its own. So what a program did
    cannot reach the next one through it. A launcher is kept only if it reported the end of its last run.

    Attributes:
        sockets: closed when the launcher must end. A launcher's socket is entered here when it is started.
    """

    def __init__(self) -> None:
        self.sockets = contextlib.ExitStack()
        self._control: socket.socket | None = None
        self._load, self._programs = b"", 0

    def close(self) -> None:
        """End the launcher, if there is one."""
        self._control, self._programs = None, 0
        self.sockets.close()

    def keep(self, control: socket.socket | None, load: bytes) -> None:
        """Keep a launcher whose program has ended.

        Args:
            control: socket to it; None if it is not to be kept.
            load: message with the limits and the command for which it was started.
        """
        if control is None or self._programs >= MAX_PROGRAMS:
            self.close()
        else:
            self._control, self._load = control, load

    def next_program(self, file: int, load: bytes) -> socket.socket | None:
        """Give the kept launcher another program, and return the socket to it.

        Args:
            file: descriptor of the program.
            load: message with the program's limits and command.

        Returns:
            None if none is kept for these; then whatever was kept has ended.
        """
        control, self._control = self._control, None
        if control is not None and load == self._load:
            with contextlib.suppress(SandboxFailure):
                send(control, PROGRAM, [file])
                if (receive_within(control, ANSWER_SECONDS) or b"")[:1] == COMPILED:
                    self._programs += 1
                    return control
        self.close()
        return None
