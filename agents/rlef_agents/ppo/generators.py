"""Generators for a run, and how new weights reach them: in place, into a whole copy, or to vLLM servers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch

from rlef_agents.ppo import parallel
from rlef_agents.ppo.checkpoint import policy_weights
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.generation import Generator
from rlef_agents.ppo.generation.batching import BatchingGenerator
from rlef_agents.ppo.generation.hf import HFGenerator
from rlef_agents.ppo.generation.local.decoder import unsupported_reason
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.generation.model_settings import max_context
from rlef_agents.ppo.generation.vllm import VLLMGenerator
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.model import add_lora, base
from rlef_env.errors import UsageError

__all__ = ["GeneratorFactory", "make_generator", "whole_copy"]

SLOTS: Final = 128
"""Responses that are decoded at a time."""

KV_TOKENS: Final = 1 << 17
"""Tokens whose keys and values are in memory; more where one context needs more."""

CPU_PAGES: Final = {"page_size": 32, "num_blocks": 1024, "max_batch_tokens": 256}
"""Of continuous batching on a CPU, where it would take what memory there is, for each batch anew."""


class GeneratorFactory:
    """Makes generators that sample from a learner's policy.

    Args:
        config: of the run.
        learner: its weights are sampled from.
        stop: ids that end a response.
        whole: of ``whole_copy``.

    Raises:
        UsageError: a server is asked for, and none is named.
    """

    def __init__(self, config: TrainConfig, learner: Learner, stop: Sequence[int], whole: Any = None) -> None:
        self._config, self._learner, self._stop, self._whole = config, learner, stop, whole
        self._servers = config.servers.split()
        if config.generator == "vllm" and not self._servers:
            raise UsageError(
                "servers: expected the address of a vLLM server, such as http://localhost:8000, as generator = 'vllm'; "
                "or set generator to 'local', 'hf' or 'continuous'"
            )
        if wrong := [each for each in self._servers if not each.startswith(("http://", "https://"))]:
            raise UsageError(f"servers: expected addresses such as http://localhost:8000, got {wrong[0]!r}")
        self.renew()

    def renew(self) -> None:
        """The learner's weights have changed: copy them, where that is needed. Called in all processes at once.

        Generators must be told by their ``update``, after this.
        """
        if self._whole is not None:
            parallel.copy_whole(self._learner.model.lm, self._whole)

    def make(self, temperature: float, top_p: float = 1.0) -> Generator:
        """A generator for the weights as they are now.

        Args:
            temperature: what logits are divided by.
            top_p: below 1 for evaluation alone, as the learner scores over the whole vocabulary.
        """
        if self._config.generator == "vllm":
            return self._remote(temperature, top_p)
        lm: Any = self._learner.model.lm if self._whole is None else self._whole
        return make_generator(self._config, lm, self._stop, temperature, top_p, self._learner.version)

    def _remote(self, temperature: float, top_p: float) -> VLLMGenerator:
        settings: Any = base(self._learner.model.lm).config
        return VLLMGenerator(
            self._servers[parallel.rank() % len(self._servers)],
            self._write,
            Path(self._config.out).resolve() / "weights",
            self._stop,
            settings.vocab_size,
            max_context(settings),
            temperature,
            version=self._learner.version,
            top_p=top_p,
            is_leader=parallel.rank() < len(self._servers),
            barrier=parallel.wait_for_all,
        )

    def _write(self, folder: Path) -> None:
        """The policy as a plain model, adapters merged, in the type that the learner computes in."""
        learner, dtype = self._learner, self._learner.model.dtype
        lm: Any = learner.model.lm
        weights = {} if self._config.lora_rank else policy_weights(learner)
        if parallel.rank() > 0:
            return
        if self._config.lora_rank:
            merged: Any = copy.deepcopy(lm if self._whole is None else self._whole).merge_and_unload()
            merged.to(dtype).save_pretrained(folder)
        else:
            own = {name.removeprefix("lm."): tensor.to(dtype) for name, tensor in weights.items()}
            lm.save_pretrained(folder, state_dict=own)


def whole_copy(model: Any, config: TrainConfig) -> Any:
    """A copy of a model that stays whole, where the learner will split it into shards; else None.

    What samples in this process reads single layers, in an order of its own, which shards do not allow for.
    """
    if config.parallel != "fsdp" or parallel.world() == 1 or (config.generator == "vllm" and not config.lora_rank):
        return None
    copied = copy.deepcopy(model).float()
    return add_lora(copied, config.lora_rank, config.lora_alpha) if config.lora_rank else copied


def make_generator(
    config: TrainConfig, lm: Any, stop: Sequence[int], temperature: float, top_p: float = 1.0, version: int = 0
) -> Generator:
    """What samples in this process from a model; architectures that our decode loop does not know get transformers'."""
    dtype = getattr(torch, config.dtype)  # as the learner computes: each generator makes the same function of it
    if config.generator == "continuous":
        pages = CPU_PAGES if base(lm).device.type == "cpu" else None
        return BatchingGenerator(lm, stop, temperature, version, pages, dtype, top_p)
    if config.generator == "hf" or unsupported_reason(base(lm)) is not None:
        return HFGenerator(lm, stop, temperature, SLOTS, version=version, dtype=dtype, top_p=top_p)
    memory = max(KV_TOKENS, config.context)
    return LocalGenerator(lm, stop, temperature, SLOTS, memory, version=version, dtype=dtype, top_p=top_p)
