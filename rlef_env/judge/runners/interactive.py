"""Run interactive programs: program and interactor exchange text through pipes, and the interactor decides.

Each is a process in a sandbox of its own; only the interactor knows the test. The program controls only what it writes
and when it ends, so the verdict depends on how the interactor ended:

* If it decided "wrong" and ended first: wrong answer, whatever the program did afterwards.
* Otherwise the end of the program counts first: limits, crashes, an exit status other than 0.
* Then the interactor's decision counts.
* If the interactor decided nothing, it crashed or exceeded its limits. A control run finds out why: the same test with
  a stored solution, or, if none runs on this machine, with a program that only reads. If the control fails as well, the
  interactor is broken: no verdict. Otherwise the program broke it, which is a wrong answer.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rlef_env.judge.checkers.protocols import FEEDBACK_BYTES, PROTOCOLS, CheckerError
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.base import RunOutcome, TestRunner, python_start
from rlef_env.judge.runners.stdio import verdict_from_execution
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import InteractorSpec, Problem, Test
from rlef_env.sandbox import Execution, Limits, LoadedProgram, Program, Sandbox, Status, installed_languages
from rlef_env.sandbox.execution import require_run
from rlef_env.sandbox.interact import interact

__all__ = ["interaction_verdict", "interactive_runner"]

INTERACTOR_SECONDS = 10.0  # CPU time, in addition to twice the program's
INTERACTOR_IDLE_SECONDS = 2.0  # idle time, in addition to the program's
INTERACTOR_LIMITS = Limits(memory_bytes=2**30, scratch_bytes=FEEDBACK_BYTES)
READER = Program("import sys\nsys.stdin.buffer.read()\n")
READER_IDLE_SECONDS = 0.5
CLOSED_PIPE = (b"BrokenPipeError", b"Broken pipe", b"EPIPE")  # of Python; Rust; JavaScript


@contextmanager
def interactive_runner(
    sandboxes: Sandboxes, problem: Problem, program: Program, limits: Limits, _: Sequence[Test], __: int = 0
) -> Iterator[TestRunner]:
    """Compile the program and the interactor once; each test runs both in new processes."""
    spec = problem.interactor
    if spec is None:
        raise ValueError(f"problem {problem.id!r}: expected one with an interactor, got one without")
    idle = limits.cpu_seconds if limits.idle_seconds is None else limits.idle_seconds
    # If both wait for each other, the program must exceed its limit first.
    interactor_limits = replace(
        INTERACTOR_LIMITS,
        cpu_seconds=2 * limits.cpu_seconds + INTERACTOR_SECONDS,
        idle_seconds=idle + INTERACTOR_IDLE_SECONDS,
        output_bytes=limits.output_bytes,
    )
    source = PROTOCOLS["testlib"].source(spec.source) if spec.protocol == "testlib" else spec.source
    with (
        sandboxes.data.load(Program(source, spec.language), interactor_limits) as interactor,
        sandboxes.program.load(program, limits, python_start(problem)) as loaded,
    ):
        known_faults: dict[Test, str | None] = {}

        def interactor_fault(test: Test) -> str | None:
            if test not in known_faults:
                known_faults[test] = _fault(sandboxes.isolation, problem, spec, interactor, limits, test)
            return known_faults[test]

        def run(test: Test) -> RunOutcome:
            if (failure := loaded.compile_failure) is not None:
                require_run(failure)
                return RunOutcome(*verdict_from_execution(failure), stderr=failure.stderr)
            if interactor.compile_failure is not None:
                require_run(interactor.compile_failure)
                message = f"the interactor did not compile{_last_line(interactor.compile_failure)}"
                return RunOutcome(Verdict.NO_VERDICT, message)
            ran, deciding, interactor_first = _interact(loaded, interactor, spec, test)
            decision = _decision(spec, deciding)
            verdict, category = interaction_verdict(ran, decision, interactor_first, lambda: interactor_fault(test))
            return RunOutcome(verdict, category, ran.stdout, ran.stderr, ran.cpu_seconds, ran.peak_bytes)

        yield run


def interaction_verdict(
    program: Execution, decision: bool | None, interactor_first: bool, fault: Callable[[], str | None]
) -> tuple[Verdict, str | None]:
    """Return the verdict of one interaction, and its category.

    Args:
        program: execution of the judged program.
        decision: whether the interactor accepts the program; None if it ended without a decision.
        interactor_first: whether the interactor ended, or closed its input, before the program did.
        fault: returns why the interactor is broken, or None if it works; called only if that matters.

    Source of the order: Kattis/problemtools (support/interactive and problemtools/judge).
    """
    verdict, category = verdict_from_execution(program)
    if verdict in (Verdict.SECURITY_VIOLATION, Verdict.COMPILE_ERROR):
        return verdict, category
    if decision is False and interactor_first:
        return Verdict.WRONG_ANSWER, None
    if decision is True and verdict is Verdict.RUNTIME_ERROR and _ended_by_closed_pipe(program):
        return Verdict.ACCEPTED, None  # it was still writing when the interactor had read enough
    undecided = decision is None and (interactor_first or verdict is Verdict.ACCEPTED)
    if (undecided or _was_blocked(program)) and (reason := fault()) is not None:
        return Verdict.NO_VERDICT, reason
    if undecided:
        return Verdict.WRONG_ANSWER, None
    if verdict is Verdict.ACCEPTED:
        return (Verdict.ACCEPTED if decision else Verdict.WRONG_ANSWER), None
    return verdict, category


def _ended_by_closed_pipe(program: Execution) -> bool:
    """Return whether the program ended only because its output was closed.

    A program gains nothing by faking this: it has been accepted already.
    """
    if program.signal == signal.SIGPIPE:
        return True
    return program.status is Status.EXITED and any(text in program.stderr[-1000:] for text in CLOSED_PIPE)


def _was_blocked(program: Execution) -> bool:
    """Return whether the program exceeded its time without using CPU: the interactor may be what was stuck."""
    return program.status is Status.TIME_LIMIT and program.cpu_seconds < program.wall_seconds / 2


def _interact(
    program: LoadedProgram, interactor: LoadedProgram, spec: InteractorSpec, test: Test
) -> tuple[Execution, Execution, bool]:
    """Return the executions of the program and of the interactor, and whether the interactor ended first."""
    given, expected = (text.encode("utf-8", "surrogateescape") for text in (test.input, test.output))
    arguments: list[str | bytes] = (
        [given, expected, interactor.scratch, *spec.flags]
        if spec.protocol == "kattis"
        else [given, f"{interactor.scratch}output", expected, *spec.flags]
    )
    both = interact(interactor, program, (arguments, ()))
    return require_run(both.second), require_run(both.first), both.first_left


def _decision(spec: InteractorSpec, execution: Execution) -> bool | None:
    try:
        result = PROTOCOLS["testlib" if spec.protocol == "testlib" else "kattis_program"].read(execution)
    except CheckerError:
        return None
    return None if result is None else result.right


def _fault(
    isolation: str, problem: Problem, spec: InteractorSpec, interactor: LoadedProgram, limits: Limits, test: Test
) -> str | None:
    """Return why the interactor is broken, or None if the control run shows no fault."""
    start = python_start(problem)
    with Sandbox(isolation) as sandbox:
        if (stored := _runnable(problem)) is not None:
            with sandbox.load(stored, limits, start) as loaded:
                if loaded.compile_failure is None:
                    return _fault_with_solution(_interact(loaded, interactor, spec, test), spec)
                require_run(loaded.compile_failure)  # a solution that does not compile here is no control
        with sandbox.load(READER, replace(limits, idle_seconds=READER_IDLE_SECONDS), start) as loaded:
            reader, deciding, _ = _interact(loaded, interactor, spec, test)
    if _decision(spec, deciding) is None and reader.status is Status.EXITED:
        return f"the interactor ended without a decision though the program wrote nothing{_last_line(deciding)}"
    return None


def _fault_with_solution(interaction: tuple[Execution, Execution, bool], spec: InteractorSpec) -> str | None:
    solution, deciding, interactor_first = interaction
    verdict, _ = interaction_verdict(solution, _decision(spec, deciding), interactor_first, lambda: None)
    if verdict is Verdict.ACCEPTED:
        return None
    return f"the interactor does not accept a stored solution: {verdict.value}{_last_line(deciding)}"


def _runnable(problem: Problem) -> Program | None:
    """Return a stored solution that can run on this machine, in Python if there is one."""
    stored = [Program(each.source, each.language) for each in problem.solutions]
    if python := [program for program in stored if program.language == "python"]:
        return python[0]
    installed = installed_languages() if stored else {}
    return next((program for program in stored if program.language in installed), None)


def _last_line(execution: Execution) -> str:
    lines = execution.stderr.decode("utf-8", "replace").strip().splitlines()
    return f" ({lines[-1][:200]})" if lines else ""
