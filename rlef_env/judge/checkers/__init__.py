"""The rules that decide whether an output is right: pure functions on bytes, one family a file.

The output comes from a program that nobody trusts: nothing here decodes it, no rule raises on any bytes, and each takes
time linear in the two lengths and memory of a few times the longer one (``unordered``: of the expected one's tokens).
What each rule means: ``rlef_env.problems.CHECKERS``. Rules that are programs run in the sandbox (``ProgramChecker``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from rlef_env.errors import UsageError
from rlef_env.judge.checkers.apps import check_apps
from rlef_env.judge.checkers.characters import check_characters
from rlef_env.judge.checkers.codecontests import check_codecontests
from rlef_env.judge.checkers.exact import check_exact
from rlef_env.judge.checkers.kattis import check_kattis
from rlef_env.judge.checkers.lines import check_lines
from rlef_env.judge.checkers.livecodebench import check_livecodebench
from rlef_env.judge.checkers.sandboxfusion import check_sandboxfusion
from rlef_env.judge.checkers.tokens import check_tokens
from rlef_env.judge.checkers.yesno import check_yesno
from rlef_env.problems import CHECKERS, CheckerFlags, CheckerSpec, parse_checker_flags

__all__ = [
    "RULES",
    "Checker",
    "Rule",
    "check_apps",
    "check_characters",
    "check_codecontests",
    "check_exact",
    "check_kattis",
    "check_lines",
    "check_livecodebench",
    "check_sandboxfusion",
    "check_tokens",
    "check_yesno",
    "make_checker",
]

Rule: TypeAlias = Callable[[bytes, bytes, CheckerFlags], bool]
"""Whether an output is right: ``rule(output, expected, flags)``."""

RULES: Final[Mapping[str, Rule]] = {
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
"""Every rule that compares an output in this process, by the checker's name."""


class Checker(Protocol):
    """Decides whether ``output`` is right for a test's input, given one right answer."""

    def __call__(self, input_: bytes, output: bytes, expected: bytes, /) -> bool:
        """Whether the output is right."""
        ...


def make_checker(spec: CheckerSpec) -> Checker:
    """The in-process rule that a spec names.

    Raises:
        UsageError: the rule is a program or compares values, or no rule has this name.
        DataError: the flags are not as they should be.
    """
    if spec.name not in CHECKERS:
        raise UsageError(f"checker: expected one of {', '.join(CHECKERS)}, got {spec.name!r}; choose one of these")
    if spec.name not in RULES:
        what = "runs in the sandbox" if CHECKERS[spec.name].program else "compares what functions return"
        raise UsageError(
            f"checker: expected a rule that compares outputs in this process ({', '.join(RULES)}), got {spec.name!r}, "
            f"which {what}; judge the problem with rlef_env.judge.Judge"
        )
    rule, flags = RULES[spec.name], parse_checker_flags(spec.name, spec.flags)
    return lambda _, output, expected: rule(output, expected, flags)
