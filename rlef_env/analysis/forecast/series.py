"""A series: how many episodes of each evaluation of a run succeeded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rlef_env.errors import DataError

__all__ = ["Series"]


@dataclass(frozen=True)
class Series:
    """Successes and trials at each evaluation of a run, in order.

    Attributes:
        steps: number of updates that the policy had at each evaluation; each larger than the one before, from 0.
        successes: number of episodes that succeeded.
        trials: number of episodes that have a verdict, at least 1.
        name: name of the run.
        metric: what a success is, such as ``"solve_rate"``.
        evaluation: name of the evaluation set; empty where the run has one.

    Raises:
        DataError: the fields break one of these rules.
    """

    steps: tuple[float, ...]
    successes: tuple[float, ...]
    trials: tuple[float, ...]
    name: str = "run"
    metric: str = "solve_rate"
    evaluation: str = ""

    def __post_init__(self) -> None:
        for field in (
            "steps",
            "successes",
            "trials",
        ):  # numpy's numbers become Python's, so that they compare and print
            object.__setattr__(self, field, tuple(float(value) for value in getattr(self, field)))
        sizes = {len(self.steps), len(self.successes), len(self.trials)}
        if len(sizes) > 1:
            raise DataError(
                f"{self.name}: expected as many successes and trials as steps, got {len(self.successes)} and "
                f"{len(self.trials)} for {len(self.steps)} steps"
            )
        before = -1.0
        for step, won, tried in zip(self.steps, self.successes, self.trials, strict=True):
            if not (math.isfinite(step) and step >= 0 and step > before):
                raise DataError(
                    f"{self.name}: expected steps of at least 0 that grow, got {step:g} after {before:g}; sort them, "
                    "and keep one evaluation of each step"
                )
            if not (math.isfinite(tried) and tried >= 1 and 0 <= won <= tried):
                raise DataError(
                    f"{self.name}: {self.metric}: expected a rate from 0 to 1 over at least one episode at step "
                    f"{step:g}, got {won:g} of {tried:g}; a forecast is for rates, such as solve_rate or solved_at_1"
                )
            before = step

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def rates(self) -> tuple[float, ...]:
        """Share of successes at each evaluation."""
        return tuple(won / tried for won, tried in zip(self.successes, self.trials, strict=True))

    def where(self, kept: Sequence[bool]) -> Series:
        """Return the series of the evaluations that are marked with True."""
        steps, successes, trials = (
            tuple(value for value, keep in zip(values, kept, strict=True) if keep)
            for values in (self.steps, self.successes, self.trials)
        )
        return Series(steps, successes, trials, self.name, self.metric, self.evaluation)

    def until(self, step: float) -> Series:
        """Return the evaluations up to a step, that one included."""
        return self.where([each <= step for each in self.steps])

    def since(self, step: float) -> Series:
        """Return the evaluations from a step on, that one included."""
        return self.where([each >= step for each in self.steps])
