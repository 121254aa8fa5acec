"""Problem samplers: draw the next problem uniformly, by difficulty, or by what has been solved so far.

A sampler holds no random generator: each environment draws with its own, so that its seed determines its problems. A
sampler may learn how episodes ended. Then the results determine the problems too.
"""

from __future__ import annotations

import bisect
import itertools
import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np

from rlef_env.errors import DataError, UsageError
from rlef_env.problems import Dataset
from rlef_env.problems.metadata import ProblemMetadata

__all__ = ["PROBLEM_SAMPLERS", "ByDifficulty", "Curriculum", "ProblemSampler", "Uniform", "make_problem_sampler"]

UNKNOWN: Final = "unknown"
"""Difficulty of problems whose source names none."""


@runtime_checkable
class ProblemSampler(Protocol):
    """Draws the problems of one environment, or of all environments of a ``CodeVectorEnv``."""

    def start(self, problems: Sequence[ProblemMetadata]) -> None:
        """Receive the problems to draw from; called once, before any other method."""

    def draw(self, rng: np.random.Generator) -> int:
        """Return the index of the next problem among those of ``start``."""

    def learn(self, index: int, solved: bool) -> None:
        """Receive how an episode of the problem at this index ended; not called where the judge failed."""

    def state_dict(self) -> dict[str, Any]:
        """Return what the sampler has learned, as plain JSON values."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state.

        Raises:
            DataError: the value is not a state of this sampler.
        """


class Uniform:
    """Draws every problem with the same probability."""

    def __init__(self) -> None:
        self._count = 0

    def start(self, problems: Sequence[ProblemMetadata]) -> None:
        """See ``ProblemSampler``."""
        _check_not_started(self._count)
        self._count = len(problems)

    def draw(self, rng: np.random.Generator) -> int:
        """See ``ProblemSampler``."""
        return int(rng.integers(self._count))

    def learn(self, index: int, solved: bool) -> None:
        """Do nothing."""

    def state_dict(self) -> dict[str, Any]:
        """See ``ProblemSampler``."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See ``ProblemSampler``."""
        _keys(state, ())


class ByDifficulty(Uniform):
    """Draws a difficulty first, then one of its problems.

    Args:
        weights: difficulty -> its relative frequency; difficulties that are not named are never drawn. ``"unknown"``
            stands for problems without a difficulty. None: every difficulty of the problems, equally often, however
            many problems it has.

    Raises:
        UsageError: a weight is not a number of at least 0, or all are 0; at the start, if no problem has a difficulty
            that is named.
    """

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self._weights = None if weights is None else {str(name): _weight(name, weights[name]) for name in weights}
        if self._weights is not None and not sum(self._weights.values()):
            raise UsageError(f"weights: expected one above 0, got {weights!r:.100}")
        self._groups: list[array[int]] = []
        self._bounds: list[float] = []

    def start(self, problems: Sequence[ProblemMetadata]) -> None:
        """See ``ProblemSampler``."""
        super().start(problems)
        groups: dict[str, array[int]] = {}
        for index, metadata in enumerate(problems):
            groups.setdefault(metadata.difficulty or UNKNOWN, array("q")).append(index)
        weights = dict.fromkeys(groups, 1.0) if self._weights is None else self._weights
        if missing := sorted(weights.keys() - groups.keys()):
            available = ", ".join(f"{name!r} ({len(group)})" for name, group in sorted(groups.items()))
            got = ", ".join(map(repr, missing))
            raise UsageError(f"weights: expected difficulties that the problems have, {available}, got {got}")
        names = sorted(name for name, weight in weights.items() if weight)
        self._groups = [groups[name] for name in names]
        self._bounds = list(itertools.accumulate(weights[name] for name in names))

    def draw(self, rng: np.random.Generator) -> int:
        """See ``ProblemSampler``."""
        drawn = rng.random() * self._bounds[-1]
        group = self._groups[min(bisect.bisect_right(self._bounds, drawn), len(self._groups) - 1)]
        return group[int(rng.integers(len(group)))]


