"""The pool's child processes: the fork server, which loads the judge once, and the workers that it forks.

The fork server is started by exec, because the pool's owner may be a trainer that holds gigabytes. Its workers share
the memory of what it has loaded. It ends when the owner closes the control socket or ends: then it kills the workers,
waits for their descendants (it is their subreaper), removes their temporary folder and exits.

A pool and a worker exchange pickled tuples over a socket. A judged program can reach neither end.

    to a worker    ("problem", key, Problem)    keep a problem
                   ("forget", key)              drop it
                   ("judge", ticket, job)       judge a job, which names its problem by key
                   ("cancel", tickets)          skip these jobs; each still gets an answer
    from a worker  ("ready", process id)        it has started
                   ("answer", ticket, judgement, exception, seconds)
                   ("sleeping", bool)           the judged program sleeps, or runs again
                   ("long",)                    the next answer may exceed the socket's buffer: read it at once

A worker may get several jobs ahead. Their tickets increase, and it answers them in this order. It notifies the pool,
by an eventfd, when there is something to read at once. It does not do so for a short answer while at least two more
jobs are queued in the worker, because each wake-up costs the pool more than handling an answer.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from multiprocess.connection import Connection

from rlef_env.judge.judge import Judge
from rlef_env.judge.pool.workers.judge_arguments import unpickle_judge
from rlef_env.judge.pool.workers.wire import (
    SOCKET_BYTES,
    Channel,
    JobTuple,
    frames,
    job_from_tuple,
    judgement_to_tuple,
    num_bytes,
    portable_error,
)
from rlef_env.problems import Problem

__all__ = ["run_fork_server"]

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36


def run_fork_server(control: int, owner: int, wakeup: int) -> None:
    """Fork a worker for each socket that arrives, until the owner closes the control socket or ends.

    Args:
        control: descriptor of the socket to the owner. Its first message holds the arguments of the workers' judges;
            see ``pickle_arguments``.
        owner: pidfd of the owner.
        wakeup: descriptor of the eventfd by which workers notify the owner.
    """
    os.set_inheritable(wakeup, False)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the workers
    connection = Connection(control)
    make_judge = unpickle_judge(connection.recv_bytes())
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(owner, select.POLLIN)
    requests = socket.socket(fileno=os.dup(control))
    folder = ""
    with contextlib.suppress(OSError):  # the disk is full: a checker that needs a file raises an error later
        tempfile.tempdir = folder = tempfile.mkdtemp(prefix="rlef-judge-")
    workers: list[int] = []
    while True:
        ready = dict(poll.poll())
        if owner in ready:
            break
        _, descriptors, _, _ = socket.recv_fds(requests, 1, 1)
        if not descriptors:
            break
        if (pid := os.fork()) == 0:
            for each in (control, owner, requests.fileno()):
                os.close(each)
            run_worker(descriptors[0], wakeup, make_judge)
        workers.append(pid)
        os.close(descriptors[0])
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    try:
        while True:
            os.wait()
    except ChildProcessError:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


def run_worker(descriptor: int, wakeup: int, make_judge: Callable[..., Judge]) -> None:
    """Run a forked worker until its owner closes the socket. Never returns."""
    code = 1
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a judge waits for its own children
        Worker(Channel(descriptor), wakeup, make_judge).run()
        code = 0
    finally:
        os._exit(code)


class Worker:
    """Judges the jobs that arrive on a channel, one at a time.

    Args:
        channel: to the pool's owner.
        wakeup: descriptor of the owner's eventfd.
        make_judge: makes the worker's judge, given the callbacks ``on_sleep`` and ``interrupt``.
    """

    def __init__(self, channel: Channel, wakeup: int, make_judge: Callable[..., Judge]) -> None:
        self._channel, self._wakeup = channel, wakeup
        self._judge = make_judge(on_sleep=self._on_sleep, interrupt=self._is_cancelled)
        self._problems: dict[int, Problem] = {}
        self._backlog: deque[tuple[Any, ...]] = deque()
        self._cancelled: set[int] = set()
        self._ticket = -1
        self._unread = 0  # bytes of answers since the last notification

    def run(self) -> None:
        """Judge jobs until the owner closes the channel."""
        try:
            self._send("ready", os.getpid())
            while True:
                if not self._backlog:
                    self._receive()
                while self._backlog:
                    self._handle(*self._backlog.popleft())
        except (EOFError, OSError):
            self._judge.close()

    def _handle(self, kind: str, *content: Any) -> None:
        if kind == "problem":
            key, problem = content
            self._problems[key] = problem
        elif kind == "forget":
            del self._problems[content[0]]
        elif kind == "judge":
            self._answer(*content)

    def _answer(self, ticket: int, job: JobTuple) -> None:
        self._ticket = ticket
        judgement, raised = None, None
        start = time.monotonic()
        try:
            if not self._is_cancelled():
                judgement = judgement_to_tuple(self._judge.judge(job_from_tuple(job, self._problems)))
        except Exception as error:  # noqa: BLE001 - the owner raises it, whatever it is
            raised = portable_error(error)
        self._cancelled = {later for later in self._cancelled if later > ticket}
        answer = frames("answer", ticket, judgement, raised, time.monotonic() - start)
        if self._unread + num_bytes(answer) > SOCKET_BYTES:
            self._send("long")  # else this worker waits for space while the owner waits for a notification
        self._channel.write(answer)
        self._channel.flush()
        self._unread += num_bytes(answer)
        if len(self._backlog) < 2:
            self._notify()

    def _on_sleep(self, sleeping: bool) -> None:
        with contextlib.suppress(OSError):  # the next read finds that the owner is gone
            self._send("sleeping", sleeping)

    def _is_cancelled(self) -> bool:
        """Return whether the current job is cancelled. Other messages that have arrived are kept."""
        while self._channel.readable():
            self._receive()
        return self._ticket in self._cancelled

    def _receive(self) -> None:
        for message in self._channel.read():
            if message[0] == "cancel":
                self._cancelled.update(message[1])
            else:
                self._backlog.append(message)

    def _send(self, *message: Any) -> None:
        self._channel.write(frames(*message))
        self._channel.flush()
        self._notify()

    def _notify(self) -> None:
        self._unread = 0
        os.eventfd_write(self._wakeup, 1)


def prctl(option: int, value: int) -> None:
    """Set an option of this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
