"""Blocks of runs, and the CPU time of everything that took part in one: driver, worker, zygote, programs.

The kernel adds a process's CPU time to its parent's account only when the parent has waited for it. A floor waits for
each run, so its account can be read at any time. A sandbox's zygote is waited for when the sandbox is closed, so a
block is a whole life of a sandbox, and a life with no counted runs is subtracted: start, lock, a few runs to warm up,
end. Each life ends with one more load, which the zygote takes only after having waited for all that came before.
"""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks.sandbox.workload import A_PLUS_B, a_plus_b_problem, trivial_programs
from rlef_env.judge import Judge, Verdict
from rlef_env.sandbox import LoadedProgram, Program, Sandbox, Status

__all__ = ["INTERPRETER", "Blocks", "Floor", "JudgeBlocks", "SandboxBlocks", "Script", "in_turn"]

INTERPRETER = getattr(sys, "_base_executable", None) or sys.executable
TESTS = len(A_PLUS_B)
WARM_UP_RUNS = 10

Kind = TypeVar("Kind", bound="Script")


class Blocks(Protocol):
    """Something whose runs can be counted in CPU time."""

    def cpu_seconds(self, runs: int) -> float:
        """User + system time of all processes that so many runs need, start-up left out."""


class Script:
    """One of the programs beside this file, in a small interpreter of its own that answers a line with a number."""

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
        """End it. Safe to call twice."""
        self._process.kill()
        self._process.communicate()

    def ask(self, line: str) -> float:
        """Send a line, return the number that comes back."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        if not (answer := self._process.stdout.readline()):
            raise RuntimeError(f"{self._name}: expected a number for {line!r}, got nothing: it has ended")
        return float(answer)

    def cpu_seconds(self, runs: int) -> float:
        """As for ``Blocks``."""
        return self.ask(str(runs))


class Floor(Script):
    """The floor."""

    def __init__(self) -> None:
        super().__init__("floor.py")

    def cpu_seconds(self, runs: int) -> float:
        """As for ``Blocks``."""
        return self.ask(f"cpu {runs}")

    def wall_seconds(self, source: Path) -> float:
        """How long the program in this file takes when nothing watches or locks it."""
        return self.ask(f"wall {source}")


class SandboxBlocks:
    """Runs of W1 in a sandbox: 20 tests a program.

    Args:
        isolation: as for ``Sandbox``.
        compile_once: load a program once for its 20 tests, or again for each.
        programs: other programs than those of W1, for the same tests. What it takes to compile those that are not
            Python is left out: they are kept, once compiled, and each life compiles them before it counts.
    """

    def __init__(
        self, isolation: str = "locked", compile_once: bool = True, programs: Sequence[Program] | None = None
    ) -> None:
        self._isolation, self._tests_per_load = isolation, TESTS if compile_once else 1
        self._programs = itertools.cycle(programs or [Program(source) for source in trivial_programs()])

    def cpu_seconds(self, runs: int) -> float:
        """As for ``Blocks``."""
        return _account(lambda: self._life(runs)) - _account(lambda: self._life(0))

    def _life(self, runs: int) -> None:
        with Sandbox(self._isolation) as sandbox:
            self._run(sandbox, WARM_UP_RUNS)
            self._run(sandbox, runs)
            with sandbox.load(next(self._programs)):  # waits until the zygote has waited for the program before
                pass

    def _run(self, sandbox: Sandbox, runs: int) -> None:
        tests = itertools.islice(itertools.cycle(A_PLUS_B), runs)
        while some := list(itertools.islice(tests, TESTS)):
            program = next(self._programs)
            for start in range(0, len(some), self._tests_per_load):
                with sandbox.load(program) as loaded:
                    for a, b in some[start : start + self._tests_per_load]:
                        _run_right(loaded, a, b)


class JudgeBlocks:
    """The same runs, asked of a judge, which also compares what comes out."""

    def __init__(self) -> None:
        self._sources = itertools.cycle(trivial_programs())

    def cpu_seconds(self, runs: int) -> float:
        """As for ``Blocks``; ``runs`` is rounded up to whole programs of 20 tests."""
        rounded = -(-runs // TESTS) * TESTS
        return (_account(lambda: self._life(rounded)) - _account(lambda: self._life(0))) * runs / rounded

    def _life(self, runs: int) -> None:
        with Judge() as judge:
            _judge_right(judge, next(self._sources), WARM_UP_RUNS)
            for _ in range(runs // TESTS):
                _judge_right(judge, next(self._sources), TESTS)
            _judge_right(judge, next(self._sources), 1)


def in_turn(subjects: Mapping[str, Blocks], runs: int, rounds: int, seconds: float) -> dict[str, list[float]]:
    """CPU seconds per run of each subject, measured in turn, there and back, so that a drift meets all alike.

    Args:
        subjects: what to measure.
        runs: how many runs a block has.
        rounds: how many blocks each subject gets ...
        seconds: ... unless this much time has passed; never fewer than two.
    """
    began = time.monotonic()
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for round_number in range(rounds):
        if round_number >= 2 and time.monotonic() - began > seconds:
            break
        for name in _there_and_back(list(subjects), round_number):
            taken[name].append(subjects[name].cpu_seconds(runs) / runs)
    return taken


def _there_and_back(names: list[str], round_number: int) -> Iterator[str]:
    return iter(names) if round_number % 2 == 0 else reversed(names)


def _account(work: Callable[[], None]) -> float:
    """CPU seconds that this process and all it has waited for have used during the work."""
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _run_right(loaded: LoadedProgram, a: int, b: int) -> None:
    execution = loaded.run(b"%d %d\n" % (a, b))
    if execution.status is not Status.EXITED or execution.stdout != b"%d\n" % (a + b):
        raise RuntimeError(f"A+B: expected {a + b}, got {execution}")


def _judge_right(judge: Judge, source: str, tests: int) -> None:
    judgement = judge.judge(a_plus_b_problem(tests), Program(source))
    if judgement.verdict is not Verdict.ACCEPTED:
        raise RuntimeError(f"A+B: expected to be accepted, got {judgement}")
