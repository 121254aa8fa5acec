"""``rlef doctor``: what of the sandbox's lock holds on this machine, and how exactly it measures programs."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rlef_env.cli.display import Screen
from rlef_env.errors import SandboxFailure
from rlef_env.judge import default_workers
from rlef_env.sandbox import (
    LAYERS,
    REQUIRED,
    Layer,
    MachineHealth,
    cpu_quota,
    installed_languages,
    landlock_abi,
    measure_machine,
    probe,
    usable_cores,
)

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "say which layers of the sandbox hold on this machine, and whether its verdicts can be trusted"
DESCRIPTION = """\
Say in plain words which layers of the sandbox hold on this machine, and why one does not; down to which time limit
verdicts can be trusted here, from 200 runs of a program that does nothing while the other cores compute; which
languages can be judged; and the versions to name in a report of a fault.

The exit code is 0 whatever is found: a missing layer and a machine that is too busy are warnings. Scripts read --json:
layers.NAME.available, and machine.starved."""

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
        ``layers`` (by name, whether each holds and, if not, why), ``landlock_abi`` (0 for none), ``machine`` (the
        fields of ``MachineHealth``; None where no program runs at all), ``languages`` that can be judged and what runs
        them, ``versions`` of what matters (None for what is not installed), ``workers``, how many programs are judged
        at the same time by default, and ``cpu_quota``, how many cores' time this container may use (None: no bound).
    """
    layers = probe()
    machine = measured(layers)
    return {
        "layers": {name: {"available": layer.available, "reason": layer.reason} for name, layer in layers.items()},
        "landlock_abi": landlock_abi(),
        "machine": None if machine is None else asdict(machine),
        "languages": installed_languages(),
        "versions": {
            "python": platform.python_version(),
            "kernel": platform.release(),
            **{package: installed_version(package) for package in PACKAGES},
        },
        "workers": default_workers(),
        "cpu_quota": cpu_quota(),
    }


def measured(layers: Mapping[str, Layer]) -> MachineHealth | None:
    """Measure the machine, with no lock where none can be had; None where not even a program of ours runs."""
    lockable = all(layers[name].available for name in REQUIRED)
    try:
        return measure_machine(isolation="locked" if lockable else "none", beside=usable_cores() - 1)
    except SandboxFailure:
        return None


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
        holds = Text("yes", style="green") if layer["available"] else Text("no", style="bold red")
        table.add_row(name + required, holds, LAYERS[name] if layer["available"] else layer["reason"])
    console.print(table)
    console.print(advice(report["layers"]), highlight=False, soft_wrap=True)
    show_machine(report["machine"], console)
    versions = ", ".join(f"{name} {number or '(not installed)'}" for name, number in report["versions"].items())
    languages = ", ".join(f"{name} ({runs_it})" for name, runs_it in report["languages"].items())
    quota = "" if report["cpu_quota"] is None else f"; this container may use {report['cpu_quota']:g} cores"
    for name, value in (
        ("Landlock ABI", report["landlock_abi"]),
        ("Languages", languages),
        ("Workers", f"{report['workers']} programs at the same time by default{quota}"),
        ("Versions", versions),
    ):
        console.print(f"{name + ':':<14}{value}", highlight=False, soft_wrap=True, markup=False)


def show_machine(found: dict[str, Any] | None, console: Console) -> None:
    """Print how exactly programs are measured here."""
    if found is None:
        console.print("A program that does nothing did not run: nothing is judged here.", style="bold red")
        return
    machine = MachineHealth(**found)
    stolen = "not told by this kernel" if machine.stolen is None else f"{machine.stolen:.0%} of the busy time"
    what = f"{machine.runs} runs of a program that does nothing, while the other cores compute"
    console.print(f"\nThe machine, measured by {what}", highlight=False)
    for name, value in (
        ("CPU time", f"{machine.cpu_median:.4f} s in the median, {machine.cpu_p99:.4f} s at the 99th percentile"),
        ("Wall time", f"{machine.wall_median:.4f} s in the median, {machine.wall_p99:.4f} s at the 99th percentile"),
        ("Stolen", f"{stolen} (given to others by the host)"),
    ):
        console.print(f"{name + ':':<14}{value}", highlight=False, soft_wrap=True, markup=False)
    style = "bold yellow" if machine.starved else None
    console.print(f"{machine.advice}\n", highlight=False, soft_wrap=True, markup=False, style=style)


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
