"""Measure decoding and updates on a GPU, against the same GPU's memory bandwidth and matrix multiplication.

Decoding reads every weight for each token of all slots, so its ceiling is the memory bandwidth. An update multiplies,
so its ceiling is the multiplication of large bfloat16 matrices. Both are measured, not taken from a data sheet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from benchmarks.figures import Figure, measured, missing
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.packing import pack
from rlef_agents.ppo.trajectory import Completion, TokenEpisode, TokenTurn

__all__ = ["gpu_rows"]

SHAPE = {
    "vocab_size": 32_000, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
    "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 4096,
}  # fmt: skip
"""About one billion parameters."""

MATRIX, BYTES = 8192, 1 << 31  # side of the multiplied matrices; bytes copied


def gpu_rows(rounds: int = 5) -> list[Figure]:
    """Measure the shares of the ceilings, if there is a GPU."""
    if not torch.cuda.is_available():
        words = ("decoding against the measured memory ceiling", "update against the measured bfloat16 ceiling")
        return [missing("gpu", each, "skipped: no GPU here (torch.cuda.is_available() is false)") for each in words]
    return on_device("cuda", rounds, SHAPE, MATRIX, BYTES, slots=128, tokens=256)


def on_device(
    device: str, rounds: int, shape: dict[str, int], matrix: int, copied: int, slots: int, tokens: int
) -> list[Figure]:
    """Measure the figures of a device.

    Args:
        device: device of torch.
        rounds: number of measurements of each figure.
        shape: configuration of the Llama that decodes and learns.
        matrix: side of the matrices whose product is the ceiling of updates.
        copied: bytes copied to measure the memory bandwidth.
        slots: responses decoded at the same time, and episodes per update.
        tokens: tokens of a response, and of its prompt.
    """
    multiplied = [_flops(device, matrix) for _ in range(rounds)]
    read = [_bandwidth(device, copied) for _ in range(rounds)]
    torch.manual_seed(0)
    model: Any = LlamaForCausalLM(LlamaConfig(**shape, bos_token_id=None, eos_token_id=None)).to(device)  # type: ignore[arg-type]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    random = np.random.default_rng(0)
    prompts = random.integers(0, shape["vocab_size"], (slots, tokens))
    decoded = [slots * tokens / each for each in _decoding(device, model, prompts, tokens, rounds)]
    learned = []
    settings = TrainConfig(beta=0.0, critic="shared", dtype="bfloat16", lr=1e-6)
    learner = Learner(model, settings)
    episodes = [_episode(ids) for ids in random.integers(0, shape["vocab_size"], (slots, 2 * tokens))]
    for number in range(rounds + 1):
        seconds = _seconds(device, lambda: _learn(learner, episodes))
        if number:
            learned.append(slots * 2 * tokens / seconds)
    peak, bytes_ = max(multiplied), max(read)
    weights = 2 * parameters  # bytes
    shares = [100 * rate / slots * weights / bytes_ for rate in decoded]
    uses = [100 * 6 * parameters * rate / peak for rate in learned]
    what = f"{parameters / 1e9:.2f} G parameters, {slots} responses of {tokens} tokens after {tokens}"
    return [
        measured("gpu", "bfloat16 multiplication", [each / 1e12 for each in multiplied], "TFLOP/s"),
        measured("gpu", "memory, read and written", [each / 1e9 for each in read], "GB/s"),
        measured(
            "gpu", "decoding against the measured memory ceiling", shares, "%", note=f"{what}; weights read alone"
        ),
        measured("gpu", "sampled tokens", decoded, "tokens per s"),
        measured("gpu", "update against the measured bfloat16 ceiling", uses, "%", note=f"{what}; 6 per weight, token"),
        measured("gpu", "trained tokens", learned, "tokens per s"),
    ]


def _flops(device: str, side: int) -> float:
    a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 10 * 2 * side**3 / _seconds(device, lambda: [a @ b for _ in range(10)], warm=lambda: a @ b)


def _bandwidth(device: str, size: int) -> float:
    source, target = (torch.zeros(size, dtype=torch.uint8, device=device) for _ in range(2))
    return 10 * 2 * size / _seconds(device, lambda: [target.copy_(source) for _ in range(10)])


def _decoding(device: str, model: Any, prompts: Any, tokens: int, rounds: int) -> list[float]:
    slots = len(prompts)
    generator = LocalGenerator(model, [], slots=slots, dtype=torch.bfloat16, kv_tokens=4 * slots * tokens)
    return [_seconds(device, lambda: _decode(generator, prompts, tokens)) for _ in range(rounds + 1)][1:]


def _decode(generator: LocalGenerator, prompts: Any, tokens: int) -> None:
    for number, ids in enumerate(prompts):
        generator.forget(number)
        generator.submit(Request(number, ids, tokens, number))
    while generator.poll():
        pass


def _episode(ids: Any) -> TokenEpisode:
    half = len(ids) // 2
    nothing = np.zeros(half, np.float32)
    completion = Completion(ids[half:], nothing, nothing.astype(np.int64), finished=True)
    return TokenEpisode((TokenTurn(ids[:half], completion, 0.0),), "", solved=False)


def _learn(learner: Learner, episodes: list[TokenEpisode]) -> None:
    for batch in pack(episodes, learner.config.token_budget, device=learner.device):
        (-learner.model(batch).logprobs.sum()).backward()
    learner.optimiser.step()
    learner.optimiser.zero_grad(set_to_none=True)


def _seconds(device: str, work: Callable[[], object], warm: Callable[[], object] = lambda: None) -> float:
    def finished() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    warm()
    finished()
    began = time.perf_counter()
    work()
    finished()
    return time.perf_counter() - began
