"""The supervised start of the small model."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.model import policy_logprobs
from rlef_agents.ppo.packing import pack
from rlef_agents.ppo.sft import SftConfig, sft, token_episodes
from rlef_agents.ppo.trajectory import Ids, TokenEpisode
from rlef_agents.tiny.conversations import DATASET, STEPS, Chat, conversations, repair, secret_of
from rlef_agents.tiny.model import make_model
from rlef_agents.tiny.tokenizer import make_tokenizer
from rlef_env.problems import load_dataset

__all__ = ["CLONING", "make_start", "probability"]

CONVERSATIONS: Final = 8000
CLONING: Final = SftConfig(epochs=4, batch=32, lr=1e-3, warmup=20, context=1024)

RIGHT_REPAIRS: Final = 0.15
"""Cloning ends where a repair is right with this probability: three turns then solve about 0.37, chance being 0.33."""

TOLD_RIGHT: Final = 0.9
"""And not before a program is right with this one where the statement tells the secret: it is written without fault."""

PROBED_EVERY: Final = 5
PROBED: Final = 128


def make_start(folder: Path, seed: int = 0, report: Callable[[dict[str, float]], None] = lambda _: None) -> Path:
    """Make tokenizer and model, clone, and save; a folder that is there already is left as it is.

    Args:
        folder: where ``from_pretrained`` will find it.
        seed: of conversations and weights.
        report: gets the metrics of each step of cloning.
    """
    if folder.exists():
        return folder
    chats = conversations(CONVERSATIONS, seed)
    tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
    model, renderer = make_model(tokenizer, seed=seed), Renderer(tokenizer)
    told = [chat for chat in chats if "Example" in chat[0]["content"]][:PROBED]
    probes, told_probes = (list(token_episodes(each, renderer, last_only=True)) for each in (probe_chats(seed), told))

    def enough(step: int) -> bool:
        return (
            step % PROBED_EVERY == 0
            and probability(model, probes) >= RIGHT_REPAIRS
            and probability(model, told_probes) >= TOLD_RIGHT
        )

    model = sft(model, renderer, chats, CLONING, report, enough)
    writing = folder.with_name(f".writing-{folder.name}")
    shutil.rmtree(writing, ignore_errors=True)
    model.save_pretrained(writing)
    tokenizer.save_pretrained(writing)
    writing.rename(folder)
    return folder


def probe_chats(seed: int) -> list[Chat]:
    """Repairs of training problems after a wrong guess."""
    random = np.random.default_rng((seed, 2))
    problems = load_dataset(DATASET, split="train")
    chats = []
    for _ in range(PROBED):
        problem = problems[int(random.integers(len(problems)))]
        guess = (secret_of(problem) + int(random.integers(STEPS - 1))) % STEPS + 1
        chats.append(repair(problem, guess))
    return chats


@torch.no_grad()
def probability(model: Any, probes: Sequence[TokenEpisode]) -> float:
    """The mean probability of a conversation's last response."""
    found = []
    for batch in pack(probes, 8192):
        sums = torch.zeros(len(batch.turns))
        sums.index_add_(0, turn_of(probes, batch.turns), policy_logprobs(model, batch))
        found.append(sums.exp())
    return float(torch.cat(found).mean())


def turn_of(probes: Sequence[TokenEpisode], turns: Ids) -> torch.Tensor:
    """Which of a micro-batch's turns each of its tokens belongs to; a probe has one turn."""
    lengths = torch.tensor([len(probes[turn].turns[0].completion.ids) for turn in turns])
    return torch.repeat_interleave(torch.arange(len(turns)), lengths)
