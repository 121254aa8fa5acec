"""Steps that were sent and not received: their jobs, and which of them are ready."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from rlef_env.envs.extract import Response
from rlef_env.envs.vector.step_batch import StepResult
from rlef_env.episodes.episode import Episode
from rlef_env.judge import Judgement

__all__ = ["PendingStep", "PendingSteps"]


@dataclass(eq=False, slots=True)
class PendingStep:
    """A step that was sent and not received.

    Attributes:
        env_id: the environment.
        step_id: the step's number.
        response: the response; None where the step resets the environment.
        futures: the judgements of the response's jobs, in the order of the jobs.
        unfinished: number of futures that are not done.
        episode: the episode after the step; None until ``recv`` computes it.
        result: what ``recv`` returns for the step; None until ``recv`` computes it.
        error: what ``recv`` raises for the step instead.
    """

    env_id: int
    step_id: int
    response: Response | None
    futures: list[Future[Judgement]] = field(default_factory=list)
    unfinished: int = 0
    episode: Episode | None = None
    result: StepResult | None = None
    error: Exception | None = None


class PendingSteps:
    """The pending steps of a vector environment, at most one of each environment.

    One thread calls the methods. The pool's thread only marks steps as ready, so that feedback and rewards never delay
    the judge.
    """

    def __init__(self) -> None:
        self._next_step_id = 0
        self._changed = threading.Condition()  # guards all that follows
        self._steps: dict[int, PendingStep] = {}
        self._ready: list[PendingStep] = []
        self._min_ready = 0  # ready steps that the caller waits for

    def __len__(self) -> int:
        return len(self._steps)

    def __contains__(self, env_id: int) -> bool:
        return env_id in self._steps

    def add(self, env_id: int, response: Response | None) -> PendingStep:
        """Add a step and number it; ``watch`` must follow."""
        step = PendingStep(env_id, self._next_step_id, response)
        self._next_step_id += 1
        with self._changed:
            self._steps[env_id] = step
        return step

    def watch(self, step: PendingStep) -> None:
        """Mark a step as ready when all of its futures are done; at once where it has none, or an error."""
        if step.error is not None or not step.futures:
            self._put(step)
            return
        step.unfinished = len(step.futures)
        for future in step.futures:
            future.add_done_callback(partial(self._done, step))

    def wait_ready(self, min_ready: int, timeout: float | None) -> list[PendingStep]:
        """Wait until ``min_ready`` steps are ready, or all pending ones where there are fewer.

        Args:
            min_ready: number of steps.
            timeout: maximum seconds to wait; None waits without limit.

        Returns:
            All steps that are ready, in the order in which they became so. They stay pending until ``remove``.
        """
        until = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while len(self._ready) < (wanted := min(min_ready, len(self._steps))):
                self._min_ready = wanted
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
            return list(self._ready)

    def remove(self, steps: Sequence[PendingStep]) -> None:
        """Remove ready steps, as the caller receives them."""
        removed = set(map(id, steps))
        with self._changed:
            self._ready = [step for step in self._ready if id(step) not in removed]
            for step in steps:
                del self._steps[step.env_id]

    def discard(self, env_id: int) -> list[Future[Judgement]]:
        """Forget the step of an environment, and return its futures, which the caller cancels."""
        with self._changed:
            step = self._steps.pop(env_id, None)
            self._ready = [each for each in self._ready if each is not step]
        return [] if step is None else step.futures

    def _done(self, step: PendingStep, _: Future[Judgement]) -> None:
        """Count a future that is done. The pool's thread calls this, so it must be quick."""
        with self._changed:
            step.unfinished -= 1
            if not step.unfinished:
                self._put(step)

    def _put(self, step: PendingStep) -> None:
        with self._changed:
            if self._steps.get(step.env_id) is not step:
                return  # it was discarded
            self._ready.append(step)
            if len(self._ready) >= self._min_ready:  # waking the caller for each of a thousand steps costs too much
                self._changed.notify_all()
