"""Rows in memory: the memory of one further worker, and growth over many executions."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, Goal, measured, missing
from benchmarks.sandbox.settings import Settings
from benchmarks.sandbox.workload import A_PLUS_B, a_plus_b_problem, trivial_programs
from rlef_env.judge import JudgeJob, JudgePool
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program, Sandbox

__all__ = ["family", "growth", "memory_bytes", "worker_memory"]

MEGABYTE = 10**6
WORKERS = 4
SLEEP_SECONDS = 1.0
SLEEPER = Program(f"import time\ntime.sleep({SLEEP_SECONDS})\na, b = map(int, input().split())\nprint(a + b)\n")
SLEEPING = Problem("benchmark/sleeping", "A+B", private_tests=(Test("1 2\n", "3\n"),), time_limit=10.0)


def worker_memory(settings: Settings) -> list[Figure]:
    """Measure the memory that the last of four workers adds, while all run programs."""
    figure, goal = "memory of one further worker with its zygote (PSS, four running a program)", Goal(25, "MB")
    try:
        memory_bytes("Pss")
        added = [_running(WORKERS) - _running(WORKERS - 1) for _ in range(settings.repeats)]
    except PermissionError as error:
        return [missing("memory", figure, f"skipped: only root may read the zygote's memory map ({error})", goal)]
    return [measured("memory", figure, [count / MEGABYTE for count in added], "MB", goal)]


def _running(workers: int) -> int:
    """Return the PSS of all processes while each of this many workers runs a sleeping program."""
    with JudgePool(workers) as pool:
        for program in trivial_programs(workers):
            pool.submit(JudgeJob(a_plus_b_problem(), Program(program))).result()
        futures = [pool.submit(JudgeJob(SLEEPING, SLEEPER)) for _ in range(workers)]
        time.sleep(SLEEP_SECONDS / 2)
        total = memory_bytes("Pss")
        for future in futures:
            future.result()
    return total


def growth(settings: Settings) -> list[Figure]:
    """Measure growth over many executions in one worker, with a new program every 20."""
    runs = settings.executions
    words = f"growth over {runs:,} executions in one worker: "
    note = "" if runs >= 100_000 else "the goal is for 100,000 executions: --executions 100000"
    with _own_temporary_folder() as folder, Sandbox() as sandbox:
        if not os.access(f"/proc/{sandbox.pid}/fd", os.R_OK):
            return [missing("growth", words + "memory, descriptors, files", "skipped: only root may read them")]
        _execute(sandbox, min(runs, 1000))  # fills caches and the allocator's pools
        before = _held(sandbox, folder)
        _execute(sandbox, runs)
        after = _held(sandbox, folder)
    grown = (after.memory_bytes - before.memory_bytes) / MEGABYTE
    descriptors = float(after.descriptors - before.descriptors)
    files = sorted(after.files - before.files)
    return [
        measured("growth", words + "memory of driver, worker, zygote", [grown], "MB", Goal(1, "MB"), note),
        measured("growth", words + "descriptors", [descriptors], "", Goal(0, "")),
        measured("growth", words + "files", [float(len(files))], "", Goal(0, ""), ", ".join(files[:5])),
    ]


@dataclass(frozen=True, slots=True)
class Held:
    """Anonymous memory, descriptors and files of this process and its descendants."""

    memory_bytes: int
    descriptors: int
    files: frozenset[str]


def _held(sandbox: Sandbox, folder: Path) -> Held:
    with sandbox.load(Program("")):  # the previous program has ended now; this one is counted each time
        held_bytes = memory_bytes("Pss_Anon", "Pss_Shmem")
        descriptors = sum(1 for pid in family() for _ in Path(f"/proc/{pid}/fd").iterdir())
    files = {str(path) for place in (folder, Path("/dev/shm")) for path in place.rglob("*")}
    return Held(held_bytes, descriptors, frozenset(files))


def _execute(sandbox: Sandbox, runs: int) -> None:
    for start in range(0, runs, len(A_PLUS_B)):
        source = f"a, b = map(int, input().split())\nprint(a + b)\n# {start}\n"
        with sandbox.load(Program(source)) as loaded:
            for a, b in A_PLUS_B[: runs - start]:
                if loaded.run(b"%d %d\n" % (a, b)).stdout != b"%d\n" % (a + b):
                    raise RuntimeError("A+B gave a wrong answer")


def family() -> Iterator[int]:
    """Yield the ids of this process and all its descendants."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has just ended
    found = [os.getpid()]
    while found:
        pid = found.pop()
        yield pid
        found += [child for child, parent in parents.items() if parent == pid]


def memory_bytes(*fields: str) -> int:
    """Return the memory of this process and its descendants; shared memory is divided among those who share it."""
    total = 0
    for pid in family():
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.partition(":")[0] in fields)
    return total


@contextlib.contextmanager
def _own_temporary_folder() -> Iterator[Path]:
    """Use a temporary folder in which no other process writes."""
    with tempfile.TemporaryDirectory() as folder:
        kept, tempfile.tempdir = tempfile.tempdir, folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = kept
