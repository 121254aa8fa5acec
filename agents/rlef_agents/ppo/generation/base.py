"""What a generator is: token ids in, sampled token ids out. It sees neither text nor rewards."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple, Protocol

import numpy as np

from rlef_agents.ppo.trajectory import Completion, Ids

__all__ = ["Generator", "Request", "check_request"]


class Request(NamedTuple):
    """A response to sample.

    Attributes:
        conversation: which conversation it continues: its ``ids`` begin with all tokens of its last request and the
            response to that, so that a generator may have kept what it computed of them. One at a time is under way.
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

        Responses under way go on; their tokens say which weights they are of.
        """
        ...


def check_request(request: Request, in_flight: Container[int], vocabulary: int, max_context: int) -> None:
    """Refuse what no generator can sample.

    Args:
        request: what was submitted.
        in_flight: conversations whose responses are under way.
        vocabulary: ids are smaller than this.
        max_context: context and response have at most so many tokens.

    Raises:
        ValueError: the request is not one; the message says which number is wrong.
    """
    name, ids = f"conversation {request.conversation}", np.asarray(request.ids)
    if request.conversation in in_flight:
        raise ValueError(f"{name}: expected one request at a time, got another before the response; poll first")
    if ids.ndim != 1 or not len(ids) or not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"{name}: expected ids of shape (n,), n >= 1, got shape {ids.shape} of {ids.dtype}")
    if ids.min() < 0 or ids.max() >= vocabulary:
        raise ValueError(f"{name}: expected ids from 0 to {vocabulary - 1}, got {ids.min()} to {ids.max()}")
    if request.max_new < 1 or len(ids) + request.max_new > max_context:
        raise ValueError(
            f"{name}: expected max_new >= 1 and at most {max_context} tokens in all, "
            f"got {len(ids)} and max_new {request.max_new}"
        )
