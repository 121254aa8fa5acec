"""Episodes as token ids. Training uses exactly the sampled ids: text is never encoded a second time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Completion", "Floats", "Ids", "TokenEpisode", "TokenTurn"]

Ids: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Completion:
    """Sampled tokens of one response.

    Attributes:
        ids: sampled tokens, including the stop token if it was sampled, of shape ``(n,)``.
        logprobs: log-probability of each token at the sampling temperature, of shape ``(n,)``.
        versions: version of the weights that each token was sampled with, of shape ``(n,)``.
        finished: whether a stop token ended the response; False if the length limit did.
        kept: number of tokens of its context whose keys and values were kept from the turn before; None where the
            generator does not know.
    """

    ids: Ids
    logprobs: Floats
    versions: Ids
    finished: bool
    kept: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class TokenTurn:
    """One response of an episode, with the prompt before it.

    Attributes:
        prompt_ids: tokens between the previous response (or the beginning) and this one, of shape ``(m,)``, m >= 1.
        completion: response.
        reward: the environment's reward for this response.
    """

    prompt_ids: Ids
    completion: Completion
    reward: float


@dataclass(frozen=True, eq=False, slots=True)
class TokenEpisode:
    """Episode as the learner's input: prompt, response, prompt, response, ... in one sequence of tokens.

    Attributes:
        turns: one or more turns.
        problem_id: id of the problem; estimators that compare episodes of one problem group by it.
        solved: whether the last response passed all tests.
        has_verdict: False if the judge failed; such an episode is counted but not trained on.
    """

    turns: tuple[TokenTurn, ...]
    problem_id: str
    solved: bool
    has_verdict: bool = True

    @property
    def ids(self) -> Ids:
        """All tokens, in order, of shape ``(length,)``."""
        return np.concatenate([part for turn in self.turns for part in (turn.prompt_ids, turn.completion.ids)])

    @property
    def length(self) -> int:
        """Number of tokens."""
        return sum(len(turn.prompt_ids) + len(turn.completion.ids) for turn in self.turns)
