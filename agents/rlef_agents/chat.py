"""Agent that uses any server with OpenAI's chat completions API: hosted models, vLLM, llama.cpp, Ollama, ..."""

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

RETRIED_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
MAX_WAIT = 120.0  # seconds, even if a server asks for more


class ChatAgent:
    """Sends conversations to a server, several at the same time, and answers with its completions.

    If the server is busy, limits the rate of requests or cannot be reached, the request is retried: after the time in
    the answer's ``Retry-After`` header, else after 1, 2, 4, ... seconds.

    Args:
        url: base URL, without ``/chat/completions``, such as ``https://api.openai.com/v1``.
        model: name of the model on the server.
        key: secret that is sent as a bearer token. None uses the environment variable ``OPENAI_API_KEY`` if it is set.
        options: further fields of the request, such as ``{"temperature": 0.2, "max_completion_tokens": 4096}``.
        concurrency: maximum number of requests at the same time.
        tries: maximum number of attempts per request.
        timeout: seconds that an answer may take.
        sleep: function that waits for a number of seconds.
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
            RuntimeError: the server refuses a request, sends an unexpected answer, or all attempts failed.
        """
        with ThreadPoolExecutor(min(self._concurrency, max(1, len(conversations)))) as executor:
            return list(executor.map(self._answer, conversations))

    def _answer(self, conversation: Conversation) -> str:
        messages = [{"role": message["role"], "content": message["content"]} for message in conversation.messages]
        body = json.dumps({**self._options, "model": self._model, "messages": messages}).encode()
        text = self._post(body)
        try:
            content = json.loads(text)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise RuntimeError(f"{self._url}: expected a chat completion, got {text[:500]!r}") from error
        if content is None:
            return ""  # a refusal, or all tokens spent on thinking: a response without a program
        if not isinstance(content, str):
            raise RuntimeError(f"{self._url}: expected a string as content, got {text[:500]!r}")
        return content

    def _post(self, body: bytes) -> bytes:
        for attempt in range(self._tries):
            request = urllib.request.Request(self._url, body, self._headers, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=self._timeout) as response:
                    return bytes(response.read())
            except urllib.error.HTTPError as error:
                failure, retry_after = f"HTTP {error.code}, {error.read(1000)!r}", error.headers.get("Retry-After")
                if error.code not in RETRIED_STATUSES:
                    raise RuntimeError(f"{self._url}: {failure}") from error
            except (OSError, HTTPException) as error:
                failure, retry_after = repr(error), None
            if attempt + 1 < self._tries:
                self._sleep(_delay(retry_after, attempt))
        raise RuntimeError(f"{self._url}: expected an answer, got none in {self._tries} attempts; last: {failure}")


def _delay(retry_after: str | None, attempt: int) -> float:
    """Return the seconds until the next attempt: ``Retry-After``, in seconds or as a date, else 1, 2, 4, ..."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after or "").timestamp() - time.time()
        except ValueError:
            seconds = 2.0**attempt
    return min(max(seconds, 0.0), MAX_WAIT) if seconds == seconds else 2.0**attempt
