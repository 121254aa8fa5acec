"""Updates on packed sequences against padded batches, and what the judge costs a run of the small model."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from benchmarks.figures import Figure, Goal, measured
from benchmarks.training.decode import SIZES
from rlef_agents.ppo.config import TrainConfig, load_config
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.metrics import read_metrics
from rlef_agents.ppo.packing import pack
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.ppo.types import Completion, TokenEpisode, TokenTurn
from rlef_agents.tiny import conversations, make_model, make_tokenizer

__all__ = ["judge_rows", "update_rows"]

EPISODES, LONGEST, MICRO_BATCH = 48, 512, 16


def update_rows(rounds: int = 5) -> list[Figure]:
    """Tokens per CPU second of forward, backward and AdamW: ours, against padded micro-batches in order of arrival."""
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
        length = int(np.clip(random.lognormal(4.8, 0.8), 24, LONGEST))
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


def judge_rows(updates: int = 4) -> list[Figure]:
    """The share of wall time in which the small model neither decodes nor trains because of the judge."""
    chats = conversations(200)
    tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
    shares: list[list[float]] = []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for lag in (0, 1):
            with tempfile.TemporaryDirectory() as folder:
                config = replace(load_config("tiny"), out=folder, updates=updates, evaluate_every=0, max_lag=lag)
                model = _writes_programs(tokenizer, chats)
                with Trainer(config, model, tokenizer, quiet=True) as trainer:
                    trainer.train()
                    shares.append([100 * row["judge_wait"] for row in read_metrics(trainer.log.path)])
    finally:
        torch.set_num_threads(threads)
    note = f"{updates} updates from nothing known: later ones find most verdicts in the cache"
    goal = Goal(5.0, "%")
    return [
        measured("judge", "share of wall time lost to the judge, `tiny`", shares[0], "%", goal, note),
        measured("judge", "the same with the next batch begun meanwhile (max_lag=1)", shares[1], "%", goal, note),
    ]


def _writes_programs(tokenizer: Any, chats: Any) -> Any:
    from rlef_agents.ppo.render import Renderer
    from rlef_agents.ppo.sft import SftConfig, sft

    config = SftConfig(epochs=6, batch=32, lr=2e-3, warmup=5, context=1024)
    return sft(make_model(tokenizer), Renderer(tokenizer), chats, config)


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
