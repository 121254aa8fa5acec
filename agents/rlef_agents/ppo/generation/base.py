"""Interface of generators: token ids in, sampled token ids out. A generator sees neither text nor rewards."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple, Protocol

import numpy as np

from rlef_agents.ppo.trajectory import Completion, Ids

__all__ = ["Generator", "Request", "check_request"]


class Request(NamedTuple):
    """Request for one response.

    Attributes:
        conversation: number of the conversation that the response continues. ``ids`` begins with all tokens of the
            conversation's previous request and of the response to it, so that a generator can reuse their keys and
            values. A conversation has at most one pending request.
        ids: whole context, of shape ``(n,)``.
        max_new: maximum number of tokens of the response.
        seed: seed of the random draws. They depend on the seed, the weights and the context alone, not on the other
            requests.
    """

    conversation: int
    ids: Ids
    max_new: int
    seed: int


class Generator(Protocol):
    """Samples many responses at the same time.

    Attributes:
        slots: largest number of responses at a time.
    """

    slots: int

    def submit(self, request: Request) -> None:
        """Add a request; the following calls of ``poll`` sample its response."""
        ...

    def poll(self, timeout: float | None = None) -> list[tuple[int, Completion]]:
        """Sample until at least one response is complete.

        Args:
            timeout: seconds after which to return without a complete response, if the generator can stop in the middle
                of one; None is no limit.

        Returns:
            Pairs of conversation and response; empty if no request is pending, or after ``timeout``.

        Raises:
            Exception: a request could not be sampled; responses are never dropped silently.
        """
        ...

    def forget(self, conversation: int) -> None:
        """Drop everything that is kept of a finished conversation."""
        ...

    def update(self, version: int) -> None:
        """Switch to changed weights, which have this version. Nothing computed with older weights is used again.

        Pending responses continue with the new weights; each token records the version that it was sampled with.
        """
        ...


def check_request(request: Request, in_flight: Container[int], vocabulary: int, max_context: int) -> None:
    """Refuse a request that no generator can sample.

    Args:
        request: submitted request.
        in_flight: conversations with a pending request.
        vocabulary: size of the vocabulary; ids must be smaller.
        max_context: maximum number of tokens of context and response together.

    Raises:
        ValueError: the request is invalid; the message names the wrong number.
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
