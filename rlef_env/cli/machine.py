"""Reports how accurately this machine measures programs; on standard error, because it differs from run to run."""

from __future__ import annotations

import sys

from rich.console import Console

from rlef_env.sandbox import measure_machine
from rlef_env.sandbox.machine.health import MachineHealth

__all__ = ["check_machine", "show_machine"]


def check_machine(isolation: str = "locked") -> MachineHealth:
    """Measure the machine, which takes a moment; print a warning if it is starved.

    Raises:
        IsolationUnavailable: as for ``measure_machine``.
        SandboxFailure: as for ``measure_machine``.
    """
    health = measure_machine(isolation=isolation)
    if health.starved:
        _print(f"Warning: this machine is starved. {health.advice}", "bold yellow")
    return health


def show_machine(health: MachineHealth) -> None:
    """Print the measurement; for a starved machine without the advice, which the warning has given."""
    advice = "It is starved: see the warning above." if health.starved else health.advice
    _print(f"Machine: {health.summary()}. {advice}", "bold yellow" if health.starved else "dim")


def _print(text: str, style: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    console.print(text, style=style if sys.stderr.isatty() else None)
