"""Blocks of runs, and the CPU time of all their processes: driver, worker, zygote, programs.

The kernel adds a process's CPU time to its parent's total only when the parent has waited for it. The floor waits for
each run, so its total can be read at any time. A sandbox waits for its zygote when it is closed. Therefore a block is
the whole lifetime of a sandbox, and a lifetime without counted runs is subtracted: start, lock, warm-up, end. Each
lifetime ends with one more load, which the zygote handles only after it has waited for all earlier programs.
"""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks.sandbox.workload import A_PLUS_B, a_plus_b_problem, trivial_programs
from rlef_env.judge import Judge, Verdict
from rlef_env.sandbox import LoadedProgram, Program, Sandbox, Status

__all__ = [
    "INTERPRETER",
    "Blocks",
    "Floor",
    "FloorOnce",
    "JudgeBlocks",
    "SandboxBlocks",
    "Script",
    "alternate",
    "cpu_used",
]

INTERPRETER = getattr(sys, "_base_executable", None) or sys.executable
TESTS = len(A_PLUS_B)
WARM_UP_RUNS = 10

Kind = TypeVar("Kind", bound="Script")


class Blocks(Protocol):
    """Something whose runs' CPU time can be measured."""

    def cpu_seconds(self, runs: int) -> float:
        """Return the user + system time of all processes for this many runs, without start-up."""


class Script:
    """A script in this folder, run by its own small interpreter; it answers each input line with a number."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._name = name
        script = Path(__file__).with_name(name)
        self._process = subprocess.Popen(
            [INTERPRETER, "-I", "-S", str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self: Kind) -> Kind:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the process. Can be called twice."""
        self._process.kill()
        self._process.communicate()

    def request(self, line: str) -> float:
        """Send a line and return the number in the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        if not (answer := self._process.stdout.readline()):
            raise RuntimeError(f"{self._name}: expected a number for {line!r}, got nothing: the process has ended")
        return float(answer)

    def cpu_seconds(self, runs: int) -> float:
        """See `Blocks`."""
        return self.request(str(runs))


class Floor(Script):
    """Lower bound: a bare fork that compiles and runs the program (``floor.py``)."""

    def __init__(self) -> None:
        super().__init__("floor.py")

    def cpu_seconds(self, runs: int) -> float:
        """See `Blocks`."""
        return self.request(f"cpu {runs}")

    def wall_seconds(self, source: Path) -> float:
        """Return the seconds that the program in a file takes without monitoring and without a lock."""
        return self.request(f"wall {source}")


class SandboxBlocks:
    """Runs of W1 in a sandbox, 20 tests per program.

    Args:
        isolation: isolation of ``Sandbox``.
        compile_once: whether a program is loaded once for its 20 tests, or again for each test.
        programs: programs to run instead of those of W1, with the same tests. Compiling other languages than Python is
            not counted: binaries are cached, and each lifetime compiles them before the counted runs.
    """

    def __init__(
        self, isolation: str = "locked", compile_once: bool = True, programs: Sequence[Program] | None = None
    ) -> None:
        self._isolation, self._tests_per_load = isolation, TESTS if compile_once else 1
        self._programs = itertools.cycle(programs or [Program(source) for source in trivial_programs()])

    def cpu_seconds(self, runs: int) -> float:
        """See `Blocks`."""
        return cpu_used(lambda: self._lifetime(runs)) - cpu_used(lambda: self._lifetime(0))

    def _lifetime(self, runs: int) -> None:
        with Sandbox(self._isolation) as sandbox:
            self._run(sandbox, WARM_UP_RUNS)
            self._run(sandbox, runs)
            with sandbox.load(next(self._programs)):  # returns after the zygote has waited for the previous program
                pass

    def _run(self, sandbox: Sandbox, runs: int) -> None:
        tests = itertools.islice(itertools.cycle(A_PLUS_B), runs)
        while chunk := list(itertools.islice(tests, TESTS)):
            program = next(self._programs)
            for start in range(0, len(chunk), self._tests_per_load):
                with sandbox.load(program) as loaded:
                    for a, b in chunk[start : start + self._tests_per_load]:
                        _run_right(loaded, a, b)


class FloorOnce(Floor):
    """The floor whose parent compiles the program, once for so many tests."""

    def __init__(self, tests: int) -> None:
        super().__init__()
        self._tests = tests

    def cpu_seconds(self, runs: int) -> float:
        """See `Blocks`."""
        return self.request(f"once {runs} {self._tests}")


class JudgeBlocks:
    """Runs of W1 by a judge, which also compares the output; ``tests`` runs per program."""

    def __init__(self, tests: int = TESTS) -> None:
        self._tests, self._sources = tests, itertools.cycle(trivial_programs())

    def cpu_seconds(self, runs: int) -> float:
        """See `Blocks`; ``runs`` is rounded up to whole programs."""
        rounded = -(-runs // self._tests) * self._tests
        return (cpu_used(lambda: self._lifetime(rounded)) - cpu_used(lambda: self._lifetime(0))) * runs / rounded

    def _lifetime(self, runs: int) -> None:
        with Judge() as judge:
            _judge_right(judge, next(self._sources), WARM_UP_RUNS)
            for _ in range(runs // self._tests):
                _judge_right(judge, next(self._sources), self._tests)
            _judge_right(judge, next(self._sources), 1)


def alternate(subjects: Mapping[str, Blocks], runs: int, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Measure the CPU seconds per run of each subject, in alternating order, so that drift affects all equally.

    Args:
        subjects: subjects to measure, by name.
        runs: runs per block.
        rounds: blocks per subject.
        seconds: no further round starts after this time; at least two rounds are measured.
    """
    began = time.monotonic()
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for round_number in range(rounds):
        if round_number >= 2 and time.monotonic() - began > seconds:
            break
        for name in subjects if round_number % 2 == 0 else reversed(list(subjects)):
            taken[name].append(subjects[name].cpu_seconds(runs) / runs)
    return taken


def cpu_used(work: Callable[[], None]) -> float:
    """Return the CPU seconds of this process, and of all processes that it waited for, during the work."""
    before = _cpu_seconds()
    work()
    return _cpu_seconds() - before


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _run_right(loaded: LoadedProgram, a: int, b: int) -> None:
    execution = loaded.run(b"%d %d\n" % (a, b))
    if execution.status is not Status.EXITED or execution.stdout != b"%d\n" % (a + b):
        raise RuntimeError(f"A+B: expected {a + b}, got {execution}")


def _judge_right(judge: Judge, source: str, tests: int) -> None:
    judgement = judge.judge(a_plus_b_problem(tests), Program(source))
    if judgement.verdict is not Verdict.ACCEPTED:
        raise RuntimeError(f"A+B: expected accepted, got {judgement}")
