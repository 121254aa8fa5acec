"""Order the hidden tests of a problem so that wrong programs fail early: fewer executions, the same verdicts.

A wrong program is refused at its first failing test, so the order of the tests decides how many are run. To find the
order with the fewest executions for given programs is the min-sum set cover problem; the greedy choice used here needs
at most four times as many (Feige, Lovász and Tetali, 2004). The order is computed once and written to a file: verdicts
do not depend on computing it again.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from rlef_env.judge import BaseJudgePool, JudgeJob, Judgement, Verdict
from rlef_env.judge.points import Place
from rlef_env.problems import Problem, Test
from rlef_env.problems.problem import ROLES, Role
from rlef_env.quality.verify import Stored, stored_solutions
from rlef_env.sandbox import Program

__all__ = ["OrderedProblem", "executions", "hidden_orders", "order_tests", "reordered"]

COST_CHARACTERS: Final = 65536
"""A test costs 1, and 1 more for each so many characters of its input and answer. Measured times would differ from run
to run, and so would the order."""
ORDER_KEY: Final = "rlef_test_order"


@dataclass(frozen=True, slots=True)
class OrderedProblem:
    """A problem with its hidden tests in a new order.

    Attributes:
        problem: the problem; the places that its tests had before are in ``extra["rlef_test_order"]``.
        wrong: number of stored wrong programs that pass the public tests and fail a hidden one.
        before: hidden tests run until each of these failed, summed, in the old order.
        after: the same in the new order.
        lost: number of stored wrong programs without a verdict, which are left out.
        reason: why the order is unchanged; None if the problem can be ordered.
    """

    problem: Problem
    wrong: int = 0
    before: int = 0
    after: int = 0
    lost: int = 0
    reason: str | None = None


def order_tests(
    problems: Iterable[Problem], pool: BaseJudgePool, max_solutions: int | None = None
) -> Iterator[OrderedProblem]:
    """Run the stored wrong programs, and yield each problem with its hidden tests in order.

    A program runs on the hidden tests only if it passes the public ones, as in an episode.

    Args:
        problems: problems, taken one by one.
        pool: judges the programs.
        max_solutions: maximum number of wrong programs per problem; None for all.
    """
    waiting: deque[tuple[Problem, list[Stored]]] = deque()

    def jobs() -> Iterator[JudgeJob]:
        for problem in problems:
            wrong = [] if unordered(problem) else _wrong(problem, max_solutions)
            waiting.append((problem, wrong))
            for solution in wrong:
                program = Program(solution.source, solution.language)
                yield JudgeJob(problem, program, stop_early=False, gate=len(problem.public_tests))

    judgements: deque[Judgement] = deque()
    for judgement in pool.judge_all(jobs()):
        judgements.append(judgement)
        while waiting and len(judgements) >= len(waiting[0][1]):
            problem, wrong = waiting.popleft()
            yield _ordered(problem, [judgements.popleft() for _ in wrong])
    while waiting:
        yield _ordered(waiting.popleft()[0], [])


def _wrong(problem: Problem, max_solutions: int | None) -> list[Stored]:
    return [solution for solution in stored_solutions(problem, max_solutions) if not solution.correct]


def unordered(problem: Problem) -> str | None:
    """Return why a problem's tests keep their order; None if they can be ordered."""
    if problem.function is not None:
        return "its tests call a function: one process makes all calls, and may keep state between them"
    if problem.groups:
        return "it has points: after a failure, they depend on which tests were run before"
    if len(problem.private_tests) + len(problem.generated_tests) < 2:
        return "it has fewer than two hidden tests"
    return None


def _ordered(problem: Problem, judgements: Sequence[Judgement]) -> OrderedProblem:
    if reason := unordered(problem):
        return OrderedProblem(problem, reason=reason)
    judged = [judgement for judgement in judgements if not _is_lost(judgement)]
    failures = [
        {(result.role, result.index) for result in judgement.results if result.verdict is not Verdict.ACCEPTED}
        for judgement in judged
    ]
    orders = hidden_orders(problem, failures)
    counts = [
        (executions(problem, failed), executions(problem, failed, orders))
        for failed in failures
        if failed and not any(role == "public" for role, _ in failed)
    ]
    return OrderedProblem(
        problem=reordered(problem, orders),
        wrong=len(counts),
        before=sum(before for before, _ in counts),
        after=sum(after for _, after in counts),
        lost=len(judgements) - len(judged),
    )


