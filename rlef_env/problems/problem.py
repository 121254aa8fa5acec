"""A coding problem, its tests and its stored solutions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "ROLES",
    "CheckerSpec",
    "FunctionSpec",
    "InteractorSpec",
    "Problem",
    "Role",
    "Solution",
    "Test",
    "TestGroup",
]

Role = Literal["public", "private", "generated"]
ROLES: tuple[Role, ...] = ("public", "private", "generated")


@dataclass(frozen=True, slots=True)
class Test:
    """One test: what the program reads on standard input, and one correct answer.

    If the problem asks for a function (``Problem.function``), a test is either

    * a call: ``input`` is one call with plain values as Python source (``add([1, 2], key=3)``), and ``output`` is the
      expected result as a Python literal, which may also contain ``inf``, ``nan`` and ``set()``; or
    * code, with an empty ``output``: ``input`` is Python source that calls the function and asserts. It runs in a
      separate process beside the program's process, and passes if it ends without an exception.
    """

    __test__ = False  # not a pytest class

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Solution:
    """A stored program for a problem, correct or incorrect.

    Attributes:
        source: the program's text.
        language: ``"python"`` is Python 3; judged languages have their names in ``rlef_env.sandbox``, others the
            name that the source of the data uses, e.g. ``"python2"``; ``"unknown"`` for an unknown language.
        verdict: for a labelled incorrect solution, the verdict that it must get (lower case, as in ``Verdict``),
            else None.
    """

    source: str
    language: str = "python"
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class CheckerSpec:
    """Checker that decides whether an output is correct.

    Attributes:
        name: a key of ``rlef_env.problems.CHECKERS``, which describes each checker.
        flags: options, e.g. ``("float_tolerance", "1e-6")`` for ``"kattis"``; for a checker that is a program, its
            arguments.
        source: the source of a checker that is a program; it runs in the sandbox, in a separate process.
        language: the language of ``source``.
    """

    name: str = "codecontests"
    flags: tuple[str, ...] = ()
    source: str | None = None
    language: str = "python"


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """Function that a program must define, if tests call a function.

    Attributes:
        entry_point: the function's name. If a program has no such function but a class ``Solution`` with a method
            of that name, each call creates a new ``Solution()`` and calls that method; ``Grader.calls_solution``
            changes this.
        preamble: Python source that runs before the program, in its name space, and before a test that is code:
            imports and helpers from the prompt.
    """

    entry_point: str
    preamble: str = ""


@dataclass(frozen=True, slots=True)
class InteractorSpec:
    """Program that an interactive problem's programs communicate with; its exit code is the verdict.

    Attributes:
        source: the program.
        language: the program's language.
        protocol: ``"kattis"`` (``interactor INPUT ANSWER FEEDBACK_FOLDER FLAGS...``, exit code 42 correct, 43
            wrong) or ``"testlib"`` (``interactor INPUT OUTPUT ANSWER FLAGS...``, 0 correct, 1 and 2 wrong).
        flags: additional arguments.
    """

    source: str
    language: str = "python"
    protocol: Literal["kattis", "testlib"] = "kattis"
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TestGroup:
    """Tests of a scoring problem that earn points together.

    Attributes:
        name: unique in its problem.
        points: the maximum number of points.
        tests: the tests, as ``(role, index within the role)``; a test may be in several groups.
        aggregate: ``"min"``: all points if every test passes, else none; ``"sum"``: each test earns an equal share.
        requires: groups that must have all their points; otherwise this group earns none.
    """

    __test__ = False  # not a pytest class

    name: str
    points: float
    tests: tuple[tuple[Role, int], ...]
    aggregate: Literal["min", "sum"] = "min"
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A coding problem.

    Attributes:
        id: unique in its data set.
        statement: the text shown to the agent, unchanged.
        public_tests: tests whose failures are shown to the agent.
        private_tests: hidden tests of the original problem.
        generated_tests: hidden tests made from mutated inputs.
        time_limit: CPU seconds per test; None if the source gives no limit.
        memory_limit: bytes per test; None if the source gives no limit; files hold no limit below 1,000,000.
        checker: the checker that decides whether an output is correct.
        solutions: stored correct programs, in the record's order.
        incorrect_solutions: stored incorrect programs, in the record's order.
        tags: topics, as the source names them.
        difficulty: the source's own word or number, as text; None if unknown.
        source: the origin of the problem, e.g. ``"codeforces"``.
        date: the day of publication, as ``"2023-08-21"``; None if unknown.
        function: the function to define, if tests call a function; None if programs read standard input.
        grader: the grader whose environment (imports, recursion limit) a Python program gets, a key of ``GRADERS``;
            empty for none.
        interactor: the program to communicate with, if the problem is interactive.
        groups: the points of tests, if the problem has a score.
        extra: fields of the record that have no place above, unchanged.
    """

    id: str
    statement: str
    public_tests: tuple[Test, ...] = ()
    private_tests: tuple[Test, ...] = ()
    generated_tests: tuple[Test, ...] = ()
    time_limit: float | None = None
    memory_limit: int | None = None
    checker: CheckerSpec = CheckerSpec()
    solutions: tuple[Solution, ...] = ()
    incorrect_solutions: tuple[Solution, ...] = ()
    tags: tuple[str, ...] = ()
    difficulty: str | None = None
    source: str | None = None
    date: str | None = None
    function: FunctionSpec | None = None
    grader: str = ""
    interactor: InteractorSpec | None = None
    groups: tuple[TestGroup, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def tests(self, *roles: Role) -> Iterator[tuple[Role, int, Test]]:
        """Yield ``(role, index within the role, test)`` for the named roles, all of them by default."""
        for role in roles or ROLES:
            for index, test in enumerate(getattr(self, f"{role}_tests")):
                yield role, index, test
