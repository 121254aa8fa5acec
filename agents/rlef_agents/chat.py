"""An agent behind any server that speaks OpenAI's chat completions: hosted models, vLLM, llama.cpp, Ollama, ..."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

from rlef_env.agents import Conversation

__all__ = ["ChatAgent"]

TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
MAX_WAIT = 120.0  # seconds, whatever a server asks for


class ChatAgent:
    """Sends each conversation to a server and answers with what comes back; several at a time.

    A server that is busy, limits the rate of requests or cannot be reached is asked again: after the time that it names
    in ``Retry-After``, else after 1, 2, 4, ... seconds.

    Args:
        url: up to and without ``/chat/completions``, such as ``https://api.openai.com/v1``.
        model: as the server calls it.
        key: the secret that is sent as a bearer token; that of the environment variable ``OPENAI_API_KEY`` where None,
            none where that is not set.
        options: more fields of the request, such as ``{"temperature": 0.2, "max_completion_tokens": 4096}``.
        concurrency: requests that are under way at a time, at most.
        tries: how often a request is sent before that is an error.
        timeout: seconds that an answer may take.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None = None,
        options: dict[str, Any] | None = None,
        concurrency: int = 8,
        tries: int = 6,
        timeout: float = 600.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._url, self._model, self._options = url.rstrip("/") + "/chat/completions", model, dict(options or {})
        self._headers = {"Content-Type": "application/json"}
        if secret := os.environ.get("OPENAI_API_KEY", "") if key is None else key:
            self._headers["Authorization"] = f"Bearer {secret}"
        self._concurrency, self._tries, self._timeout, self._sleep = concurrency, tries, timeout, sleep

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation, in order.

        Raises:
            RuntimeError: the server refuses a request, answers something else, or could not be had in all tries.
        """
        with ThreadPoolExecutor(min(self._concurrency, max(1, len(conversations)))) as senders:
            return list(senders.map(self._answer, conversations))

    def _answer(self, conversation: Conversation) -> str:
        messages = [{"role": message["role"], "content": message["content"]} for message in conversation.messages]
        body = json.dumps({**self._options, "model": self._model, "messages": messages}).encode()
        text = self._sent(body)
        try:
            content = json.loads(text)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise RuntimeError(f"{self._url}: expected a chat completion, got {text[:500]!r}") from error
        if content is None:
            return ""  # a refusal, or all tokens spent on thinking: a response without a program
        if not isinstance(content, str):
            raise RuntimeError(f"{self._url}: expected a text as content, got {text[:500]!r}")
        return content

    def _sent(self, body: bytes) -> bytes:
        for attempt in range(self._tries):
            request = urllib.request.Request(self._url, body, self._headers, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=self._timeout) as response:
                    return bytes(response.read())
            except urllib.error.HTTPError as error:
                trouble, wanted = f"HTTP {error.code}, {error.read(1000)!r}", error.headers.get("Retry-After")
                if error.code not in TRY_AGAIN:
                    raise RuntimeError(f"{self._url}: {trouble}") from error
            except (OSError, HTTPException) as error:
                trouble, wanted = repr(error), None
            if attempt + 1 < self._tries:
                self._sleep(_wait(wanted, attempt))
        raise RuntimeError(f"{self._url}: no answer in {self._tries} tries; the last one: {trouble}")


def _wait(wanted: str | None, attempt: int) -> float:
    """Seconds until the next try: what ``Retry-After`` says, in seconds or as a date, or twice as long each time."""
    try:
        seconds = float(wanted or "")
    except ValueError:
        try:
            seconds = parsedate_to_datetime(wanted or "").timestamp() - time.time()
        except ValueError:
            seconds = 2.0**attempt
    return min(max(seconds, 0.0), MAX_WAIT) if seconds == seconds else 2.0**attempt
