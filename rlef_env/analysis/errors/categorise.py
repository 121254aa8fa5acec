"""Why a turn failed: ordered rules, of which the first that applies decides.

The rules read what the judge has kept: verdicts, outputs, traces, CPU times. They run no program, and take about a
tenth of a millisecond for a turn, so that they can run while episodes are collected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from rlef_env.analysis.errors.outputs import Found, compare_outputs, compare_values
from rlef_env.analysis.errors.programs import (
    holds_answers,
    is_other_language,
    normalised_program,
    reads_input,
    response_is_unfinished,
    syntax_error_is_at_end,
)
from rlef_env.analysis.errors.sizes import fails_on, is_larger, is_small
from rlef_env.analysis.errors.traces import Place, place_of
from rlef_env.episodes import Episode, Turn
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.judge.judgement import UNDECIDED
from rlef_env.problems import Problem, Test

__all__ = ["Diagnosis", "categorise", "diagnose"]

MAX_FAILURES: Final = 4
"""Failing tests whose outputs are compared; a rule about outputs must hold for all of them."""

IDLE_SHARE: Final = 0.5
"""A program that used less than this share of its limit in CPU time was stopped for waiting."""

DEFAULT_CPU_SECONDS: Final = 10.0
"""Time limit where a problem has none."""

EXCEPTIONS: Final = {
    "IndexError": "index_error",
    "KeyError": "key_error",
    "ValueError": "value_error",
    "TypeError": "type_error",
    "AttributeError": "attribute_error",
    "NameError": "name_error",
    "UnboundLocalError": "name_error",
    "ImportError": "import_error",
    "ModuleNotFoundError": "import_error",
    "AssertionError": "assertion_error",
    "ZeroDivisionError": "zero_division",
    "RecursionError": "recursion",
    "SystemExit": "exit_status",
    **dict.fromkeys(("OSError", "PermissionError", "FileNotFoundError", "BlockingIOError"), "system_error"),
}
"""Exception -> category."""

SYNTAX: Final = {
    "SyntaxError": "syntax_error",
    "IndentationError": "indentation_error",
    "TabError": "indentation_error",
}
CONVERSIONS: Final = ("invalid literal for int()", "could not convert string to float")
READING: Final = ("input", "stdin", "readline", "next(", ".read(", ".split(")
BEFORE_CONSTANT: Final = ("empty_output", "format_only", "wrong_type")
"""Categories of outputs that say more than that the output is always the same."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a turn failed.

    Attributes:
        category: a key of ``CATEGORIES``, or the judge's own category if the rules failed on odd data.
        detail: what exactly was seen, in a few words; empty if there is no more to say. It can hold text of the
            program.
        test: the test that decided, such as ``"private 3"``; empty if none did.
        line: line of the program at which an exception was raised, from 1; None if unknown.
        function: function in which it was raised; None if unknown.
    """

    category: str
    detail: str = ""
    test: str = ""
    line: int | None = None
    function: str | None = None


def categorise(problem: Problem, episode: Episode) -> list[str | None]:
    """Return the category of each turn; None for an accepted one.

    It never raises: where the data are odd, such as an episode of another problem, a turn has the judge's own category.

    Args:
        problem: the episode's problem.
        episode: the episode.
    """
    return [None if found is None else found.category for found in diagnose(problem, episode)]


def diagnose(problem: Problem, episode: Episode) -> list[Diagnosis | None]:
    """Return why each turn failed; None for an accepted one. See ``categorise``."""
    seen: set[str] = set()
    return [_diagnosis_or_category(problem, turn, seen) for turn in episode.turns]


def _diagnosis_or_category(problem: Problem, turn: Turn, seen: set[str]) -> Diagnosis | None:
    try:
        return _diagnosis(problem, turn, seen)
    except Exception as error:  # noqa: BLE001 - stored data may hold anything, and collecting must go on
        category = turn.judgement.category or turn.judgement.verdict.value
        return Diagnosis(category, f"the rules failed: {type(error).__name__}")


def _diagnosis(problem: Problem, turn: Turn, seen: set[str]) -> Diagnosis | None:
    """Return why a turn failed; ``seen`` holds the normalised programs of earlier turns, and gets this one."""
    judgement, program = turn.judgement, turn.program
    normalised = "" if program is None else normalised_program(program)
    repeated = normalised in seen
    if program is not None:
        seen.add(normalised)
    if judgement.verdict is Verdict.ACCEPTED:
        return None
    if judgement.verdict is Verdict.NO_VERDICT:
        return Diagnosis("no_verdict", judgement.category or "")
    if program is None:
        return _from(_no_program(turn.response), None)
    failing = next((result for result in judgement.results if result.verdict not in UNDECIDED), None)
    if repeated:
        return _from(Found("repeated_program", judgement.verdict.value), failing)
    if failing is None:
        return Diagnosis(judgement.verdict.value, judgement.category or "")
    place = place_of(failing.stderr)
    found = _failure(problem, program, normalised, judgement, failing, place)
    return replace(_from(found, failing), line=place.line, function=place.function)


def _from(found: Found, failing: TestResult | None) -> Diagnosis:
    return Diagnosis(found.category, found.detail, f"{failing.role} {failing.index}" if failing else "")


def _no_program(response: str) -> Found:
    if not response.strip():
        return Found("empty_response")
    return Found("unfinished_response" if response_is_unfinished(response) else "no_program")


def _failure(
    problem: Problem, program: str, normalised: str, judgement: Judgement, failing: TestResult, place: Place
) -> Found:
    """Return why a program failed; the rules' order is that of the table in docs/errors.md."""
    verdict = failing.verdict
    if verdict is Verdict.COMPILE_ERROR:
        return _compile_error(program, failing, place)
    passed = _passed(problem, judgement)
    public = [test for role, test in passed if role == "public"]
    if holds_answers(normalised, public, problem.function is not None):
        return Found("hard_coded", verdict.value)
    match verdict:
        case Verdict.RUNTIME_ERROR:
            return _crash(problem, program, failing, place)
        case Verdict.TIME_LIMIT:
            return _time_limit(problem, judgement, failing, [test.input for _, test in passed])
        case Verdict.WRONG_ANSWER:
            return _wrong_answer(problem, program, judgement, failing, [test.input for _, test in passed])
        case _:
            return Found(verdict.value, failing.category or "")


