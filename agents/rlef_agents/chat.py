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
from random import Random
from typing import Any

from rlef_env.agents import AgentOptions, Conversation, SampledText
from rlef_env.errors import UsageError

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
        seed: sends a seed with each request, derived from this one, the conversation's and its turn; None sends none.
        system: text of a system message before the conversation; None for none.
        concurrency: maximum number of requests at the same time.
        tries: maximum number of attempts per request.
        timeout: seconds that an answer may take.
        sleep: function that waits for a number of seconds.
    """

    concurrent = True

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None = None,
        options: dict[str, Any] | None = None,
        seed: int | None = None,
        system: str | None = None,
        concurrency: int = 8,
        tries: int = 6,
        timeout: float = 600.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._url, self._model, self._options = url.rstrip("/") + "/chat/completions", model, dict(options or {})
        self._headers = {"Content-Type": "application/json"}
        if secret := os.environ.get("OPENAI_API_KEY", "") if key is None else key:
            self._headers["Authorization"] = f"Bearer {secret}"
        self._seed, self._system = seed, system
        self._concurrency, self._tries, self._timeout, self._sleep = concurrency, tries, timeout, sleep
        self.settings = {"url": self._url, "model": model, "options": self._options, "seed": seed, "system": system}

    @classmethod
    def from_options(cls, target: str, options: AgentOptions) -> ChatAgent:
        """Create the agent of ``chat:URL#MODEL``; further options are fields of the request.

        Raises:
            UsageError: the target is not ``URL#MODEL``.
        """
        url, _, model = target.partition("#")
        if not url.startswith(("http://", "https://")) or not model:
            raise UsageError(f"expected chat:URL#MODEL, such as chat:http://127.0.0.1:8000/v1#my-model, got {target!r}")
        fields: dict[str, Any] = {"temperature": options.temperature}
        if options.top_p < 1:
            fields["top_p"] = options.top_p
        if options.max_new_tokens is not None:
            fields["max_tokens"] = options.max_new_tokens
        if options.context is not None:
            raise UsageError("expected no --context, because the server decides it; leave it out")
        fields |= options.others
        return cls(url, model, None, fields, options.seed, options.system, options.concurrency)

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation, in order.

        Raises:
            RuntimeError: the server refuses a request, sends an unexpected answer, or all attempts failed.
        """
        if len(conversations) == 1:  # without a thread, which would keep an interrupted process from ending
            return [self._answer(conversations[0])]
        with ThreadPoolExecutor(min(self._concurrency, max(1, len(conversations)))) as executor:
            return list(executor.map(self._answer, conversations))

    def _answer(self, conversation: Conversation) -> str:
        messages = [{"role": message["role"], "content": message["content"]} for message in conversation.messages]
        if self._system is not None:
            messages.insert(0, {"role": "system", "content": self._system})
        fields = {**self._options, "model": self._model, "messages": messages}
        if self._seed is not None:
            fields["seed"] = Random(f"{self._seed} {conversation.seed} {conversation.turn}").getrandbits(31)
        text = self._post(json.dumps(fields).encode())
        try:
            answer = json.loads(text)
            content = answer["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise RuntimeError(f"{self._url}: expected a chat completion, got {text[:500]!r}") from error
        if content is None:
            content = ""  # a refusal, or all tokens spent on thinking: a response without a program
        if not isinstance(content, str):
            raise RuntimeError(f"{self._url}: expected a string as content, got {text[:500]!r}")
        # JSON may hold half of a character, which nobody could store.
        content = content.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        usage = answer.get("usage")
        return SampledText(content, _tokens(usage, "prompt_tokens"), _tokens(usage, "completion_tokens"))

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


def _tokens(usage: object, name: str) -> int | None:
    """Return a number of tokens from the answer's ``usage``; None where the server does not tell."""
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if type(count) is int and count >= 0 else None


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
