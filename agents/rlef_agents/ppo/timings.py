"""Seconds and rates of an update of a training run."""

from __future__ import annotations

import time

import numpy as np

from rlef_agents.ppo import parallel
from rlef_agents.ppo.rollout import Batch

__all__ = ["timings"]


def timings(batch: Batch, began: float, played: float, workers: int) -> dict[str, float]:
    """Return seconds and rates of an update that ends now; all processes call it at once.

    Args:
        batch: its episodes in this process.
        began: when it began, by ``time.monotonic``.
        played: when its episodes had been played.
        workers: programs that are judged at a time.

    Returns:
        Among them ``judge_wait``, the share of the time spent only waiting for the judge; and episodes that did not fit
        into the context, of all processes.
    """
    now = time.monotonic()
    unfit = parallel.total(np.array([len(batch.out_of_context), len(batch.skipped)], np.float64))
    tokens = sum(len(turn.completion.ids) for episode in batch.tokens for turn in episode.turns)
    everything = sum(episode.length for episode in batch.tokens)
    judged = sum(turn.judgement.cpu_seconds for episode in batch.episodes for turn in episode.turns)
    return {
        "rollout_seconds": played - began,
        "update_seconds": now - played,
        "decode_seconds": batch.decode_seconds,
        "judge_wait_seconds": batch.judge_seconds,
        "judge_wait": batch.judge_seconds / max(now - began, 1e-9),
        "judge_use": judged / workers / max(now - began, 1e-9),
        "tokens_per_second": everything / max(now - began, 1e-9),
        "sampled_tokens_per_second": tokens / max(batch.decode_seconds, 1e-9),
        "out_of_context": float(unfit[0]),
        "skipped": float(unfit[1]),
    }