def _passed(problem: Problem, judgement: Judgement) -> list[tuple[str, Test]]:
    results = (result for result in judgement.results if result.verdict is Verdict.ACCEPTED)
    return [(result.role, _test(problem, result)) for result in results]


def _test(problem: Problem, result: TestResult) -> Test:
    tests: tuple[Test, ...] = getattr(problem, f"{result.role}_tests")
    return tests[result.index]


def _compile_error(program: str, failing: TestResult, place: Place) -> Found:
    if is_other_language(program):
        return Found("other_language")
    name = failing.category or ""
    if name in SYNTAX and syntax_error_is_at_end(program, place.line, place.message):
        return Found("unfinished_program", place.message)
    return Found(SYNTAX.get(name, "compile_error"), place.message or name)


def _crash(problem: Problem, program: str, failing: TestResult, place: Place) -> Found:
    """Return the category of an exception, a signal or an exit status."""
    judged = failing.category or ""
    name = judged.rpartition(".")[2]
    detail = f"{name}: {place.message}" if place.message else name
    if problem.function is None:
        if _fails_while_reading(program, name, place):
            return Found("reads_input_wrongly", detail)
    elif place.line is None:  # raised outside of the program: by the call
        entry = problem.function.entry_point
        if name in ("NameError", "AttributeError") and f"'{entry}'" in place.message:
            return Found("missing_function", detail)
        if name == "TypeError" and f"{entry}()" in place.message:
            return Found("wrong_arguments", detail)
    if name in EXCEPTIONS:
        return Found(EXCEPTIONS[name], detail)
    if judged.startswith("exit status"):
        return Found("exit_status", judged)
    if judged.startswith(("SIG", "signal ")):
        deep = judged == "SIGSEGV" and "setrecursionlimit" in program
        return Found("recursion" if deep else "signal", judged)
    return Found("other_exception", detail)


def _fails_while_reading(program: str, name: str, place: Place) -> bool:
    if name == "EOFError" or (name == "ValueError" and place.message.startswith(CONVERSIONS)):
        return True
    if name not in ("ValueError", "IndexError", "StopIteration") or place.line is None:
        return False
    line = "".join(program.splitlines()[place.line - 1 : place.line])
    return any(word in line for word in READING)


def _time_limit(problem: Problem, judgement: Judgement, failing: TestResult, passed: Sequence[str]) -> Found:
    number = judgement.results.index(failing)
    given = _test(problem, failing).input
    if judgement.test_cpu_seconds:
        used = judgement.test_cpu_seconds[number]
        if used < IDLE_SHARE * (problem.time_limit or DEFAULT_CPU_SECONDS):
            return Found("idle_time", f"{used:.2g} s of CPU time")
    if is_larger(given, passed):
        return Found("time_grows", _growth(judgement, len(given), passed))
    longest = max(map(len, passed), default=0)
    if is_small(given) or len(given) <= longest:
        return Found("endless_loop")
    return Found("time_limit")


def _growth(judgement: Judgement, length: int, passed: Sequence[str]) -> str:
    """Return what the program needed for the largest input that it passes."""
    times = judgement.test_cpu_seconds or (0.0,) * len(judgement.results)
    each = zip(judgement.results, times, strict=True)
    accepted = [seconds for result, seconds in each if result.verdict is Verdict.ACCEPTED]
    seconds, longest = max(zip(accepted, map(len, passed), strict=True), key=lambda pair: pair[1])
    return f"{seconds:.2g} s for {longest} characters, over the limit for {length}"


def _wrong_answer(
    problem: Problem, program: str, judgement: Judgement, failing: TestResult, passed: Sequence[str]
) -> Found:
    results = [result for result in judgement.results if result.verdict is Verdict.WRONG_ANSWER][:MAX_FAILURES]
    pairs = [(result.stdout, _test(problem, result)) for result in results]
    agreed = _agreed(problem, pairs)
    if agreed is not None and agreed.category in BEFORE_CONSTANT:
        return agreed
    if problem.function is None and problem.interactor is None and not reads_input(program):
        return Found("ignores_input", "reads nothing")
    outputs, expected = {output for output, _ in pairs}, {test.output.strip() for _, test in pairs}
    written = all(output.strip() in program for output in outputs)
    if len(outputs) == 1 and len(expected) > 1 and (len(pairs) > 2 or written):  # two answers can be equal by chance
        return Found("ignores_input", "always the same output")
    if agreed is not None:
        return agreed
    if failing.role != "public" and any(result.role == "public" for result in judgement.results):
        return fails_on(_test(problem, failing).input, passed)
    return Found("wrong_answer")


def _agreed(problem: Problem, pairs: Sequence[tuple[str, Test]]) -> Found | None:
    """Return how all outputs differ from the expected ones, if they do in the same way.

    Where a program decides about the answer, the expected output is only one of many: then only an empty one counts.
    """
    compare = compare_outputs if problem.function is None else compare_values
    found = [compare(output, test.output) for output, test in pairs]
    if not found or found[0] is None or any(each is None or each.category != found[0].category for each in found):
        return None
    many_answers = problem.checker.source is not None or problem.interactor is not None
    return None if many_answers and found[0].category != "empty_output" else found[0]
