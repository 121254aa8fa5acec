"""Clone the small model's initial weights: supervised training before reinforcement learning."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.network import policy_logprobs
from rlef_agents.ppo.packing import pack
from rlef_agents.ppo.sft import sft, token_episodes
from rlef_agents.ppo.sft_config import SftConfig
from rlef_agents.ppo.trajectory import Ids, TokenEpisode
from rlef_agents.tiny.conversations import DATASET, STEPS, Chat, conversations, repair, secret_of
from rlef_agents.tiny.model import make_model
from rlef_agents.tiny.tokenizer import make_tokenizer
from rlef_env.problems import load_dataset

__all__ = ["CLONING", "make_start", "probability"]

CONVERSATIONS: Final = 8000
CLONING: Final = SftConfig(epochs=4, batch=32, lr=1e-3, warmup=20, context=1024)

RIGHT_REPAIRS: Final = 0.15
"""Cloning ends when a repair is right with this probability. Three turns then solve 0.37; guessing solves 0.33."""

RIGHT_IF_REVEALED: Final = 0.9
"""It ends only if also a program is right with this probability when the statement reveals the secret.

The model then writes programs without errors."""

PROBE_EVERY: Final = 5
"""Steps between probes."""

PROBES: Final = 128


def make_start(folder: Path, seed: int = 0, report: Callable[[dict[str, float]], None] = lambda _: None) -> Path:
    """Create tokenizer and model, clone, and save; an existing folder is returned unchanged.

    Args:
        folder: folder for the model; ``from_pretrained`` reads it.
        seed: seed of conversations and weights.
        report: function called with the metrics of each cloning step.
    """
    if folder.exists():
        return folder
    chats = conversations(CONVERSATIONS, seed)
    tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
    model, renderer = make_model(tokenizer, seed=seed), Renderer(tokenizer)
    revealed = [chat for chat in chats if "Example" in chat[0]["content"]][:PROBES]
    repairs, programs = (list(token_episodes(each, renderer, last_only=True)) for each in (probe_chats(seed), revealed))

    def enough(step: int) -> bool:
        return (
            step % PROBE_EVERY == 0
            and probability(model, repairs) >= RIGHT_REPAIRS
            and probability(model, programs) >= RIGHT_IF_REVEALED
        )

    model = sft(model, renderer, chats, CLONING, report, enough)
    writing = folder.with_name(f".writing-{folder.name}")
    shutil.rmtree(writing, ignore_errors=True)
    model.save_pretrained(writing)
    tokenizer.save_pretrained(writing)
    writing.rename(folder)
    return folder


def probe_chats(seed: int) -> list[Chat]:
    """Return conversations in which a wrong guess at a training problem is repaired."""
    random = np.random.default_rng((seed, 2))
    problems = load_dataset(DATASET, split="train")
    chats = []
    for _ in range(PROBES):
        problem = problems[int(random.integers(len(problems)))]
        guess = (secret_of(problem) + int(random.integers(STEPS - 1))) % STEPS + 1
        chats.append(repair(problem, guess))
    return chats


@torch.no_grad()
def probability(model: Any, probes: Sequence[TokenEpisode]) -> float:
    """Return the mean probability of a conversation's last response."""
    found = []
    for batch in pack(probes, 8192):
        sums = torch.zeros(len(batch.turns))
        sums.index_add_(0, turn_of(probes, batch.turns), policy_logprobs(model, batch))
        found.append(sums.exp())
    return float(torch.cat(found).mean())


def turn_of(probes: Sequence[TokenEpisode], turns: Ids) -> torch.Tensor:
    """Return, for each token of a micro-batch, the index of its turn; a probe has one turn."""
    lengths = torch.tensor([len(probes[turn].turns[0].completion.ids) for turn in turns])
    return torch.repeat_interleave(torch.arange(len(turns)), lengths)
