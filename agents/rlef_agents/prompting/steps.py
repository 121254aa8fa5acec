"""What a baseline may ask for: an answer of the model to a chat, or the judgement of a program."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from rlef_env.agents import SampledText
from rlef_env.judge import JudgeJob, Judgement

__all__ = ["Ask", "Message", "Messages", "Steps", "answer_of", "ask", "assistant", "judge", "user"]

Message: TypeAlias = Mapping[str, str]
Messages: TypeAlias = Sequence[Message]


@dataclass(frozen=True, slots=True)
class Ask:
    """A chat that the model answers.

    Attributes:
        messages: the chat; the roles alternate, beginning and ending with ``"user"``.
        purpose: what the answer is for. No other answer of the episode has the same purpose: the model draws from the
            episode's seed and this text alone.
    """

    messages: tuple[Message, ...]
    purpose: str


Result = TypeVar("Result")
Steps: TypeAlias = Generator[Ask | JudgeJob, SampledText | Judgement, Result]
"""Yields requests, is sent their answers and judgements, and returns a result."""


def ask(messages: Messages, purpose: str) -> Steps[SampledText]:
    """Return the model's answer to a chat."""
    answer = yield Ask(tuple(messages), purpose)
    assert isinstance(answer, SampledText)
    return answer


def judge(job: JudgeJob) -> Steps[Judgement]:
    """Return the judgement of a job."""
    judgement = yield job
    assert isinstance(judgement, Judgement)
    return judgement


def answer_of(text: str) -> SampledText:
    """Return a model's answer with its numbers, which are unknown if it is a plain text."""
    return text if isinstance(text, SampledText) else SampledText(text)


def user(content: str) -> Message:
    """Return a message to the model."""
    return {"role": "user", "content": content}


def assistant(content: str) -> Message:
    """Return a message of the model."""
    return {"role": "assistant", "content": content}
