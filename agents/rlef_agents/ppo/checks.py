"""Checks that stop an update before a wrong number reaches a weight; all processes call them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from rlef_agents.ppo import parallel
from rlef_env.errors import RLEFError

__all__ = [
    "SAME",
    "SAMPLED",
    "NotFiniteError",
    "ReplicaMismatchError",
    "ScoreMismatchError",
    "StaleTokensError",
    "check_age",
    "check_agreement",
    "check_finite",
    "check_replicas",
]  # fmt: skip

SAME: Final = {torch.float32: {1.0: 1e-3}, torch.bfloat16: {0.5: 0.03, 0.9: 0.12, 0.99: 0.5}}
"""Limits by quantile of how far log-probabilities of unchanged weights may differ when the learner scores twice."""

SAMPLED: Final = {torch.float32: {0.5: 1e-4, 0.99: 1e-3, 1.0: 1e-2}, torch.bfloat16: SAME[torch.bfloat16]}
"""The same limits for the generator's log-probabilities, of tokens sampled with these weights, against the learner's.

In bfloat16 rounding depends on what is computed side by side: a policy of low entropy differs from itself by about
0.005 in the median and 0.2 for one token in a hundred. A temperature of 0.7 that one side forgets is 0.6 to 1.7 there.
"""


class NotFiniteError(RLEFError, RuntimeError):
    """A score, loss or gradient is infinite or NaN; the weights are those of the last good step."""


class StaleTokensError(RLEFError, RuntimeError):
    """Tokens were sampled with weights older than ``max_lag`` updates, or newer than the learner's."""


class ScoreMismatchError(RLEFError, RuntimeError):
    """Scores of the same tokens by the same weights differ: there is a bug between sampling and loss."""


class ReplicaMismatchError(RLEFError, RuntimeError):
    """Processes that should have the same weights have different ones."""


def check_age(versions: npt.NDArray[np.int64], version: int, max_lag: int) -> None:
    """Refuse tokens of weights that are more than ``max_lag`` updates older than ``version``, or newer."""
    ages = version - versions
    behind, ahead = parallel.largest(np.array([ages.max(initial=0), (-ages).max(initial=0)], np.float64))
    if behind > max_lag or ahead > 0:
        raise StaleTokensError(
            f"versions: expected tokens of weights at most {max_lag} updates (max_lag) older than version {version}, "
            f"got some that are {behind:.0f} older and some {ahead:.0f} newer"
        )


def check_replicas(parameters: Iterable[nn.Parameter], version: int) -> None:
    """Refuse whole copies of the weights that differ between processes."""
    if not parallel.same(parameters):
        raise ReplicaMismatchError(
            f"weights: expected the same in all {parallel.world()} processes before update {version}, got different "
            "ones: something changed them in one process only; resume from the last checkpoint"
        )


def check_finite(what: str, version: int, steps: int, *arrays: npt.NDArray[Any]) -> None:
    """Refuse infinity and NaN, in any process."""
    bad = parallel.total(np.array([sum((~np.isfinite(array)).sum() for array in arrays)], np.float64))[0]
    if bad:
        raise NotFiniteError(
            f"{what}: expected finite numbers, got {bad:.0f} that are not, in update {version}, step {steps}; the "
            "weights are those of the last good step. Lower the learning rate, or inspect this batch"
        )


def check_agreement(
    what: str,
    differences: npt.NDArray[np.float64],
    limits: Mapping[torch.dtype, Mapping[float, float]],
    dtype: torch.dtype,
    why: str,
) -> float:
    """Refuse differences of which a quantile, over all processes, is larger than its limit.

    Args:
        what: name of the difference.
        differences: differences of this process.
        limits: largest size by quantile, for each dtype: ``SAME`` or ``SAMPLED``.
        dtype: dtype that the layers compute in.
        why: likely cause, for the error.

    Returns:
        The largest size.
    """
    sizes, allowed = np.abs(differences), limits[dtype]
    found = dict(zip(allowed, parallel.quantiles(sizes, tuple(allowed)), strict=True))
    if any(found[share] > allowed[share] for share in allowed):
        listed = ", ".join(
            f"{found[share]:.2g} (at most {limit:g}) for {share:.0%} of the tokens" for share, limit in allowed.items()
        )
        raise ScoreMismatchError(
            f"{what}: expected differences as small as rounding to {str(dtype).removeprefix('torch.')} makes them, "
            f"got up to {listed}; {why}"
        )
    return parallel.quantiles(sizes, (1.0,))[0]
