"""Token ids are the truth: what was sampled is what is trained on, and text is never turned into ids a second time."""

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
    """What a generator sampled for one response.

    Attributes:
        ids: the sampled tokens, of shape ``(n,)``; the stop token too, if it was sampled.
        logprobs: of each at the temperature that it was sampled with, of shape ``(n,)``.
        versions: of the weights that each was sampled with, of shape ``(n,)``.
        finished: whether a stop token ended it; False where the length limit did.
    """

    ids: Ids
    logprobs: Floats
    versions: Ids
    finished: bool


@dataclass(frozen=True, eq=False, slots=True)
class TokenTurn:
    """One response of an episode.

    Attributes:
        prompt_ids: the tokens between the response before (or the beginning) and this one, of shape ``(m,)``, m >= 1.
        completion: the response.
        reward: the environment's, for this response.
    """

    prompt_ids: Ids
    completion: Completion
    reward: float


@dataclass(frozen=True, eq=False, slots=True)
class TokenEpisode:
    """An episode as a learner sees it: prompt, response, prompt, response, ... in one sequence of tokens.

    Attributes:
        turns: one or more.
        problem_id: which problem; estimators that compare episodes of one problem go by it.
        solved: whether the last response passed all tests.
        has_verdict: False where the judge failed: the episode is counted and not trained on.
    """

    turns: tuple[TokenTurn, ...]
    problem_id: str
    solved: bool
    has_verdict: bool = True

    @property
    def ids(self) -> Ids:
        """All tokens in order."""
        return np.concatenate([part for turn in self.turns for part in (turn.prompt_ids, turn.completion.ids)])

    @property
    def length(self) -> int:
        """How many tokens there are."""
        return sum(len(turn.prompt_ids) + len(turn.completion.ids) for turn in self.turns)
