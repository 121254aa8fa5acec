"""A generator, a judge and an environment on a simulated clock: schedules of rollouts, without their work."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.rollout import Rollout, plan
from rlef_agents.ppo.trajectory import Completion
from rlef_env import CodeVectorEnv, Judgement, Verdict

__all__ = ["DATASET", "Clock", "ClockedEnv", "Judge", "Server", "played"]

DATASET = "procedural/hidden_step?short=true&steps=3&count=50"


class Clock:
    """A simulated clock: events happen in their order when somebody waits for them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.events: list[tuple[float, int, Callable[[], object]]] = []
        self.number = 0

    def after(self, seconds: float, event: Callable[[], object]) -> None:
        """Let an event happen so many seconds from now."""
        self.number += 1
        heapq.heappush(self.events, (self.now + seconds, self.number, event))

    def wait(self, until: Callable[[], object], timeout: float | None = None) -> None:
        """Let time pass until a condition holds or ``timeout`` is over."""
        end = np.inf if timeout is None else self.now + timeout
        while not until() and self.events and self.events[0][0] <= end:
            self.now, _, event = heapq.heappop(self.events)
            event()
        if not until() and end < np.inf:
            self.now = end


class Server:
    """A generator without a limit of responses at a time.

    Args:
        clock: the clock.
        renderer: encodes the responses, which are programs.
        times: function that returns the seconds of a turn of a conversation.
        slots: number of responses that it says it samples at a time.

    Attributes:
        asked: when each turn of a conversation was asked for.
        idle: seconds without anything to sample, until the last response.
    """

    def __init__(self, clock: Clock, renderer: Renderer, times: Callable[[int, int], float], slots: int = 1) -> None:
        self.clock, self.renderer, self.times, self.slots = clock, renderer, times, slots
        self.turn: dict[int, int] = {}
        self.asked: dict[tuple[int, int], float] = {}
        self.done: list[tuple[int, Completion]] = []
        self.version = self.sampling = 0
        self.idle = self.ended = 0.0

    def submit(self, request: Request) -> None:
        """See `Generator`."""
        name = request.conversation
        turn = self.turn[name] = self.turn.get(name, -1) + 1
        self.asked[name, turn] = self.clock.now
        if not self.sampling:
            self.idle += self.clock.now - self.ended
        self.sampling += 1
        version = self.version
        self.clock.after(self.times(name, turn), lambda: self._end(name, turn, version))

    def _end(self, name: int, turn: int, version: int) -> None:
        ids = np.append(self.renderer.data(f"```python\nprint({turn})\n```"), self.renderer.end_of_turn)
        logprobs, versions = np.zeros(len(ids), np.float32), np.full(len(ids), version)
        self.done.append((name, Completion(ids, logprobs, versions, finished=True)))
        self.sampling -= 1
        self.ended = self.clock.now

    def poll(self, timeout: float | None = None) -> list[tuple[int, Completion]]:
        """See `Generator`."""
        self.clock.wait(lambda: self.done, timeout)
        done, self.done = self.done, []
        return done

    def forget(self, conversation: int) -> None:
        """See `Generator`."""

    def update(self, version: int) -> None:
        """See `Generator`."""
        self.version = version


class Judge:
    """A pool that refuses every program, after ``seconds`` of one of its workers; the first to come is the first."""

    isolation = "locked"

    def __init__(self, clock: Clock, seconds: float, workers: int = 1 << 10) -> None:
        self.clock, self.seconds, self.workers = clock, seconds, workers
        self._free = [0.0] * workers

    def submit(self, job: Any, priority: int = 0, owner: Any = None) -> Future[Judgement]:  # noqa: ARG002
        """See `JudgePool`."""
        future: Future[Judgement] = Future()
        end = max(self.clock.now, self._free[0]) + self.seconds
        heapq.heapreplace(self._free, end)
        self.clock.after(end - self.clock.now, lambda: future.set_result(Judgement(Verdict.WRONG_ANSWER, total=1)))
        return future


class ClockedEnv(CodeVectorEnv):
    """Waits on the simulated clock."""

    clock: Clock

    def recv(self, min_ready: int = 1, timeout: float | None = None) -> Any:
        """See `CodeVectorEnv.recv`."""
        if min_ready:
            before = len(self.clock.events)
            self.clock.wait(lambda: len(self.clock.events) < before, timeout)
        return super().recv(0, 0.0)


def played(
    renderer: Renderer, count: int, times: Callable[[int, int], float], judge_seconds: float, workers: int = 1 << 10
) -> tuple[Clock, Server]:
    """Play one batch of episodes of three turns.

    Args:
        renderer: turns messages into tokens.
        count: number of episodes.
        times: function that returns the seconds of a turn of a conversation.
        judge_seconds: seconds in which a worker judges a program.
        workers: programs that are judged at a time.
    """
    clock = Clock()
    pool: Any = Judge(clock, judge_seconds, workers)
    env = ClockedEnv(count, pool=pool, autoreset_mode="Disabled", dataset=DATASET)
    env.clock = clock
    server = Server(clock, renderer, times)
    Rollout(server, renderer, [env], max_new=64, context=4096).play(plan(0, 0, count))
    return clock, server
