"""Argument types, options and lines of output that several subcommands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from rlef_env.errors import UsageError

__all__ = [
    "MODEL", "above_zero", "add_evaluated_model", "add_judge_options", "add_set", "count", "new_folder", "number",
    "print_step", "temperature", "workers",
]  # fmt: skip


def number(kind: Callable[[str], float], accepts: Callable[[float], bool], expected: str) -> Callable[[str], Any]:
    """Return a function with which argparse reads a number and refuses one out of range."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not accepts(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return value

    return read


above_zero = number(float, lambda value: value > 0, "a number > 0")
temperature = number(float, lambda value: 0 <= value < float("inf"), "a number >= 0")
count = number(int, lambda value: value >= 0, "a whole number >= 0")
workers = number(int, lambda value: value >= 1, "a whole number >= 1")


MODEL: Final = "a folder, a GGUF file, a name on the Hugging Face hub, or the folder of a run (its best policy)"


def add_set(command: argparse.ArgumentParser) -> None:
    """Add ``--set``."""
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; repeatable")


def add_evaluated_model(command: argparse.ArgumentParser) -> None:
    """Add the model, the configuration and the problems of a command that plays."""
    command.add_argument("model", help=MODEL)
    command.add_argument(
        "config",
        nargs="?",
        help="a TOML file or a preset; default: the run's settings, else chosen for the model and the problems",
    )
    command.add_argument("--data", metavar="D", help="the problems; default: the configuration's, else starter")
    add_set(command)


def add_judge_options(command: argparse.ArgumentParser) -> None:
    """Add the options of the judge."""
    command.add_argument("--workers", type=workers, help="programs judged at the same time; default: number of cores")
    command.add_argument("--verdicts", metavar="FILE", help="file of a verdict cache to share with other runs")


def print_step(metrics: dict[str, float]) -> None:
    """Print the metrics of every 25th step of cloning and of the last one."""
    step, steps = int(metrics["step"]), int(metrics["steps"])
    if step % 25 == 0 or step == steps:
        rate = metrics["tokens_per_second"]
        print(f"cloning: step {step}/{steps}  loss {metrics['loss']:.3f}  tokens/s {rate:,.0f}", flush=True)


def new_folder(folder: str) -> Path:
    """Return a path if nothing exists there yet."""
    path = Path(folder)
    if path.exists():
        raise UsageError(f"out: expected a path that does not exist yet, got {folder!r}")
    return path
