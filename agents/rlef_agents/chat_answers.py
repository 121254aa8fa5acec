"""Reads what servers with OpenAI's chat completions API answer: texts, thoughts, tokens, and times to wait."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

from rlef_env.errors import UsageError

__all__ = ["MAX_THOUGHTS", "Usage", "checked_prices", "content_and_thoughts", "delay", "tokens"]

MAX_WAIT: Final = 120.0  # seconds, even if a server asks for more
MAX_THOUGHTS: Final = 2**19  # characters; a response with more than twice as many is none
THOUGHTS: Final = ("reasoning_content", "reasoning")
"""Fields of thoughts: DeepSeek, llama.cpp and earlier releases of vLLM; vLLM, Ollama and OpenRouter."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an agent has used so far.

    Attributes:
        requests: number of answers.
        prompt_tokens: tokens read, as far as the server told.
        completion_tokens: tokens written, thoughts included, as far as the server told.
        untold: number of answers without numbers of tokens.
        cut: number of answers that reached the token limit.
        cost: price of the tokens that are known; None if the agent has no prices.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    untold: int = 0
    cut: int = 0
    cost: float | None = None


def content_and_thoughts(message: Mapping[str, Any]) -> tuple[object, str]:
    """Return the content and the thoughts of an answer's message."""
    thoughts = next((message[name] for name in THOUGHTS if isinstance(message.get(name), str)), "")
    found = message.get("content") if thoughts else message["content"]
    if found is None:
        found = ""  # a refusal, or all tokens spent on thinking: a response without a program
    if isinstance(found, list) and found and all(isinstance(part, Mapping) for part in found):
        found = "".join(part["text"] for part in found if part.get("type") == "text")  # the others are thoughts
    return found, thoughts


def checked_prices(prices: object) -> list[float] | None:
    """Return the prices as a list, which JSON can hold."""
    if prices is None:
        return None
    found = list(prices) if isinstance(prices, (list, tuple)) else []
    if len(found) != 2 or not all(type(each) in (int, float) and 0 <= each < float("inf") for each in found):
        raise UsageError(
            "prices: expected two numbers, of a million tokens read and of a million tokens written, such as "
            f"[0.15,0.6]; got {prices!r:.100}"
        )
    return [float(each) for each in found]


def tokens(usage: object, name: str) -> int | None:
    """Return a number of tokens from the answer's ``usage``; None where the server does not tell."""
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if type(count) is int and count >= 0 else None


def delay(retry_after: str | None, attempt: int) -> float:
    """Return the seconds until the next attempt: ``Retry-After``, in seconds or as a date, else 1, 2, 4, ..."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after or "").timestamp() - time.time()
        except ValueError:
            seconds = 2.0**attempt
    return min(max(seconds, 0.0), MAX_WAIT) if seconds == seconds else 2.0**attempt
