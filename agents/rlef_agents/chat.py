"""Agent that uses any server with OpenAI's chat completions API: hosted models, vLLM, llama.cpp, Ollama, ..."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from random import Random
from typing import Any

from rlef_agents.chat_answers import MAX_THOUGHTS, Usage, checked_prices, content_and_thoughts, delay, tokens
from rlef_env.agents import AgentOptions, Conversation, SampledText
from rlef_env.envs import without_thoughts
from rlef_env.errors import UsageError

__all__ = ["ChatAgent", "Usage"]

RETRIED_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
CONTEXT_STATUSES = frozenset({400, 413, 422})
CONTEXT_WORDS = (b"context_length_exceeded", b"maximum context length", b"exceed_context_size_error")
"""What servers say of a conversation that is too long: OpenAI and many others, vLLM, llama.cpp."""


class ContextFull(RuntimeError):
    """A conversation does not fit into the server's context."""


class ChatAgent:
    """Sends conversations to a server, several at the same time, and answers with its completions.

    If the server is busy, limits the rate of requests or cannot be reached, the request is retried: after the time in
    the answer's ``Retry-After`` header, else after 1, 2, 4, ... seconds.

    Thoughts are no part of a response if the server keeps them apart (``reasoning_content``, ``reasoning``). If they
    stand in the text (``<think>...</think>``), they stay there, and the environment looks for the program behind them.
    Either way no thoughts are sent back to the server: earlier responses are sent without them.

    A conversation that has outgrown the server's context gets an empty response, as from ``HFAgent``. If the first
    message does not fit already, that is an error: the server's context is too small, or ``max_tokens`` too large.

    Args:
        url: base URL, without ``/chat/completions``, such as ``https://api.openai.com/v1``.
        model: name of the model on the server.
        key: secret that is sent as a bearer token. None uses the environment variable ``OPENAI_API_KEY`` if it is set.
        options: further fields of the request, such as ``{"temperature": 0.2, "max_completion_tokens": 4096}``.
        seed: sends a seed with each request, derived from this one, the conversation's and its turn; None sends none.
        system: text of a system message before the conversation; None for none.
        concurrency: maximum number of requests of ``act`` at the same time, and of all calls of ``act_async``.
        tries: maximum number of attempts per request.
        timeout: seconds that an answer may take.
        sleep: function that waits for a number of seconds, in place of the agent's own.
        prices: prices of a million tokens read and of a million tokens written; None if unknown.
        keep_thoughts: put thoughts that the server keeps apart before the response, between ``<think>`` and
            ``</think>``, so that a run keeps them.

    Attributes:
        token_prices: the prices, from which ``rlef eval`` computes the cost of a run.

    Raises:
        UsageError: the prices are not two numbers of 0 or more, or there may be no request at all.
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
        sleep: Callable[[float], object] | None = None,
        prices: Sequence[float] | None = None,
        keep_thoughts: bool = False,
    ) -> None:
        if concurrency < 1 or tries < 1:
            raise UsageError(f"concurrency, tries: expected 1 or more of each, got {concurrency} and {tries}")
        self._url, self._model, self._options = url.rstrip("/") + "/chat/completions", model, dict(options or {})
        self._headers = {"Content-Type": "application/json"}
        if secret := os.environ.get("OPENAI_API_KEY", "") if key is None else key:
            self._headers["Authorization"] = f"Bearer {secret}"
        self._seed, self._system, self._keep_thoughts = seed, system, keep_thoughts
        self._concurrency, self._tries, self._timeout, self._sleep = concurrency, tries, timeout, sleep
        self.settings = {
            "url": self._url, "model": model, "options": self._options, "seed": seed, "system": system,
            **({"keep_thoughts": True} if keep_thoughts else {}),
        }  # fmt: skip
        self.token_prices = checked_prices(prices)
        self._usage = Usage(cost=None if prices is None else 0.0)
        self._lock, self._slots = threading.Lock(), threading.Semaphore(concurrency)

    @classmethod
    def from_options(cls, target: str, options: AgentOptions) -> ChatAgent:
        """Create the agent of ``chat:URL#MODEL``; further options are fields of the request.

        The options ``prices`` and ``keep_thoughts`` are those of the agent.

        Raises:
            UsageError: the target is not ``URL#MODEL``, or an option has a wrong value.
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
        others = dict(options.others)
        own = {name: others.pop(name) for name in ("prices", "keep_thoughts") if name in others}
        if own.get("keep_thoughts", False) not in (True, False):
            raise UsageError(f"keep_thoughts: expected true or false, got {own['keep_thoughts']!r}")
        fields |= others
        return cls(url, model, None, fields, options.seed, options.system, options.concurrency, **own)

    @property
    def usage(self) -> Usage:
        """What was used so far. It is a value: it does not change when more is used."""
        return self._usage

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation, in order.

        Raises:
            RuntimeError: the server refuses a request, sends an unexpected answer, or all attempts failed.
        """
        if len(conversations) == 1:  # without a thread, which would keep an interrupted process from ending
            return [self._answer(conversations[0])]
        with ThreadPoolExecutor(min(self._concurrency, max(1, len(conversations)))) as executor:
            return list(executor.map(self._answer, conversations))

    async def act_async(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation, in order, while other tasks go on.

        All tasks together have at most ``concurrency`` requests at the same time. Where a task is cancelled, a request
        that waits is not sent, and one that failed is not retried; one that was sent is left to end by itself.

        Raises:
            RuntimeError: as for ``act``.
        """
        tasks = [asyncio.ensure_future(self._answer_async(each)) for each in conversations]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:  # after a failure, of those that are left
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer_async(self, conversation: Conversation) -> str:
        loop, cancelled = asyncio.get_running_loop(), threading.Event()
        answered: asyncio.Future[str] = loop.create_future()

        def settle(answer: str | None, error: Exception | None) -> None:
            if answered.done():
                return
            if error is None:
                answered.set_result(answer or "")
            else:
                answered.set_exception(error)

        def work() -> None:
            answer, failure = None, None
            with self._slots:
                if cancelled.is_set():
                    return
                try:
                    answer = self._answer(conversation, cancelled)
                except Exception as error:  # noqa: BLE001 - the task raises it
                    failure = error
            with suppress(RuntimeError):  # the loop was closed: nobody waits
                loop.call_soon_threadsafe(settle, answer, failure)

        # A thread that is a daemon: a request under way must not keep a process from ending.
        threading.Thread(target=work, name="chat", daemon=True).start()
        try:
            return await answered
        finally:
            cancelled.set()

    def _answer(self, conversation: Conversation, cancelled: threading.Event | None = None) -> str:
        messages = [
            {"role": each["role"], "content": without_thoughts(each["content"])}
            if each["role"] == "assistant"
            else {"role": each["role"], "content": each["content"]}
            for each in conversation.messages
        ]
        if self._system is not None:
            messages.insert(0, {"role": "system", "content": self._system})
        fields = {**self._options, "model": self._model, "messages": messages}
        if self._seed is not None:
            fields["seed"] = Random(f"{self._seed} {conversation.seed} {conversation.turn}").getrandbits(31)
        try:
            text = self._post(json.dumps(fields).encode(), cancelled or threading.Event())
        except ContextFull as error:
            if not conversation.turn:
                raise RuntimeError(str(error)) from error
            return SampledText("", 0, 0)
        try:
            answer = json.loads(text)
            choice = answer["choices"][0]
            content, thoughts = content_and_thoughts(choice["message"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise RuntimeError(f"{self._url}: expected a chat completion, got {text[:500]!r}") from error
        if not isinstance(content, str):
            raise RuntimeError(f"{self._url}: expected a string as content, got {text[:500]!r}")
        if self._keep_thoughts and thoughts:
            content = f"<think>\n{thoughts[:MAX_THOUGHTS]}\n</think>\n\n{content}"
        # JSON may hold half of a character, which nobody could store.
        content = content.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        usage = answer.get("usage")
        response = SampledText(content, tokens(usage, "prompt_tokens"), tokens(usage, "completion_tokens"))
        self._count(response, choice.get("finish_reason") == "length")
        return response

    def _count(self, response: SampledText, cut: bool) -> None:
        read, written = response.prompt_tokens, response.completion_tokens
        with self._lock:
            prices, before = self.token_prices, self._usage
            self._usage = Usage(
                before.requests + 1,
                before.prompt_tokens + (read or 0),
                before.completion_tokens + (written or 0),
                before.untold + (read is None or written is None),
                before.cut + cut,
                (before.cost or 0.0) + (prices[0] * (read or 0) + prices[1] * (written or 0)) / 1e6 if prices else None,
            )

    def _post(self, body: bytes, cancelled: threading.Event) -> bytes:
        for attempt in range(self._tries):
            request = urllib.request.Request(self._url, body, self._headers, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=self._timeout) as response:
                    return bytes(response.read())
            except urllib.error.HTTPError as error:
                said = error.read(1000)
                failure, retry_after = f"HTTP {error.code}, {said!r}", error.headers.get("Retry-After")
                if error.code in CONTEXT_STATUSES and any(words in said for words in CONTEXT_WORDS):
                    raise ContextFull(f"{self._url}: {failure}") from error
                if error.code not in RETRIED_STATUSES:
                    raise RuntimeError(f"{self._url}: {failure}") from error
            except (OSError, HTTPException) as error:
                failure, retry_after = repr(error), None
            if attempt + 1 < self._tries:
                (self._sleep or cancelled.wait)(delay(retry_after, attempt))
                if cancelled.is_set():
                    break
        raise RuntimeError(f"{self._url}: expected an answer, got none in {self._tries} attempts; last: {failure}")
