"""``rlef doctor``: which layers of the sandbox work on this machine, and how accurately it measures programs."""

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
from rlef_env.sandbox import installed_languages, measure_machine
from rlef_env.sandbox.doctor import landlock_abi, probe
from rlef_env.sandbox.machine.cores import cpu_quota, usable_cores
from rlef_env.sandbox.machine.health import RUNS, MachineHealth
from rlef_env.sandbox.policy.layers import LAYERS, REQUIRED, Layer

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "show which sandbox layers work on this machine, and whether its verdicts can be trusted"
DESCRIPTION = """\
Show:
  which layers of the sandbox work on this machine, and why a layer does not;
  down to which time limit verdicts can be trusted, from 200 runs of an empty program while other cores compute;
  which languages can be judged;
  the versions to name in a bug report.

The exit code is always 0: a missing layer and a machine that is too busy are warnings. Scripts can read --json:
layers.NAME.available and machine.starved."""

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
    """Examine this machine.

    Returns:
        ``layers``: name -> whether it is available, and the reason if not. ``landlock_abi``: 0 for none. ``machine``:
        fields of ``MachineHealth``; None if no program runs at all. ``languages``: name -> its compiler or interpreter.
        ``versions``: name -> version, None if not installed. ``workers``: programs judged at the same time by default.
        ``cpu_quota``: number of cores that this container may use; None for no limit.
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
    """Measure the machine, unlocked if it cannot lock; return None if not even our own program runs."""
    lockable = all(layers[name].available for name in REQUIRED)
    try:
        return measure_machine(RUNS, isolation="locked" if lockable else "none", beside=usable_cores() - 1)
    except SandboxFailure:
        return None


def installed_version(package: str) -> str | None:
    """Return the version of a distribution, None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report for a person."""
    console.print("Layers of the sandbox that judged programs run in")
    table = Table()
    table.add_column("layer")
    table.add_column("works")
    table.add_column("what it does, or why it does not work", overflow="fold")
    for name, layer in report["layers"].items():
        required = " (required)" if name in REQUIRED else ""
        works = Text("yes", style="green") if layer["available"] else Text("no", style="bold red")
        table.add_row(name + required, works, LAYERS[name] if layer["available"] else layer["reason"])
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
    """Print how accurately this machine measures programs."""
    if found is None:
        console.print("An empty program failed to run: this machine cannot judge.", style="bold red")
        return
    machine = MachineHealth(**found)
    stolen = "not reported by this kernel" if machine.stolen is None else f"{machine.stolen:.0%} of the busy time"
    how = f"{machine.runs} runs of an empty program while the other cores compute"
    console.print(f"\nThe machine, measured with {how}", highlight=False)
    for name, value in (
        ("CPU time", f"median {machine.cpu_median:.4f} s, {machine.cpu_p99:.4f} s at the 99th percentile"),
        ("Wall time", f"median {machine.wall_median:.4f} s, {machine.wall_p99:.4f} s at the 99th percentile"),
        ("Stolen", f"{stolen} (given to other machines by the host)"),
    ):
        console.print(f"{name + ':':<14}{value}", highlight=False, soft_wrap=True, markup=False)
    style = "bold yellow" if machine.starved else None
    console.print(f"{machine.advice}\n", highlight=False, soft_wrap=True, markup=False, style=style)


def advice(layers: dict[str, dict[str, Any]]) -> str:
    """Return what the layers mean together, and what to do."""
    missing = [name for name, layer in layers.items() if not layer["available"]]
    if any(name in REQUIRED for name in missing):
        return (
            "A required layer is missing: this machine cannot judge programs of a model. Use Linux 5.13 or newer with "
            "Landlock and seccomp (a container may have disabled them). For programs that you wrote yourself, "
            "isolation='none' judges without a lock."
        )
    if missing:
        return (
            "Every required layer works: programs of a model can be judged here. The missing layers are a second line "
            "of defence; most containers refuse namespaces, which is no reason to worry."
        )
    return "Every layer works: programs of a model can be judged here."
