"""The simulation against measured runs: the rows `cpu_tail` and `sleep_tail` of `benchmarks.vector`.

16 environments on two workers get quick programs, but one response in 16 uses up its limit of 2 s, computing or
sleeping. Only two figures go in: the cost of a quick program, measured in another row, and the 50 ms after which a
worker reports that its program sleeps. The rates come out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.scaling.clock import Clock, Event, Station

__all__ = ["MEASURED", "Tail", "simulated_rates"]

ENVS: Final = 16
WORKERS: Final = 2
LIMIT: Final = 2.0
QUICK: Final = 20 * 0.00187
"""Seconds of a quick program: 20 tests of A+B (row `lock` of `benchmarks.sandbox`, 1.85 to 1.88 ms each)."""
REPORT: Final = 0.05
"""Seconds after which the worker of a program that sleeps gets another one."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Episodes a second with ``send`` and ``recv``, and with ``step``.

    Attributes:
        free: with ``send`` and ``recv``.
        barrier: with ``step``, which waits for all environments.
    """

    free: float
    barrier: float


MEASURED: Final = {"cpu_tail": Tail(12.5, 7.3), "sleep_tail": Tail(38.4, 7.3)}
"""benchmarks/README.md, 2026-11-28."""


@dataclass
class _Machine:
    """Two workers. A program that sleeps holds one for a moment only."""

    clock: Clock
    sleeps: bool

    def __post_init__(self) -> None:
        self.workers = Station(self.clock, WORKERS)
        self.episodes = 0

    def judge(self, env: int, step: int, then: Event) -> None:
        """Judge the response of an environment in a step; each step another environment gets the slow one."""
        if (env + step) % ENVS:
            self.workers.serve(QUICK, then)
        elif self.sleeps:
            self.workers.serve(REPORT, partial(self.clock.after, LIMIT - REPORT, then))
        else:
            self.workers.serve(LIMIT, then)


def simulated_rates(row: str, steps: int = 20) -> Tail:
    """Return the simulated rates of a row, for so many responses to each environment."""
    return Tail(_free(row == "sleep_tail", steps), _barrier(row == "sleep_tail", steps))


def _free(sleeps: bool, steps: int) -> float:
    """Return the rate until the first environment has used its responses, as the benchmark does."""
    clock = Clock()
    machine = _Machine(clock, sleeps)
    ended: list[float] = []
    counts: list[int] = []

    def respond(env: int, step: int) -> None:
        machine.episodes += step > 0
        if step == steps:
            ended.append(clock.now)
            counts.append(machine.episodes)
        else:
            machine.judge(env, step, partial(respond, env, step + 1))

    for env in range(ENVS):
        respond(env, 0)
    clock.run(LIMIT * ENVS * steps)
    return counts[0] / ended[0]


def _barrier(sleeps: bool, steps: int) -> float:
    clock = Clock()
    machine = _Machine(clock, sleeps)

    def end() -> None:
        machine.episodes += 1

    last = 0.0
    for step in range(steps):
        wanted = machine.episodes + ENVS
        for env in range(ENVS):
            machine.judge(env, step, end)
        while machine.episodes < wanted:
            clock.run(clock.now + 0.001)
        last = clock.now
    return machine.episodes / last
