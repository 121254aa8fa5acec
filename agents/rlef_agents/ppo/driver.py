"""Play batches of episodes while the learner updates the weights, at most ``max_lag`` updates ahead of it.

Batch ``b`` is trained on at version ``b``. It begins no earlier than with weights of version ``b - max_lag``, and
weights only become newer, so no token of it is older than ``max_lag`` updates when it is trained on. Batches are whole
plans: taking whichever episodes end first would prefer short ones.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rlef_agents.ppo.rollout import Batch, Plan, Rollout

__all__ = ["Driver"]


class Driver:
    """Plays the batches of a run in order, in a thread of its own if ``max_lag`` is above 0.

    Args:
        rollout: plays the episodes, in at least ``1 + max_lag`` environments. Its generator must not use the weights
            that the learner changes, unless ``max_lag`` is 0.
        plan: function that returns the plan of a batch. It is called as soon as the batch may begin, in the caller's
            thread, because processes that share a run must draw the same problems.
        first: number of the first batch, and version of the weights that the generator has.
        last: number of batches of the run; none begins after them.
        max_lag: largest number of updates between the weights that sample a token and those that train on it.
    """

    def __init__(self, rollout: Rollout, plan: Callable[[int], Plan], first: int, last: int, max_lag: int = 0) -> None:
        self._rollout, self._plan, self._last, self._max_lag = rollout, plan, last, max_lag
        self._taken = self._planned = first
        self._plans: deque[Plan] = deque()
        self._finished: deque[Batch] = deque()
        self._changed = threading.Condition()
        self._pausing = self._closing = self._working = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="rollout", daemon=True) if max_lag else None
        self._make_plans(first)

    def take(self) -> Batch:
        """Return the next batch, in the order of their numbers; wait for it.

        Raises:
            Exception: whatever ended the thread.
        """
        if self._thread is None:
            self._taken += 1
            return self._rollout.play(self._plan(self._taken - 1))
        if not self._thread.is_alive() and self._error is None:
            self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._finished or self._error)
            if not self._finished:
                assert self._error is not None
                raise self._error
            self._taken += 1
            return self._finished.popleft()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Sample and judge nothing meanwhile. Responses that are being sampled continue afterwards."""
        with self._changed:
            self._pausing = True
            self._changed.wait_for(lambda: not self._working)
        try:
            yield
        finally:
            with self._changed:
                self._pausing = False
                self._changed.notify_all()

    def update(self, version: int) -> None:
        """Switch the generator to changed weights of this version; call it within ``paused``."""
        self._rollout.update(version)
        self._make_plans(version)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while self._may_work():
                try:
                    self._work()
                finally:
                    with self._changed:
                        self._working = False
                        self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 - take() raises it in the caller's thread
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _may_work(self) -> bool:
        """Wait until there is something to play; return False at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or (not self._pausing and (self._rollout.num_open or self._may_begin()))
            )
            self._working = not self._closing
            return self._working

    def _make_plans(self, version: int) -> None:
        """Plan the batches that may begin with weights of this version."""
        while self._thread is not None and self._planned < min(version + self._max_lag + 1, self._last):
            self._plans.append(self._plan(self._planned))
            self._planned += 1

    def _may_begin(self) -> bool:
        return bool(self._plans) and self._rollout.has_free_env

    def _work(self) -> None:
        """Sample and judge for a moment; begin a batch if the sampler has room for it."""
        if self._may_begin() and not self._rollout.is_sampler_full:
            self._rollout.begin(self._plans.popleft())
        batch = self._rollout.advance()
        if batch is not None:
            with self._changed:
                self._finished.append(batch)
