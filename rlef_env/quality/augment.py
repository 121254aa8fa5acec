"""Add tests to a problem: mutate its inputs, run its correct solutions, and keep the inputs on which they agree.

The method is that of CodeContests (Li et al., 2022, section 3.2.1), but stricter: an input counts as valid only if
every correct solution that is run ends normally on it, within its limits, and the problem's checker accepts all answers
against the first one. Tests that fail an incorrect solution which passed so far are preferred.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rlef_env.judge import BaseJudgePool, JudgeJob, Verdict
from rlef_env.judge.checkers import make_checker
from rlef_env.judge.judge import DEFAULT_MEMORY_BYTES, DEFAULT_TIME_SECONDS
from rlef_env.judge.runners.base import python_start
from rlef_env.problems import Problem, Test
from rlef_env.quality.mutate import mutants
from rlef_env.sandbox import Execution, Limits, Program, Sandbox, Status, installed_languages
from rlef_env.sandbox.execution import require_run

__all__ = ["Augmentation", "augment", "public_only", "survivors"]

MAX_INPUT: Final = 20_000  # characters of an input that is worth mutating
MAX_OUTPUT: Final = 2**20  # bytes of an answer that is worth keeping
PROGRAM_CHECKERS: Final = frozenset({"python", "kattis_program", "testlib"})


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Result of augmenting a problem.

    Attributes:
        problem: the problem with the new tests at the end of its generated ones.
        added: number of new tests.
        tried: number of mutants that were run.
        survived_before: indices of the incorrect solutions that passed every old test.
        survived_after: indices of those that also pass the new tests.
        reason: why nothing was added; None if something was.
    """

    problem: Problem
    added: int = 0
    tried: int = 0
    survived_before: tuple[int, ...] = ()
    survived_after: tuple[int, ...] = ()
    reason: str | None = None


def augment(
    problem: Problem,
    pool: BaseJudgePool,
    sandbox: Sandbox,
    want: int = 20,
    tries: int = 200,
    min_solutions: int = 2,
    max_solutions: int = 10,
    seed: int = 0,
) -> Augmentation:
    """Add tests to a problem.

    Args:
        problem: a problem that reads standard input, with a checker that is not a program.
        pool: judges the incorrect solutions on the old tests.
        sandbox: runs the solutions on the mutants.
        want: maximum number of tests to add, first those that a surviving incorrect solution fails.
        tries: number of mutants to run.
        min_solutions: number of correct solutions that must agree. With one solution, an invalid mutant stays
            undetected if the solution answers it.
        max_solutions: maximum number of correct solutions to run, and of incorrect ones.
        seed: the seed; the same seed gives the same tests.
    """
    languages = installed_languages()
    correct = [Program(s.source, s.language) for s in problem.solutions if s.language in languages][:max_solutions]
    if problem.function is not None or problem.interactor is not None:
        return Augmentation(problem, reason="only problems that read standard input can be augmented")
    if problem.checker.name in PROGRAM_CHECKERS:
        return Augmentation(problem, reason="its checker is a program: any answer that it accepts may differ")
    if len(correct) < min_solutions:
        return Augmentation(problem, reason=f"{len(correct)} correct solutions to run, {min_solutions} are asked for")
    before = survivors(problem, pool, max_solutions)
    inputs = [test.input for _, _, test in problem.tests() if len(test.input) <= MAX_INPUT]
    candidates = list(itertools.islice(mutants(inputs, seed), tries))
    tests = agreed(problem, correct, candidates, sandbox)
    kills = {
        index: killed(problem, Program(source.source, source.language), tests, sandbox)
        for index, source in enumerate(problem.incorrect_solutions)
        if index in before
    }
    chosen = choose(tests, list(kills.values()), want)
    new = tuple(tests[place] for place in chosen)
    after = tuple(index for index in before if not kills[index].intersection(chosen))
    return Augmentation(
        problem=replace(problem, generated_tests=problem.generated_tests + new),
        added=len(new),
        tried=len(candidates),
        survived_before=before,
        survived_after=after,
        reason=None if new else f"of {len(candidates)} mutants none was answered alike by all correct solutions",
    )


def survivors(problem: Problem, pool: BaseJudgePool, max_solutions: int | None = None) -> tuple[int, ...]:
    """Return the indices of the incorrect solutions that pass every test, among the first that this machine can run."""
    languages = installed_languages()
    runnable = [index for index, s in enumerate(problem.incorrect_solutions) if s.language in languages][:max_solutions]
    wrong = problem.incorrect_solutions
    jobs = (JudgeJob(problem, Program(wrong[index].source, wrong[index].language)) for index in runnable)
    judged = zip(runnable, pool.judge_all(jobs), strict=True)
    return tuple(index for index, judgement in judged if judgement.verdict is Verdict.ACCEPTED)


def agreed(problem: Problem, correct: Sequence[Program], candidates: list[str], sandbox: Sandbox) -> list[Test]:
    """Return the candidates that all correct solutions answer alike, each with the first solution's answer."""
    answers: dict[str, bytes] = {}
    left = candidates
    checker = make_checker(problem.checker)
    for number, program in enumerate(correct):
        agreeing = []
        for text, execution in zip(left, executions(problem, program, left, sandbox), strict=True):
            if execution.status is not Status.EXITED or execution.exit_code != 0:
                continue
            if number == 0:
                if len(execution.stdout) <= MAX_OUTPUT and execution.stdout.isascii():
                    answers[text] = execution.stdout
                    agreeing.append(text)
            elif checker(text.encode(), execution.stdout, answers[text]):
                agreeing.append(text)
        left = agreeing
    return [Test(text, answers[text].decode()) for text in left]


def killed(problem: Problem, program: Program, tests: Sequence[Test], sandbox: Sandbox) -> set[int]:
    """Return the places of the tests that a program fails."""
    checker = make_checker(problem.checker)
    found = set()
    runs = executions(problem, program, [test.input for test in tests], sandbox)
    for place, (test, execution) in enumerate(zip(tests, runs, strict=True)):
        ended_well = execution.status is Status.EXITED and execution.exit_code == 0
        if not ended_well or not checker(test.input.encode(), execution.stdout, test.output.encode()):
            found.add(place)
    return found


def executions(problem: Problem, program: Program, inputs: Sequence[str], sandbox: Sandbox) -> Iterator[Execution]:
    """Run a program on inputs."""
    limits = Limits(
        cpu_seconds=problem.time_limit or DEFAULT_TIME_SECONDS,
        memory_bytes=problem.memory_limit or DEFAULT_MEMORY_BYTES,
    )
    if not inputs:
        return
    with sandbox.load(program, limits, python_start(problem)) as loaded:
        for text in inputs:
            yield require_run(loaded.run(text.encode()))


def choose(tests: Sequence[Test], kills: Sequence[set[int]], want: int) -> list[int]:
    """Return the places of at most ``want`` tests, first those that fail most of the solutions still unfailed."""
    left = [set(places) for places in kills if places]
    chosen: list[int] = []
    while left and len(chosen) < want:
        best = max(range(len(tests)), key=lambda place: (sum(place in places for places in left), -place))
        chosen.append(best)
        left = [places for places in left if best not in places]
    rest = (place for place in range(len(tests)) if place not in chosen)
    return sorted(chosen + list(itertools.islice(rest, want - len(chosen))))


def public_only(problem: Problem) -> Problem:
    """Return the problem without hidden tests."""
    return replace(problem, private_tests=(), generated_tests=())
