"""The order of hidden tests: hand-computed examples, properties, and equal verdicts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs import CodeEnv, fenced
from rlef_env.judge import JudgePool, Verdict
from rlef_env.judge.points import Place
from rlef_env.problems import Dataset, FunctionSpec, Problem, Solution, Test, TestGroup, load_dataset
from rlef_env.problems.quality_report import digest
from rlef_env.quality import order_tests
from rlef_env.quality.order import (
    COST_CHARACTERS,
    Orders,
    by_content,
    executions,
    greedy,
    hidden_orders,
    reordered,
    total_cost,
)
from rlef_env.sandbox import Program
from rlef_env.testing import ScriptedJudge
from rlef_env.testing.strategies import problems

DOUBLE = Problem(
    "double",
    "Print twice the number.",
    public_tests=(Test("1\n", "2\n"),),
    private_tests=tuple(Test(f"{n}\n", f"{2 * n}\n") for n in (0, 2, 3, -4, 50)),
    generated_tests=tuple(Test(f"{n}\n", f"{2 * n}\n") for n in (7, 10**6)),
    solutions=(Solution("print(2 * int(input()))"),),
    incorrect_solutions=(
        Solution("print(2 * abs(int(input())))"),  # fails private test 3
        Solution("n = int(input())\nprint(2 * n if n < 40 else 0)"),  # private test 4 and both generated ones
        Solution("n = int(input())\nprint(2 * n if -1 < n < 40 else 0)"),  # private tests 3 and 4
        Solution("n = int(input())\nprint(2 * n if n < 60 else 0)"),  # generated test 1 only
        Solution("print(3)"),  # the public test
    ),
)


def test_greedy_by_hand() -> None:
    """Test 2 refuses three of five; of the two left, 0 and 4 refuse one each. Then all count again: 1 refuses one."""
    programs = [frozenset(each) for each in ({2}, {2, 1}, {2, 4}, {0}, {4})]
    assert greedy([1] * 6, [5, 4, 3, 2, 1, 0], programs) == [2, 4, 0, 1, 5, 3]
    assert total_cost([2, 4, 0, 1, 5, 3], [1] * 6, programs) == 1 + 1 + 1 + 3 + 2
    assert total_cost(range(6), [1] * 6, programs) == 3 + 2 + 3 + 1 + 5


def test_an_expensive_test_must_refuse_more() -> None:
    programs = [frozenset({0, 1}), frozenset({0, 1}), frozenset({0})]
    assert greedy([1, 1], [1, 0], programs) == [0, 1]
    assert greedy([2, 1], [0, 1], programs) == [1, 0]  # 3 / 2 < 2 / 1


def test_without_wrong_programs_new_answers_then_larger_tests_come_first() -> None:
    tests = [Test("1", "NO"), Test("2", "NO"), Test("3" * 300, "NO"), Test("4", "YES"), Test("5" * 301, "NO")]
    assert by_content(tests) == [2, 3, 4, 0, 1]


def test_the_example_judged() -> None:
    with JudgePool(2) as pool:
        (found,) = order_tests([DOUBLE], pool)
    assert (found.wrong, found.lost, found.reason) == (4, 0, None)
    assert found.problem.extra["rlef_test_order"]["generated"][0] == 1  # the only one that the fourth program fails
    first = found.problem.extra["rlef_test_order"]["private"][:2]
    assert sorted(first) == [3, 4]
    # Before: tests 3, 4, 3 of the private ones (counted from 0), and all five and both generated ones.
    assert found.before == 4 + 5 + 4 + 7
    assert found.after == 1 + 2 + 1 + 6
    assert [found.problem.private_tests[place] for place in (0, 1)] == [DOUBLE.private_tests[place] for place in first]


@st.composite
def failing(draw: st.DrawFn) -> tuple[Problem, list[set[Place]]]:
    problem = draw(problems())
    places: list[Place] = [(role, index) for role, index, _ in problem.tests()]
    return problem, draw(st.lists(st.sets(st.sampled_from(places)), max_size=6))


@given(failing())
def test_an_order_is_a_permutation_and_never_worse(drawn: tuple[Problem, list[set[Place]]]) -> None:
    problem, failures = drawn
    orders = hidden_orders(problem, failures)
    assert orders == hidden_orders(problem, failures)
    new = reordered(problem, orders)
    assert new.public_tests == problem.public_tests
    for role in ("private", "generated"):
        old, now = getattr(problem, f"{role}_tests"), getattr(new, f"{role}_tests")
        places = new.extra["rlef_test_order"][role]
        assert sorted(places) == list(range(len(old)))
        assert now == tuple(old[place] for place in places)
    assert digest(new) == digest(problem)
    meeting = [failed for failed in failures if failed and not any(role == "public" for role, _ in failed)]
    before = sum(executions(problem, failed) for failed in meeting)
    assert sum(executions(problem, failed, orders) for failed in meeting) <= before


@given(
    st.lists(st.sets(st.integers(0, 4), min_size=1), max_size=5), st.lists(st.integers(1, 3), min_size=5, max_size=5)
)
def test_greedy_costs_at_most_four_times_the_best_order(failures: list[set[int]], costs: list[int]) -> None:
    programs = list(map(frozenset, failures))
    best = min(total_cost(each, costs, programs) for each in itertools.permutations(range(5)))
    assert total_cost(greedy(costs, range(5), programs), costs, programs) <= 4 * best


def test_the_old_order_is_kept_where_the_greedy_one_is_worse() -> None:
    """Test 2 is larger, so it wins the tie of three programs each; then 1 and 0 follow: 3 + 2 x 2 + 3 > 3 + 3 x 2."""
    tests = (Test("1", "a"), Test("2", "b"), Test("3" * 300, "c"))
    failed = ([0, 2], [0, 2], [0], [1, 2], [1], [1])
    programs = [frozenset(each) for each in failed]
    assert greedy([1] * 3, by_content(tests), programs) == [2, 1, 0]
    assert total_cost([2, 1, 0], [1] * 3, programs) == 10
    problem = replace(DOUBLE, private_tests=tests, generated_tests=())
    failures: list[set[Place]] = [{("private", test) for test in each} for each in failed]
    assert hidden_orders(problem, failures)["private"] == [0, 1, 2]


def test_ordering_twice_keeps_the_first_places() -> None:
    once = reordered(DOUBLE, {"private": [4, 3, 2, 1, 0], "generated": [1, 0]})
    twice = reordered(once, {"private": [1, 0, 2, 3, 4], "generated": [0, 1]})
    assert twice.extra["rlef_test_order"] == {"private": [3, 4, 2, 1, 0], "generated": [1, 0]}
    assert [DOUBLE.private_tests[place] for place in (3, 4, 2, 1, 0)] == list(twice.private_tests)


def test_a_test_of_many_characters_costs_more() -> None:
    long = Test("1" * COST_CHARACTERS, "x")
    problem = replace(DOUBLE, private_tests=(long, Test("1", "y")), generated_tests=())
    both: list[set[Place]] = [{("private", 0), ("private", 1)}]
    assert hidden_orders(problem, both)["private"] == [1, 0]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (replace(DOUBLE, function=FunctionSpec("double")), "function"),
        (replace(DOUBLE, groups=(TestGroup("all", 10, (("private", 0), ("private", 3))),)), "points"),
        (replace(DOUBLE, private_tests=DOUBLE.private_tests[:1], generated_tests=()), "fewer than two"),
    ],
    ids=["function", "points", "one test"],
)
def test_some_problems_keep_their_order(problem: Problem, words: str) -> None:
    with JudgePool(1) as pool:
        found = list(order_tests([problem, problem], pool))
    assert [each.problem for each in found] == [problem, problem]
    assert all(words in str(each.reason) for each in found)


def test_a_program_without_a_verdict_is_left_out() -> None:
    """Of the five programs the first has no verdict, the others fail the first test, which is a hidden one."""
    judge = ScriptedJudge([Verdict.NO_VERDICT, Verdict.WRONG_ANSWER])
    (found,) = order_tests([replace(DOUBLE, public_tests=())], judge)
    assert (found.wrong, found.lost, found.before, found.after) == (4, 1, 4, 4)


def shown(problem: Problem, pool: JudgePool, programs: Sequence[Solution]) -> list[object]:
    env = CodeEnv(dataset=Dataset("one", "One", (problem,)), judge=pool)
    seen: list[object] = []
    for program in programs:
        env.reset(seed=0)
        for _ in range(3):
            observation, reward, terminated, truncated, _ = env.step(fenced(program.source))
            seen.append((observation, reward, terminated, truncated))
            if terminated:
                break
    return seen


def test_episodes_are_the_same_in_any_order() -> None:
    """What the agent sees and gets does not change: the public tests come first, in their order."""
    orders: Orders = {"private": [4, 3, 2, 1, 0], "generated": [1, 0]}
    programs = [*DOUBLE.solutions, *DOUBLE.incorrect_solutions]
    with JudgePool(2) as pool:
        assert shown(DOUBLE, pool, programs) == shown(reordered(DOUBLE, orders), pool, programs)


def test_starter_problems_keep_their_verdicts() -> None:
    """Right and wrong programs, before and after."""
    dataset = load_dataset("starter").select(["starter/best-bargain", "starter/nested-boxes"])
    with JudgePool(2) as pool:
        for found, problem in zip(order_tests(dataset, pool), dataset, strict=True):
            assert found.after < found.before
            for expected, solutions in ((True, problem.solutions), (False, problem.incorrect_solutions)):
                for solution in solutions:
                    program = Program(solution.source, solution.language)
                    judged = [pool.judge(each, program).verdict for each in (problem, found.problem)]
                    assert [verdict is Verdict.ACCEPTED for verdict in judged] == [expected, expected], solution.source
