"""The pool's end of the fork server: the process that forks the workers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Final

from multiprocess.connection import Connection

from rlef_env.judge.pool.workers.wire import Channel

__all__ = ["ForkServer"]

CLOSE_SECONDS: Final = 10.0
START: Final = """\
import sys
sys.path[:] = sys.argv[4:]
from rlef_env.judge.pool.workers.worker_main import run_fork_server
run_fork_server(*map(int, sys.argv[1:4]))
"""


class ForkServer:
    """A process that has loaded the judge and forks workers.

    Args:
        pickled_arguments: of each worker's ``Judge``; see ``pickle_arguments``.
        wakeup: descriptor of the eventfd by which workers notify this process.
    """

    def __init__(self, pickled_arguments: bytes, wakeup: int) -> None:
        self._control, theirs = socket.socketpair()
        owner = os.pidfd_open(os.getpid())
        try:
            descriptors = (theirs.fileno(), owner, wakeup)
            options = ["-I", *(["-B"] * sys.dont_write_bytecode)]
            # sys.path is passed on: the package may have been imported from a place that only this process knows.
            self._process = subprocess.Popen(
                [sys.executable, *options, "-c", START, *map(str, descriptors), *filter(None, sys.path)],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C must reach the owner only
            )
        finally:
            theirs.close()
            os.close(owner)
        connection = Connection(os.dup(self._control.fileno()))
        connection.send_bytes(pickled_arguments)
        connection.close()

    def alive(self) -> bool:
        """Return whether the process still runs."""
        return self._process.poll() is None

    def fork(self) -> Channel:
        """Have a worker forked and return the channel to it. The worker starts while the caller goes on.

        Raises:
            ConnectionError: the process is about to end.
            OSError: no descriptors are left.
        """
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._control, [b"w"], [theirs.fileno()])
        except ConnectionError:
            ours.close()
            raise
        finally:
            theirs.close()
        return Channel(ours.detach())

    def close(self) -> None:
        """Stop the process and all of its workers, and wait for them to end."""
        self._control.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close_in_child(self) -> None:
        """Close the copy of the control socket that a forked child has."""
        self._control.close()
