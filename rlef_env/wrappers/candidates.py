"""``Candidates``: choose one of k given programs, and observe numbers. For agents that know no text."""

from __future__ import annotations

import ast
import copy
import math
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box, Discrete
from gymnasium.utils import RecordConstructorArgs

from rlef_env.envs import fenced
from rlef_env.envs.arguments import at_least
from rlef_env.errors import UsageError
from rlef_env.judge import Verdict
from rlef_env.problems import Problem
from rlef_env.wrappers.checks import check_code_env, check_texts

__all__ = ["CandidateSource", "Candidates", "candidate_features", "candidate_programs", "candidate_space"]

CandidateSource: TypeAlias = Literal["stored", "hidden_step"] | Callable[[Problem], Sequence[str]]
Features: TypeAlias = npt.NDArray[np.float32]

VERDICTS: Final = tuple(Verdict)
NUMBERS: Final = 5
"""Features beside the candidate and the verdict: its number, passed public tests, and three of the difference."""

_OPERATORS: Final[Mapping[type[ast.AST], type[ast.AST]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mod, ast.Mod: ast.FloorDiv,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip


class Candidates(gymnasium.Wrapper[Features, Any, str, str], RecordConstructorArgs):
    """Answer with one of ``k`` programs for the problem, and observe numbers in place of texts.

    The action is the number of a program. The observation is a vector of numbers from -1 to 1:

    | entries | meaning |
    |---|---|
    | k | 1 for the program of the last response |
    | one for each ``Verdict`` | 1 for the verdict of the last response |
    | 1 | the number of the program, plus one, divided by k |
    | 1 | share of the public tests that it passed |
    | 1 | 1 if expected and observed output of the first failing public test are both one number |
    | 2 | their difference, expected minus observed: divided by k, and as a logarithm |

    After ``reset`` it is 0. It holds nothing but what the feedback shows: with ``feedback="none"`` or ``"random"`` the
    verdict, the share and the difference are 0. If the judge fails, the episode is truncated and the observation is
    the one before the response; with ``on_no_verdict="raise"`` the step may be tried again.

    Args:
        env: a ``CodeEnv``, wrapped or not, with texts as actions.
        k: number of candidates.
        source: where they come from. ``"stored"``: one stored correct program, stored incorrect ones, and, where these
            are too few, small changes of the correct one, then programs that print a number; in an order that ``seed``
            and the problem's id decide. ``"hidden_step"``: for problems of ``procedural/hidden_step``, the programs
            that add 1, 2, ... k, so that a difference of 2 means two programs further. Or a function of the problem
            that returns k programs; it should not put the right one at the same place always.
        seed: decides orders and changes.

    Raises:
        UsageError: an argument has a value that is not supported; when an episode begins, a problem has no k programs.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], k: int, source: CandidateSource = "stored", seed: int = 0) -> None:
        RecordConstructorArgs.__init__(self, k=k, source=source, seed=seed)
        check_code_env("Candidates", env)
        check_texts("Candidates", "actions", env.action_space)
        super().__init__(env)
        self.k, self._source, self._seed = k, source, seed
        self.observation_space, self.action_space = candidate_space(k), Discrete(k)
        self._programs: list[str] = []
        self._observed = np.zeros(0, np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        """Start an episode."""
        _, info = self.env.reset(seed=seed, options=options)
        self._programs = candidate_programs(self.env.unwrapped.problem, self.k, self._source, self._seed)  # type: ignore[attr-defined]
        self._observed = np.zeros(self.observation_space.shape[0], np.float32)  # type: ignore[index]
        return self._observed.copy(), info

    def step(self, action: Any) -> tuple[Features, Any, bool, bool, dict[str, Any]]:
        """Judge the program of that number."""
        if not self._programs:
            raise ResetNeeded("expected reset() before the first step")
        if not self.action_space.contains(action):
            raise gymnasium.error.InvalidAction(
                f"action: expected a whole number from 0 to {self.k - 1}, got {action!r}"
            )
        _, reward, terminated, truncated, info = self.env.step(fenced(self._programs[int(action)]))
        if info["has_verdict"]:
            shown = self.env.unwrapped.config.feedback  # type: ignore[attr-defined]
            self._observed = candidate_features(info, int(action), self.k, shown)
        return self._observed.copy(), reward, terminated, truncated, info


# --- what is observed ------------------------------------------------------------------------------------------------


def candidate_space(k: int) -> Box[Any]:
    """Return the space of observations.

    Raises:
        UsageError: there are fewer than two candidates.
    """
    at_least("k", k, 2)
    return Box(-1.0, 1.0, (k + len(VERDICTS) + NUMBERS,), np.float32)


def candidate_features(info: Mapping[str, Any], action: int, k: int, feedback: str) -> Features:
    """Return the observation after a response.

    Args:
        info: the ``info`` of the step.
        action: the number of the candidate.
        k: number of candidates.
        feedback: the source of feedback of the environment; it decides what may be observed.
    """
    observed = np.zeros(k + len(VERDICTS) + NUMBERS, np.float32)
    observed[action], observed[-5] = 1.0, (action + 1) / k
    if feedback in ("none", "random"):
        return observed
    tests = info["public"]
    if info["verdict"] is not None:
        observed[k + VERDICTS.index(Verdict(info["verdict"]))] = 1.0
    if tests:
        observed[-4] = sum(test["verdict"] == Verdict.ACCEPTED.value for test in tests) / len(tests)
    failing = next((test for test in tests if "got" in test), None)
    if failing is not None and (difference := _difference(failing["expected"], failing["got"])) is not None:
        observed[-3] = 1.0
        observed[-2] = np.clip(difference / k, -1.0, 1.0)
        observed[-1] = np.clip(math.copysign(math.log1p(abs(difference)) / 20, difference), -1.0, 1.0)
    return observed


def _difference(expected: str, got: str) -> float | None:
    """Return by how much a number was missed; None if not both texts are one finite number."""
    try:
        difference = float(expected) - float(got)
    except ValueError:
        return None
    return difference if math.isfinite(difference) else None


# --- candidates ------------------------------------------------------------------------------------------------------


def candidate_programs(problem: Problem, k: int, source: CandidateSource, seed: int) -> list[str]:
    """Return the candidates of a problem, the same for the same arguments.

    Raises:
        UsageError: there are no k different programs, or the source is unknown.
    """
    if callable(source):
        programs = list(source(problem))
    elif source == "hidden_step":
        programs = _hidden_steps(problem, k)
    elif source == "stored":
        programs = _stored(problem, k, random.Random(f"{seed} {problem.id}"))
    else:
        raise UsageError(f'source: expected "stored", "hidden_step" or a function of a problem, got {source!r}')
    if len(programs) != k or not all(isinstance(program, str) for program in programs):
        raise UsageError(f"problem {problem.id!r}: expected {k} candidates, got {len(programs)}; choose a smaller k")
    return programs


def _correct(problem: Problem) -> str:
    correct = next((each.source for each in problem.solutions if each.language == "python"), None)
    if correct is None:
        raise UsageError(f"problem {problem.id!r}: expected a stored correct Python program, got none; leave it out")
    return correct


def _hidden_steps(problem: Problem, k: int) -> list[str]:
    parts = re.fullmatch(r"(.*\+ )\d+(\)\s*)", _correct(problem), re.DOTALL)
    if parts is None:
        raise UsageError(f"problem {problem.id!r}: expected one of procedural/hidden_step; use source='stored'")
    return [f"{parts[1]}{secret}{parts[2]}" for secret in range(1, k + 1)]


def _stored(problem: Problem, k: int, rng: random.Random) -> list[str]:
    correct = _correct(problem)
    wrong = [each.source for each in problem.incorrect_solutions if each.language == "python"]
    rng.shuffle(wrong)
    programs = list(dict.fromkeys([correct, *wrong]))[:k]
    changed = _changed(correct)
    rng.shuffle(changed)
    fixed = [f"print({number})\n" for number in range(k)]  # short programs have few changes
    programs = list(dict.fromkeys([*programs, *changed, *fixed]))[:k]
    rng.shuffle(programs)
    return programs


def _changed(source: str) -> list[str]:
    """Return all programs that differ by one number or one operator. A few may still be right."""
    tree = ast.parse(source)
    return [ast.unparse(ast.fix_missing_locations(changed)) + "\n" for changed in _changes(tree)]


def _changes(tree: ast.AST) -> Iterator[ast.AST]:
    for place, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            for step in (-1, 1):
                yield _with(tree, place, "value", node.value + step)
        elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _OPERATORS:
            yield _with(tree, place, "op", _OPERATORS[type(node.op)]())
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in _OPERATORS:
            yield _with(tree, place, "ops", [_OPERATORS[type(node.ops[0])](), *node.ops[1:]])


def _with(tree: ast.AST, place: int, name: str, value: object) -> ast.AST:
    changed = copy.deepcopy(tree)
    setattr(list(ast.walk(changed))[place], name, value)
    return changed
