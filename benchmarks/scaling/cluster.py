"""Simulate a cluster of judges that always has work: how many programs a second it judges, and what holds it back."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import partial

from benchmarks.scaling.clock import Clock, Station
from benchmarks.scaling.costs import USUAL_COSTS, USUAL_MESSAGES, Costs, Messages

__all__ = ["Cluster", "ClusterResult", "simulate_cluster"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Machines that judge for owners: processes, each on its own machine, that hand out jobs and receive judgements.

    A worker gets its next job when its owner has received its answer.

    Attributes:
        cores: number of cores that judge.
        owners: number of owners; each has an equal part of the cores.
        cores_per_machine: cores of a machine.
        costs: of a response; ``costs.owner`` is the owner's whole time for it.
        messages: bytes.
        bandwidth: bytes a second of each owner's network, in each direction.
        round_trip: seconds.
        copies: copies of a problem that its owner sends, at most one for each machine and for each use; None for that
            many. Ray's machines may fetch it from each other; then there are fewer.
    """

    cores: int = 10_000
    owners: int = 1
    cores_per_machine: int = 64
    costs: Costs = USUAL_COSTS
    messages: Messages = USUAL_MESSAGES
    bandwidth: float = 25e9 / 8
    round_trip: float = 0.0005
    copies: int | None = None

    @property
    def copies_per_job(self) -> float:
        """Copies of a problem that the owner sends for a job, on average."""
        machines = max(1, self.cores // self.owners // self.cores_per_machine)
        most = min(machines, self.messages.uses)
        return (most if self.copies is None else min(most, self.copies)) / self.messages.uses


@dataclass(frozen=True, slots=True)
class ClusterResult:
    """What a simulated cluster shows.

    Attributes:
        jobs_per_second: programs judged a second.
        cores_busy: share of the cores' time that was spent judging.
        owner_busy: share of an owner's time that was busy.
        sending: share of an owner's outgoing bandwidth that was used.
        receiving: share of its incoming bandwidth.
    """

    jobs_per_second: float
    cores_busy: float
    owner_busy: float
    sending: float
    receiving: float

    @property
    def limit(self) -> str:
        """What holds the cluster back: the busiest part."""
        parts = {
            "cores": self.cores_busy,
            "owner": self.owner_busy,
            "network out": self.sending,
            "network in": self.receiving,
        }
        return max(parts, key=parts.__getitem__)


@dataclass
class _Owner:
    """An owner and its cores."""

    plan: Cluster
    clock: Clock
    draws: random.Random
    jobs: int = 0
    judged_seconds: float = 0.0
    thread: Station = field(init=False)
    out: Station = field(init=False)
    into: Station = field(init=False)

    def __post_init__(self) -> None:
        self.thread, self.out, self.into = (Station(self.clock, 1) for _ in range(3))

    def hand_out(self) -> None:
        """Give a job to a core that is idle."""
        self.thread.serve(self.plan.costs.owner / 2, self.send)

    def send(self) -> None:
        size = self.plan.messages.job
        copies = self.plan.copies_per_job
        if self.draws.random() < copies:
            size += self.plan.messages.problem
        self.out.serve(size / self.plan.bandwidth, partial(self.clock.after, self.plan.round_trip / 2, self.judge))

    def judge(self) -> None:
        seconds = self.plan.costs.draw(self.draws)
        self.clock.after(seconds + self.plan.round_trip / 2, partial(self.answer, seconds))

    def answer(self, seconds: float) -> None:
        self.judged_seconds += seconds
        size = self.plan.messages.judgement
        self.into.serve(size / self.plan.bandwidth, partial(self.thread.serve, self.plan.costs.owner / 2, self.receive))

    def receive(self) -> None:
        self.jobs += 1
        self.hand_out()


def simulate_cluster(plan: Cluster, seconds: float = 60.0, seed: int = 0) -> ClusterResult:
    """Simulate one of the owners, as all are equal. The first half is not measured: queues must fill.

    Args:
        plan: the cluster.
        seconds: simulated time.
        seed: equal seeds give equal results.
    """
    clock = Clock()
    owner = _Owner(plan, clock, random.Random(seed))
    cores = plan.cores // plan.owners
    for _ in range(cores):
        owner.hand_out()
    stations = owner.thread, owner.out, owner.into
    clock.run(seconds / 2)
    before = owner.jobs, owner.judged_seconds, *(station.busy_seconds for station in stations)
    clock.run(seconds)
    after = owner.jobs, owner.judged_seconds, *(station.busy_seconds for station in stations)
    jobs, judged, thread, out, into = (
        (late - early) / (seconds / 2) for early, late in zip(before, after, strict=True)
    )
    return ClusterResult(jobs * plan.owners, judged / cores, thread, out, into)
