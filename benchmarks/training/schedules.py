"""Measure what the schedule of a rollout costs where completion times have a long tail, on a simulated clock.

The rollout and the environment are the real ones; responses and judgements only take their simulated time. So the
figures do not depend on the machine.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure, Goal, measured
from benchmarks.training.clocked import played
from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.tiny.shrunk import shrunk

__all__ = ["schedule_rows"]

CONVERSATIONS, TURNS, WORKERS, JUDGE_SECONDS = 48, 3, 4, 0.3


def schedule_rows(rounds: int = 5) -> list[Figure]:
    """Measure the time of three turns over its lower bound, and how long nothing is sampled because of the judge."""
    renderer = Renderer(shrunk("llama")[1])
    over, waiting, idle = [], [], []
    for seed in range(rounds):
        times = np.random.default_rng(seed).lognormal(1.0, 1.0, (CONVERSATIONS, TURNS))
        clock, server = played(renderer, CONVERSATIONS, partial(_seconds, times), JUDGE_SECONDS, WORKERS)
        bound = float((times.sum(1) + TURNS * JUDGE_SECONDS).max())
        serial = float(times.max(0).sum() + TURNS * JUDGE_SECONDS)
        over.append(clock.now / bound)
        waiting.append(serial / bound)
        idle.append(100 * (server.idle + clock.now - server.ended) / clock.now)
    note = (
        f"simulated clock; {CONVERSATIONS} conversations; log-normal seconds of a response: median 2.7, mean 4.5; "
        f"{JUDGE_SECONDS} s a judgement, {WORKERS} at a time; the bound is the longest conversation alone"
    )
    return [
        measured("long_tails", "3 turns against their lower bound", over, "x", Goal(1.15, "x"), note),
        measured("long_tails", "the same if each turn waited for the slowest response", waiting, "x"),
        measured("long_tails", "share of time with nothing to sample because of the judge", idle, "%", Goal(5.0, "%")),
    ]


def _seconds(times: npt.NDArray[np.float64], conversation: int, turn: int) -> float:
    return float(times[conversation, turn])
