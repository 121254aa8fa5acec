"""Responses that are being judged: sent for some environments, answered in any order, received by the caller."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from rlef_env.envs.dynamics import OpenEpisode
from rlef_env.envs.judging import Judging
from rlef_env.envs.vector.step_batch import StepResult
from rlef_env.judge import JudgeJob, Judgement, JudgePool

__all__ = ["PendingSteps"]


@dataclass(eq=False, slots=True)
class _Response:
    """One of them: its number, what is still to be done for it, and the job that is done for it now."""

    step_id: int
    judging: Judging[OpenEpisode] | None = None
    last: bool = False
    job: Future[Judgement] | None = None


class PendingSteps:
    """At most one response of each environment, from ``send`` until its reply is received.

    One thread calls; what it is told by the pool's thread is kept until it asks. A response that was dropped is not
    heard of again.

    Args:
        pool: whom to ask for judgements; called when there is something to judge.
    """

    def __init__(self, pool: Callable[[], JudgePool]) -> None:
        self._pool = pool
        self._next_step_id = 0
        self._lock = threading.RLock()  # guards all that follows
        self._changed = threading.Condition(self._lock)
        self._open: dict[int, _Response] = {}
        self._ready: list[StepResult] = []
        self._wanted = 0  # by who waits

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, env_id: int) -> bool:
        return env_id in self._open

    def send(self, env_ids: Sequence[int]) -> npt.NDArray[np.int64]:
        """Number a response for each of these environments; ``judge`` or ``answer`` is to follow for each."""
        step_ids = np.arange(self._next_step_id, self._next_step_id + len(env_ids))
        self._next_step_id += len(env_ids)
        with self._lock:
            self._open |= {
                env_id: _Response(step_id) for env_id, step_id in zip(env_ids, step_ids.tolist(), strict=True)
            }
        return step_ids

    def judge(self, env_id: int, judging: Judging[OpenEpisode], last: bool) -> None:
        """Have a response judged, ``last`` if it is sure to end its episode."""
        response = self._open[env_id]
        response.judging, response.last = judging, last
        self._go_on(env_id, response, None)

    def answer(self, env_id: int, begin: Callable[[], OpenEpisode]) -> None:
        """Say at once what came of a response: it was a reset."""
        step_id = self._open[env_id].step_id
        try:
            reply = StepResult(env_id, step_id, begin(), was_reset=True)
        except Exception as error:  # noqa: BLE001 - raised where the reply is received; the data may be gone
            reply = StepResult(env_id, step_id, error=error)
        self._put(reply)

    def ready(self, min_ready: int, timeout: float | None) -> list[StepResult]:
        """Wait for so many replies, fewer if fewer are under way, and return all that there are; see ``receive``."""
        until = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            while len(self._ready) < (wanted := min(min_ready, len(self._open))):
                self._wanted = wanted
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
            return list(self._ready)

    def receive(self, received: Sequence[StepResult], left: Sequence[StepResult]) -> None:
        """Of the replies that were ready these are received, the others, as they are now, left for the next time."""
        with self._lock:
            self._ready[: len(received) + len(left)] = left
            for reply in received:
                del self._open[reply.env_id]

    def drop(self, env_id: int) -> None:
        """Forget the response of an environment, if there is one."""
        with self._lock:
            response = self._open.pop(env_id, None)
            if response is None:
                return
            self._ready = [reply for reply in self._ready if reply.env_id != env_id]
            self._changed.notify_all()
        if response.job is not None:
            response.job.cancel()

    def _go_on(self, env_id: int, response: _Response, judgement: Judgement | None) -> None:
        """Give the rules a judgement, and have judged what they ask for next; or say what came of the response."""
        judging = response.judging
        assert judging is not None
        try:
            job = next(judging) if judgement is None else judging.send(judgement)
        except StopIteration as end:
            self._put(StepResult(env_id, response.step_id, end.value))
        except Exception as error:  # noqa: BLE001 - raised where the reply is received
            self._put(StepResult(env_id, response.step_id, error=error))
        else:
            self._submit(env_id, response, job)

    def _submit(self, env_id: int, response: _Response, job: JudgeJob) -> None:
        try:
            # What ends an episode goes first: it frees a place, and the rest of it is waited for the longest.
            response.job = self._pool().submit(job, priority=int(response.last), owner=env_id)
        except Exception as error:  # noqa: BLE001 - likewise
            self._put(StepResult(env_id, response.step_id, error=error))
        else:
            response.job.add_done_callback(partial(self._judged, env_id, response))

    def _judged(self, env_id: int, response: _Response, future: Future[Judgement]) -> None:
        """Called by the pool's own thread, or at once."""
        with self._lock:
            if self._open.get(env_id) is not response:
                return  # it was dropped
            try:
                judgement = future.result()
            except (Exception, CancelledError) as error:  # noqa: BLE001 - likewise
                self._put(StepResult(env_id, response.step_id, error=error))
            else:
                self._go_on(env_id, response, judgement)

    def _put(self, reply: StepResult) -> None:
        with self._lock:
            self._ready.append(reply)
            if len(self._ready) >= self._wanted:  # to wake the caller for each of a thousand takes its time
                self._changed.notify_all()
