"""Function-call problems: 100 programs with 20 calls each, against evalplus' grader.

evalplus forks a child of the process that imported it (including numpy). The child runs the program, calls its
function, compares the results with the expected values *in that child*, and writes the verdicts into shared memory. So
a program can read the expected values and write any verdict. But it is cheap, and this cost is the comparison here.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from pathlib import Path

from benchmarks.figures import Figure, Goal, measured, missing, ratios
from benchmarks.sandbox.blocks import Blocks, alternate, cpu_used
from benchmarks.sandbox.settings import Settings
from rlef_env.judge.functions.calls import Call, CallRunner, Returned, Target
from rlef_env.judge.functions.value_codec import same_value
from rlef_env.sandbox import Sandbox

__all__ = ["EVALPLUS_PYTHON", "functions"]

EVALPLUS_PYTHON = "EVALPLUS_PYTHON"
"""Environment variable with an interpreter that has evalplus installed."""

CALLS = 20  # per program
ENTRY_POINT = "largest"
SOURCE = '''\
from typing import List


def largest(numbers: List[int], count: int) -> List[int]:
    """The largest numbers, in order."""
    return sorted(numbers, reverse=True)[:count]
'''
SOURCES = [f"{SOURCE}\n# {number}\n" for number in range(100)]
INPUTS: list[tuple[list[int], int]] = [([7, 3 * number, -number, 12], number % 4) for number in range(CALLS)]
EXPECTED = [sorted(numbers, reverse=True)[:count] for numbers, count in INPUTS]


class CallBlocks:
    """Programs called in the sandbox; their results are compared here.

    Args:
        fresh_process: whether each call gets its own process, instead of one process per program.
        load_each: whether the driver is loaded again for each program, as if each had other limits.
    """

    def __init__(self, fresh_process: bool = False, load_each: bool = False) -> None:
        self._fresh_process, self._load_each = fresh_process, load_each
        self._sources = itertools.cycle(SOURCES)

    def cpu_seconds(self, runs: int) -> float:
        """See `Blocks`; a run is a program with its calls."""
        return cpu_used(lambda: self._lifetime(runs)) - cpu_used(lambda: self._lifetime(0))

    def _lifetime(self, programs: int) -> None:
        with Sandbox() as sandbox:
            sources = list(itertools.islice(self._sources, 1 + programs))
            for group in [[source] for source in sources] if self._load_each else [sources]:
                with CallRunner(sandbox, many=not self._load_each) as runner:
                    for source in group:
                        self._grade(runner, source)
            with CallRunner(sandbox):  # returns after the zygote has waited for the previous one
                pass

    def _grade(self, runner: CallRunner, source: str) -> None:
        results = runner.run(source, Target(ENTRY_POINT), [Call(each) for each in INPUTS], self._fresh_process)
        for result, expected in zip(results, EXPECTED, strict=True):
            if not isinstance(result, Returned) or not same_value(result.value, expected):
                raise RuntimeError(f"{ENTRY_POINT}: expected {expected}, got {result}")


class EvalPlus:
    """The same programs, graded by evalplus in its own interpreter."""

    def __init__(self, interpreter: str) -> None:
        workload = {"entry_point": ENTRY_POINT, "sources": SOURCES, "inputs": INPUTS, "expected": EXPECTED}
        script = Path(__file__).with_name("evalplus_grader.py")
        self._process = subprocess.Popen(
            [interpreter, "-I", str(script), json.dumps(workload)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.failure = self._answer()[1]
        """Reason why it does not work; empty if it works."""

    def __enter__(self) -> EvalPlus:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def cpu_seconds(self, runs: int) -> float:
        """See `Blocks`; a run is a program with its calls."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{runs}\n")
        self._process.stdin.flush()
        seconds, failure = self._answer()
        if failure:
            raise RuntimeError(failure)
        return seconds

    def _answer(self) -> tuple[float, str]:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        if answer := self._process.stdout.readline():
            return float(answer), ""
        return 0.0, (self._process.stderr.read().strip() or "evalplus ended without output").splitlines()[-1]


def functions(settings: Settings) -> list[Figure]:
    """Measure function-call problems, per test."""
    against = "function-call problems per test ({}), against evalplus' in-process grader"
    shared, fresh = against.format("a process a program"), against.format("a process a call")
    loaded = against.format("a process a program, driver loaded for each")
    goal = Goal(1.0, "x")
    few = max(2, settings.runs // CALLS)  # programs per block if each call has a process: at most 100 processes
    ours: dict[str, Blocks] = {"shared": CallBlocks(), "fresh": CallBlocks(fresh_process=True)}
    taken = alternate(ours, few, settings.rounds, settings.row_seconds / 2)
    note = f"{_per_test(taken['fresh'])} us CPU per test"
    figure = f"function-call problems, a process a call against a process a program ({CALLS} calls each)"
    last = measured("functions", figure, ratios(taken["fresh"], taken["shared"]), "x", note=note)
    if not (interpreter := os.environ.get(EVALPLUS_PYTHON)):
        reason = f"skipped: {EVALPLUS_PYTHON} names no interpreter that has evalplus (pip install evalplus)"
        others = [missing("functions", words, reason) for words in (loaded, fresh)]
        return [missing("functions", shared, reason, goal), *others, last]
    with EvalPlus(interpreter) as evalplus:
        if evalplus.failure:
            raise RuntimeError(f"{EVALPLUS_PYTHON}={interpreter}: expected evalplus to run, got {evalplus.failure}")
        rows = []
        ours["loaded"] = CallBlocks(load_each=True)
        for name, words, programs, bound in (
            ("shared", shared, settings.runs, goal),
            ("loaded", loaded, settings.runs, None),
            ("fresh", fresh, few, None),
        ):
            subjects: dict[str, Blocks] = {"evalplus": evalplus, name: ours[name]}
            taken = alternate(subjects, programs, settings.rounds, settings.row_seconds)
            note = f"{_per_test(taken[name])} us CPU per test, evalplus {_per_test(taken['evalplus'])} us"
            rows.append(measured("functions", words, ratios(taken[name], taken["evalplus"]), "x", bound, note))
    return [*rows, last]


def _per_test(seconds_per_program: list[float]) -> str:
    return f"{sorted(seconds_per_program)[len(seconds_per_program) // 2] / CALLS * 1e6:.0f}"
