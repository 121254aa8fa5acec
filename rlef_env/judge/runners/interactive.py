"""Interactive problems: the program talks to the problem's interactor through pipes, and the interactor judges it.

Each is a process in a sandbox of its own; the interactor alone knows the test. What the program can bring about is only
what it says and when it ends, so the verdict rests on how the interactor ended:

* It answers "wrong" and left first: wrong answer, whatever the program did afterwards.
* Otherwise what the program did comes first: limits, crashes, an exit status other than 0.
* Then the interactor's answer.
* It gives none: it crashed, or ran out of its limits. Whose fault that is, a control says: the same test with a stored
  solution, or, where there is none that runs here, with a program that only listens. Where that goes wrong as well, the
  interactor is broken and there is no verdict; else the program broke it, which is a wrong answer.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rlef_env.judge.checkers.protocols import FEEDBACK_BYTES, PROTOCOLS, CheckerBroke
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.base import Outcome, TestRunner, start_of
from rlef_env.judge.runners.stdio import verdict_of
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import InteractorSpec, Problem, Test
from rlef_env.sandbox import (
    Execution,
    Limits,
    LoadedProgram,
    Program,
    Sandbox,
    Status,
    installed_languages,
    interact,
    require_run,
)

__all__ = ["conversation_verdict", "interactive_runner"]

INTERACTOR_SECONDS = 10.0  # of CPU, beyond what the program has
PATIENCE_SECONDS = 2.0  # idle, likewise
INTERACTOR_LIMITS = Limits(memory_bytes=2**30, scratch_bytes=FEEDBACK_BYTES)
LISTENER = Program("import sys\nsys.stdin.buffer.read()\n")
LISTENER_IDLE_SECONDS = 0.5


@contextmanager
def interactive_runner(
    sandboxes: Sandboxes, problem: Problem, program: Program, limits: Limits, _: Sequence[Test], __: int = 0
) -> Iterator[TestRunner]:
    """Compile the program and the interactor once; each test is a conversation of two fresh processes."""
    spec = problem.interactor
    if spec is None:
        raise ValueError(f"problem {problem.id!r}: expected one with an interactor, got one without")
    idle = limits.cpu_seconds if limits.idle_seconds is None else limits.idle_seconds
    # Where both wait for each other, it is the program that has run out of time.
    patient = replace(
        INTERACTOR_LIMITS,
        cpu_seconds=2 * limits.cpu_seconds + INTERACTOR_SECONDS,
        idle_seconds=idle + PATIENCE_SECONDS,
        output_bytes=limits.output_bytes,
    )
    source = PROTOCOLS["testlib"].source(spec.source) if spec.protocol == "testlib" else spec.source
    with (
        sandboxes.data.load(Program(source, spec.language), patient) as interactor,
        sandboxes.program.load(program, limits, start_of(problem)) as loaded,
    ):
        broken: dict[Test, str | None] = {}

        def is_broken(test: Test) -> str | None:
            if test not in broken:
                broken[test] = _fault(sandboxes.isolation, problem, spec, interactor, limits, test)
            return broken[test]

        def run(test: Test) -> Outcome:
            if (failure := loaded.compile_failure) is not None:
                require_run(failure)
                return Outcome(*verdict_of(failure), stderr=failure.stderr)
            if interactor.compile_failure is not None:
                require_run(interactor.compile_failure)
                return Outcome(Verdict.NO_VERDICT, f"the interactor did not compile{_last(interactor.compile_failure)}")
            said, ours, left = _talk(loaded, interactor, spec, test)
            answer = _answer(spec, ours)
            verdict, category = conversation_verdict(said, answer, left, lambda: is_broken(test))
            return Outcome(verdict, category, said.stdout, said.stderr, said.cpu_seconds, said.peak_bytes)

        yield run


def conversation_verdict(
    program: Execution, answer: bool | None, interactor_left: bool, fault: Callable[[], str | None]
) -> tuple[Verdict, str | None]:
    """The verdict over a conversation, and its category.

    Args:
        program: what became of the judged program.
        answer: what the interactor says of the program; None where it ended without an answer.
        interactor_left: whether the interactor ended or stopped listening before the program did.
        fault: called where it matters whether the interactor is broken: why it is, or None where it is sound.

    Source of the order: Kattis/problemtools (support/interactive and problemtools/judge).
    """
    verdict, category = verdict_of(program)
    if verdict in (Verdict.SECURITY_VIOLATION, Verdict.COMPILE_ERROR):
        return verdict, category
    if answer is False and interactor_left:
        return Verdict.WRONG_ANSWER, None
    if answer is True and verdict is Verdict.RUNTIME_ERROR and _unheard(program):
        return Verdict.ACCEPTED, None  # it was still speaking when the interactor had heard enough
    suspicious = answer is None and (interactor_left or verdict is Verdict.ACCEPTED)
    if (suspicious or _waited_in_vain(program)) and (reason := fault()) is not None:
        return Verdict.NO_VERDICT, reason
    if suspicious:
        return Verdict.WRONG_ANSWER, None
    if verdict is Verdict.ACCEPTED:
        return (Verdict.ACCEPTED if answer else Verdict.WRONG_ANSWER), None
    return verdict, category


def _unheard(program: Execution) -> bool:
    """Whether all that ended it was that nobody listened any more. To pretend so gains nothing: it was accepted."""
    if program.signal == signal.SIGPIPE:
        return True
    return program.status is Status.EXITED and b"BrokenPipeError" in program.stderr[-1000:]


def _waited_in_vain(program: Execution) -> bool:
    """Whether it ran out of time without using it: then the interactor may be what did not go on."""
    return program.status is Status.TIME_LIMIT and program.cpu_seconds < program.wall_seconds / 2


def _talk(
    program: LoadedProgram, interactor: LoadedProgram, spec: InteractorSpec, test: Test
) -> tuple[Execution, Execution, bool]:
    """What became of the program and of the interactor, and whether the interactor left first."""
    given, expected = (text.encode("utf-8", "surrogateescape") for text in (test.input, test.output))
    words: list[str | bytes] = (
        [given, expected, interactor.scratch, *spec.flags]
        if spec.protocol == "kattis"
        else [given, f"{interactor.scratch}output", expected, *spec.flags]
    )
    talk = interact(interactor, program, (words, ()))
    for execution in (talk.second, talk.first):
        require_run(execution)
    return talk.second, talk.first, talk.first_left


def _answer(spec: InteractorSpec, execution: Execution) -> bool | None:
    try:
        checked = PROTOCOLS["testlib" if spec.protocol == "testlib" else "kattis_program"].read(execution)
    except CheckerBroke:
        return None
    return None if checked is None else checked.right


def _fault(
    isolation: str, problem: Problem, spec: InteractorSpec, interactor: LoadedProgram, limits: Limits, test: Test
) -> str | None:
    """Why the interactor is broken, or None where it is not, as far as a control can tell."""
    start = start_of(problem)
    with Sandbox(isolation) as sandbox:
        if (stored := _runnable(problem)) is not None:
            with sandbox.load(stored, limits, start) as loaded:
                if loaded.compile_failure is None:
                    return _fault_by_solution(_talk(loaded, interactor, spec, test), spec)
                require_run(loaded.compile_failure)  # one that does not compile here is none
        with sandbox.load(LISTENER, replace(limits, idle_seconds=LISTENER_IDLE_SECONDS), start) as loaded:
            theirs, ours, _ = _talk(loaded, interactor, spec, test)
    if _answer(spec, ours) is None and theirs.status is Status.EXITED:
        return f"the interactor ended without an answer though nothing was said{_last(ours)}"
    return None


def _fault_by_solution(talk: tuple[Execution, Execution, bool], spec: InteractorSpec) -> str | None:
    theirs, ours, left = talk
    verdict, _ = conversation_verdict(theirs, _answer(spec, ours), left, lambda: None)
    if verdict is Verdict.ACCEPTED:
        return None
    return f"the interactor does not accept a stored solution: {verdict.value}{_last(ours)}"


def _runnable(problem: Problem) -> Program | None:
    """A stored solution that can be run here, in Python if there is one."""
    stored = [Program(each.source, each.language) for each in problem.solutions]
    if python := [program for program in stored if program.language == "python"]:
        return python[0]
    here = installed_languages() if stored else {}
    return next((program for program in stored if program.language in here), None)


def _last(execution: Execution) -> str:
    lines = execution.stderr.decode("utf-8", "replace").strip().splitlines()
    return f" ({lines[-1][:200]})" if lines else ""
