"""Checkers of the caller: Python functions that run in the judge's process and are trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from rlef_env.errors import UsageError
from rlef_env.judge.checkers.comparisons import Checker
from rlef_env.judge.checkers.protocols import CheckerError
from rlef_env.problems.checker_spec import CHECKERS

__all__ = ["NO_CUSTOM_CHECKERS", "CustomCheckers", "check_custom_checkers", "guarded"]

CustomCheckers: TypeAlias = Mapping[str, Checker]
"""Functions ``(input, output, expected) -> bool``, all three bytes, by the name that problems ask for."""
NO_CUSTOM_CHECKERS: Final[CustomCheckers] = {}


def check_custom_checkers(checkers: CustomCheckers) -> None:
    """Check the caller's checkers.

    Raises:
        UsageError: one has the name of a built-in checker, or is not a function.
    """
    if not isinstance(checkers, Mapping):
        raise UsageError(f"checkers: expected a mapping of names to functions, got {checkers!r:.100}")
    for name, checker in checkers.items():
        if name in CHECKERS:
            raise UsageError(f"checkers: expected names that no built-in checker has, got {name!r}; choose another one")
        if not callable(checker):
            raise UsageError(
                f"checkers[{name!r}]: expected a function (input, output, expected) -> bool, got {checker!r:.100}"
            )


def guarded(name: str, checker: Checker) -> Checker:
    """Return the same checker, except that an output on which it fails is wrong.

    A program must not escape its verdict by making the checker fail. If the checker fails on the stored answer, too,
    the output is not at fault: ``CheckerError``.
    """

    def call(given: bytes, output: bytes, expected: bytes) -> bool:
        result: object = checker(given, output, expected)
        if result not in (True, False):  # for example None, because a return was forgotten
            raise TypeError(f"expected True or False, got {result!r:.100}")
        return bool(result)

    def check(given: bytes, output: bytes, expected: bytes) -> bool:
        try:
            return call(given, output, expected)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - an untrusted output can cause any error, SystemExit too
            failure = f"the checker {name!r} failed ({type(error).__name__}: {error})"
        try:
            accepted = call(given, expected, expected)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - as above
            accepted = False
        if not accepted:
            raise CheckerError(f"{failure}, and does not accept the stored answer either")
        return False

    return check
