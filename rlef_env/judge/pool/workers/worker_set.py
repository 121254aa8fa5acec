"""The workers of a pool: those that are there, whom to hear, and when one is hired or let go."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
from collections.abc import Container
from typing import Final

from rlef_env.judge.pool.workers.worker_handle import Server, WorkerHandle

__all__ = ["WorkerSet"]

SPARE_SECONDS: Final = 30.0  # after so long without work, a worker that is there because others slept is let go


class WorkerSet(list[WorkerHandle]):
    """The workers that are there, in the order in which they came.

    Args:
        workers: how many there are, sleeping ones not counted.
        spare: how many beyond.
        pickle_arguments: what each of them starts with; see ``worker_process.pickle_arguments``.
    """

    def __init__(self, workers: int, spare: int, pickle_arguments: bytes) -> None:
        super().__init__()
        self._workers, self._spare, self._luggage = workers, spare, pickle_arguments
        self._server: Server | None = None
        self._inbox = selectors.DefaultSelector()  # who has said something
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._awaited = select.epoll()  # the bell, and that a worker is gone
        self._awaited.register(self._bell, select.EPOLLIN)

    # --- whom to hear -------------------------------------------------------------------------------------------------

    def ring(self) -> None:
        """End the wait, of now or next."""
        os.eventfd_write(self._bell, 1)

    def wait(self, seconds: float | None) -> None:
        """Wait for the bell, which workers ring, too, or for the end of a worker."""
        self._awaited.poll(seconds)
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._bell)

    def heard(self) -> list[WorkerHandle]:
        """Those that have said something, or are gone."""
        return [key.data for key, _ in self._inbox.select(0)]

    # --- who is there -------------------------------------------------------------------------------------------------

    def awake(self) -> int:
        """How many work on a program that does not sleep."""
        return sum(worker.load > 0 and not worker.sleeping for worker in self)

    def free(self, fresh: bool) -> WorkerHandle | None:
        """A worker that has nothing to do, if there may be one.

        Args:
            fresh: it is to be a new one, for what has lost its worker: of those that are there, more may be gone by
                now, and one blow is to count once.

        Raises:
            OSError: there are no descriptors or no memory left for one more, and none is idle.
        """
        if self.awake() >= self._workers:
            return None
        idle = [worker for worker in self if not worker.load]
        if (found := next((worker for worker in idle if not (fresh and worker.began)), None)) is not None:
            return found
        if len(self) >= self._workers + self._spare:
            if not idle:
                return None
            self.part(idle.pop())
        try:
            return self._hire()
        except OSError:
            if not idle:
                raise
            return idle[0]

    def idle_or_new(self, taken: Container[WorkerHandle]) -> WorkerHandle | None:
        """A worker that has nothing to do and is not taken, else a new one; None where there are as many as may be.

        Raises:
            OSError: there are no descriptors or no memory left for one more.
        """
        for worker in self:
            if not worker.load and worker not in taken:
                return worker
        return self._hire() if len(self) < self._workers + self._spare else None

    def _hire(self) -> WorkerHandle:
        if self._server is None or not self._server.alive():
            self._server = Server(self._luggage, self._bell)
        try:
            worker = self._server.worker()
        except ConnectionError:  # it is about to end
            self._server.close()
            self._server = Server(self._luggage, self._bell)
            worker = self._server.worker()
        self.append(worker)
        self._inbox.register(worker.channel, selectors.EVENT_READ, worker)
        self._awaited.register(worker.channel, 0)  # a hang-up is always reported
        return worker

    def part(self, worker: WorkerHandle) -> None:
        """Do without a worker, which ends if it has not."""
        self.remove(worker)
        self._inbox.unregister(worker.channel)
        self._awaited.unregister(worker.channel)
        worker.channel.close()

    def let_go(self) -> None:
        """Part with those beyond the usual number that have had nothing to do for a while."""
        for worker in reversed(self[:]):  # work is given to the first, so the last are idle
            if len(self) > self._workers and not worker.load and worker.quiet_for(SPARE_SECONDS):
                self.part(worker)

    def patience(self) -> float | None:
        """How long to wait at most while nobody works; None for ever."""
        return SPARE_SECONDS if len(self) > self._workers else None

    def close(self) -> None:
        """End all of them, and the server that forks them."""
        for worker in self:
            worker.channel.close()
        self.clear()
        if self._server is not None:
            self._server.close()
        self._inbox.close()
        self._awaited.close()
        os.close(self._bell)

    def forget(self) -> None:
        """In a forked child: let go of what is the parent's, without a word to anybody."""
        for worker in self:
            worker.channel.close()
        if self._server is not None:
            self._server.forget()
