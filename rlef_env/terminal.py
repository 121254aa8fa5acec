"""Texts of data sets and programs on a terminal: shown, never acted on."""

from __future__ import annotations

import re

__all__ = ["one_line", "printable"]

# What a terminal acts on, what cannot be written, and what reorders a line: control characters but for line feeds and
# tabs, lone surrogates, and the marks that override the direction of text.
ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text with Python's escapes in the place of characters that a terminal would act on or cannot show."""
    return ODD.sub(lambda odd: odd[0].encode("unicode_escape", "surrogatepass").decode(), text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The text as one line that is safe to print."""
    return printable(" ".join(text.split()))
