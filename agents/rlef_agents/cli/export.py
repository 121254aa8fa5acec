"""``rlef-agents export``: write a policy, adapters merged, as a plain model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from rlef_agents.cli.arguments import new_folder

__all__ = ["HELP", "add_arguments", "run"]

HELP: Final = "write a checkpoint's policy for from_pretrained and vLLM"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents export``."""
    parser.add_argument("checkpoint", help="folder of a run, a checkpoint or a policy, or any other model by name")
    parser.add_argument("out", help="folder for the model; must not exist yet")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))


def run(arguments: Any) -> None:
    """Write a policy, adapters merged, as a model for ``from_pretrained``."""
    import torch
    from transformers import AutoTokenizer

    from rlef_agents.ppo.loading import model_source, read_model
    from rlef_agents.ppo.model_card import card_of

    out, policy = new_folder(arguments.out), Path(model_source(arguments.checkpoint))
    if (policy / "adapter_config.json").exists():
        from peft import AutoPeftModelForCausalLM

        adapted: Any = AutoPeftModelForCausalLM.from_pretrained(policy)
        model: Any = adapted.merge_and_unload()
    else:
        model, _ = read_model(arguments.checkpoint, "cpu")
    model.to(getattr(torch, arguments.dtype)).save_pretrained(out)
    AutoTokenizer.from_pretrained(policy).save_pretrained(out)
    card = card_of(policy)
    if card:
        (out / "README.md").write_text(card, encoding="utf-8")
    print(f"{out}: load it with from_pretrained, or serve it with `vllm serve {out}`")
    if card:
        print(f"{out / 'README.md'} is its model card; `hf upload NAME {out}` puts both on the Hugging Face hub")
