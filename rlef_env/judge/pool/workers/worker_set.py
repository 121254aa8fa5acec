"""The pool's worker processes: starts them, receives their notifications, retires idle ones."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
from collections.abc import Collection, Container, Iterator
from typing import Final

from rlef_env.judge.pool.sharded_job import Shard
from rlef_env.judge.pool.workers.fork_server import ForkServer
from rlef_env.judge.pool.workers.worker_handle import PickledProblems, WorkerHandle

__all__ = ["WorkerSet"]

IDLE_SECONDS: Final = 30.0  # after so long without work, a worker that was started because others slept is retired


class WorkerSet:
    """The workers, in the order in which they were started.

    Args:
        workers: number of workers whose programs do not sleep.
        max_sleeping: maximum number of additional workers.
        pickled_arguments: of each worker's ``Judge``; see ``pickle_arguments``.
    """

    def __init__(self, workers: int, max_sleeping: int, pickled_arguments: bytes) -> None:
        self.num_workers, self._max_workers = workers, workers + max_sleeping
        self._pickled_arguments = pickled_arguments
        self._workers: list[WorkerHandle] = []
        self._problems = PickledProblems()
        self._fork_server: ForkServer | None = None
        self._inbox = selectors.DefaultSelector()  # finds the workers that have sent something
        self._wakeup = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._awaited = select.epoll()  # becomes ready by the eventfd, and when a worker closes its socket
        self._awaited.register(self._wakeup, select.EPOLLIN)

    def __iter__(self) -> Iterator[WorkerHandle]:
        return iter(self._workers)

    def __len__(self) -> int:
        return len(self._workers)

    # --- notifications and messages -----------------------------------------------------------------------------------

    def notify(self) -> None:
        """End the current ``wait``, or the next one."""
        os.eventfd_write(self._wakeup, 1)

    def wait(self, seconds: float | None) -> None:
        """Wait until a worker notifies the pool or ends, ``notify`` is called, or the time is over (None: never)."""
        self._awaited.poll(seconds)
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wakeup)

    def readable(self) -> list[WorkerHandle]:
        """Return the workers that have sent something, or have ended."""
        return [key.data for key, _ in self._inbox.select(0)]

    def cancel(self, shards: Collection[Shard]) -> None:
        """Tell the workers to skip these shards."""
        for worker in self._workers:
            worker.cancel(shards)

    # --- starting and stopping workers --------------------------------------------------------------------------------

    def num_running(self) -> int:
        """Return the number of workers whose program does not sleep."""
        return sum(worker.load > 0 and not worker.sleeping for worker in self._workers)

    def available(self, fresh: bool) -> WorkerHandle | None:
        """Return an idle worker; start one if none is idle. None if as many programs run as may.

        Args:
            fresh: require a new worker, for a shard that has lost one: whatever ended that worker may have ended
                others, which is not yet known, and one crash must cost a shard one attempt only.

        Raises:
            OSError: a new worker needs more descriptors or memory than are left, and no worker is idle.
        """
        if self.num_running() >= self.num_workers:
            return None
        idle = [worker for worker in self._workers if not worker.load]
        if (found := next((worker for worker in idle if not (fresh and worker.began)), None)) is not None:
            return found
        if len(self._workers) >= self._max_workers:
            if not idle:
                return None
            self.remove(idle.pop())
        try:
            return self.start()
        except OSError:
            if not idle:
                raise
            return idle[0]

    def idle_or_new(self, excluded: Container[WorkerHandle]) -> WorkerHandle | None:
        """Return an idle worker that is not excluded, else a new one. None if no more may be started.

        Raises:
            OSError: a new worker needs more descriptors or memory than are left.
        """
        for worker in self._workers:
            if not worker.load and worker not in excluded:
                return worker
        return self.start() if len(self._workers) < self._max_workers else None

    def start(self) -> WorkerHandle:
        """Start a worker.

        Raises:
            OSError: not enough descriptors or memory is left.
        """
        if self._fork_server is None or not self._fork_server.alive():
            self._fork_server = ForkServer(self._pickled_arguments, self._wakeup)
        try:
            channel = self._fork_server.fork()
        except ConnectionError:  # the fork server is about to end
            self._fork_server.close()
            self._fork_server = ForkServer(self._pickled_arguments, self._wakeup)
            channel = self._fork_server.fork()
        worker = WorkerHandle(channel, self._problems)
        self._workers.append(worker)
        self._inbox.register(channel, selectors.EVENT_READ, worker)
        self._awaited.register(channel, 0)  # a hang-up is always reported
        return worker

    def remove(self, worker: WorkerHandle) -> None:
        """Close the channel to a worker, which stops it if it still runs."""
        self._workers.remove(worker)
        self._inbox.unregister(worker.channel)
        self._awaited.unregister(worker.channel)
        worker.channel.close()

    def retire_idle(self) -> None:
        """Remove additional workers that have been idle for a while."""
        for worker in self._workers[::-1]:  # jobs go to the first idle worker, so the last ones are idle
            if len(self._workers) > self.num_workers and not worker.load and worker.quiet_for(IDLE_SECONDS):
                self.remove(worker)

    def idle_timeout(self) -> float | None:
        """Return the number of seconds after which to call ``retire_idle`` while all workers are idle; None: never."""
        return IDLE_SECONDS if len(self._workers) > self.num_workers else None

    def close(self) -> None:
        """Stop all workers and the fork server."""
        for worker in self._workers:
            worker.channel.close()
        self._workers.clear()
        if self._fork_server is not None:
            self._fork_server.close()
        self._inbox.close()
        self._awaited.close()
        os.close(self._wakeup)

    def close_in_child(self) -> None:
        """Close the copies of the sockets that a forked child has, so that workers notice when the owner ends."""
        for worker in self._workers:
            worker.channel.close()
        if self._fork_server is not None:
            self._fork_server.close_in_child()
