"""The machine that a process runs on: memory, cores, and how fast it multiplies and reads."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

__all__ = ["Machine", "Speed", "machine_here", "measure_speed"]

MEMINFO: Final = Path("/proc/meminfo")
CPUINFO: Final = Path("/proc/cpuinfo")
CGROUP: Final = Path("/sys/fs/cgroup")

SECONDS: Final = 0.2
"""Time that each measurement of the speed takes, about."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run can use.

    Attributes:
        device: ``cuda`` or ``cpu``.
        memory: free bytes of one GPU, or a process's share of the machine's where there is none.
        cores: cores that this process may use.
        processes: number of processes of the run.
        bfloat16: the CPU has instructions for it: twice as fast in training, measured on SmolLM2 with avx512_bf16.
    """

    device: str
    memory: int
    cores: int
    processes: int = 1
    bfloat16: bool = False


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a device is.

    Attributes:
        flops: float operations per second in a large product of matrices.
        bandwidth: bytes of memory that it reads per second.
    """

    flops: float
    bandwidth: float


def machine_here(device: str = "auto", processes: int = 1, here: int = 1) -> Machine:
    """Return the machine that this process runs on.

    Args:
        device: ``auto`` takes a GPU if there is one.
        processes: number of processes of the run.
        here: number of those on this machine, which share its memory.
    """
    cores = len(os.sched_getaffinity(0))
    if device != "cpu" and torch.cuda.is_available():
        return Machine("cuda", torch.cuda.mem_get_info()[0], cores, processes)
    return Machine("cpu", free_memory() // here, cores, processes, has_bfloat16())


def has_bfloat16() -> bool:
    """Return whether this CPU has instructions for bfloat16."""
    words = CPUINFO.read_text(encoding="utf-8", errors="replace").split() if CPUINFO.exists() else []
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(words))


def free_memory() -> int:
    """Return the bytes of memory that this process could still get: of the machine, or of its container if fewer."""
    lines = dict(line.split(":", 1) for line in MEMINFO.read_text(encoding="ascii").splitlines())
    free = 1024 * int(lines["MemAvailable"].split()[0])
    try:
        limit, used = ((CGROUP / name).read_text(encoding="ascii") for name in ("memory.max", "memory.current"))
        return free if limit.strip() == "max" else min(free, int(limit) - int(used))
    except (OSError, ValueError):  # no container, or cgroups of version 1
        return free


def measure_speed(device: str, dtype: torch.dtype) -> Speed:
    """Measure how fast a device is; takes less than a second.

    Args:
        device: ``cuda`` or ``cpu``.
        dtype: type of the matrices.
    """
    size = 8192 if device == "cuda" else 1024
    matrix = torch.rand(size, size, device=device).to(dtype)
    flops = 2 * size**3 * rate(lambda: matrix @ matrix, device)
    numbers = torch.zeros(1 << (28 if device == "cuda" else 26), device=device)
    return Speed(flops, numbers.numel() * numbers.element_size() * rate(lambda: numbers.sum(), device))


def rate(work: Callable[[], object], device: str) -> float:
    """Return how often per second some work can be done."""
    work()
    wait(device)
    began, count = time.perf_counter(), 0
    while count < 2 or time.perf_counter() - began < SECONDS:
        work()
        wait(device)
        count += 1
    return count / (time.perf_counter() - began)


def wait(device: str) -> None:
    """Wait until a GPU has done everything that it was asked to do."""
    if device == "cuda":
        torch.cuda.synchronize()
