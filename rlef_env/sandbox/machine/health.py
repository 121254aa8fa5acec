"""Measures the machine: down to which time limit its verdicts can be trusted.

Time limits count CPU time, and on a virtual machine that is not exact: the kernel charges a program for time that the
hypervisor gave to others (steal), and for pages that the host provides late. So a program that does nothing is run many
times, and the CPU time that it is charged is the error of the clock.

The error may be a tenth of a time limit. The smallest limit to be trusted is therefore ten times the CPU time that one
in a hundred of these runs exceeds, and at least ten ticks of the steal counter (0.1 s on nearly every kernel).
"""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rlef_env.errors import SandboxFailure
from rlef_env.sandbox.execution import Execution, Limits, Program, Status
from rlef_env.sandbox.sandbox import Sandbox

__all__ = ["QUICK_RUNS", "RUNS", "BusyTimes", "MachineHealth", "busy_times", "machine_health", "measure_machine"]

RUNS: Final = 200
"""Runs of a whole measurement: half a second on a quiet machine."""
QUICK_RUNS: Final = 50
"""Runs of a measurement at the start of other work."""
TICK_SECONDS: Final = 1.0 / os.sysconf("SC_CLK_TCK")
RUN_SECONDS: Final = 0.15  # a measurement whose runs take longer on average ends early, after MIN_RUNS at the earliest
MIN_RUNS: Final = 20
MIN_RATIO: Final = 10.0  # of a time limit to the error of the clock
USUAL_SECONDS: Final = 1.0  # time limits of contests are hardly ever shorter
MAX_STOLEN: Final = 0.1  # of the busy time
UNTIL_THEN: Final = "Until then, some programs have no verdict (category starved)."
COMPUTES: Final = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: sum(range(10**5))"
TRIVIAL: Final = Program("pass")
LIMITS: Final = Limits(cpu_seconds=60.0, idle_seconds=600.0, wall_seconds=600.0)  # so large that none ends a run


@dataclass(frozen=True, slots=True)
class BusyTimes:
    """Totals of the cores since the machine started.

    Unlike `core_time.py`, this uses only what the kernel counts as stolen: a measurement is too short to distinguish
    lost ticks from idle ones.

    Attributes:
        busy_seconds: of all cores together: time in which a core worked, or had work while the hypervisor ran others.
        stolen_seconds: the part in which the hypervisor ran others, for each core; empty if the kernel does not report
            it.
    """

    busy_seconds: float
    stolen_seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """How exactly this machine measures programs. Times are in seconds.

    Attributes:
        runs: number of runs of a program that does nothing.
        failed: number of them that did not end by themselves; the figures below exclude them.
        cpu_median: median CPU time that the program was charged.
        cpu_p99: 99th percentile of it.
        wall_median: median time from start to end.
        wall_p99: 99th percentile of it.
        stolen: share of the busy time of all cores that the hypervisor gave to others meanwhile; None if the kernel
            does not report it, 0.0 if it is within the counter's resolution.
        trusted_seconds: the smallest time limit for which verdicts here can be trusted.
        starved: whether to warn the user: time limits of 1 s cannot be trusted, programs wait longer than that for a
            core, a tenth of the time was stolen, or a run failed.
        advice: what that means and what to do, in one line.
    """

    runs: int
    failed: int
    cpu_median: float
    cpu_p99: float
    wall_median: float
    wall_p99: float
    stolen: float | None
    trusted_seconds: float
    starved: bool
    advice: str

    def summary(self) -> str:
        """Return the figures in one line."""
        stolen = "not reported by this kernel" if self.stolen is None else f"{self.stolen:.0%} of the busy time"
        return (
            f"a program that does nothing takes {self.cpu_median:.4f} s of CPU ({self.cpu_p99:.4f} s at the 99th "
            f"percentile of {self.runs} runs) and {self.wall_median:.4f} s of wall time ({self.wall_p99:.4f} s); "
            f"stolen: {stolen}"
        )


def measure_machine(runs: int = QUICK_RUNS, isolation: str = "locked", beside: int = 0) -> MachineHealth:
    """Run a program that does nothing many times, in a sandbox of its own.

    200 runs take half a second on a quiet machine. Where runs take more than 0.15 s on average, there are fewer, at
    least 20.

    Args:
        runs: how many times.
        isolation: as for ``Sandbox``.
        beside: number of processes that compute meanwhile. Some hosts take nothing from a guest that uses one core, and
            much from a guest that uses all, as judging does.

    Raises:
        IsolationUnavailable: this machine lacks a required layer of the lock.
        SandboxFailure: the sandbox did not start, or no run ended by itself.
    """
    executions: list[Execution] = []
    until = time.monotonic() + RUN_SECONDS * runs

    def goes_on() -> bool:
        return len(executions) < runs and (len(executions) < MIN_RUNS or time.monotonic() < until)

    with Sandbox(isolation) as sandbox, _computing(beside):
        before = busy_times()
        while goes_on():
            with sandbox.load(TRIVIAL, LIMITS) as loaded:
                while goes_on():
                    executions.append(loaded.run(b""))
                    if executions[-1].status is not Status.EXITED:
                        break  # the loaded program's process may be lost: load it again
        after = busy_times()
    return machine_health(executions, before, after)


