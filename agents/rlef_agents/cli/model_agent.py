"""A model, or the best policy of a run, as an agent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlef_agents.ppo.config import TrainConfig
    from rlef_env.agents import NamedAgent

__all__ = ["model_agent"]


def model_agent(
    model: str, config: TrainConfig, temperature: float, top_p: float, seed: int, slots: int
) -> tuple[NamedAgent, Any]:
    """Load a model, or the best policy of a run, as an agent with the settings of a configuration; and its tokenizer.

    With ``generator = "vllm"`` and ``servers``, these sample; they must serve the same model.

    Args:
        model: its name, as ``read_model`` takes it.
        config: settings of rendering, lengths and types.
        temperature: divisor of the logits.
        top_p: share of probability to sample from.
        seed: seed of sampling.
        slots: number of responses that are decoded at the same time.
    """
    import hashlib
    from dataclasses import replace

    from rlef_agents.hf_agent import HFAgent
    from rlef_agents.ppo.chat_template import read_template
    from rlef_agents.ppo.generators import served, servers_of
    from rlef_agents.ppo.loading import plain_name
    from rlef_agents.ppo.parts import check_context, load_model, make_renderer
    from rlef_agents.ppo.resume import with_date
    from rlef_env.agents import NamedAgent

    read_template(config.chat_template)  # reports a wrong template before the model is loaded
    config = with_date(config, Path(plain_name(model)))
    loaded, tokenizer = load_model(model, config)
    check_context(config, loaded)
    renderer = make_renderer(tokenizer, loaded, config)
    generator = None
    if config.generator == "vllm" and config.servers:
        # No weights are sent: the servers were started with this model.
        generator = served(
            replace(config, lora_rank=0), loaded, servers_of(config), loaded.save_pretrained, renderer.stop_ids,
            temperature, top_p,
        )  # fmt: skip
    agent = HFAgent(
        loaded, tokenizer, temperature=temperature, max_new=config.max_new, seed=seed, slots=slots, top_p=top_p,
        renderer=renderer, context=config.context, dtype=config.dtype, generator=generator,
    )  # fmt: skip
    # The template, its options, the system message and the date decide the tokens of a prompt.
    prompt = hashlib.sha256(renderer.first("?").tobytes()).hexdigest()[:16]
    return NamedAgent(f"hf:{plain_name(model)}", agent, {**agent.settings, "prompt": prompt}), tokenizer
