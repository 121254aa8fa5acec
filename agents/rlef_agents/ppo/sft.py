"""Supervised fine-tuning: make the responses of stored conversations likely (behaviour cloning).

A model that cannot write a program earns no reward, so it cannot learn by reinforcement; cloning is a start. It is also
the paper's supervised baseline (RLEF, section 3.4), which clones the last responses of the model's own successful
episodes.

The tokens around the responses come from the same ``Renderer`` as in reinforcement learning. Only responses, with their
end-of-turn token, are trained on.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rlef_agents.ppo.architecture import check_architecture, prepare
from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.lora import add_lora
from rlef_agents.ppo.network import policy_logprobs
from rlef_agents.ppo.optimiser import adamw
from rlef_agents.ppo.packing import pack
from rlef_agents.ppo.sft_config import SftConfig
from rlef_agents.ppo.trajectory import Completion, Ids, TokenEpisode, TokenTurn
from rlef_env import read_episodes
from rlef_env.errors import DataError, RLEFError, UsageError
from rlef_env.runs import RunFolder, read_records

__all__ = ["Chat", "read_chats", "sft", "token_episodes"]

Chat = Sequence[dict[str, str]]


def sft(
    model: Any,
    renderer: Renderer,
    chats: Sequence[Chat],
    config: SftConfig,
    report: Callable[[dict[str, float]], None] = lambda _: None,
    enough: Callable[[int], bool] = lambda _: False,
) -> Any:
    """Train a causal language model on conversations, in place.

    Args:
        model: a causal language model of transformers; its weights become float32.
        renderer: renderer for its tokenizer.
        chats: conversations; see ``read_chats``.
        config: settings.
        report: called after each step with its metrics: step, steps, loss (nats per token), lr, tokens_per_second.
        enough: called after each step with its number; training stops when it returns True.

    Returns:
        The model; another object where adapters were merged into it.

    Raises:
        UsageError: no conversation fits the context.
        RLEFError: the loss is not a number; the model has the weights of the step before.
    """
    episodes = [
        episode for episode in token_episodes(chats, renderer, config.last_only) if episode.length <= config.context
    ]
    if not episodes:
        raise UsageError(f"conversations: expected one of at most {config.context} tokens, got none; raise --context")
    lm = add_lora(model, config.lora_rank, 2 * config.lora_rank, config.seed) if config.lora_rank else model.float()
    prepare(lm)
    check_architecture(lm)
    lm.train()
    trained = [parameter for parameter in lm.parameters() if parameter.requires_grad]
    optimiser, device = adamw({"policy": trained}, config.lr, config.weight_decay), str(next(lm.parameters()).device)
    random = np.random.default_rng(config.seed)
    batches = [
        part
        for _ in range(config.epochs)
        for part in np.array_split(random.permutation(len(episodes)), math.ceil(len(episodes) / config.batch))
    ]
    for step, part in enumerate(batches):
        began, tokens = time.monotonic(), sum(episodes[place].length for place in part)
        for group in optimiser.param_groups:
            group["lr"] = config.lr * schedule(step, len(batches), config.warmup)
        loss = descend(lm, optimiser, episodes, part.tolist(), config, device)
        rate = tokens / (time.monotonic() - began)
        report({"step": step + 1, "steps": len(batches), "loss": loss, "lr": group["lr"], "tokens_per_second": rate})
        if enough(step + 1):
            break
    return lm.merge_and_unload() if config.lora_rank else lm


def descend(
    lm: Any,
    optimiser: torch.optim.Optimizer,
    episodes: Sequence[TokenEpisode],
    part: list[int],
    config: SftConfig,
    device: str,
) -> float:
    """Take one optimiser step; return the mean loss over tokens."""
    count = sum(len(turn.completion.ids) for place in part for turn in episodes[place].turns)
    total = 0.0
    optimiser.zero_grad(set_to_none=True)
    for batch in pack(episodes, config.token_budget, part, device):
        loss = -policy_logprobs(lm, batch, dtype=getattr(torch, config.dtype)).sum() / count
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    if not math.isfinite(total):
        raise RLEFError(f"loss: expected a number, got {total}; lower --lr, or look for damaged conversations")
    trained = [parameter for parameter in lm.parameters() if parameter.requires_grad]
    torch.nn.utils.clip_grad_norm_(trained, config.clip_norm or math.inf, error_if_nonfinite=True)
    optimiser.step()
    return total


def schedule(step: int, steps: int, warmup: int) -> float:
    """Factor of the learning rate at a step: linear warm-up, then half a cosine down to a tenth."""
    cosine = 0.5 * (1.0 + math.cos(math.pi * step / max(steps, 1)))
    return min(1.0, (step + 1) / max(warmup, 1)) * (0.1 + 0.9 * cosine)


def token_episodes(chats: Sequence[Chat], renderer: Renderer, last_only: bool = False) -> Iterator[TokenEpisode]:
    """Tokenize conversations; a response that is not trained on becomes part of the next one's prompt."""
    for number, chat in enumerate(chats):
        check_chat(number, chat)
        turns: list[TokenTurn] = []
        prompt = renderer.first(chat[0]["content"])
        for place in range(1, len(chat), 2):
            response = np.append(renderer.data(chat[place]["content"]), renderer.end_of_turn)
            last = place + 2 > len(chat) - 1
            if last or not last_only:
                turns.append(TokenTurn(prompt, completion(response), 0.0))
                prompt = np.empty(0, np.int64)
            else:
                prompt = np.concatenate([prompt, response])
            if not last:
                prompt = np.concatenate([prompt, renderer.following(chat[place + 1]["content"], response)])
        yield TokenEpisode(tuple(turns), str(number), solved=True)


def completion(ids: Ids) -> Completion:
    """Wrap a response of a conversation; nothing sampled it."""
    return Completion(ids, np.zeros(len(ids), np.float32), np.zeros(len(ids), np.int64), finished=True)


def check_chat(number: int, chat: Chat) -> None:
    """Refuse a conversation in which user and assistant do not alternate."""
    roles = [message.get("role") for message in chat]
    # A user message at the end has no response and is not used.
    if len(chat) < 2 or roles != [("user", "assistant")[place % 2] for place in range(len(chat))]:
        raise DataError(f"conversation {number}: expected user and assistant to alternate, user first; got {roles}")


def read_chats(path: str | Path, solved_only: bool = True) -> list[Chat]:
    """Read conversations from a file of JSON lines, or from the folder of a run.

    Args:
        path: file of rows with ``"messages"`` (a list of ``{"role", "content"}``) or of episodes stored by rlef-env, or
            the folder of a run, as ``rlef eval`` writes one.
        solved_only: skip stored episodes that were not solved.

    Raises:
        UsageError: there is no such file.
        DataError: a row is neither a conversation nor an episode.
    """
    file = Path(path)
    if (file / "run.json").is_file():
        records = read_records(RunFolder.open(file))
        return [record.episode.messages for record in records if record.episode.solved or not solved_only]
    if not file.is_file():
        raise UsageError(
            f"data: expected a file of JSON lines or the folder of a run, got {str(path)!r}, which is neither"
        )
    with file.open(encoding="utf-8") as lines:
        first = lines.readline()
    if '"messages"' not in first:
        return [episode.messages for episode in read_episodes(file) if episode.solved or not solved_only]
    chats: list[Chat] = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            try:
                chat = json.loads(line)["messages"]
                check_chat(number, chat)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise DataError(f'{file}, line {number + 1}: expected an object with "messages"; {error}') from error
            chats.append(chat)
    return chats
