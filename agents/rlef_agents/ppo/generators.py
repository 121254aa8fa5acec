"""Create the generators of a run and give them new weights: in place, in a copy of the model, or on vLLM servers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from rlef_agents.ppo import parallel
from rlef_agents.ppo.checkpoint import policy_weights
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.construction import Filler, empty_copy
from rlef_agents.ppo.generation import Generator
from rlef_agents.ppo.generation.batching import BatchingGenerator
from rlef_agents.ppo.generation.hf import HFGenerator
from rlef_agents.ppo.generation.local.decoder import unsupported_reason
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.generation.model_settings import max_context
from rlef_agents.ppo.generation.servers import Servers
from rlef_agents.ppo.generation.vllm import VLLMGenerator
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.lora import add_lora
from rlef_agents.ppo.network import base, set_types
from rlef_env.errors import UsageError

__all__ = ["GeneratorFactory", "make_generator", "served", "servers_of", "unsharded_copy"]

SLOTS: Final = 128
"""Maximum number of responses decoded at the same time."""

KV_TOKENS: Final = 1 << 17
"""Largest number of tokens whose keys and values are in memory where ``kv_memory`` is not set; at least one context."""

ANY_MEMORY: Final = 1 << 62
"""Bytes: no limit."""

CPU_PAGES: Final = {"page_size": 32, "num_blocks": 1024, "max_batch_tokens": 256}
"""Sizes for continuous batching on a CPU; by default it would allocate all free memory, for each batch again."""


class GeneratorFactory:
    """Creates generators that sample from a learner's policy.

    Args:
        config: settings of the run.
        learner: learner that owns the weights.
        stop: ids that end a response.
        unsharded: result of ``unsharded_copy``.

    Raises:
        UsageError: the settings ask for a server but name none.
    """

    def __init__(self, config: TrainConfig, learner: Learner, stop: Sequence[int], unsharded: Any = None) -> None:
        self._config, self._learner, self._stop, self._unsharded = config, learner, stop, unsharded
        self._servers = servers_of(config) if config.generator == "vllm" else None
        self.renew()

    def renew(self) -> None:
        """Copy the learner's changed weights, if there is a copy of the model. All processes must call this together.

        Afterwards call each generator's ``update``.
        """
        if self._unsharded is not None:
            parallel.copy_whole(self._learner.model.lm, self._unsharded)

    def make(self, temperature: float, top_p: float = 1.0) -> Generator:
        """Return a generator that samples with the current weights.

        Args:
            temperature: divisor of the logits.
            top_p: below 1 for evaluation only, because the learner scores over the whole vocabulary.
        """
        version, lm = self._learner.version, self._learner.model.lm
        if self._servers is not None:
            return served(self._config, lm, self._servers, self._write, self._stop, temperature, top_p, version)
        own: Any = lm if self._unsharded is None else self._unsharded
        return make_generator(self._config, own, self._stop, temperature, top_p, version)

    @property
    def metrics(self) -> dict[str, float]:
        """Counts of requests that were repeated and of servers that are lost; empty without servers."""
        if self._servers is None:
            return {}
        return {"server_retries": float(self._servers.retried), "servers_lost": float(len(self._servers.lost))}

    def _write(self, folder: Path) -> None:
        """Save the policy in the dtype that the learner computes in; where adapters train, only these."""
        learner, dtype = self._learner, self._learner.model.dtype
        lm: Any = learner.model.lm
        if self._config.lora_rank:
            if parallel.rank() == 0:
                (lm if self._unsharded is None else self._unsharded).save_pretrained(folder)
            return
        weights = policy_weights(learner, dtype)
        if parallel.rank() == 0:
            lm.save_pretrained(folder, state_dict={name.removeprefix("lm."): each for name, each in weights.items()})


def servers_of(config: TrainConfig) -> Servers:
    """Return the servers that this process uses.

    Processes share the servers evenly; where there are fewer servers than processes, some share one.

    Raises:
        UsageError: the settings name none, or something that is no address.
    """
    urls = config.servers.split()
    if not urls:
        raise UsageError(
            "servers: expected the address of a vLLM server, such as http://localhost:8000, because generator is "
            "'vllm', got none; set it, or set generator to 'local', 'hf' or 'continuous'"
        )
    if wrong := [each for each in urls if not each.startswith(("http://", "https://"))]:
        raise UsageError(f"servers: expected addresses such as http://localhost:8000, got {wrong[0]!r}")
    rank, world = parallel.rank(), parallel.world()
    return Servers(urls[rank::world] if len(urls) >= world else [urls[rank % len(urls)]])


def served(
    config: TrainConfig,
    lm: Any,
    servers: Servers,
    save: Callable[[Path], object],
    stop: Sequence[int],
    temperature: float,
    top_p: float = 1.0,
    version: int = 0,
) -> VLLMGenerator:
    """Return a generator that samples on servers.

    Args:
        config: settings of the run.
        lm: the model that they serve.
        servers: the servers of this process.
        save: function that writes new weights into a folder.
        stop: ids that end a response.
        temperature: divisor of the logits.
        top_p: share of probability to sample from.
        version: version of the weights that the servers have.
    """
    settings: Any = base(lm).config
    return VLLMGenerator(
        servers,
        save,
        Path(config.out).resolve() / "weights",
        stop,
        settings.vocab_size,
        max_context(settings),
        temperature,
        version=version,
        top_p=top_p,
        is_leader=parallel.rank() < len(config.servers.split()),
        barrier=parallel.wait_for_all,
        adapters=config.lora_rank > 0,
    )


def unsharded_copy(model: Any, config: TrainConfig, device: torch.device | None = None) -> Any:
    """Return a copy, without weights yet, of a model for a generator; None if it can use the learner's own.

    It cannot where the learner shards the model, because it reads single layers in its own order; nor with ``max_lag``,
    because it samples while the learner changes the weights. With ``dtype`` bfloat16 the matrices of its layers are
    bfloat16, half of the memory. A server needs a copy only to write the adapters of shards.

    Args:
        model: the model; it may be on the ``meta`` device.
        config: settings of the run.
        device: device of the copy; the model's where None.
    """
    sharded = config.parallel == "fsdp" and parallel.world() > 1
    ahead = config.max_lag > 0 and not config.deterministic
    needed = sharded and config.lora_rank > 0 if config.generator == "vllm" else sharded or ahead
    if not needed:
        return None
    copied = empty_copy(model)
    if config.lora_rank:
        copied = add_lora(
            copied, config.lora_rank, config.lora_alpha, targets=config.lora_targets, rslora=config.lora_rslora
        )
    set_types(copied, getattr(torch, config.dtype), trained=True)
    weights = dict.fromkeys(copied.parameters(), torch.Tensor.zero_)  # ``renew`` fills them
    Filler(device or next(model.parameters()).device, weights)(copied)
    return copied


def make_generator(
    config: TrainConfig, lm: Any, stop: Sequence[int], temperature: float, top_p: float = 1.0, version: int = 0
) -> Generator:
    """Return a generator that samples from a model in this process.

    ``auto`` is continuous batching on a GPU, and our decode loop on a CPU. Architectures that our decode loop does not
    support are decoded by transformers' ``generate``.
    """
    dtype = getattr(torch, config.dtype)  # each generator then computes the same function as the learner
    on_cpu = base(lm).device.type == "cpu"
    kind = ("local" if on_cpu else "continuous") if config.generator == "auto" else config.generator
    if kind == "continuous":
        return BatchingGenerator(lm, stop, temperature, version, CPU_PAGES if on_cpu else None, dtype, top_p)
    if kind == "hf" or unsupported_reason(base(lm)) is not None:
        return HFGenerator(lm, stop, temperature, SLOTS, version=version, dtype=dtype, top_p=top_p)
    memory = int(config.kv_memory * 1e9) if config.kv_memory else None
    tokens = max(KV_TOKENS, config.context) if memory is None else memory
    if memory is None and config.deterministic:
        memory = ANY_MEMORY  # what is decoded side by side, and thus rounding, must not depend on the machine
    made = LocalGenerator(lm, stop, temperature, SLOTS, tokens, version, dtype, top_p, memory)
    if made.kv_tokens < config.context:
        raise UsageError(
            f"kv_memory: expected memory for the keys and values of the {config.context} tokens of one context, got "
            f"enough for {made.kv_tokens}; raise kv_memory, or lower context"
        )
    return made
