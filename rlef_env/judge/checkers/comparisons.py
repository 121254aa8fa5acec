"""The comparisons of outputs by name, and the checker that a spec names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from rlef_env.errors import UsageError
from rlef_env.judge.checkers.apps import check_apps
from rlef_env.judge.checkers.codecontests import check_codecontests
from rlef_env.judge.checkers.kattis import check_kattis
from rlef_env.judge.checkers.lines import check_lines
from rlef_env.judge.checkers.livecodebench import check_livecodebench
from rlef_env.judge.checkers.sandboxfusion import check_sandboxfusion
from rlef_env.judge.checkers.tokens import check_characters, check_exact, check_tokens, check_yesno
from rlef_env.problems import CheckerSpec
from rlef_env.problems.checker_spec import CHECKERS, CheckerFlags, parse_checker_flags

__all__ = ["COMPARISONS", "Checker", "Comparison", "make_checker"]

Comparison: TypeAlias = Callable[[bytes, bytes, CheckerFlags], bool]
"""Returns whether an output is right: ``comparison(output, expected, flags)``."""

COMPARISONS: Final[Mapping[str, Comparison]] = {
    "codecontests": check_codecontests,
    "tokens": check_tokens,
    "lines": check_lines,
    "exact": check_exact,
    "characters": check_characters,
    "yesno": check_yesno,
    "kattis": check_kattis,
    "livecodebench": check_livecodebench,
    "sandboxfusion": check_sandboxfusion,
    "apps": check_apps,
}
"""Every comparison that runs in this process, by the name of its checker."""


class Checker(Protocol):
    """Decides whether ``output`` is right for a test's input, given one right answer."""

    def __call__(self, input_: bytes, output: bytes, expected: bytes, /) -> bool:
        """Return whether the output is right."""
        ...


def make_checker(spec: CheckerSpec) -> Checker:
    """Return the checker that compares outputs in this process as a spec says.

    Raises:
        UsageError: the checker is a program or compares values, or no checker has this name.
        DataError: the flags are unknown or malformed.
    """
    if spec.name not in CHECKERS:
        raise UsageError(f"checker: expected one of {', '.join(CHECKERS)}, got {spec.name!r}; choose one of these")
    if spec.name not in COMPARISONS:
        what = "runs in the sandbox" if CHECKERS[spec.name].program else "compares what functions return"
        raise UsageError(
            f"checker: expected one that compares outputs in this process ({', '.join(COMPARISONS)}), got "
            f"{spec.name!r}, which {what}; judge the problem with rlef_env.judge.Judge"
        )
    compare, flags = COMPARISONS[spec.name], parse_checker_flags(spec.name, spec.flags)
    return lambda _, output, expected: compare(output, expected, flags)
