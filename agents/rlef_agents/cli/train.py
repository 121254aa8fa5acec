"""``rlef-agents train``: train a model on execution feedback."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rlef_agents.cli.arguments import MODEL, above_zero, add_judge_options, add_set, print_step
from rlef_agents.cli.dry_run import dry_run
from rlef_agents.cli.settings import choose, default_out, is_config, overrides, show_choices
from rlef_env.errors import UsageError

if TYPE_CHECKING:
    from rlef_agents.ppo.config import TrainConfig

__all__ = ["HELP", "add_arguments", "run"]

HELP: Final = "train a model on execution feedback (PPO, as in RLEF)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents train``."""
    parser.add_argument(
        "model", help=f"{MODEL}; or a configuration: a TOML file, or tiny, small, llama-3.1-8b, llama-3.1-70b"
    )
    parser.add_argument("--data", metavar="D", help="the problems to train on")
    parser.add_argument(
        "--out", dest="train_out", metavar="RUN", help="folder of the run; default: the configuration's, or runs/MODEL"
    )
    add_set(parser)
    add_judge_options(parser)
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint in `out`")
    parser.add_argument("--allow-changes", action="store_true", help="resume with settings that change the experiment")
    parser.add_argument("--dry-run", action="store_true", help="do one update with a tiny random model, keep nothing")
    parser.add_argument("--minutes", type=above_zero, help="stop after the update during which this time passes")
    parser.add_argument(
        "--plan", action="store_true", help="print memory and seconds of an update before the model is loaded, and stop"
    )
    parser.add_argument("--plain", action="store_true", help="print one line per update instead of a live table")


def run(arguments: Any) -> None:
    """Train to the end, or for some minutes."""
    from rlef_agents.ppo import parallel
    from rlef_agents.ppo.sinks import read_metrics
    from rlef_agents.ppo.trainer import Trainer

    config = training_config(arguments)
    if config is None:
        return
    if arguments.dry_run:
        dry_run(config)
        return
    began = time.monotonic()
    limit = float("inf") if arguments.minutes is None else 60.0 * arguments.minutes
    model, tokenizer = tiny_start(config) if not config.model else (None, None)
    with Trainer(
        config, model, tokenizer, workers=arguments.workers, verdicts=arguments.verdicts, resume=arguments.resume,
        allow_changes=arguments.allow_changes, live=not arguments.plain,
    ) as trainer:  # fmt: skip
        trainer.log.until = began + limit
        trainer.train(stop=lambda: time.monotonic() - began > limit)
        evaluations = [
            row
            for row in read_metrics(trainer.log.path)
            if row["kind"] == "evaluate" and row.get("evaluation", "") == trainer.sets[0].name
        ]
        rates = [row["solve_rate"] for row in evaluations if "solve_rate" in row]
        if rates and parallel.rank() == 0:
            summary = f"{rates[0]:.3f} before, {rates[-1]:.3f} now, {trainer.best:.3f} best"
            print(f"solve rate on {trainer.sets[0].label}: {summary}")
            print(f"the best policy is in {trainer.out / 'best'}, for from_pretrained and `rlef-agents eval`")
    parallel.leave()


def training_config(arguments: Any) -> TrainConfig | None:
    """Return the settings of the run: of a configuration, of the run to resume, or chosen for the model and machine.

    With ``--plan`` they are printed with what they need, and None is returned.
    """
    from rlef_agents.cli.train_plan import check_memory, show_memory, show_plan
    from rlef_agents.ppo import parallel
    from rlef_agents.ppo.config_file import load_config

    given, out = overrides(arguments), arguments.train_out or default_out(arguments.model)
    if is_config(arguments.model):
        config = load_config(arguments.model, given)
        if arguments.plan:
            show_memory(config)
        return None if arguments.plan else config
    if arguments.resume and (Path(out) / "config.toml").is_file():
        config = load_config(Path(out) / "config.toml", given)  # free memory may differ: nothing is chosen again
        if place_or_name(config.model) != place_or_name(arguments.model):
            raise UsageError(
                f"--resume: expected {config.model}, the model of the run in {out}, got {arguments.model}; name that "
                "one, or choose another --out for a new run"
            )
        return config
    chosen = choose(arguments.model, given)
    if parallel.rank() == 0:
        show_choices(chosen.choices)
    if arguments.plan:
        show_plan(chosen)
        return None
    check_memory(chosen.shape, chosen.config, chosen.machine)
    return chosen.config


def place_or_name(model: str) -> str:
    """Return the absolute path of a model that is a file or folder, else its name on the hub."""
    from rlef_agents.ppo.loading import plain_name

    name = plain_name(model)
    return str(Path(name).resolve()) if Path(name).exists() else name


def tiny_start(config: TrainConfig) -> tuple[Any, Any]:
    """Return the cloned small model and its tokenizer; the first run creates them."""
    import torch

    from rlef_agents.ppo.parts import load_model

    torch.set_num_threads(1)  # its matrices are too small for several threads, and the judge needs the other cores
    return load_model("", config, print_step)
