"""The soak row: growth of memory, descriptors and processes over minutes at full load."""

from __future__ import annotations

import itertools
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, Goal, measured, missing
from benchmarks.sandbox.memory import family, memory_bytes
from benchmarks.vector.settings import Settings
from benchmarks.vector.workload import fenced, problems
from rlef_env.envs import CodeVectorEnv
from rlef_env.judge import JudgePool
from rlef_env.judge.pool.workers import worker_set

__all__ = ["soak"]

MEGABYTE = 10**6
ENVS = 64
SAMPLES = 12
KINDS = (
    fenced("a, b = map(int, input().split())\nprint(a + b)"),
    fenced("print(-1)"),
    fenced("raise ValueError"),
    fenced("print("),
    "no program",
    fenced("a, b = map(int, input().split())\nprint(a + b)\n# again"),
    fenced("import time\ntime.sleep(0.3)\nprint(-1)"),
    fenced("kept = bytearray(50 * 10**6)\nkept[::4096] = b'x' * len(kept[::4096])\nprint(-1)"),
    fenced("print('x' * 10**6)"),
)
SLOW = fenced("while True:\n    pass")
"""One in 200 of the responses: it uses a core for its limit of 2 s."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What this process and its descendants hold while no program runs."""

    memory_bytes: int
    descriptors: int
    processes: int


def soak(settings: Settings) -> list[Figure]:
    """Measure the growth of memory, descriptors and processes over minutes of full load."""
    prefix = f"growth over {settings.soak_minutes:g} minutes at full load: "
    try:
        _sample()
    except PermissionError as error:
        return [missing("soak", prefix + "memory, descriptors, processes", f"skipped: for root to read ({error})")]
    worker_set.IDLE_SECONDS = 1.0  # type: ignore[misc]  # each sample waits until additional workers have ended
    samples, ended = [], Counter[bool]()
    seconds = settings.soak_minutes * 60 / SAMPLES
    with JudgePool() as pool:
        env = CodeVectorEnv(ENVS, dataset=problems(2, 3), pool=pool)
        env.reset(seed=0)
        responses = (
            SLOW if number % 200 == 99 else f"{KINDS[number % len(KINDS)]}\n{number}" for number in itertools.count()
        )
        for _ in range(SAMPLES + 1):  # the first one starts every worker and fills every cache
            until = time.monotonic() + seconds
            idle = list(range(ENVS))
            while idle or env.num_pending:
                if time.monotonic() < until:
                    env.send(idle, [next(responses) for _ in idle])
                batch = env.recv()
                idle = batch.env_ids.tolist() if time.monotonic() < until else []
                ended.update((batch.terminations | batch.truncations).tolist())
                if batch.truncations.any():
                    raise RuntimeError("a program had no verdict")
            while len(pool.processes()) > pool.workers:
                time.sleep(0.1)
            samples.append(_sample())
    first, last = samples[1:4], samples[-3:]
    note = (
        f"{ended[True]:,} episodes of {sum(ended.values()):,} steps; the middle of the last three samples of {SAMPLES}"
    )
    note += (
        f", less that of the first three; {last[-1].memory_bytes / MEGABYTE:.0f} MB in {last[-1].processes} processes"
    )

    def grown(name: str) -> float:
        middle = [statistics.median(getattr(sample, name) for sample in some) for some in (first, last)]
        return float(middle[1] - middle[0])

    return [
        measured("soak", prefix + "memory", [grown("memory_bytes") / MEGABYTE], "MB", Goal(2, "MB"), note),
        measured("soak", prefix + "descriptors", [grown("descriptors")], "", Goal(0, "")),
        measured("soak", prefix + "processes", [grown("processes")], "", Goal(0, "")),
    ]


def _sample() -> Sample:
    """Take a sample when the counts do not change any more: the last programs may end a moment after their results."""
    before = None
    while (now := _counts()) != before:
        before = now
        time.sleep(0.2)
    descriptors, processes = now
    return Sample(memory_bytes("Pss_Anon", "Pss_Shmem"), descriptors, processes)


def _counts() -> tuple[int, int]:
    """Return the numbers of descriptors and processes."""
    counts = [descriptors for pid in family() if (descriptors := _descriptors(pid)) is not None]
    return sum(counts), len(counts)


def _descriptors(pid: int) -> int | None:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return None
