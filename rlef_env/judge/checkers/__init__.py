"""Checkers decide whether an output is right: pure comparisons of bytes, programs, and functions of the caller.

A comparison gets its output from an untrusted program: it decodes nothing, raises on no bytes, takes time linear in the
two lengths and memory of a few times the longer one (with ``unordered``: of the tokens of the expected one).
``rlef_env.problems.CHECKERS`` says what each means.
"""

from __future__ import annotations

from rlef_env.judge.checkers.comparisons import COMPARISONS, Checker, make_checker
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers, guarded
from rlef_env.judge.checkers.program import ProgramChecker
from rlef_env.judge.functions.values import ValueChecker
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import Problem

__all__ = ["COMPARISONS", "Checker", "checker_for", "make_checker"]


def checker_for(
    problem: Problem, sandboxes: Sandboxes, custom_checkers: CustomCheckers = NO_CUSTOM_CHECKERS
) -> Checker:
    """Return the checker that decides about a problem's outputs.

    The name in ``Problem.checker`` decides, in this order: a function of the caller; a program that came with the
    problem and runs in ``sandboxes.data``; for a problem whose tests call a function, a comparison of values; else a
    comparison of bytes in this process.

    Raises:
        UsageError: no checker of this name can judge such a problem.
        DataError: the flags are unknown or malformed.
    """
    spec = problem.checker
    if spec.name in custom_checkers:
        return guarded(spec.name, custom_checkers[spec.name])
    if spec.source is not None:
        return ProgramChecker(sandboxes.data, spec)
    return make_checker(spec) if problem.function is None else ValueChecker(spec)
