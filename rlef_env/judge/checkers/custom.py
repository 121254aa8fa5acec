"""Checkers of the caller's own: Python functions, which run here, in the judge's process, and are trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from rlef_env.errors import UsageError
from rlef_env.judge.checkers import Checker
from rlef_env.judge.checkers.program import CheckerBroke, ProgramChecker
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import CHECKERS, CheckerSpec

__all__ = ["NO_CUSTOM_CHECKERS", "CustomCheckers", "asked_checker", "check_custom_checkers"]

CustomCheckers: TypeAlias = Mapping[str, Checker]
"""Functions ``(input, output, expected) -> bool``, all three bytes, by the names that problems call them by."""
NO_CUSTOM_CHECKERS: Final[CustomCheckers] = {}


def check_custom_checkers(checkers: CustomCheckers) -> None:
    """Look at checkers of the caller's own.

    Raises:
        UsageError: one has the name of a rule that is there already, or is no function.
    """
    if not isinstance(checkers, Mapping):
        raise UsageError(f"checkers: expected a mapping of names to functions, got {checkers!r:.100}")
    for name, checker in checkers.items():
        if name in CHECKERS:
            raise UsageError(f"checkers: expected names that no other rule has, got {name!r}; choose another one")
        if not callable(checker):
            raise UsageError(
                f"checkers[{name!r}]: expected a function (input, output, expected) -> bool, got {checker!r:.100}"
            )


def asked_checker(sandboxes: Sandboxes, spec: CheckerSpec, own: CustomCheckers) -> Checker | None:
    """The checker that is one of the caller's own, or a program; None where a rule decides."""
    if spec.name in own:
        return _guarded(spec.name, own[spec.name])
    return None if spec.source is None else ProgramChecker(sandboxes.data, spec)


def _guarded(name: str, checker: Checker) -> Checker:
    """The same checker, but that an output on which it fails is wrong.

    A program must not escape its verdict by breaking the checker. Where it fails on the stored answer, too, that is not
    the output's fault: ``CheckerBroke``.
    """

    def ask(given: bytes, output: bytes, expected: bytes) -> bool:
        said: object = checker(given, output, expected)
        if said not in (True, False):  # None, say, where a return was forgotten
            raise TypeError(f"expected True or False, got {said!r:.100}")
        return bool(said)

    def check(given: bytes, output: bytes, expected: bytes) -> bool:
        try:
            return ask(given, output, expected)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a stranger's output makes it raise; it may call sys.exit
            fault = f"the checker {name!r} failed ({type(error).__name__}: {error})"
        try:
            accepted = ask(given, expected, expected)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - likewise
            accepted = False
        if not accepted:
            raise CheckerBroke(f"{fault}, and does not accept the stored answer either")
        return False

    return check
