"""What is asked: a coding problem, its tests and its stored solutions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["ROLES", "CheckerSpec", "Problem", "Role", "Solution", "Test"]

Role = Literal["public", "private", "generated"]
ROLES: tuple[Role, ...] = ("public", "private", "generated")


@dataclass(frozen=True, slots=True)
class Test:
    """One test: what the program reads on standard input, and one right answer."""

    __test__ = False  # not a pytest class

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Solution:
    """A stored program for a problem, right or wrong.

    Attributes:
        source: the program's text.
        language: ``"python"`` is Python 3; others are ``"python2"``, ``"cpp"``, ``"java"`` and ``"unknown"``.
        verdict: for a labelled incorrect solution, the verdict it must get (lower case, as in ``Verdict``), else None.
    """

    source: str
    language: str = "python"
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class CheckerSpec:
    """Which rule decides whether an output is right.

    Attributes:
        name: ``"codecontests"``, ``"tokens"``, ``"kattis"`` or ``"python"``.
        flags: the Kattis default validator's flags, e.g. ``("float_tolerance", "1e-6")``.
        source: for ``"python"``, a module that defines ``check(input: str, output: str, expected: str) -> bool``;
            it runs in the sandbox, in a process of its own.
    """

    name: str = "codecontests"
    flags: tuple[str, ...] = ()
    source: str | None = None


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
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def tests(self, *roles: Role) -> Iterator[tuple[Role, int, Test]]:
        """Yield ``(role, index within the role, test)`` for the named roles, all of them by default."""
        for role in roles or ROLES:
            for index, test in enumerate(getattr(self, f"{role}_tests")):
                yield role, index, test