class Curriculum:
    """Draws problems that are sometimes solved and sometimes not most often: they teach most.

    A problem is drawn with a probability proportional to ``max(floor, 4 p (1 - p))``, where ``p = (solved + 1/2) /
    (tried + 1)``. ``solved`` and ``tried`` count its episodes. Each new episode first multiplies them by ``decay``, so
    that about the last ``1 / (1 - decay)`` episodes count. A problem that was never tried has the weight 1. The weight
    of a problem that is always or never solved falls to ``floor``: it is still drawn, so that a change is noticed.
    Where rewards are 0 or 1, ``p (1 - p)`` is their variance (Rutherford et al. 2024, "No Regrets", sampling for
    learnability).

    The counts take 16 bytes per problem. All environments of a ``CodeVectorEnv`` share one sampler, which learns in
    their order when results are received: with ``step``, seeds and responses determine the problems; with ``send`` and
    ``recv``, the times at which results are received do too.

    Args:
        decay: factor of old counts, above 0 and below 1.
        floor: minimum weight, above 0 and at most 1.

    Raises:
        UsageError: an argument is out of bounds.
    """

    def __init__(self, decay: float = 0.95, floor: float = 0.05) -> None:
        if not 0 < decay < 1:
            raise UsageError(f"decay: expected a number above 0 and below 1, got {decay!r}")
        if not 0 < floor <= 1:
            raise UsageError(f"floor: expected a number above 0 and at most 1, got {floor!r}")
        self.decay, self.floor = decay, floor
        self._ids: list[str] = []
        self._solved, self._tried = array("d"), array("d")

    def start(self, problems: Sequence[ProblemMetadata]) -> None:
        """See ``ProblemSampler``."""
        _check_not_started(len(self._ids))
        self._ids = [metadata.id for metadata in problems]
        self._solved, self._tried = (array("d", bytes(8 * len(problems))) for _ in range(2))

    def weight(self, index: int) -> float:
        """Return the relative probability of the problem at this index."""
        rate = (self._solved[index] + 0.5) / (self._tried[index] + 1)
        return max(self.floor, 4 * rate * (1 - rate))

    def draw(self, rng: np.random.Generator) -> int:
        """See ``ProblemSampler``."""
        while True:  # rejection sampling: at most 1 / floor rounds on average, without a table of weights
            index = int(rng.integers(len(self._ids)))
            if rng.random() < self.weight(index):
                return index

    def learn(self, index: int, solved: bool) -> None:
        """See ``ProblemSampler``."""
        self._solved[index] = self.decay * self._solved[index] + solved
        self._tried[index] = self.decay * self._tried[index] + 1

    def state_dict(self) -> dict[str, Any]:
        """See ``ProblemSampler``."""
        tried = (index for index, count in enumerate(self._tried) if count)
        return {"counts": {self._ids[index]: [self._solved[index], self._tried[index]] for index in tried}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See ``ProblemSampler``. Counts of problems that no longer exist are dropped."""
        counts = _keys(state, ("counts",))["counts"]
        solved, tried = (array("d", bytes(8 * len(self._ids))) for _ in range(2))
        try:
            for index, problem_id in enumerate(self._ids):
                if problem_id in counts:
                    solved[index], tried[index] = map(float, counts[problem_id])
                    if not 0 <= solved[index] <= tried[index] < math.inf:
                        raise ValueError(problem_id)
        except (TypeError, ValueError) as error:
            raise DataError(f"state: expected counts as a Curriculum's state_dict() gives them ({error})") from None
        self._solved, self._tried = solved, tried


PROBLEM_SAMPLERS: Final[Mapping[str, Callable[[], ProblemSampler]]] = {
    "uniform": Uniform,
    "difficulty": ByDifficulty,
    "curriculum": Curriculum,
}
"""Samplers by name, each with its default arguments."""


def make_problem_sampler(sampling: str | ProblemSampler, dataset: Dataset) -> ProblemSampler:
    """Return the sampler that ``sampling`` names, started on the problems that have a test.

    Raises:
        UsageError: there is no such sampler, it does not suit these problems, or it serves another environment.
    """
    sampler: object = (
        PROBLEM_SAMPLERS[sampling]() if isinstance(sampling, str) and sampling in PROBLEM_SAMPLERS else sampling
    )
    if isinstance(sampler, type) or not isinstance(sampler, ProblemSampler):
        raise UsageError(
            f"sampling: expected one of {', '.join(map(repr, PROBLEM_SAMPLERS))}, or an object with the methods of "
            f"rlef_env.envs.ProblemSampler, got {sampling!r:.100}"
        )
    sampler.start(dataset.metadata_at(dataset.tested))
    return sampler


def _check_not_started(count: int) -> None:
    if count:
        raise UsageError("sampling: expected a new sampler, got one that another environment uses; make a new one")


def _weight(name: object, weight: object) -> float:
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
        raise UsageError(f"weights[{name!r}]: expected a number of at least 0, got {weight!r}")
    return float(weight)


def _keys(state: object, keys: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(state, Mapping) or sorted(state) != sorted(keys):
        raise DataError(f"state: expected what this sampler's state_dict() gives, got {state!r:.100}")
    return state
