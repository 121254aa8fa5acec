"""Rewards: weighted sums of small named components.

The paper's reward (RLEF, section 2 and appendix) is ``"rlef"``: +1 at the end of an episode if the last response
passes all tests, -1 if not, and -0.2 for a response before the last that holds no program. It is binary on purpose;
the fractions below are alternatives. The paper's KL term belongs to the learner, not to the environment.

No reward with a name pays more for a program that fails than for one that is right, for another turn, or for a
response without a program. Before the last turn nothing is paid, only taken: what is paid there could be had without
solving. Your own weights and functions are not checked for this; negative weights break it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from rlef_env.errors import UsageError
from rlef_env.judge import Verdict

if TYPE_CHECKING:
    from rlef_env.episodes.episode import Turn

__all__ = ["COMPONENTS", "REWARDS", "Reward", "RewardFunction", "RewardSpec", "make_reward"]

RewardFunction: TypeAlias = "Callable[[Turn, bool], float]"
"""``(turn, final) -> float``: the turn, whose own ``reward`` is 0.0, and whether it was scored on all tests."""

RewardSpec: TypeAlias = "str | Mapping[str, float] | RewardFunction"

INVALID_PENALTY: Final = -0.2
"""Reward of a non-final response without valid code (RLEF)."""


def outcome(turn: Turn, final: bool) -> float:
    """Return +1 if the last response passes all tests, -1 if it fails any; 0 before the end."""
    return (1.0 if turn.judgement.verdict is Verdict.ACCEPTED else -1.0) if final else 0.0


def solved(turn: Turn, final: bool) -> float:
    """Return 1 if the last response passes all tests, else 0."""
    return float(final and turn.judgement.verdict is Verdict.ACCEPTED)


def no_program(turn: Turn, final: bool) -> float:
    """Return -0.2 for a response before the last that holds no program."""
    return INVALID_PENALTY if not final and turn.judgement.verdict is Verdict.NO_PROGRAM else 0.0


def compile_error(turn: Turn, final: bool) -> float:
    """Return -0.2 for a response before the last whose program does not compile."""
    return INVALID_PENALTY if not final and turn.judgement.verdict is Verdict.COMPILE_ERROR else 0.0


def pass_fraction(turn: Turn, final: bool) -> float:
    """Return the fraction of all tests that the last response passes; 0 before the end."""
    return turn.judgement.passed / turn.judgement.total if final and turn.judgement.total else 0.0


def score_fraction(turn: Turn, final: bool) -> float:
    """Return the fraction of the problem's points that the last response earns; of its tests, if it has no points."""
    groups = turn.judgement.groups
    maximum = sum(group.points for group in groups)
    if not final or not maximum:
        return pass_fraction(turn, final)
    return sum(group.earned for group in groups) / maximum


def public_fraction(turn: Turn, final: bool) -> float:
    """Return the fraction of public tests that a response passes, less 1 before the end.

    So a turn before the last costs the fraction that fails. Without public tests only an accepted response counts as 1.
    """
    public = [result.verdict for result in turn.judgement.results if result.role == "public"]
    passed = (
        public.count(Verdict.ACCEPTED) / len(public) if public else float(turn.judgement.verdict is Verdict.ACCEPTED)
    )
    return passed if final else passed - 1.0


COMPONENTS: Final[Mapping[str, RewardFunction]] = {
    function.__name__: function
    for function in (outcome, solved, no_program, compile_error, pass_fraction, score_fraction, public_fraction)
}
"""Components of rewards, by name. A weight of 1.0 gives the value that the function describes."""

REWARDS: Final[Mapping[str, Mapping[str, float]]] = {
    "rlef": {"outcome": 1.0, "no_program": 1.0},
    # The paper's single-turn runs: a response without a program is the last one and gets -1.
    "rlef_single_turn": {"outcome": 1.0},
    **{name: {name: 1.0} for name in ("outcome", "solved", "pass_fraction", "score_fraction", "public_fraction")},
}
"""Rewards by name: the paper's two, and each component alone that asks whether programs are right."""


@dataclass(frozen=True)
class Reward:
    """A sum of weighted components.

    Attributes:
        name: the name that it was made from, or its terms; for reports.
        terms: pairs of component and weight.
        run_all_tests: whether a final response needs the result of every test; else its hidden tests stop at the first
            failure.
    """

    name: str
    terms: tuple[tuple[RewardFunction, float], ...]
    run_all_tests: bool = False

    def __call__(self, turn: Turn, final: bool) -> float:
        """Return the reward of a turn. It is always 0.0 if the judge itself failed, whatever the components return.

        Raises:
            UsageError: a component returned infinity or NaN, which would silently corrupt training.
        """
        if turn.judgement.verdict is Verdict.NO_VERDICT:
            return 0.0
        total = math.fsum(weight * component(turn, final) for component, weight in self.terms)
        if not math.isfinite(total):
            raise UsageError(
                f"reward {self.name!r}: expected a finite number, got {total} for a response with verdict "
                f"{turn.judgement.verdict.value!r}; check the components you passed"
            )
        return total


def make_reward(spec: RewardSpec = "rlef") -> Reward:
    """Make a reward from a name, from weights, or from a function.

    Args:
        spec: a name in ``REWARDS``; or a mapping from names in ``COMPONENTS`` to weights; or a function
            ``(turn, final) -> float``. Set the function's attribute ``run_all_tests = True`` if it needs the result of
            every test of a final response.

    Raises:
        UsageError: the value is not a reward; the message lists the names.
    """
    if isinstance(spec, Reward):
        return spec
    if isinstance(spec, str):
        if spec not in REWARDS:
            raise UsageError(f"reward: expected one of {', '.join(REWARDS)}; got {spec!r}")
        return _weighted(spec, REWARDS[spec])
    if isinstance(spec, Mapping):
        return _weighted(" + ".join(f"{weight} {name}" for name, weight in spec.items()), spec)
    if callable(spec):
        name = getattr(spec, "__name__", type(spec).__name__)
        return Reward(name, ((spec, 1.0),), run_all_tests=bool(getattr(spec, "run_all_tests", False)))
    raise UsageError(f"reward: expected a name, a mapping of names to weights, or a function; got {spec!r}")


def _weighted(name: str, weights: Mapping[str, float]) -> Reward:
    unknown = [component for component in weights if component not in COMPONENTS]
    if unknown or not weights:
        raise UsageError(
            f"reward: expected weights for one or more of {', '.join(COMPONENTS)}; got {unknown or 'no weight'}"
        )
    for component, weight in weights.items():
        if type(weight) not in (int, float) or not math.isfinite(weight):
            raise UsageError(f"reward: expected a finite number as the weight of {component!r}; got {weight!r}")
    terms = tuple((COMPONENTS[component], float(weight)) for component, weight in weights.items())
    return Reward(name, terms, run_all_tests=not weights.keys().isdisjoint(("pass_fraction", "score_fraction")))
