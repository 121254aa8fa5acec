"""Calls an agent in threads, so that episodes are judged and kept while it thinks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import NamedTuple

from rlef_env.agents import Conversation, NamedAgent
from rlef_env.errors import UsageError

__all__ = ["AgentThreads", "Answer"]

Request = tuple[int, Conversation]


class Answer(NamedTuple):
    """What an agent answered to a conversation.

    Attributes:
        number: number of the episode that asked.
        response: the response, or the agent's failure.
        seconds: wall time until it came.
    """

    number: int
    response: str | UsageError
    seconds: float


class AgentThreads:
    """The threads that call an agent.

    An agent that is ``concurrent`` is called from many threads, with one conversation each, so that a slow response
    delays no other. Any other agent is called from one thread, with all conversations that wait.

    The threads are daemons: a response that takes long does not keep an interrupted process from ending.

    Args:
        agent: the agent.
        concurrency: maximum number of conversations that it has at the same time.
        answered: called in these threads, with the answers to what was asked at once.

    Attributes:
        threads: number of threads.
        batch: maximum number of conversations to ask at once.
    """

    def __init__(self, agent: NamedAgent, concurrency: int, answered: Callable[[list[Answer]], object]) -> None:
        self.threads, self.batch = (concurrency, 1) if agent.concurrent else (1, concurrency)
        self._agent, self._answered = agent, answered
        self._requests: SimpleQueue[Sequence[Request] | None] = SimpleQueue()
        for _ in range(self.threads):
            threading.Thread(target=self._work, name="agent", daemon=True).start()

    def ask(self, requests: Sequence[Request]) -> None:
        """Let a thread answer conversations, as soon as one is idle."""
        self._requests.put(requests)

    def close(self) -> None:
        """Let the threads end when they have answered."""
        for _ in range(self.threads):
            self._requests.put(None)

    def _work(self) -> None:
        while (requests := self._requests.get()) is not None:
            self._answered(self._answers(requests))

    def _answers(self, requests: Sequence[Request]) -> list[Answer]:
        began = time.monotonic()
        try:
            responses = self._agent.act([conversation for _, conversation in requests])
        except UsageError as error:
            if len(requests) == 1:
                return [Answer(requests[0][0], error, time.monotonic() - began)]
            # One conversation that the agent cannot answer must not cost the others their response.
            return [answer for request in requests for answer in self._answers([request])]
        seconds = time.monotonic() - began
        return [Answer(number, response, seconds) for (number, _), response in zip(requests, responses, strict=True)]
