"""What a generator is: token ids in, sampled token ids out. It sees neither text nor rewards."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from rlef_agents.ppo.types import Completion, Ids

__all__ = ["Generator", "Request"]


class Request(NamedTuple):
    """A response to sample.

    Attributes:
        conversation: which conversation it continues: its ``ids`` begin with all tokens of its last request and the
            response to that, so that a generator may have kept what it computed of them.
        ids: the whole context, of shape ``(n,)``.
        max_new: at most so many tokens.
        seed: what is drawn depends on this, the weights and the context alone, not on what else is sampled beside it.
    """

    conversation: int
    ids: Ids
    max_new: int
    seed: int


class Generator(Protocol):
    """Samples responses, many at a time."""

    def submit(self, request: Request) -> None:
        """Take a request; it is sampled by the calls of ``poll`` that follow."""
        ...

    def poll(self) -> list[tuple[int, Completion]]:
        """Sample until a response or more is complete; return these with their conversations. Empty if none is due.

        Raises:
            Exception: a request could not be sampled: never fewer responses than requests.
        """
        ...

    def forget(self, conversation: int) -> None:
        """The conversation is over: drop what was kept of it."""
        ...

    def update(self, version: int) -> None:
        """The weights have changed and have this version now: nothing that was computed with older ones is used again.

        Raises:
            RuntimeError: responses are under way and this generator cannot go on with other weights.
        """
        ...
