"""An episode as a value: what was asked, what was answered, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rlef_env.judge import Judgement, Verdict

__all__ = ["Episode", "Turn"]


@dataclass(frozen=True)
class Turn:
    """One response and what the environment made of it.

    Attributes:
        response: what the agent said, whole.
        program: the program found in it, None where there is none.
        judgement: how the program did.
        feedback: what the environment said next (the observation).
        reward: what the response was worth.
    """

    response: str
    program: str | None
    judgement: Judgement
    feedback: str = ""
    reward: float = 0.0


@dataclass(frozen=True)
class Episode:
    """One try at a problem, from the prompt to the last response so far.

    Two episodes are equal if the same was said and judged; timings and memory sizes do not count.

    Attributes:
        problem_id: the problem's id in its data set.
        dataset: the data set's label, e.g. ``"Starter"``.
        prompt: the first observation.
        turns: the responses so far, in order.
        terminated: whether it ended as the rules say: all public tests passed, or the turn limit.
        truncated: whether it was cut off because the judge itself failed.
        settings: how the environment was made, as plain JSON values.
    """

    problem_id: str
    dataset: str
    prompt: str
    turns: tuple[Turn, ...] = ()
    terminated: bool = False
    truncated: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def ended(self) -> bool:
        """Whether there is no next response."""
        return self.terminated or self.truncated

    @property
    def solved(self) -> bool:
        """Whether the last response passed all tests."""
        return self.terminated and bool(self.turns) and self.turns[-1].judgement.verdict is Verdict.ACCEPTED

    @property
    def solved_at(self) -> int | None:
        """The number of the response that passed all tests, counted from 1; None where none did."""
        return len(self.turns) if self.solved else None

    @property
    def messages(self) -> list[dict[str, str]]:
        """The whole chat so far, as new ``{"role", "content"}`` dicts.

        While the episode lasts it ends with what the agent has to answer; after the end, with the last response: the
        closing report is an observation that nobody answers.
        """
        chat = [{"role": "user", "content": self.prompt}]
        for number, turn in enumerate(self.turns, start=1):
            chat.append({"role": "assistant", "content": turn.response})
            if number < len(self.turns) or not self.ended:
                chat.append({"role": "user", "content": turn.feedback})
        return chat