def _is_lost(judgement: Judgement) -> bool:
    return any(
        verdict is Verdict.NO_VERDICT for verdict in (judgement.verdict, *(r.verdict for r in judgement.results))
    )


# --- pure functions --------------------------------------------------------------------------------------------------

Orders: TypeAlias = dict[Role, list[int]]
"""For each hidden role, the indices of its tests in the order in which they are to be run."""


def hidden_orders(problem: Problem, failures: Sequence[Collection[Place]]) -> Orders:
    """Return an order of the tests of each hidden role.

    A program meets the private tests only if it passes the public ones, and the generated tests only if it passes
    both. So the order of a role is made from the programs that fail there and nowhere before. On these, the new order
    costs at most as much as the old one: else the old one is kept.

    Args:
        problem: the problem.
        failures: for each wrong program, the places of all tests that it fails.
    """
    orders: Orders = {}
    for number, role in enumerate(ROLES[1:], start=1):
        tests: tuple[Test, ...] = getattr(problem, f"{role}_tests")
        meeting = [failed for failed in failures if not any(earlier in ROLES[:number] for earlier, _ in failed)]
        here = [frozenset(index for where, index in failed if where == role) for failed in meeting]
        programs = [failed for failed in here if failed]
        costs = [1 + _size(test) // COST_CHARACTERS for test in tests]
        found, old = greedy(costs, by_content(tests), programs), list(range(len(tests)))
        orders[role] = found if total_cost(found, costs, programs) <= total_cost(old, costs, programs) else old
    return orders


def by_content(tests: Sequence[Test]) -> list[int]:
    """Return the order of tests between which no wrong program decides.

    First a test of each answer, then those whose answer was there before: a program that always prints the same is
    refused at the second test. Otherwise tests of a larger size class go first, as more can go wrong in them; a class
    spans a factor of 16 in characters. Tests of one class keep their order: authors often put revealing ones first.
    """
    by_class = sorted(range(len(tests)), key=lambda index: -(_size(tests[index]).bit_length() // 4))
    seen: set[str] = set()
    first, repeated = list[int](), list[int]()
    for index in by_class:
        (repeated if tests[index].output in seen else first).append(index)
        seen.add(tests[index].output)
    return first + repeated


def greedy(costs: Sequence[int], fallback: Sequence[int], programs: Sequence[frozenset[int]]) -> list[int]:
    """Return an order of tests: next comes the one that refuses most of the programs not yet refused, for its cost.

    When all programs are refused that can be, all of them count again: a program that nobody has seen may pass the
    tests chosen so far.

    Args:
        costs: of each test.
        fallback: the indices of the tests, in the order that decides between equal ones.
        programs: for each wrong program, the indices of the tests that it fails.
    """
    left, chosen = list(fallback), list[int]()
    passing = programs
    while left:
        gains = {test: sum(test in failed for failed in passing) / costs[test] for test in left}
        best = max(left, key=gains.__getitem__)  # the first one of equal ones
        if gains[best]:
            chosen.append(best)
            left.remove(best)
            passing = [failed for failed in passing if best not in failed]
        elif passing is programs:  # no program fails any of the tests that are left
            break
        else:
            passing = programs
    return chosen + left


def total_cost(order: Sequence[int], costs: Sequence[int], programs: Iterable[frozenset[int]]) -> int:
    """Return the cost of the tests run until each program has failed, summed over the programs."""
    cost_until = dict(zip(order, itertools.accumulate(costs[test] for test in order), strict=True))
    return sum(min(map(cost_until.__getitem__, failed)) for failed in programs)


def executions(problem: Problem, failed: Collection[Place], orders: Orders | None = None) -> int:
    """Return the number of hidden tests that a program is run on until it fails one, all of them if it fails none."""
    count = 0
    for role in ROLES[1:]:
        for index in (orders or {}).get(role) or range(len(getattr(problem, f"{role}_tests"))):
            count += 1
            if (role, index) in failed:
                return count
    return count


def reordered(problem: Problem, orders: Orders) -> Problem:
    """Return the problem with its hidden tests in these orders, and the places that they had in ``extra``."""
    changes, places = dict[str, Any](), Orders()
    known = problem.extra.get(ORDER_KEY)
    for role, indices in orders.items():
        tests: tuple[Test, ...] = getattr(problem, f"{role}_tests")
        changes[f"{role}_tests"] = tuple(tests[index] for index in indices)
        places[role] = [known[role][index] for index in indices] if known else indices
    return replace(problem, **changes, extra={**problem.extra, ORDER_KEY: places})


def _size(test: Test) -> int:
    return len(test.input) + len(test.output)
