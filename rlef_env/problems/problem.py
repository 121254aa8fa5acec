"""What is asked: a coding problem, its tests and its stored solutions."""

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
    """One test: what the program reads on standard input, and one right answer.

    Where the problem asks for a function (``Problem.function``) a test is either

    * a call: ``input`` is one call with plain values, as Python source (``add([1, 2], key=3)``), and ``output`` the
      value that it must return, as a Python literal in which ``inf``, ``nan`` and ``set()`` may stand, too; or
    * code, where ``output`` is empty: ``input`` is Python source that calls the function and asserts. It runs in a
      process of its own beside the program's, and passes if it ends without an exception.
    """

    __test__ = False  # not a pytest class

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Solution:
    """A stored program for a problem, right or wrong.

    Attributes:
        source: the program's text.
        language: ``"python"`` is Python 3; the others that are judged are named as in ``rlef_env.sandbox``, and what is
            not as its source names it, e.g. ``"python2"``; ``"unknown"`` for any.
        verdict: for a labelled incorrect solution, the verdict it must get (lower case, as in ``Verdict``), else None.
    """

    source: str
    language: str = "python"
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class CheckerSpec:
    """Which rule decides whether an output is right.

    Attributes:
        name: the rule; ``rlef_env.problems.CHECKERS`` says which there are and what each means.
        flags: what the rule is asked for, e.g. ``("float_tolerance", "1e-6")`` for ``"kattis"``; the arguments of a
            rule that is a program.
        source: for a rule that is a program, its source; it runs in the sandbox, in a process of its own.
        language: the language of ``source``.
    """

    name: str = "codecontests"
    flags: tuple[str, ...] = ()
    source: str | None = None
    language: str = "python"


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What a function-call problem asks for: a program that defines a function, which the tests call.

    Attributes:
        entry_point: the function's name. Where a program has no such function but a class ``Solution`` with a method of
            that name, each call is one of that method of a new ``Solution()``; ``Grader.calls_solution`` changes this.
        preamble: Python source that runs before the program, in its name space, and before a test that is code:
            imports and helpers that the prompt gives.
    """

    entry_point: str
    preamble: str = ""


@dataclass(frozen=True, slots=True)
class InteractorSpec:
    """The program that an interactive problem's programs talk to; its exit code is the verdict.

    Attributes:
        source: the program.
        language: its language.
        protocol: ``"kattis"`` (``interactor INPUT ANSWER FEEDBACK_FOLDER FLAGS...``, 42 right, 43 wrong) or
            ``"testlib"`` (``interactor INPUT OUTPUT ANSWER FLAGS...``, 0 right, 1 and 2 wrong).
        flags: further arguments.
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
        points: what it earns at most.
        tests: its tests, as ``(role, index within the role)``; a test may be in several groups.
        aggregate: ``"min"``: all points if every test passes, else none; ``"sum"``: each test earns its equal share.
        requires: groups that must have all their points, or this one earns none.
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
        statement: the text shown to the agent, as it is.
        public_tests: tests whose failures are shown to the agent.
        private_tests: hidden tests of the original problem.
        generated_tests: hidden tests made from mutated inputs.
        time_limit: CPU seconds per test, None where the source names none.
        memory_limit: bytes per test, None where the source names none; files hold no limit below 1,000,000.
        checker: the rule that decides whether an output is right.
        solutions: stored correct programs, in the record's own order.
        incorrect_solutions: stored wrong programs, in the record's own order.
        tags: topics, as the source names them.
        difficulty: the source's own word or number for it, as text; None where unknown.
        source: where the problem comes from, e.g. ``"codeforces"``.
        date: the day it was published, as ``"2023-08-21"``; None where unknown.
        function: what to define, where tests call a function; None where programs read standard input.
        grader: whose grader's surroundings a program in Python gets, a key of ``GRADERS``; empty for none.
        interactor: what programs talk to, where the problem is interactive.
        groups: which tests earn how many points, where the problem has a score.
        extra: fields of the record that have no place above, kept as they were.
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
