"""Parts that the rows of several data sets share: ids from content, limits in words, chats, code in a fence."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from rlef_env.errors import DataError
from rlef_env.fences import fenced_blocks
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Solution
from rlef_env.problems.schemas.parts.nested import json_in

__all__ = [
    "by_content",
    "day_or_none",
    "limit_in_words",
    "megabytes",
    "rest",
    "seconds",
    "site",
    "solutions_in",
    "text_or_none",
    "unfenced",
    "user_text",
    "with_place",
    "with_starter",
]

_MEBIBYTE: Final = 2**20  # bytes; what contests mean by a megabyte of memory
_MAX_SECONDS: Final = 86_400
_MAX_MEGABYTES: Final = 2**20
_IN_WORDS: Final = re.compile(r"\s*([0-9]{1,7}(?:\.[0-9]{1,9})?)\s*([a-zA-Z]+)\.?\s*", re.ASCII)
_UNITS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("b", "byte", "bytes"), 1),
    **dict.fromkeys(("kb", "kib", "kilobyte", "kilobytes", "kibibytes"), 2**10),
    **dict.fromkeys(("mb", "mib", "megabyte", "megabytes", "mebibytes"), 2**20),
    **dict.fromkeys(("gb", "gib", "gigabyte", "gigabytes", "gibibytes"), 2**30),
}


def by_content(root: Field, prefix: str) -> tuple[str, Field]:
    """Return an id made from the whole content of a row without an id, and the row with this id in its name for errors.

    The id does not depend on the row's place, so duplicate rows are detected.
    """
    try:
        content = json.dumps(root.table(), sort_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise root.error(f"JSON values ({error})", "correct the row") from None
    name = f"{prefix}/{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    return name, replace(root, where=f"{root.where}: problem {name!r}")


def rest(root: Field, placed: Collection[str]) -> dict[str, Any]:
    """Return the fields that have no place in ``Problem``; null and empty text count as absent."""
    fields = ((key, root.child(key)) for key in root.table() if key not in placed)
    return {key: field.plain() for key, field in fields if field.present and field.value != ""}


def text_or_none(field: Field) -> str | None:
    """Return a text, None if it is missing, null or empty."""
    return field.text() or None if field.present else None


def day_or_none(field: Field) -> str | None:
    """Return the day of a date, or of a date and time, in ISO 8601: ``"2023-08-21"``; None for other text."""
    text = field.text() if field.present else ""
    try:
        return datetime.fromisoformat(text).date().isoformat() if re.match(r"[0-9]{4}-", text) else None
    except ValueError:
        return None


def site(url: Field) -> str | None:
    """Return the name of the site of an address: ``"codeforces"``; None if there is no address."""
    text = url.text() if url.present else ""
    try:
        host = urlsplit(text).hostname
    except ValueError:  # brackets that are no IPv6 address
        return None
    names = (host or "").split(".")
    return names[-2] if len(names) > 1 else None


def seconds(field: Field) -> float | None:
    """Return a time limit in seconds; None if it is missing, null or 0.

    Raises:
        DataError: not a number, negative, or more than a day.
    """
    if not field.present:
        return None
    if not 0 <= field.number() <= _MAX_SECONDS:
        raise field.error(f"0 to {_MAX_SECONDS} seconds", "write null for an unknown limit")
    return float(field.number()) or None


def megabytes(field: Field) -> int | None:
    """Return a memory limit, written in megabytes, in bytes; None if it is missing, null or 0.

    Raises:
        DataError: not a number, below 1, or more than a million.
    """
    if not field.present or field.number() == 0:
        return None
    if not 1 <= field.number() <= _MAX_MEGABYTES:
        raise field.error(f"1 to {_MAX_MEGABYTES} megabytes", "write null for an unknown limit")
    return int(field.number() * _MEBIBYTE)


def limit_in_words(field: Field, minimum: float) -> float | None:
    """Return seconds or bytes from text such as "2.0 seconds" or "256 megabytes"; None for other text.

    Args:
        field: the text.
        minimum: smaller values count as unknown.
    """
    match = _IN_WORDS.fullmatch(field.text()) if field.present else None
    if match is None or match[2].lower() not in _UNITS:
        return None
    value = float(match[1]) * _UNITS[match[2].lower()]
    return value if value >= minimum else None


def solutions_in(field: Field) -> tuple[Solution, ...]:
    """Return Python programs from a list of texts or a JSON string with one; missing, null and "" are no programs.

    A fence around a program (three backquotes) is removed.
    """
    if not field.present or field.value == "":
        return ()
    listed = json_in(field) if isinstance(field.value, str) else field
    if not listed.present:
        return ()
    return tuple(Solution(unfenced(item.text())) for item in listed.items())


def unfenced(text: str) -> str:
    """Return the code in a text that is only one fenced block of Markdown; any other text unchanged."""
    whole = text.replace("\r\n", "\n").strip()
    blocks = fenced_blocks(whole)
    return blocks[0].code if [(block.start, block.end) for block in blocks] == [(0, len(whole))] else text


def user_text(chat: Field) -> tuple[str, list[Any]]:
    """Return the user's messages in a chat, ``[{"role", "content"}, ...]``, or a plain text; and the other messages.

    Raises:
        DataError: not a chat, or without a message of the user.
    """
    if isinstance(chat.value, str):
        return chat.text(), []
    users, others = [], []
    for message in chat.items():
        content = message.child("content").text()
        if message.child("role").text() == "user":
            users.append(content)
        else:
            others.append(message.plain())
    if not users:
        raise chat.error("a message of role 'user', with the problem's statement", "add it")
    return "\n\n".join(users), others


def with_starter(statement: str, starter: str | None, entry_point: str | None) -> str:
    """Append the starter code to a statement, and the name of the called function if the statement lacks it."""
    if starter and starter.strip():
        statement = f"{statement.rstrip()}\n\nStart from this code:\n\n```python\n{starter.strip(chr(10))}\n```\n"
    if entry_point and not re.search(rf"\b{re.escape(entry_point)}\b", statement):
        statement = f"{statement.rstrip()}\n\nDefine a function named `{entry_point}`.\n"
    return statement


@contextmanager
def with_place(field: Field) -> Iterator[None]:
    """Add the place of a field to errors about its text."""
    try:
        yield
    except DataError as error:
        if str(error).startswith(field.where):
            raise
        raise DataError(f"{field.where}: field {field.path!r}: {error}") from None
