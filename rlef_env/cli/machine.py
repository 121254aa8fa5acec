"""What commands say of the machine that they judge on; on standard error, as it differs from run to run."""

from __future__ import annotations

import sys

from rich.console import Console

from rlef_env.sandbox import QUICK_RUNS, MachineHealth, measure_machine

__all__ = ["check_machine", "show_machine"]


def check_machine(isolation: str = "locked") -> MachineHealth:
    """Measure the machine, which takes a moment; warn if it is starved.

    Raises:
        IsolationUnavailable: as for ``measure_machine``.
        SandboxFailure: likewise.
    """
    health = measure_machine(QUICK_RUNS, isolation)
    if health.starved:
        _say(f"Warning: this machine is starved. {health.advice}", "bold yellow")
    return health


def show_machine(health: MachineHealth) -> None:
    """Say what was measured; of a starved machine the warning has said what to do."""
    advice = "It is starved: see the warning above." if health.starved else health.advice
    _say(f"Machine: {health.summary()}. {advice}", "bold yellow" if health.starved else "dim")


def _say(text: str, style: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    console.print(text, style=style if sys.stderr.isatty() else None)
