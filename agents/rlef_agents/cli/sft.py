"""``rlef-agents sft``: train a model on the responses of stored conversations (cloning)."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any, Final

from rlef_agents.cli.arguments import new_folder, print_step
from rlef_env.errors import UsageError

__all__ = ["HELP", "add_arguments", "run"]

HELP: Final = "train a model on the responses of stored conversations (cloning)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents sft``."""
    parser.add_argument(
        "model", help="a model for from_pretrained, or `tiny`: a new small one, generated conversations"
    )
    parser.add_argument("--data", help='file of JSON lines: {"messages": [...]}, or episodes as rlef-env stores them')
    parser.add_argument("--out", required=True, help="folder for the model; must not exist yet")
    parser.add_argument("--chat-template", help="chatml, llama3, qwen3 or a file; default: the tokenizer's own")
    add_sft_fields(parser)


def add_sft_fields(command: argparse.ArgumentParser) -> None:
    """Add an option for each field of ``SftConfig``; options that are not given keep the defaults."""
    from rlef_agents.ppo.config_file import field_docs
    from rlef_agents.ppo.sft import SftConfig

    docs = field_docs(SftConfig)
    for field in fields(SftConfig):
        text = f"{docs[field.name]}; default: {field.default}"
        name = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            command.add_argument(name, dest=field.name, action="store_true", default=None, help=text)
        else:
            command.add_argument(name, dest=field.name, type=type(field.default), help=text)


def run(arguments: Any) -> None:
    """Clone responses, and save the model."""
    from rlef_agents.ppo.chat_template import Renderer, model_stops, read_template
    from rlef_agents.ppo.config import TrainConfig
    from rlef_agents.ppo.parts import load_model
    from rlef_agents.ppo.sft import SftConfig, read_chats, sft

    out = new_folder(arguments.out)
    given = {field.name: getattr(arguments, field.name) for field in fields(SftConfig)}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.model == "tiny":
        from rlef_agents.tiny import make_start

        if arguments.data is not None or set(given) - {"seed"}:
            raise UsageError("sft tiny: expected no options except --out and --seed; its conversations are generated")
        make_start(out, given.get("seed", 0), print_step)
    else:
        if arguments.data is None:
            raise UsageError("--data: expected a file of conversations; only `sft tiny` generates its own")
        model, tokenizer = load_model(arguments.model, TrainConfig())
        renderer = Renderer(tokenizer, read_template(arguments.chat_template or ""), stops=model_stops(model))
        trained = sft(model, renderer, read_chats(arguments.data), SftConfig(**given), print_step)
        tokenizer.chat_template = renderer.template
        trained.save_pretrained(out)
        tokenizer.save_pretrained(out)
    print(f"the model is in {out}")
