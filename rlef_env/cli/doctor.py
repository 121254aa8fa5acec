"""``rlef doctor``: what of the sandbox's lock holds on this machine, and what to do where something is missing."""

from __future__ import annotations

import argparse
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rlef_env.cli.display import Screen
from rlef_env.judge import default_workers
from rlef_env.sandbox import LAYERS, REQUIRED, installed_languages, landlock_abi, probe

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "say which layers of the sandbox hold on this machine"
DESCRIPTION = """\
Say in plain words which layers of the sandbox hold on this machine, and why one does not; which languages can be
judged; and the versions to name in a report of a fault."""

PACKAGES = ("rlef-env", "rlef-agents", "gymnasium", "numpy", "multiprocess", "rich", "torch", "transformers")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef doctor``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(arguments: argparse.Namespace) -> None:
    """Print the report."""
    report = examine()
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        show(report, Screen())


def examine() -> dict[str, Any]:
    """Look at this machine.

    Returns:
        ``layers`` (by name, whether each holds and, if not, why), ``landlock_abi`` (0 for none), ``languages`` that can
        be judged and what runs them, ``versions`` of what matters (None for what is not installed) and ``workers``, how
        many programs are judged at the same time by default.
    """
    return {
        "layers": {name: {"available": layer.available, "reason": layer.reason} for name, layer in probe().items()},
        "landlock_abi": landlock_abi(),
        "languages": installed_languages(),
        "versions": {
            "python": platform.python_version(),
            "kernel": platform.release(),
            **{package: installed_version(package) for package in PACKAGES},
        },
        "workers": default_workers(),
    }


def installed_version(package: str) -> str | None:
    """The version of a distribution, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report for a person."""
    console.print("The lock around judged programs, layer by layer")
    table = Table()
    table.add_column("layer")
    table.add_column("holds")
    table.add_column("what it is for, or why it does not hold", overflow="fold")
    for name, layer in report["layers"].items():
        required = " (required)" if name in REQUIRED else ""
        holds = "[green]yes[/green]" if layer["available"] else "[bold red]no[/bold red]"
        table.add_row(name + required, holds, escape(LAYERS[name] if layer["available"] else layer["reason"]))
    console.print(table)
    console.print(advice(report["layers"]), highlight=False, soft_wrap=True)
    versions = ", ".join(f"{name} {number or '(not installed)'}" for name, number in report["versions"].items())
    languages = ", ".join(f"{name} ({runs_it})" for name, runs_it in report["languages"].items())
    for name, value in (
        ("Landlock ABI", report["landlock_abi"]),
        ("Languages", languages),
        ("Workers", f"{report['workers']} programs at the same time by default"),
        ("Versions", versions),
    ):
        console.print(f"{name + ':':<14}{value}", highlight=False, soft_wrap=True, markup=False)


def advice(layers: dict[str, dict[str, Any]]) -> str:
    """What the layers mean together, and what to do."""
    missing = [name for name, layer in layers.items() if not layer["available"]]
    if any(name in REQUIRED for name in missing):
        return (
            "A required layer is missing: nothing is judged here. Use a kernel of 5.13 or newer with Landlock and "
            "seccomp (a container may have switched them off); for programs that you wrote yourself, isolation='none' "
            "judges with no lock."
        )
    if missing:
        return (
            "Every required layer holds: programs that a model wrote may be judged here. What is missing are second "
            "walls behind the first; most containers refuse namespaces, which is no reason to worry."
        )
    return "Every layer holds: programs that a model wrote may be judged here."
