"""A policy that is not trained: as an agent that samples, and as a model that scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from rlef_agents.hf_agent import HFAgent
from rlef_agents.ppo.architecture import prepare
from rlef_agents.ppo.chat_template import Renderer, model_stops
from rlef_agents.ppo.config_file import load_config
from rlef_agents.ppo.loading import plain_name, quiet_libraries, read_model
from rlef_agents.ppo.parts import make_renderer
from rlef_agents.ppo.resume import with_date

__all__ = ["FrozenPolicy", "frozen_policy"]

SLOTS: Final = 128
"""Responses that are decoded at the same time."""


@dataclass(frozen=True)
class FrozenPolicy:
    """A policy that is not trained.

    Attributes:
        agent: samples from it.
        lm: the causal language model, ready for ``policy_logprobs``.
        renderer: turns messages into its tokens.
        dtype: type that its layers compute in.
    """

    agent: HFAgent
    lm: Any
    renderer: Renderer
    dtype: torch.dtype = torch.float32


def frozen_policy(model: str, temperature: float, max_new: int, seed: int = 0) -> FrozenPolicy:
    """Load a policy.

    Args:
        model: name of the model, as ``read_model`` takes it. If it is the folder of a run, the run's settings decide
            how messages become tokens, and how long a conversation may be.
        temperature: temperature of sampling; 0 takes the most likely token.
        max_new: maximum number of tokens of a response.
        seed: seed of sampling.

    Raises:
        UsageError: there is no such model, or it has no chat template.
    """
    quiet_libraries()
    lm, tokenizer = read_model(model)
    prepare(lm)
    run = Path(plain_name(model))
    config = with_date(load_config(run / "config.toml"), run) if (run / "config.toml").is_file() else None
    renderer = make_renderer(tokenizer, lm, config) if config else Renderer(tokenizer, stops=model_stops(lm))
    agent = HFAgent(
        lm, tokenizer, temperature=temperature, max_new=max_new, seed=seed, slots=SLOTS, renderer=renderer,
        context=config.context if config else None, dtype=config.dtype if config else "float32",
    )  # fmt: skip
    return FrozenPolicy(agent, lm, renderer, getattr(torch, config.dtype) if config else torch.float32)
