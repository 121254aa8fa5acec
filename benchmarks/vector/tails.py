"""Rows about long tails: one program in 16 takes its whole time limit, sleeping or computing."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.figures import Figure, Goal, measured
from benchmarks.vector.settings import Settings
from benchmarks.vector.workload import SLEEPS, SPINS, problems, tail_responses
from rlef_env.envs import CodeVectorEnv
from rlef_env.judge import JudgePool

__all__ = ["Played", "played_in_steps", "played_without_barrier", "tails"]

WORKERS = 2


@dataclass
class Played:
    """The result of a block.

    Attributes:
        episodes: number of episodes that ended.
        seconds: time from the first response to the last result.
        latencies: times from a response to its result, by whether its program was slow.
    """

    episodes: int = 0
    seconds: float = 0.0
    latencies: dict[bool, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def rate(self) -> float:
        """Episodes a second."""
        return self.episodes / self.seconds


def tails(settings: Settings) -> list[Figure]:
    """Compare ``send``/``recv`` and ``step``, which waits for all environments, on the same responses."""
    rows = []
    for row, slow, what, bound in (
        ("sleep_tail", SLEEPS, "sleeps into", 3.0),
        ("cpu_tail", SPINS, "works into", 1.2),
    ):
        with JudgePool(WORKERS) as pool:
            env = CodeVectorEnv(settings.tail_envs, dataset=problems(1, 19), pool=pool, max_turns=1)
            barrier = played_in_steps(env, slow, settings.tail_steps)
            free = played_without_barrier(env, slow, settings.tail_steps)
        quick, late = free.latencies[False], free.latencies[True]
        note = (
            f"{free.rate:.1f} against {barrier.rate:.1f} episodes a second; seconds from response to result: quick "
            f"programs {statistics.median(quick):.2f} (median), {max(quick):.2f} (longest), slow ones "
            f"{statistics.median(late):.2f}, {max(late):.2f}; with step all "
            f"{barrier.seconds / settings.tail_steps:.2f}"
        )
        figure = f"{settings.tail_envs} envs, 1 program in {settings.tail_envs} {what} its 2 s: send/recv against step"
        rows.append(measured(row, figure, [free.rate / barrier.rate], "x", Goal(bound, "x", at_least=True), note))
    return rows


def played_in_steps(env: CodeVectorEnv, slow: str, steps: int) -> Played:
    """Play in steps: all environments wait for the slowest one."""
    responses = [tail_responses(slow, env.num_envs, env_id) for env_id in range(env.num_envs)]
    env.reset(seed=0)
    played = Played()
    start = time.monotonic()
    for _ in range(steps):
        _, _, terminations, _, _ = env.step([next(each) for each in responses])
        played.episodes += int(terminations.sum())
    played.seconds = time.monotonic() - start
    return played


def played_without_barrier(env: CodeVectorEnv, slow: str, steps: int) -> Played:
    """Play with ``send`` and ``recv``: each environment continues as soon as it has its result.

    The rate is measured until the first environment has used all of its responses, because fewer and fewer
    environments play after that.
    """
    responses = [_first(tail_responses(slow, env.num_envs, env_id), steps) for env_id in range(env.num_envs)]
    env.reset(seed=0)
    played, total = Played(), 0
    sent: dict[int, tuple[float, bool]] = {}
    start = time.monotonic()
    idle = list(range(env.num_envs))
    while idle or env.num_pending:
        continuing = [(env_id, response) for env_id in idle if (response := next(responses[env_id], None)) is not None]
        if len(continuing) < len(idle) and not played.seconds:
            played.seconds, played.episodes = time.monotonic() - start, total
        env.send([env_id for env_id, _ in continuing], [response for _, response in continuing])
        sent |= {env_id: (time.monotonic(), response == slow) for env_id, response in continuing}
        batch = env.recv()
        idle = batch.env_ids.tolist()
        total += int(batch.terminations.sum())
        for env_id in idle:
            at, was_slow = sent.pop(env_id)
            played.latencies[was_slow].append(time.monotonic() - at)
    if total != steps * env.num_envs:
        raise RuntimeError(f"expected {steps * env.num_envs} episodes, got {total}")
    return played


def _first(responses: Iterator[str], count: int) -> Iterator[str]:
    return (response for _, response in zip(range(count), responses, strict=False))
