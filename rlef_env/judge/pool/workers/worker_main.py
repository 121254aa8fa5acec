"""The processes of a pool: a server that loads the judge once, and the workers that it forks, each with a judge.

The server is started by exec, never forked from a trainer that holds gigabytes, and its workers share what it has
loaded. It ends when the pool's owner closes its socket, or is gone: then it kills the workers, waits for all that comes
after them (it is their subreaper), removes the folder of their temporary files, and leaves.

What the owner and a worker say to each other is pickled tuples over a socket, both ways; a judged program can reach
neither end:

    to a worker    ("problem", key, Problem)   ("forget", key)   ("judge", ticket, job), with the key of its
                   problem   ("cancel", tickets)
    from a worker  ("ready", process id)   ("answer", ticket, judgement, exception, seconds), also to what was cancelled
                   ("waiting",) and ("resumed",), where the judged program sleeps and no longer does
                   ("long",), before an answer that may be more than a socket takes: the owner is to read it at once

A worker may be told of several jobs ahead, whose tickets rise, and answers them in that order. It rings the owner's
bell when it is time to read: short answers are left unannounced while there are at least two jobs to go on with.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import select
import shutil
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import dill
from multiprocess.connection import Connection

from rlef_env.errors import UsageError
from rlef_env.judge.judge import Judge
from rlef_env.judge.judgement import Judgement
from rlef_env.judge.pool.packing import PackedJob, pack, unpack_job
from rlef_env.judge.pool.workers.wire import Channel, words
from rlef_env.problems import Problem

__all__ = ["serve"]

MOST_UNANNOUNCED: Final = 64_000  # bytes, which a socket surely takes while nobody reads them
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def serve(control: int, owner: int, bell: int) -> None:
    """The server: fork a worker for each socket that comes, until the owner hangs up or is gone.

    Args:
        control: descriptor of the socket to the owner. First comes what ``Judge`` is made with, by dill.
        owner: descriptor of the owner process.
        bell: descriptor of the eventfd that workers ring.
    """
    os.set_inheritable(bell, False)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # workers are nobody's zombies
    connection = Connection(control)
    judge_of = loaded(connection.recv_bytes())
    waiter = select.poll()
    waiter.register(control, select.POLLIN)
    waiter.register(owner, select.POLLIN)
    asking = socket.socket(fileno=os.dup(control))
    folder = ""
    with contextlib.suppress(OSError):  # no room: whoever needs a file will say so
        tempfile.tempdir = folder = tempfile.mkdtemp(prefix="rlef-judge-")
    workers: list[int] = []
    while True:
        ready = dict(waiter.poll())
        if owner in ready:
            break
        _, descriptors, _, _ = socket.recv_fds(asking, 1, 1)
        if not descriptors:
            break
        if (pid := os.fork()) == 0:
            for each in (control, owner, asking.fileno()):
                os.close(each)
            run_worker(descriptors[0], bell, judge_of)
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


def loaded(pickle_arguments: bytes) -> Callable[..., Judge]:
    """What makes a worker's judge, of the arguments that were sent."""
    try:
        arguments: Mapping[str, Any] = dill.loads(pickle_arguments)
    except Exception as error:  # noqa: BLE001 - a module may be missing here, or do anything when it is imported
        return partial(Unable, f"{type(error).__name__}: {error}")
    return partial(Judge, **arguments)


class Unable(Judge):
    """Says of each job that what it needs could not be loaded here."""

    def __init__(self, reason: str, **_: Any) -> None:
        super().__init__()
        self._reason = reason

    def judge(self, *_: Any, **__: Any) -> Judgement:
        """Raise what is to be said."""
        raise UsageError(
            f"checkers: expected functions that other processes can load ({self._reason}); define them in a notebook, "
            "in the main program or in a module that can be imported everywhere"
        )


def run_worker(descriptor: int, bell: int, judge_of: Callable[..., Judge]) -> None:
    """A worker, from its fork to its end. Never returns."""
    code = 1
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a judge waits for its own children
        Worker(Channel(descriptor), bell, judge_of).run()
        code = 0
    finally:
        os._exit(code)


class Worker:
    """Judges what comes over a channel, one job at a time.

    Args:
        channel: to the pool's owner.
        bell: descriptor of the owner's eventfd.
        judge_of: makes its judge, given the callbacks ``on_sleep`` and ``interrupt``.
    """

    def __init__(self, channel: Channel, bell: int, judge_of: Callable[..., Judge]) -> None:
        self._channel, self._bell = channel, bell
        self._judge = judge_of(on_sleep=self._on_sleep, interrupt=self._is_cancelled)
        self._problems: dict[int, Problem] = {}
        self._backlog: deque[tuple[Any, ...]] = deque()
        self._cancelled: set[int] = set()
        self._ticket = -1
        self._unannounced = 0

    def run(self) -> None:
        """ShardedJob until the owner hangs up."""
        try:
            self._say("ready", os.getpid())
            self._ring()
            while True:
                if not self._backlog:
                    self._hear()
                while self._backlog:
                    self._do(*self._backlog.popleft())
        except (EOFError, OSError):
            self._judge.close()

    def _do(self, kind: str, *content: Any) -> None:
        if kind == "problem":
            key, problem = content
            self._problems[key] = problem
        elif kind == "forget":
            del self._problems[content[0]]
        elif kind == "judge":
            self._answer(*content)

    def _answer(self, ticket: int, job: PackedJob) -> None:
        self._ticket = ticket
        judgement, raised = None, None
        began = time.monotonic()
        try:
            if not self._is_cancelled():
                judgement = pack(self._judge.judge(unpack_job(job, self._problems)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the owner raises it
            raised = portable(error)
        self._cancelled = {later for later in self._cancelled if later > ticket}
        answer = words("answer", ticket, judgement, raised, time.monotonic() - began)
        size = sum(map(len, answer))
        if self._unannounced + size > MOST_UNANNOUNCED:  # or it would wait for one who waits for the bell
            self._say("long")
            self._ring()
        self._channel.say(answer)
        self._channel.flush()
        self._unannounced += size
        if len(self._backlog) < 2:
            self._ring()

    def _on_sleep(self, asleep: bool) -> None:
        with contextlib.suppress(OSError):  # that the owner is gone is noticed where a message is waited for
            self._say("waiting" if asleep else "resumed")
            self._ring()

    def _is_cancelled(self) -> bool:
        """Whether the owner does not want the rest; other words that came meanwhile are kept."""
        while self._channel.waits():
            self._hear()
        return self._ticket in self._cancelled

    def _hear(self) -> None:
        for message in self._channel.hear():
            if message[0] == "cancel":
                self._cancelled.update(message[1])
            else:
                self._backlog.append(message)

    def _say(self, *message: Any) -> None:
        self._channel.say(words(*message))
        self._channel.flush()

    def _ring(self) -> None:
        self._unannounced = 0
        os.eventfd_write(self._bell, 1)


def portable(error: Exception) -> Exception:
    """The error, or one that says the same and can be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception as reason:  # noqa: BLE001 - an error may define how it is pickled, and that anyhow
        return RuntimeError(f"{type(error).__name__}: {error} ({reason})")
    return error


def prctl(option: int, value: int) -> None:
    """Set an option of this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
