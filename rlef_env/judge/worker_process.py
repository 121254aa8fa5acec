"""The owner's end of a pool's processes: the server, and each worker with what it knows and does."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import dill
from multiprocess.connection import Connection

from rlef_env.judge.job import needed_to_judge
from rlef_env.problems import Problem

if TYPE_CHECKING:
    from rlef_env.judge.pool import Task

__all__ = ["Server", "WorkerProcess"]

MOST_KEPT: Final = 64_000_000  # characters of tests that a worker keeps
MOST_PARCELS: Final = 32_000_000  # bytes of problems that are kept as they are sent: many workers want the same one
END_SECONDS: Final = 10.0
START: Final = """\
import sys
sys.path[:] = sys.argv[3:]
from rlef_env.judge.workers import serve
serve(int(sys.argv[1]), int(sys.argv[2]))
"""


class Server:
    """The process that forks workers.

    Args:
        arguments: of each worker's ``Judge``; what plain pickling refuses travels by dill.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._control, theirs = socket.socketpair()
        owner = os.pidfd_open(os.getpid())
        try:
            # The package may have been imported from a place that only this process knows.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", START, str(theirs.fileno()), str(owner), *filter(None, sys.path)],
                pass_fds=(theirs.fileno(), owner),
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the owner's business
            )
        finally:
            theirs.close()
            os.close(owner)
        connection = Connection(os.dup(self._control.fileno()))
        connection.send_bytes(dill.dumps(dict(arguments)))
        connection.close()
        self._parcels = Parcels()

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def worker(self) -> WorkerProcess:
        """Have a worker forked. It starts while the caller goes on."""
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._control, [b"w"], [theirs.fileno()])
        finally:
            theirs.close()
        return WorkerProcess(Connection(ours.detach()), self._parcels)

    def close(self) -> None:
        """End it and all of its workers, and wait for that."""
        self._control.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def forget(self) -> None:
        """Close this end only."""
        self._control.close()


class Parcels:
    """Problems as they are sent to workers, those asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def of(self, key: int, problem: Problem) -> bytes:
        """The message that gives a worker a problem under a key, which stands for this problem only."""
        parcel = self._kept.pop(key, None)
        if parcel is None:
            parcel = pickle.dumps(("problem", key, needed_to_judge(problem)), pickle.HIGHEST_PROTOCOL)
        self._kept[key] = parcel
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > MOST_PARCELS:
            self._kept.popitem(last=False)
        return parcel


class WorkerProcess:
    """A worker: where to reach it, what it does, and which problems it holds.

    Attributes:
        connection: to it.
        pid: its process; 0 until it is ready.
        task: what it was given last and has not answered.
        ticket: the number of that.
        sleeping: whether the program that it runs sleeps.
        idle_since: when it had its last answer ready, on the monotonic clock, or was made.
    """

    def __init__(self, connection: Any, parcels: Parcels) -> None:
        self.connection = connection
        self._parcels = parcels
        self.pid = 0
        self.task: Task | None = None
        self.ticket = -1
        self.sleeping = False
        self.idle_since = time.monotonic()
        self._kept: OrderedDict[int, int] = OrderedDict()

    def give(self, ticket: int, task: Task, key: int, problem: Problem) -> None:
        """Send a task, and the problem if the worker does not hold it.

        Raises:
            OSError: the worker is gone.
        """
        self.task, self.ticket, self.sleeping = task, ticket, False
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._keep(key, problem)
        job = task.job
        rest = (job.roles, job.stop_early, job.limit, job.first)
        self._send("judge", ticket, key, job.program.source, job.program.language, *rest)

    def cancel(self) -> None:
        """Tell it that its task is not wanted any more."""
        with contextlib.suppress(OSError):  # its end is noticed elsewhere
            self._send("cancel", self.ticket)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _keep(self, key: int, problem: Problem) -> None:
        size = sum(len(test.input) + len(test.output) for _, _, test in problem.tests())
        self._kept[key] = size
        while len(self._kept) > 1 and sum(self._kept.values()) > MOST_KEPT:
            oldest, _ = self._kept.popitem(last=False)
            self._send("forget", oldest)
        self.connection.send_bytes(self._parcels.of(key, problem))

    def _send(self, *message: Any) -> None:
        self.connection.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
