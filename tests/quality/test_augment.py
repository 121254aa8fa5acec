"""Tests made from mutants: they are correct, and they refuse programs that passed before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rlef_env.judge import JudgeJob, JudgePool, Verdict
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Solution, Test
from rlef_env.quality import augment
from rlef_env.quality.augment import survivors
from rlef_env.sandbox import Program, Sandbox

BIGGEST = Problem(
    "biggest",
    "Print the greatest of the n numbers.",
    public_tests=(Test("3\n4 1 9\n", "9\n"), Test("4\n-5 2 3 8\n", "8\n")),
    solutions=(
        Solution("input()\nprint(max(map(int, input().split())))"),
        Solution("n = int(input())\nv = sorted(map(int, input().split()))\nprint(v[n - 1])"),
    ),
    incorrect_solutions=(
        Solution("input()\nprint(input().split()[-1])"),  # both public tests are sorted at the end
        Solution("input()\nprint(max(input().split()))"),
        Solution("print(1 // 0)"),
    ),
)


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def test_wrong_solutions_that_survived_are_refused_and_right_ones_pass(pool: JudgePool, sandbox: Sandbox) -> None:
    done = augment(BIGGEST, pool, sandbox, want=5)
    assert done.survived_before == (0, 1)
    assert done.survived_after == survivors(done.problem, pool) == (1,)  # one digit each: text sorts as numbers do
    assert done.added == len(done.problem.generated_tests) == 5
    jobs = [JudgeJob(done.problem, Program(solution.source)) for solution in BIGGEST.solutions]
    assert {judgement.verdict for judgement in pool.judge_all(jobs)} == {Verdict.ACCEPTED}


def test_solutions_have_the_imports_of_their_source(pool: JudgePool, sandbox: Sandbox) -> None:
    bare = Solution("input()\nprint(heapq.nlargest(1, map(int, stdin.read().split()))[0])")
    assert augment(replace(BIGGEST, grader="apps", solutions=(bare, bare)), pool, sandbox, want=3).added == 3
    assert augment(replace(BIGGEST, solutions=(bare, bare)), pool, sandbox, want=3).added == 0


def test_what_correct_solutions_do_not_agree_on_is_no_test(pool: JudgePool, sandbox: Sandbox) -> None:
    odd = Solution("n = int(input())\nv = input().split()\nprint(max(map(int, v)) if v != sorted(v) else 'sorted')")
    done = augment(replace(BIGGEST, solutions=(*BIGGEST.solutions, odd)), pool, sandbox)
    assert done.added > 0
    for test in done.problem.generated_tests:
        values = test.input.split()[1:]
        assert values != sorted(values)


def test_inputs_on_which_a_correct_solution_crashes_are_no_tests(pool: JudgePool, sandbox: Sandbox) -> None:
    strict = Solution("input()\nv = list(map(int, input().split()))\nassert v[0] > 0\nprint(max(v))")
    done = augment(replace(BIGGEST, solutions=(*BIGGEST.solutions, strict)), pool, sandbox)
    assert done.added > 0
    assert all(int(test.input.split()[1]) > 0 for test in done.problem.generated_tests)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (replace(BIGGEST, solutions=BIGGEST.solutions[:1]), "1 correct solutions to run, 2 are asked for"),
        (replace(BIGGEST, checker=CheckerSpec("python", source="")), "its checker is a program"),
        (replace(BIGGEST, function=FunctionSpec("f")), "only problems that read standard input"),
        (replace(BIGGEST, public_tests=(Test("1\n7\n", "7\n"),)), "of 0 mutants none"),
    ],
)
def test_what_cannot_be_augmented_says_why(problem: Problem, reason: str, pool: JudgePool, sandbox: Sandbox) -> None:
    done = augment(problem, pool, sandbox)
    assert done.problem == problem
    assert done.reason is not None
    assert reason in done.reason
