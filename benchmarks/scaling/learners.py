"""GPUs that a learner needs for the paper's runs, by counting operations."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Learner"]

FORWARDS = 3
"""Passes without gradients: reference, and log-probabilities and values before training."""
TRAINED = 2
"""Networks that are trained: policy and critic, each of the model's size (the paper's are separate)."""


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner.

    Attributes:
        weights: of the model, in 10^9.
        cycle: seconds for a batch.
        tokens: of a rollout: prompt, responses and feedback.
        rollouts: of a batch.
        peak: operations a second of a GPU (H100, bfloat16, without sparsity).
        share: part of them that training reaches.
    """

    weights: float
    cycle: float
    tokens: float = 3000.0
    rollouts: int = 1024
    peak: float = 989e12
    share: float = 0.4

    @property
    def operations(self) -> float:
        """Operations for a batch: 2 a weight and token forwards, 6 forwards and backwards."""
        return (6 * TRAINED + 2 * FORWARDS) * self.weights * 1e9 * self.rollouts * self.tokens

    @property
    def gpus(self) -> float:
        """Number of GPUs that do this in a cycle."""
        return self.operations / (self.peak * self.share * self.cycle)
