"""Properties of every family: complete, with true labels, and tests that incorrect programs fail."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.errors import UsageError
from rlef_env.judge import Judge
from rlef_env.problems import Problem
from rlef_env.problems.procedural import FAMILIES, Family
from rlef_env.sandbox import Program

SEEDS = st.integers(0, 10**9)
GRADES = st.integers(0, 4)
FEW = settings(max_examples=max(10, settings.get_profile("default").max_examples // 5))
OPEN = [name for name, family in FAMILIES.items() if family.ceiling is None]

BRIEF = ("format_from_trace", "half_told", "two_dials", "which_rule")
"""Families whose statements are one paragraph, for small models."""

# Digests of the problems of the seeds 0 to 2 at every difficulty. They change if and only if problems do, which makes
# results before and after incomparable: a change here belongs into the changelog.
GOLDEN = {
    "bases": "37f0588799f4f3ae",
    "brackets": "4b3d5709c3fb2b5f",
    "clock": "38e3178567801fd7",
    "expressions": "d460a251f39185d4",
    "format_from_trace": "b5134dbe8eb4dc00",
    "grid_walk": "729a09b62c047dca",
    "half_told": "35a8449b8d9aa956",
    "hidden_rule": "9844f0adc139718c",
    "hidden_step": "673f57eeb8949d49",
    "hidden_tail": "fbac9f49be0ea114",
    "intervals": "350163a06dab2627",
    "ledger": "e969aae6a72e3ea9",
    "list_statistics": "0e8b8cbfec62a105",
    "machine": "65e14b9f55491b63",
    "reachability": "4166b2418237f086",
    "rewriting": "1f7b0e9aba588f9b",
    "sorting": "e61dc12022045e3e",
    "two_dials": "e1b62792b9ef4537",
    "which_rule": "61c6f6e0f6d58bbe",
}


def digest(family: Family[Any]) -> str:
    problems = [family.generate(seed, config) for config in family.grades for seed in range(3)]
    return hashlib.sha256(repr([content(problem) for problem in problems]).encode()).hexdigest()[:16]


def content(problem: Problem) -> list[object]:
    tests = [(role, test.input, test.output) for role, _, test in problem.tests()]
    programs = [(each.source, each.verdict) for each in (*problem.solutions, *problem.incorrect_solutions)]
    return [problem.statement, tests, programs]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


def test_there_are_many_families_and_some_hide_something() -> None:
    assert len(OPEN) >= 8
    assert len(FAMILIES) - len(OPEN) >= 2
    assert all(name == family.name and name.isidentifier() and name.islower() for name, family in FAMILIES.items())


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_complete(name: str) -> None:
    family = FAMILIES[name]
    assert len(family.grades) == 5
    assert len(set(family.grades)) == 5
    assert family.default == family.grades[2] == type(family.default)()
    assert is_dataclass(family.default)
    assert type(family.default).__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert family.summary
    assert family.tags
    for knob in fields(family.default):
        assert f"{knob.name}: " in (type(family.default).__doc__ or ""), "every knob is explained"


# --- the same everywhere -------------------------------------------------------------------------------------------


def test_problems_are_what_they_were() -> None:
    assert {name: digest(family) for name, family in FAMILIES.items()} == GOLDEN


def test_problems_do_not_depend_on_the_process() -> None:
    code = (
        "from rlef_env.problems.procedural import FAMILIES\n"
        "import hashlib\n"
        "problems = [family.generate(7) for family in FAMILIES.values()]\n"
        "print(hashlib.sha256(repr(problems).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("name", FAMILIES)
def test_a_seed_is_a_number_or_text_and_seeds_differ(name: str) -> None:
    family = FAMILIES[name]
    assert family.generate(3) == family.generate("3")
    contents = {repr(list(family.generate(seed).tests())) for seed in range(20)}
    assert len(contents) == 20


@pytest.mark.parametrize("name", FAMILIES)
def test_knobs_have_bounds(name: str) -> None:
    family = FAMILIES[name]
    for knob in fields(family.default):
        values = [knob.metadata["minimum"] - 1, knob.metadata["maximum"] + 1, True, 3.0] if knob.metadata else [1, None]
        for value in values:
            with pytest.raises(UsageError, match=f"{name}: {knob.name}: expected"):
                family.generate(0, replace(family.default, **{knob.name: value}))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_knob_can_be_at_its_least_and_half_of_its_most(name: str) -> None:
    family = FAMILIES[name]
    least = {knob.name: knob.metadata["minimum"] for knob in fields(family.default) if knob.metadata}
    assert family.generate(0, replace(family.default, **least)).solutions
    for knob in fields(family.default):
        if not knob.metadata:
            assert family.generate(0, replace(family.default, **{knob.name: True})).solutions
            continue
        assert family.generate(0, replace(family.default, **{knob.name: knob.metadata["minimum"]})).solutions


def test_difficulty_makes_problems_longer() -> None:
    for name in OPEN:
        family = FAMILIES[name]
        sizes = [
            max(len(test.input) for seed in range(5) for _, _, test in family.generate(seed, config).tests())
            for config in (family.grades[0], family.grades[-1])
        ]
        assert sizes[1] > 2 * sizes[0], name


# --- what a problem has --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
@given(seed=SEEDS, grade=GRADES)
@FEW
def test_a_problem_has_all_that_belongs_to_it(name: str, seed: int, grade: int) -> None:
    family = FAMILIES[name]
    problem = family.generate(seed, family.grades[grade])

    assert problem == family.generate(seed, family.grades[grade])
    assert problem.difficulty == str(grade + 1)
    assert 1 <= len(problem.public_tests) <= 3
    assert len(problem.private_tests) >= 2
    assert problem.generated_tests
    inputs = [test.input for _, _, test in problem.tests()]
    assert len(set(inputs)) == len(inputs)
    assert all(text.endswith("\n") and text.isascii() for text in inputs)
    assert all(test.output.strip() and len(test.input) < 60_000 for _, _, test in problem.tests())
    assert len(problem.incorrect_solutions) >= 3
    assert {solution.verdict for solution in problem.incorrect_solutions} >= {"wrong_answer"}
    sources = [solution.source for solution in (*problem.solutions, *problem.incorrect_solutions)]
    assert len(set(sources)) == len(sources)
    if name not in BRIEF:
        assert "Input\n\n" in problem.statement
        assert "Output\n\n" in problem.statement


@pytest.mark.parametrize("name", OPEN)
@given(seed=SEEDS)
@FEW
def test_the_statement_shows_the_first_public_test(name: str, seed: int) -> None:
    problem = FAMILIES[name].generate(seed)
    test = problem.public_tests[0]
    assert problem.statement.endswith(f"Example\n\nInput\n\n{test.input}\nOutput\n\n{test.output}")


@pytest.mark.parametrize("name", FAMILIES)
def test_faults_are_found_by_the_tests(name: str) -> None:
    """Nearly all wrong programs of a family fail a test; a program that passes all tests is not labelled wrong."""
    family = FAMILIES[name]
    drawn = kept = 0
    for seed in range(40):
        task = family.task(seed, family.default)
        problem = family.problem(task, family.default, "any")
        drawn += len(task.wrong) + len(task.endless)
        kept += len(problem.incorrect_solutions)
    assert kept >= 0.85 * drawn


# --- the proof of the labels ---------------------------------------------------------------------------------------


def verdicts(judge: Judge, problem: Problem, sources: list[str]) -> list[str]:
    return [judge.judge(problem, Program(source)).verdict.value for source in sources]


@pytest.mark.parametrize("name", FAMILIES)
@given(seed=SEEDS, grade=GRADES)
@settings(max_examples=max(2, settings.get_profile("default").max_examples // 25))
def test_every_label_is_true(name: str, seed: int, grade: int, judge: Judge) -> None:
    family = FAMILIES[name]
    problem = family.generate(seed, family.grades[grade])
    stored = [solution for solution in problem.incorrect_solutions if solution.verdict != "time_limit"]

    assert verdicts(judge, problem, [problem.solutions[0].source]) == ["accepted"]
    assert verdicts(judge, problem, [solution.source for solution in stored]) == [s.verdict for s in stored]


@pytest.mark.parametrize("name", [name for name in OPEN if FAMILIES[name].task(0, FAMILIES[name].default).endless])
def test_endless_programs_exceed_the_time_limit(name: str, judge: Judge) -> None:
    family = FAMILIES[name]
    problem = family.generate(len(name), family.grades[len(name) % 5])
    slow = [solution for solution in problem.incorrect_solutions if solution.verdict == "time_limit"]

    assert len(slow) == 1
    assert verdicts(judge, problem, [slow[0].source]) == ["time_limit"]


@pytest.mark.parametrize("name", FAMILIES)
def test_programs_that_do_not_try_fail(name: str, judge: Judge) -> None:
    problem = FAMILIES[name].generate(11)
    known = {test.input: test.output for test in problem.public_tests}
    hopeless = [
        "",
        "print(input())",
        "print(0)",
        f"print({known[problem.public_tests[0].input]!r})",
        # What feedback can show, and nothing else.
        "lines = []\ntry:\n    while True:\n        lines.append(input() + '\\n')\nexcept EOFError:\n    pass\n"
        f"print({known!r}.get(''.join(lines), 0))",
    ]
    assert "accepted" not in verdicts(judge, problem, hopeless)
    public = judge.judge(problem, Program(hopeless[-1]), roles=("public",))
    assert public.verdict.value == "accepted"
