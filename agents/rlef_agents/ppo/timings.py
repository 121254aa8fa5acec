"""Seconds and rates of an update of a training run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rlef_agents.ppo import parallel
from rlef_agents.ppo.rollout import Batch
from rlef_agents.ppo.trajectory import TokenEpisode

__all__ = ["kept_prefixes", "timings"]


def timings(batch: Batch, began: float, played: float, workers: int) -> dict[str, float]:
    """Return seconds and rates of an update that ends now; all processes call it at once.

    Args:
        batch: its episodes in this process.
        began: when it began, by ``time.monotonic``.
        played: when its episodes had been played.
        workers: programs that are judged at a time.

    Returns:
        Among them ``judge_wait``, the share of the time spent only waiting for the judge; of all processes, episodes
        that did not fit into the context and, where there is a second turn and the generator knows it, ``prefix_kept``:
        of the tokens that an earlier turn had computed, the share whose keys and values were kept.
    """
    now = time.monotonic()
    counts = [len(batch.out_of_context), len(batch.skipped), *kept_prefixes(batch.tokens)]
    out_of_context, skipped, kept, earlier = map(float, parallel.total(np.array(counts, np.float64)))
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
        "out_of_context": out_of_context,
        "skipped": skipped,
        **({"prefix_kept": kept / earlier} if earlier else {}),
    }


def kept_prefixes(episodes: Sequence[TokenEpisode]) -> tuple[int, int]:
    """Count the tokens whose keys and values were kept between turns, and those that could have been.

    These are the tokens before each later turn's new ones, but for the last sampled one, which was not an input before.
    Turns of a generator that does not know what it kept are left out.
    """
    kept = earlier = 0
    for episode in episodes:
        before = 0
        for last, turn in pairwise(episode.turns):
            before += len(last.prompt_ids) + len(last.completion.ids)
            if turn.completion.kept is not None:
                kept += turn.completion.kept
                earlier += before - 1
    return kept, earlier
