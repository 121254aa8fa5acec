"""Makes texts of data sets and programs safe to print: a terminal shows them and does not execute their codes."""

from __future__ import annotations

import re

__all__ = ["one_line", "printable"]

# Control characters except line feeds and tabs, lone surrogates, which cannot be encoded, and the marks that override
# the direction of text.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return the text with Python's escapes instead of characters that a terminal would execute or cannot show."""
    return UNSAFE.sub(
        lambda match: match[0].encode("unicode_escape", "surrogatepass").decode(), text.replace("\r\n", "\n")
    )


def one_line(text: str) -> str:
    """Return the text as one line that is safe to print."""
    return printable(" ".join(text.split()))
