"""Small models whose next token is neither certain nor uniform, and log-probabilities by a full forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.trajectory import Completion, Floats, Ids

VOCABULARY = 48
MAX_CONTEXT = 160
STOP = 3
_LLAMA: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": MAX_CONTEXT,
}
_ARCHITECTURES: dict[str, Any] = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**_LLAMA, tie_word_embeddings=True)),
    "llama with biases and scaled positions": lambda: LlamaForCausalLM(
        LlamaConfig(
            **_LLAMA,
            attention_bias=True,
            mlp_bias=True,
            rope_parameters={
                "rope_type": "llama3",
                "rope_theta": 1000.0,
                "factor": 4.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 32,
            },
        )
    ),
    "mistral": lambda: MistralForCausalLM(MistralConfig(**_LLAMA, sliding_window=None)),
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**_LLAMA)),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**_LLAMA)),
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(vocab_size=VOCABULARY, n_positions=MAX_CONTEXT, n_embd=24, n_layer=2, n_head=4)
    ),
}
LLAMA_LIKE = tuple(name for name in _ARCHITECTURES if name != "gpt2")


def model(name: str = "llama", seed: int = 0) -> Any:
    torch.manual_seed(seed)
    made = _ARCHITECTURES[name]()
    shake(made, seed, 0.25)
    return made.eval()


def shake(model: Any, seed: int, size: float) -> None:
    """Change the weights in place, as an optimiser does."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=random) * size)


def prompts(count: int, seed: int = 0, max_length: int = 20) -> list[Ids]:
    """Return random prompts of 1 to ``max_length`` tokens; the stop token may be among them."""
    random = np.random.default_rng(seed)
    return [random.integers(0, VOCABULARY, random.integers(1, max_length + 1)) for _ in range(count)]


def sample_all(generator: Any, requests: list[Request]) -> dict[int, Completion]:
    """Submit requests, poll to the end, and check that each is answered once."""
    for request in requests:
        generator.submit(request)
    answered: dict[int, Completion] = {}
    while completions := generator.poll():
        for conversation, completion in completions:
            assert conversation not in answered
            answered[conversation] = completion
    assert answered.keys() == {request.conversation for request in requests}
    return answered


def full_logprobs(model: Any, context: Ids, response: Ids, temperature: float) -> Floats:
    """Compute the log-probabilities of a response after its context by one forward pass."""
    whole = torch.as_tensor(np.concatenate([context, response]))[None]
    with torch.no_grad():
        logits = model(whole).logits[0, len(context) - 1 : -1] / (temperature or 1.0)
    return logits.log_softmax(-1).gather(1, torch.as_tensor(response)[:, None])[:, 0].numpy()


def assert_true_logprobs(model: Any, context: Ids, completion: Completion, temperature: float = 1.0) -> None:
    expected = full_logprobs(model, context, completion.ids, temperature)
    np.testing.assert_allclose(completion.logprobs, expected, rtol=0, atol=1e-5)
