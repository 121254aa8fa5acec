"""What pays: the same number of episodes spent on more training, or on more samples of each problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rlef_env.analysis.forecast.forecast import Bands, Forecast, bands_of
from rlef_env.analysis.forecast.sampling import SampleForecast

__all__ = ["SAMPLES", "Payoff", "payoffs"]

SAMPLES: Final = (2, 4, 8, 16, 64)
"""Samples of each problem, whose episodes beyond the first are the budgets."""
MAX_TIMES: Final = 8
"""pass@k is compared up to so many times the samples that it is known from."""
SURE: Final = 0.9
"""Probability from which one way is called better."""


@dataclass(frozen=True)
class Payoff:
    """One budget, spent either way.

    Attributes:
        episodes: the budget, beyond one episode of each problem.
        step: step that training reaches with it.
        training: rate at that step, one episode of each problem.
        samples: number of samples of each problem.
        sampling: pass@k of so many samples of the policy as it is.
        training_better: probability that training gives the higher rate.
    """

    episodes: int
    step: float
    training: Bands
    samples: int
    sampling: Bands
    training_better: float

    @property
    def verdict(self) -> str:
        """Return ``"training"``, ``"samples"`` or ``"cannot tell"``."""
        if self.training_better >= SURE:
            return "training"
        return "samples" if self.training_better <= 1.0 - SURE else "cannot tell"


def payoffs(
    trained: Forecast,
    sampled: SampleForecast,
    episodes_per_step: float,
    problems: int,
    samples: Sequence[int] = SAMPLES,
) -> list[Payoff]:
    """Compare training and sampling at equal numbers of episodes.

    Only episodes are counted, not the updates of training. pass@k counts a problem as solved if any of its samples is
    right: it is what sampling gives if the right one is recognised each time.

    Args:
        trained: the forecast of training.
        sampled: pass@k of the policy as it is.
        episodes_per_step: number of episodes that an update is trained on.
        problems: number of problems that are to be solved with the samples.
        samples: numbers of samples of each problem, at least 2; those beyond ``MAX_TIMES`` the known ones are left out.

    Raises:
        UsageError: one of the forecasts is not allowed.
    """
    found = []
    for count in [each for each in samples if each <= MAX_TIMES * max(sampled.counts.trials, default=0)]:
        episodes = (count - 1) * problems
        step = trained.last_step + episodes / episodes_per_step
        by_training, by_samples = trained.values([step])[:, 0], sampled.values(count)
        better = float((by_training[:, None] > by_samples).mean())
        found.append(Payoff(episodes, step, bands_of(by_training), count, bands_of(by_samples), better))
    return found
