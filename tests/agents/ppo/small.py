"""Small models of real architectures, tokenizers trained on a few lines, and episodes made of random tokens."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from rlef_agents.ppo.chat_template import shipped_template
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.trajectory import Completion, Ids, TokenEpisode, TokenTurn

VOCABULARY = 64
SMALL: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": None,
    "eos_token_id": 1,
    "pad_token_id": None,
}
ARCHITECTURES = ("llama", "qwen2", "qwen3", "gpt2")
CONTROLS = {
    "chatml": ["<|im_start|>", "<|im_end|>"],
    "qwen3": ["<|im_start|>", "<|im_end|>"],
    "llama3": ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"],
}
WORDS = ["Provide a Python solution for the following", "def main():\n    print(1)\n", "input failed: expected output"]


def model(name: str = "llama", seed: int = 0, **changes: Any) -> Any:
    """Make a causal language model with random weights, as ``from_pretrained`` returns one: with dropout off."""
    torch.manual_seed(seed)
    return made(name, changes).eval()


def made(name: str, changes: dict[str, Any]) -> Any:
    if name == "llama":
        return LlamaForCausalLM(LlamaConfig(**{**SMALL, **changes}))
    if name == "qwen2":  # every second layer attends to three tokens only
        window = {"use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1, "tie_word_embeddings": True}
        return Qwen2ForCausalLM(Qwen2Config(**{**SMALL, **window, **changes}))
    if name == "qwen3":
        return Qwen3ForCausalLM(Qwen3Config(**{**SMALL, "head_dim": 4, "tie_word_embeddings": True, **changes}))
    small = {"vocab_size": VOCABULARY, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 128}
    ends = {"bos_token_id": None, "eos_token_id": 1}
    return GPT2LMHeadModel(GPT2Config(**{**small, **ends, **changes}))


def ids(numbers: Sequence[int]) -> Ids:
    return np.array(numbers, np.int64)


def turn(
    prompt: Sequence[int],
    sampled: Sequence[int],
    reward: float = 0.0,
    logprobs: Sequence[float] | None = None,
    **other: Any,
) -> TokenTurn:
    """Make a turn; ``other`` may have ``version``, ``finished`` and ``kept``."""
    sampled_logprobs = np.array(logprobs if logprobs is not None else [-1.0] * len(sampled), np.float32)
    versions = np.full(len(sampled), other.get("version", 0), np.int64)
    completion = Completion(ids(sampled), sampled_logprobs, versions, other.get("finished", True), other.get("kept"))
    return TokenTurn(ids(prompt), completion, reward)


def episode(*turns: TokenTurn, problem: str = "p", solved: bool = False, has_verdict: bool = True) -> TokenEpisode:
    return TokenEpisode(tuple(turns), problem, solved, has_verdict)


def random_episodes(count: int, seed: int = 0, problems: int = 3, max_length: int = 8) -> list[TokenEpisode]:
    """Make episodes of one to three turns; the reward of each last response is 1 or -1."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        turns = [
            turn(
                random.integers(0, VOCABULARY, random.integers(1, max_length + 1)).tolist(),
                random.integers(0, VOCABULARY, random.integers(1, max_length + 1)).tolist(),
            )
            for _ in range(random.integers(1, 4))
        ]
        solved = bool(random.integers(0, 2))
        turns[-1] = dataclasses.replace(turns[-1], reward=1.0 if solved else -1.0)
        made.append(episode(*turns, problem=f"p{number % problems}", solved=solved))
    return made


def sampled_by(learner: Learner, episodes: Sequence[TokenEpisode]) -> list[TokenEpisode]:
    """Return the episodes with a learner's log-probabilities and version, as if it had sampled them."""
    old = learner.score(episodes).old
    made, start = [], 0
    for whole in episodes:
        turns = []
        for each in whole.turns:
            end = start + len(each.completion.ids)
            completion = dataclasses.replace(
                each.completion,
                logprobs=old[start:end].astype(np.float32),
                versions=np.full(end - start, learner.version, np.int64),
            )
            turns.append(dataclasses.replace(each, completion=completion))
            start = end
        made.append(dataclasses.replace(whole, turns=tuple(turns)))
    return made


def config(**changes: Any) -> TrainConfig:
    """Return a configuration that changes weights at the first step."""
    quick: dict[str, Any] = {
        "lr": 1e-2,
        "warmup": 0,
        "updates": 10,
        "minibatches": 2,
        "token_budget": 40,
        "clip_norm": 0.0,
    }
    return TrainConfig(**{**quick, **changes})


def learner(name: str = "llama", seed: int = 0, lm: Any = None, **changes: Any) -> Learner:
    return Learner(model(name, seed) if lm is None else lm, config(**changes))


def weights(learner: Learner) -> list[torch.Tensor]:
    return [tensor.detach().clone() for tensor in learner.model.state_dict().values()]


def moved(before: Sequence[torch.Tensor], after: Sequence[torch.Tensor]) -> float:
    """Return the largest difference between two sets of weights."""
    return max(float((a - b).detach().abs().max()) for a, b in zip(before, after, strict=True))


def tokenizer(template: str = "chatml", controls: Sequence[str] | None = None, chat_template: str | None = None) -> Any:
    """Make a byte-level BPE tokenizer with the control tokens that a template needs."""
    special = list(controls if controls is not None else CONTROLS[template])
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(
        WORDS * 4,
        trainers.BpeTrainer(vocab_size=340, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=special[0] if template == "llama3" else None,
        eos_token=special[1] if special else None,
        chat_template=chat_template or shipped_template(template),
    )
