"""Measure updates on packed sequences against padded batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.figures import Figure, Goal, measured
from benchmarks.training.decode import SIZES
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.packing import pack
from rlef_agents.ppo.trajectory import Completion, TokenEpisode, TokenTurn

__all__ = ["update_rows"]

EPISODES, MAX_LENGTH, MICRO_BATCH = 48, 512, 16


def update_rows(rounds: int = 5) -> list[Figure]:
    """Measure tokens per CPU second of forward, backward and AdamW, against padded batches in order of arrival."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [figure for size in SIZES for figure in _update(size, rounds)]
    finally:
        torch.set_num_threads(threads)


def _update(size: str, rounds: int) -> list[Figure]:
    episodes = _ragged(np.random.default_rng(0))
    tokens = sum(episode.length for episode in episodes)
    ours, theirs = _learner(size), _learner(size)
    ratios, rates = [], []
    for number in range(rounds + 1):
        packed, padded = _cpu(lambda: _packed_step(ours, episodes)), _cpu(lambda: _padded_step(theirs, episodes))
        if number:
            ratios.append(padded / packed)
            rates.append(tokens / packed)
    share = sum(len(turn.completion.ids) for episode in episodes for turn in episode.turns) / tokens
    longest = max(episode.length for episode in episodes)
    note = (
        f"{EPISODES} episodes, {tokens} tokens, longest {longest}, {share:.0%} of them sampled; padded: micro-batches "
        f"of {MICRO_BATCH} to their longest, logits at all places; both: log-probabilities, gradient, AdamW, no critic"
    )
    return [
        measured("update", f"update against padded batches, {size}", ratios, "x", Goal(3.0, "x", at_least=True), note),
        measured("update", f"trained tokens, {size}", rates, "tokens per CPU s"),
    ]


def _ragged(random: np.random.Generator) -> list[TokenEpisode]:
    episodes = []
    for number in range(EPISODES):
        length = int(np.clip(random.lognormal(4.8, 0.8), 24, MAX_LENGTH))
        sampled = max(2, int(0.37 * length))
        ids = random.integers(0, 500, length)
        completion = Completion(
            ids[-sampled:], np.zeros(sampled, np.float32), np.zeros(sampled, np.int64), finished=True
        )
        episodes.append(TokenEpisode((TokenTurn(ids[:-sampled], completion, 0.0),), str(number), solved=False))
    return episodes


def _learner(size: str) -> Learner:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    settings: dict[str, Any] = {**SIZES[size], "max_position_embeddings": 1024}
    return Learner(LlamaForCausalLM(LlamaConfig(**settings)), TrainConfig(beta=0.0, critic="shared", lr=1e-4))


def _packed_step(learner: Learner, episodes: Sequence[TokenEpisode]) -> None:
    learner.optimiser.zero_grad(set_to_none=True)
    for batch in pack(episodes, 4096):
        (-learner.model(batch).logprobs.sum()).backward()
    learner.optimiser.step()


def _padded_step(learner: Learner, episodes: Sequence[TokenEpisode]) -> None:
    lm: Any = learner.model.lm
    learner.optimiser.zero_grad(set_to_none=True)
    for first in range(0, len(episodes), MICRO_BATCH):
        part = episodes[first : first + MICRO_BATCH]
        longest = max(episode.length for episode in part)
        ids = torch.zeros(len(part), longest, dtype=torch.int64)
        mask, trained = torch.zeros_like(ids), torch.zeros_like(ids)
        for row, episode in enumerate(part):
            ids[row, : episode.length] = torch.from_numpy(episode.ids)
            mask[row, : episode.length] = 1
            trained[row, len(episode.turns[0].prompt_ids) : episode.length] = 1
        logits = lm(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1].log_softmax(-1)
        logprobs = logits.gather(-1, ids[:, 1:, None]).squeeze(-1)
        (-(logprobs * trained[:, 1:]).sum()).backward()
    learner.optimiser.step()


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
