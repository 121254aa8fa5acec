"""Episodes as values: the prompt, the responses, their judgements, feedback and rewards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rlef_env.judge import Judgement, Verdict

__all__ = ["Episode", "Turn"]


@dataclass(frozen=True)
class Turn:
    """One response and its result.

    Attributes:
        response: the whole text of the response.
        program: the program in it; None where it holds none.
        judgement: the program's judgement.
        feedback: the observation that follows.
        reward: the reward of the response.
    """

    response: str
    program: str | None
    judgement: Judgement
    feedback: str = ""
    reward: float = 0.0


@dataclass(frozen=True)
class Episode:
    """One attempt at a problem, from the prompt to the latest response.

    Equality ignores timings and memory sizes.

    Attributes:
        problem_id: the problem's id in its data set.
        dataset: the data set's label, e.g. ``"Starter"``.
        prompt: the first observation.
        turns: the responses so far and their results, in order.
        terminated: whether it ended regularly: all public tests passed, or the turn limit was reached.
        truncated: whether it ended because the judge itself failed.
        settings: the configuration of the environment, as plain JSON values.
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
        """Whether the episode accepts no further response."""
        return self.terminated or self.truncated

    @property
    def solved(self) -> bool:
        """Whether the last response passed all tests."""
        return self.terminated and bool(self.turns) and self.turns[-1].judgement.verdict is Verdict.ACCEPTED

    @property
    def solved_at(self) -> int | None:
        """Number of the response that passed all tests, counted from 1; None if none did."""
        return len(self.turns) if self.solved else None

    @property
    def messages(self) -> list[dict[str, str]]:
        """The whole chat so far, as new ``{"role", "content"}`` dicts.

        While the episode is open, the chat ends with the message that the agent has to answer. After the end, it ends
        with the last response, because nobody answers the final report.
        """
        chat = [{"role": "user", "content": self.prompt}]
        for number, turn in enumerate(self.turns, start=1):
            chat.append({"role": "assistant", "content": turn.response})
            if number < len(self.turns) or not self.ended:
                chat.append({"role": "user", "content": turn.feedback})
        return chat