@contextlib.contextmanager
def _computing(count: int) -> Iterator[None]:
    """Run this many processes that compute."""
    command = [sys.executable, "-I", "-S", "-c", COMPUTES]
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield


def machine_health(executions: Sequence[Execution], before: BusyTimes | None, after: BusyTimes | None) -> MachineHealth:
    """Work out what runs of a program that does nothing show about the machine.

    Args:
        executions: the runs.
        before: totals of the cores before the first run; None if the kernel does not report them.
        after: the same, after the last run.

    Raises:
        SandboxFailure: no run ended by itself.
    """
    ended = [each for each in executions if each.status is Status.EXITED]
    if not ended:
        last = f"{executions[-1].status.value} {executions[-1].message}".strip() if executions else "no run"
        raise SandboxFailure(
            f"the machine could not be measured: expected a program that does nothing to end by itself, got {last}; "
            "try again when the machine has less to do"
        )
    cpu, wall = [each.cpu_seconds for each in ended], [each.wall_seconds for each in ended]
    stolen, failed = _stolen_share(before, after), len(executions) - len(ended)
    cpu_p99, wall_p99 = _quantile(cpu, 0.99), _quantile(wall, 0.99)
    trusted = MIN_RATIO * max(TICK_SECONDS, cpu_p99)
    cause = _cause(stolen, wall_p99, trusted, failed)
    return MachineHealth(
        runs=len(executions),
        failed=failed,
        cpu_median=_quantile(cpu, 0.5),
        cpu_p99=cpu_p99,
        wall_median=_quantile(wall, 0.5),
        wall_p99=wall_p99,
        stolen=stolen,
        trusted_seconds=trusted,
        starved=bool(cause),
        advice=f"Verdicts can be trusted for time limits of {trusted:.2g} s or more. {cause}".strip(),
    )


def busy_times() -> BusyTimes | None:
    """Read the totals of the cores since the machine started; None if the kernel does not report them."""
    try:
        with open("/proc/stat") as file:
            return parse_busy_times(file.read())
    except (OSError, ValueError):
        return None


def parse_busy_times(text: str) -> BusyTimes:
    """Read the lines ``cpu0``, ``cpu1``, ... of ``/proc/stat`` (proc(5)).

    Raises:
        ValueError: there are none, or they hold something other than numbers.
    """
    # user nice system idle iowait irq softirq steal; guest time, which may follow, is part of the user time
    rows = [line.split()[1:9] for line in text.splitlines() if line.startswith("cpu") and not line.startswith("cpu ")]
    cores = [[int(cell) for cell in row] for row in rows]
    if not cores or min(map(len, cores)) < 4:
        raise ValueError(f"/proc/stat: expected lines 'cpuN' with 4 to 10 numbers, got {text[:200]!r}")
    has_steal = min(map(len, cores)) >= 8  # since Linux 2.6.11
    return BusyTimes(
        busy_seconds=sum(sum(core) - sum(core[3:5]) for core in cores) * TICK_SECONDS,
        stolen_seconds=tuple(core[7] * TICK_SECONDS for core in cores) if has_steal else (),
    )


def _stolen_share(before: BusyTimes | None, after: BusyTimes | None) -> float | None:
    if before is None or after is None or not before.stolen_seconds or not after.stolen_seconds:
        return None
    stolen, busy = sum(after.stolen_seconds) - sum(before.stolen_seconds), after.busy_seconds - before.busy_seconds
    if stolen < MIN_RATIO * TICK_SECONDS or busy <= 0.0:  # fewer ticks may be an error of one tick
        return 0.0
    return min(1.0, stolen / busy)


def _cause(stolen: float | None, wall_p99: float, trusted: float, failed: int) -> str:
    """Return why measurements here are bad and what to do; empty if they are good."""
    if stolen is not None and stolen >= MAX_STOLEN:
        return (
            f"The host gave {stolen:.0%} of this machine's processor time to others: use a host with cores of your "
            f"own, or fewer workers than cores (--workers), or raise the time limits (time_factor). {UNTIL_THEN}"
        )
    if wall_p99 > USUAL_SECONDS:
        return (
            f"Programs wait up to {wall_p99:.1f} s for a core: use fewer workers than cores (--workers), end what else "
            f"runs here, or use another host. {UNTIL_THEN}"
        )
    if trusted > USUAL_SECONDS:
        return (
            "The kernel charges programs for time that they did not use: use another host, or fewer workers than cores "
            f"(--workers), or raise the time limits (time_factor). {UNTIL_THEN}"
        )
    if failed:
        return f"{failed} of the runs did not end by themselves: use another host, or fewer workers. {UNTIL_THEN}"
    return ""


def _quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
