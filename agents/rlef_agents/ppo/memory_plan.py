"""Memory of a training run by part and process, computed before anything is loaded.

``plan_memory`` is pure: the shape of the model, the settings and the number of processes determine it. It follows how
``learner`` and ``model`` store and compute: trained weights, gradients and moments are float32; with ``bfloat16`` the
matrices of a frozen layer (reference, base of adapters) are bfloat16. Memory that lasts is the same at every moment of
an update; what comes and goes differs, so it is counted at each moment, and the largest sum is the peak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.generators import KV_TOKENS
from rlef_agents.ppo.model_shape import ModelShape
from rlef_agents.ppo.optimiser import moment_bytes
from rlef_agents.ppo.token_scores import logits_at_once

__all__ = ["MemoryPlan", "plan_memory"]

FLOAT: Final = 4
"""Bytes of a float32."""

RUNTIME: Final = 2.5e9
"""Bytes of a GPU for the libraries' own: CUDA context, kernels, NCCL's buffers and cuBLAS' workspace; an estimate."""

FRAGMENTED: Final = 0.05
"""Share of a GPU's used memory that PyTorch's allocator loses between blocks; an estimate."""


CHECKPOINT: Final = "checkpoint being written"


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes that one process needs; all processes need the same.

    Attributes:
        processes: number of processes, one per GPU.
        lasting: bytes of what stays in memory for the whole run, by part.
        moments: bytes of what is in memory only at a moment of an update, by moment and part.
        runtime: bytes of the libraries' own; 0 on a CPU.
        copied: bytes of the machine's memory for the copy that a checkpoint is written from, beside a GPU's; 0 on a
            CPU, where it is a part of ``lasting``.
    """

    processes: int
    lasting: Mapping[str, int]
    moments: Mapping[str, Mapping[str, int]]
    runtime: int
    copied: int = 0

    @property
    def peak_moment(self) -> str:
        """Moment of an update at which most memory is in use."""
        return max(self.moments, key=lambda name: sum(self.moments[name].values()))

    @property
    def parts(self) -> dict[str, int]:
        """Bytes by part at the peak, those of the libraries among them."""
        found = {**self.lasting, **self.moments[self.peak_moment], "CUDA, NCCL, fragmentation": self.runtime}
        return {name: size for name, size in found.items() if size}

    @property
    def peak(self) -> int:
        """Bytes of one process at the peak."""
        return sum(self.parts.values())

    def fits(self, memory: float) -> bool:
        """Return whether the peak is within this many bytes."""
        return self.peak <= memory

    def advice(self, config: TrainConfig) -> str:
        """Return what would make the run smaller, from the settings that it has."""
        largest = max(self.parts, key=lambda name: self.parts[name])
        steps = [
            ("parallel=fsdp and more GPUs", config.parallel == "ddp"),
            ("more GPUs", config.parallel == "fsdp"),
            ("gradient_checkpointing=true", not config.gradient_checkpointing),
            (
                f"token_budget={config.token_budget // 2}",
                largest == "activations" and config.token_budget > config.context,
            ),
            ("lora_rank=32", not config.lora_rank),
            ("generator=vllm", config.generator != "vllm"),
        ]
        return f"most of it is {largest}. Try " + ", ".join(text for text, useful in steps if useful)

    def table(self) -> str:
        """Return the parts as lines of text: gigabytes (10^9) of a process, and of all processes together."""
        rows = [("part", "GB a process", f"GB in all {self.processes}")]
        rows += [(name, gigabytes(size), gigabytes(size * self.processes)) for name, size in self.parts.items()]
        rows.append((f"peak ({self.peak_moment})", gigabytes(self.peak), gigabytes(self.peak * self.processes)))
        if self.copied:
            name, size = f"{CHECKPOINT}, in the machine's memory", self.copied
            rows.append((name, gigabytes(size), gigabytes(size * self.processes)))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows)


def plan_memory(shape: ModelShape, config: TrainConfig, processes: int = 1, gpu: bool = True) -> MemoryPlan:
    """Return the memory of a training run.

    Args:
        shape: sizes of the model.
        config: settings of the run.
        processes: number of processes, one per GPU.
        gpu: they run on GPUs; False: on a CPU, whose optimiser and gathering need less at a time.
    """
    sharded = config.parallel == "fsdp" and processes > 1
    share = processes if sharded else 1
    half = config.dtype == "bfloat16"
    matrices = shape.layers * shape.matrices
    adapters = shape.layers * shape.ends * config.lora_rank
    separate = config.critic == "separate"

    def frozen(weights: int) -> int:
        return FLOAT * weights - (2 * matrices if half else 0)

    def network(weights: int) -> int:
        return frozen(weights) + FLOAT * adapters if config.lora_rank else FLOAT * weights

    value_head = 0 if config.critic == "none" else shape.width + 1
    policy_trained = adapters or shape.parameters
    critic_trained = ((adapters or shape.backbone) if separate else 0) + value_head
    trained = policy_trained + critic_trained
    critic = (network(shape.backbone) if separate else 0) + FLOAT * value_head
    reference = frozen(shape.parameters) if config.beta and not config.lora_rank else 0
    lasting = {
        "policy": network(shape.parameters) // share,
        "critic": critic // share,
        "reference": reference // share,
        "gradients": FLOAT * trained // share,
        "optimiser (two moments)": int(moment_bytes(config) * trained) // share,
        **sampling(shape, config, sharded),
    }
    copied = copied_bytes(config, trained) // share
    if copied and not gpu:
        lasting[CHECKPOINT] = copied
    moments = moments_of(shape, config, sharded, gpu)
    moments["the optimiser's step"] = {
        # On a GPU the step makes one tensor for all weights at a time, on a CPU one weight after the other.
        "optimiser step": FLOAT * trained // share if gpu else 2 * FLOAT * min(shape.largest, trained) // share
    }
    total = sum(lasting.values()) + max(sum(parts.values()) for parts in moments.values())
    runtime = int(RUNTIME + FRAGMENTED * total) if gpu else 0
    return MemoryPlan(processes, lasting, moments, runtime, copied if gpu else 0)


def copied_bytes(config: TrainConfig, trained: int) -> int:
    """Return the bytes of trained weights and their moments, if checkpoints are written from a copy of them."""
    if not config.async_save or config.save_every < 2:
        return 0
    return int((FLOAT + moment_bytes(replace(config, offload_moments=False))) * trained)


def sampling(shape: ModelShape, config: TrainConfig, sharded: bool) -> dict[str, int]:
    """Return the bytes that the generator in this process keeps: weights of its own, keys and values."""
    server = config.generator == "vllm"
    if server and not (sharded and config.lora_rank):
        return {}
    half = config.dtype == "bfloat16"
    matrices, size = shape.layers * shape.matrices, 2 if half else FLOAT
    whole = 0
    if sharded:  # the generator cannot read shards
        adapters = FLOAT * shape.layers * shape.ends * config.lora_rank
        whole = FLOAT * (shape.parameters - matrices) + size * matrices + adapters
    if server:  # adapters are merged in the copy
        return {"whole copy for sampling": whole}
    stored_half = half and bool(sharded or config.lora_rank)  # what it reads is bfloat16 already
    copies = shape.layers * shape.joined * size if stored_half or not half else matrices * size
    token = 2 * shape.layers * shape.kv_heads * shape.head_dim * size
    generators = 2 if config.evaluate_every else 1  # an evaluation has a generator of its own
    return {
        "whole copy for sampling": whole,
        "copies of the decoder": copies * generators,
        "keys and values": (int(config.kv_memory * 1e9) or token * max(KV_TOKENS, config.context)) * generators,
    }


def moments_of(shape: ModelShape, config: TrainConfig, sharded: bool, gpu: bool) -> dict[str, dict[str, int]]:
    """Return what is in memory only while a micro-batch's gradient is computed, by moment and part."""
    tokens = max(config.token_budget, config.context)  # a longer episode is a micro-batch of its own
    networks = 2 if config.critic == "separate" else 1
    inside = tokens * layer_activations(shape, config) + cast_weights(shape, config)
    if config.gradient_checkpointing:
        kept, again = tokens * FLOAT * shape.width * shape.layers, inside
    else:
        kept, again = inside * shape.layers, 0  # of one network: a separate critic has its turn before the policy
    features = 3 * tokens * FLOAT * shape.width  # before and after the last norm, and those of sampled tokens
    trained = not config.lora_rank
    base = shape.layer * FLOAT - (2 * shape.matrices if config.lora_rank and config.dtype == "bfloat16" else 0)
    # Embeddings are whole only while they are used, unless the head shares their weights; the head is in every pass.
    embedding = FLOAT * shape.embedding
    roots = FLOAT * shape.head or embedding * networks
    # With shards, a layer's weights are gathered into one buffer and copied out of it (the next one's at the same time
    # on a GPU), and its gradient is whole before it is distributed, from another buffer.
    layer = (base * (3 if gpu else 2) + trained * 2 * FLOAT * shape.layer) if sharded else 0
    root = roots * (2 if trained else 1) if sharded else 0
    times = 3 if trained else 1
    temporary = 2 * FLOAT * tokens * (shape.mlp + shape.width)  # gradients of activations inside of a layer
    gradient = 0 if sharded or not trained else FLOAT * shape.mlp * shape.width
    return {
        "gradient of the head": {
            "activations": kept + features,
            "logits": FLOAT * logits_at_once(tokens, shape.vocabulary, trained),
            "gathered weights": root,
            "gradient of a matrix": FLOAT * shape.vocabulary * shape.width if trained and not sharded else 0,
        },
        "gradient of a layer": {
            "activations": kept + features + again + temporary,
            "gathered weights": root + layer,
            "gradient of a matrix": gradient,
        },
        "end of the gradient": {
            "activations": features,
            "gathered weights": max(roots * times, root + embedding * times if shape.head else 0) if sharded else 0,
            "gradient of a matrix": FLOAT * shape.largest if trained and not sharded else 0,
        },
    }


def layer_activations(shape: ModelShape, config: TrainConfig) -> int:
    """Return the bytes a token that autograd keeps of one layer, without gradient checkpointing.

    They are those of a Llama: input, two norms (normalised, and scaled), queries and keys after rotation, values,
    attention twice (as computed, and joined over sequences), and four tensors of the MLP. With ``bfloat16`` the stream
    and the normalised features are float32 and the inputs of products bfloat16.
    """
    queries, keys = shape.heads * shape.head_dim, 2 * shape.kv_heads * shape.head_dim
    if config.dtype == "bfloat16":
        return 20 * shape.width + 2 * (3 * queries + keys + 4 * shape.mlp)
    return FLOAT * (6 * shape.width + 3 * queries + keys + 4 * shape.mlp)


def cast_weights(shape: ModelShape, config: TrainConfig) -> int:
    """Return the bytes of one layer's weights in bfloat16 that autograd keeps; those stored in it need no copy."""
    return 2 * shape.matrices if config.dtype == "bfloat16" and not config.lora_rank else 0


def gigabytes(size: float) -> str:
    """Return bytes as gigabytes (10^9)."""
    return f"{size / 1e9:,.2f}"
