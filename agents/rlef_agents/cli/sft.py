"""``rlef-agents sft``: train a model on the responses of stored conversations (cloning)."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from rlef_agents.cli.arguments import MODEL, new_folder, print_step
from rlef_agents.cli.settings import show_choices
from rlef_env.errors import UsageError

if TYPE_CHECKING:
    from rlef_agents.ppo.automatic import Choice

__all__ = ["HELP", "add_arguments", "run"]

HELP: Final = "train a model on the responses of stored conversations (cloning)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents sft``."""
    parser.add_argument("model", help=f"{MODEL}; or `tiny`: a new small one, generated conversations")
    parser.add_argument(
        "--data",
        help='file of JSON lines: {"messages": [...]}, or episodes; or the folder of a run (its solved episodes)',
    )
    parser.add_argument("--out", required=True, help="folder for the model; must not exist yet")
    parser.add_argument("--chat-template", help="chatml, llama3, qwen3 or a file; default: the tokenizer's own")
    add_sft_fields(parser)


def add_sft_fields(command: argparse.ArgumentParser) -> None:
    """Add an option for each field of ``SftConfig``; options that are not given keep the defaults."""
    from rlef_agents.ppo.config_file import field_docs
    from rlef_agents.ppo.sft_config import SftConfig

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
    from rlef_agents.ppo.automatic import values_of
    from rlef_agents.ppo.chat_template import Renderer, read_template
    from rlef_agents.ppo.loading import model_source, read_model, read_tokenizer
    from rlef_agents.ppo.sft import read_chats, sft
    from rlef_agents.ppo.sft_config import SftConfig

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
        tokenizer = read_tokenizer(arguments.model, model_source(arguments.model))
        renderer = Renderer(tokenizer, read_template(arguments.chat_template or ""))
        chats = read_chats(arguments.data)
        choices = chosen_settings(arguments.model, chats, renderer, given)
        show_choices(choices)
        model, _ = read_model(arguments.model)
        trained = sft(model, renderer, chats, SftConfig(**{**values_of(choices), **given}), print_step)
        tokenizer.chat_template = renderer.template
        trained.save_pretrained(out)
        tokenizer.save_pretrained(out)
    print(f"the model is in {out}")


def chosen_settings(model: str, chats: Sequence[Any], renderer: Any, given: Mapping[str, Any]) -> list[Choice]:
    """Choose the settings of cloning that were not given."""
    from rlef_agents.ppo.automatic import choose_sft
    from rlef_agents.ppo.generation.model_settings import max_context
    from rlef_agents.ppo.loading import read_model_config
    from rlef_agents.ppo.machine import machine_here
    from rlef_agents.ppo.model_shape import model_shape
    from rlef_agents.ppo.sft import token_episodes

    longest = max((episode.length for episode in token_episodes(chats, renderer)), default=0)
    if not longest:
        raise UsageError("--data: expected conversations, got none; of a run, solved episodes are taken")
    details = read_model_config(model)
    return choose_sft(model_shape(details), max_context(details), len(chats), longest, machine_here(), given)
