"""Examples that a conversation begins with: pairs of a user's message and the assistant's answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["examples_of"]

KEYS: Final = {"user", "assistant"}


def examples_of(value: object) -> list[dict[str, str]]:
    """Return examples as tables with ``user`` and ``assistant``.

    Args:
        value: such tables, or the name of a file of JSON lines, each with ``"messages"``: a list of ``{"role",
            "content"}`` in which user and assistant alternate. An empty name is no example.

    Raises:
        ValueError: the value is neither, or the file has another form.
    """
    if isinstance(value, str):
        return read_examples(Path(value)) if value else []
    if not isinstance(value, (list, tuple)):
        raise ValueError("expected a list of tables {user = ..., assistant = ...}, or a file of JSON lines")
    for number, each in enumerate(value):
        texts = list(each.values()) if isinstance(each, Mapping) and set(each) == KEYS else [None]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError(f"expected example {number} to be a table with the texts user and assistant")
    return [dict(each) for each in value]


def read_examples(path: Path) -> list[dict[str, str]]:
    """Read the examples of a file; each of its conversations may have several."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"expected a file of JSON lines that can be read ({error})") from None
    examples = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                examples += pairs(json.loads(line)["messages"])
            except (ValueError, KeyError, TypeError, RecursionError):
                raise ValueError(
                    f'expected line {number} to be {{"messages": [...]}} in which user and assistant alternate'
                ) from None
    return examples


def pairs(messages: Any) -> list[dict[str, str]]:
    """Return the pairs of a conversation."""
    roles, texts = [each["role"] for each in messages], [str(each["content"]) for each in messages]
    if not roles or roles != ["user", "assistant"] * (len(roles) // 2):
        raise ValueError(roles)
    return [{"user": user, "assistant": answer} for user, answer in zip(texts[::2], texts[1::2], strict=True)]
