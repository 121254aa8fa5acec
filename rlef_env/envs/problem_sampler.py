"""Which problem is asked next: uniformly, by difficulty, or by what has been solved so far.

A sampler holds no generator: each environment draws with its own, so that its problems follow from its seed. It may
learn how episodes ended. Then the problems that are drawn follow from the results, too.
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
from rlef_env.problems import Dataset, ProblemMetadata

__all__ = ["PROBLEM_SAMPLERS", "ByDifficulty", "Curriculum", "ProblemSampler", "Uniform", "make_problem_sampler"]

UNKNOWN: Final = "unknown"
"""The word for problems whose source names no difficulty."""


@runtime_checkable
class ProblemSampler(Protocol):
    """Draws the problems of one environment, or of all those of a ``CodeVectorEnv``."""

    def start(self, problems: Sequence[ProblemMetadata]) -> None:
        """Hear which problems there are to draw from; called once, before all else."""

    def draw(self, rng: np.random.Generator) -> int:
        """The place of the next problem among them."""

    def learn(self, place: int, solved: bool) -> None:
        """Hear how an episode ended; those in which the judge failed are not told."""

    def state_dict(self) -> dict[str, Any]:
        """What it has learned, as plain JSON values."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there.

        Raises:
            DataError: this is no such state.
        """


class Uniform:
    """Every problem is equally likely."""

    def __init__(self) -> None:
        self._count = 0

    def start(self, problems: Sequence[ProblemMetadata]) -> None:
        """See ``ProblemSampler``."""
        _once(self._count)
        self._count = len(problems)

    def draw(self, rng: np.random.Generator) -> int:
        """See ``ProblemSampler``."""
        return int(rng.integers(self._count))

    def learn(self, place: int, solved: bool) -> None:
        """Nothing."""

    def state_dict(self) -> dict[str, Any]:
        """See ``ProblemSampler``."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See ``ProblemSampler``."""
        _keys(state, ())


class ByDifficulty(Uniform):
    """First a difficulty is drawn, then one of its problems.

    Args:
        weights: the problems' words for their difficulty -> how often each is drawn, relative to the others; those
            that are not named are never drawn. ``"unknown"`` stands for problems without a word. None: every word that
            there is, equally often, however many problems have it.

    Raises:
        UsageError: a weight is no number of at least 0, or all are 0; at the start, if no problem has a word.
    """

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self._weights = None if weights is None else {str(word): _weight(word, weights[word]) for word in weights}
        if self._weights is not None and not sum(self._weights.values()):
            raise UsageError(f"weights: expected one above 0, got {weights!r:.100}")
        self._groups: list[array[int]] = []
        self._bounds: list[float] = []

    def start(self, problems: Sequence[ProblemMetadata]) -> None:
        """See ``ProblemSampler``."""
        super().start(problems)
        groups: dict[str, array[int]] = {}
        for place, facts in enumerate(problems):
            groups.setdefault(facts.difficulty or UNKNOWN, array("q")).append(place)
        weights = dict.fromkeys(groups, 1.0) if self._weights is None else self._weights
        if missing := sorted(weights.keys() - groups.keys()):
            there = ", ".join(f"{word!r} ({len(group)})" for word, group in sorted(groups.items()))
            raise UsageError(
                f"weights: expected difficulties that the problems have, {there}, got {', '.join(map(repr, missing))}"
            )
        words = sorted(word for word, weight in weights.items() if weight)
        self._groups = [groups[word] for word in words]
        self._bounds = list(itertools.accumulate(weights[word] for word in words))

    def draw(self, rng: np.random.Generator) -> int:
        """See ``ProblemSampler``."""
        drawn = rng.random() * self._bounds[-1]
        group = self._groups[min(bisect.bisect_right(self._bounds, drawn), len(self._groups) - 1)]
        return group[int(rng.integers(len(group)))]


class Curriculum:
    """Problems that are sometimes solved and sometimes not come most often: from those there is most to learn.

    A problem is drawn with a probability proportional to ``max(floor, 4 p (1 - p))``, where ``p = (solved + 1/2) /
    (tried + 1)``. ``solved`` and ``tried`` count its episodes; at each new one they are multiplied by ``decay`` first,
    so that what counts is the last ``1 / (1 - decay)`` or so. A problem that was never tried has the weight 1, one that
    is solved every time, or never, sinks towards ``floor``: it still comes, and is noticed when that changes. Where
    rewards are 0 or 1, ``p (1 - p)`` is their variance (Rutherford et al. 2024, "No Regrets", sampling for
    learnability).

    The counts take 16 bytes a problem. A ``CodeVectorEnv`` has one sampler for all of its environments, told in their
    order when replies are received: with ``step`` the problems follow from the seeds and the responses, with ``send``
    and ``recv`` also from when each was received.

    Args:
        decay: of old counts, above 0 and below 1.
        floor: the least weight, above 0 and at most 1.

    Raises:
        UsageError: one of them is out of bounds.
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
        _once(len(self._ids))
        self._ids = [facts.id for facts in problems]
        self._solved, self._tried = (array("d", bytes(8 * len(problems))) for _ in range(2))

    def weight(self, place: int) -> float:
        """How likely the problem at a place is, relative to the others."""
        rate = (self._solved[place] + 0.5) / (self._tried[place] + 1)
        return max(self.floor, 4 * rate * (1 - rate))

    def draw(self, rng: np.random.Generator) -> int:
        """See ``ProblemSampler``."""
        while True:  # at most 1 / floor rounds on average, and no table of weights to keep
            place = int(rng.integers(len(self._ids)))
            if rng.random() < self.weight(place):
                return place

    def learn(self, place: int, solved: bool) -> None:
        """See ``ProblemSampler``."""
        self._solved[place] = self.decay * self._solved[place] + solved
        self._tried[place] = self.decay * self._tried[place] + 1

    def state_dict(self) -> dict[str, Any]:
        """See ``ProblemSampler``."""
        tried = (place for place, count in enumerate(self._tried) if count)
        return {"counts": {self._ids[place]: [self._solved[place], self._tried[place]] for place in tried}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See ``ProblemSampler``. Problems that are not there any more are forgotten."""
        counts = _keys(state, ("counts",))["counts"]
        solved, tried = (array("d", bytes(8 * len(self._ids))) for _ in range(2))
        try:
            for place, problem_id in enumerate(self._ids):
                if problem_id in counts:
                    solved[place], tried[place] = map(float, counts[problem_id])
                    if not 0 <= solved[place] <= tried[place] < math.inf:
                        raise ValueError(problem_id)
        except (TypeError, ValueError) as error:
            raise DataError(f"state: expected counts as a Curriculum's state_dict() gives them ({error})") from None
        self._solved, self._tried = solved, tried


PROBLEM_SAMPLERS: Final[Mapping[str, Callable[[], ProblemSampler]]] = {
    "uniform": Uniform,
    "difficulty": ByDifficulty,
    "curriculum": Curriculum,
}
"""The samplers by name, each as it is by default."""


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


def _once(count: int) -> None:
    if count:
        raise UsageError("sampling: expected a sampler of this environment's own, got one that another has; make a new")


def _weight(word: object, weight: object) -> float:
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
        raise UsageError(f"weights[{word!r}]: expected a number of at least 0, got {weight!r}")
    return float(weight)


def _keys(state: object, keys: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(state, Mapping) or sorted(state) != sorted(keys):
        raise DataError(f"state: expected what this sampler's state_dict() gives, got {state!r:.100}")
    return state
