"""Simulate training: conversations ask for responses, judges judge them, a learner waits for whole batches."""

from __future__ import annotations

import random
import statistics
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from benchmarks.scaling.clock import Clock, Station
from benchmarks.scaling.costs import USUAL_COSTS, Costs, lognormal

__all__ = ["PAPER_8B", "PAPER_70B", "Training", "TrainingResult", "simulate_training"]


@dataclass(frozen=True, slots=True)
class Training:
    """A training run.

    Attributes:
        judges: cores that judge.
        costs: of a response.
        rollouts: of a batch.
        cycle: seconds of the learner for a batch, without waiting.
        conversations: number that is open at the same time.
        headroom: how many times faster than the learner the samplers would be, if judging took no time.
        turns: probabilities that a conversation has 1, 2 or 3 responses.
        sigma: spread of the time of a response: the standard deviation of its logarithm. Lengths have a long tail.
        max_ready: batches that may be ready and not yet learned from; beyond this, no conversation begins.
    """

    judges: int
    costs: Costs = USUAL_COSTS
    rollouts: int = 1024
    cycle: float = 24.0
    conversations: int = 3072
    headroom: float = 1.1
    turns: tuple[float, float, float] = (0.15, 0.2, 0.65)
    sigma: float = 0.8
    max_ready: float = 1.0

    @property
    def responses(self) -> float:
        """Mean responses of a conversation."""
        return sum(number * share for number, share in enumerate(self.turns, start=1))

    @property
    def response_seconds(self) -> float:
        """Mean seconds in which a response is sampled."""
        per_second = self.headroom * self.rollouts * self.responses / self.cycle
        return self.conversations / per_second


PAPER_8B: Final = Training(judges=96)
"""12,000 updates of 256 sequences in 20 hours: 1,024 rollouts in 24 s."""
PAPER_70B: Final = Training(judges=64, cycle=36.0)
"""8,000 updates in 20 hours."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a simulated run shows.

    Attributes:
        slowdown: time of a batch over the learner's own time for it.
        judge_busy: share of the judges' time that was busy.
        owner_busy: share of the owner's time that was busy.
        wait_median: median seconds that a response waited for a core.
        wait_99: 99th percentile of it.
        lag_99: batches learned while a rollout was made and waited, 99th percentile.
    """

    slowdown: float
    judge_busy: float
    owner_busy: float
    wait_median: float
    wait_99: float
    lag_99: int


@dataclass
class _Run:
    """State of a simulated run: conversations never stop, and finished rollouts go to the learner."""

    plan: Training
    draws: random.Random
    clock: Clock = field(default_factory=Clock)
    ready: deque[int] = field(default_factory=deque)
    held: int = 0
    learning: bool = False
    batches: list[float] = field(default_factory=list)
    lags: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.judges, self.owner = Station(self.clock, self.plan.judges), Station(self.clock, 1)

    def begin(self) -> None:
        turns = self.draws.choices((1, 2, 3), self.plan.turns)[0]
        self.sample(turns, len(self.batches))

    def sample(self, left: int, begun: int) -> None:
        seconds = lognormal(self.draws, self.plan.response_seconds, self.plan.sigma)
        self.clock.after(seconds, partial(self.owner.serve, self.plan.costs.owner, partial(self.judge, left, begun)))

    def judge(self, left: int, begun: int) -> None:
        self.judges.serve(self.plan.costs.draw(self.draws), partial(self.judged, left, begun))

    def judged(self, left: int, begun: int) -> None:
        if left > 1:
            self.sample(left - 1, begun)
            return
        self.ready.append(begun)
        self.learn()
        self.held += 1
        self.go_on()

    def go_on(self) -> None:
        """Begin new conversations in place of those that ended, unless too many rollouts are ready."""
        while self.held and len(self.ready) < self.plan.max_ready * self.plan.rollouts:
            self.held -= 1
            self.begin()

    def learn(self) -> None:
        if not self.learning and len(self.ready) >= self.plan.rollouts:
            self.lags += [len(self.batches) - self.ready.popleft() for _ in range(self.plan.rollouts)]
            self.learning = True
            self.clock.after(self.plan.cycle, self.learned)

    def learned(self) -> None:
        self.learning = False
        self.batches.append(self.clock.now)
        self.learn()
        self.go_on()


def simulate_training(plan: Training, cycles: int = 40, seed: int = 0) -> TrainingResult:
    """Simulate a run for so many of the learner's cycles. The first quarter is not measured: queues must fill.

    Args:
        plan: the run.
        cycles: number of cycles, of ``plan.cycle`` seconds each.
        seed: equal seeds give equal results.
    """
    run = _Run(plan, random.Random(seed))
    for _ in range(plan.conversations):
        # Each starts somewhere in its first response, so that not all conversations are in step.
        run.clock.after(run.draws.random() * plan.response_seconds, run.begin)
    end, start = cycles * plan.cycle, cycles * plan.cycle / 4
    run.clock.run(start)
    before = run.judges.busy_seconds, run.owner.busy_seconds, len(run.judges.waits), len(run.lags)
    run.clock.run(end)
    measured = [at for at in run.batches if at >= start]
    waits, lags = sorted(run.judges.waits[before[2] :]), sorted(run.lags[before[3] :])
    per_batch = (measured[-1] - measured[0]) / (len(measured) - 1) if len(measured) > 1 else float("inf")
    return TrainingResult(
        slowdown=per_batch / plan.cycle,
        judge_busy=(run.judges.busy_seconds - before[0]) / (plan.judges * (end - start)),
        owner_busy=(run.owner.busy_seconds - before[1]) / (end - start),
        wait_median=statistics.median(waits),
        wait_99=waits[int(0.99 * len(waits))],
        lag_99=lags[int(0.99 * len(lags))],
    )
