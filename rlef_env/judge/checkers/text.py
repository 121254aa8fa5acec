"""Split bytes into tokens and lines, as iterators: a list of the 32 million tokens of 64 MB would take gigabytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import starmap, zip_longest
from operator import eq
from typing import Final

__all__ = ["LOWER_CASE", "TO_SPACE", "lines_of", "python_strip", "python_tokens", "same", "same_unordered", "tokens_of"]

LOWER_CASE: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
TO_SPACE: Final = bytes.maketrans(b"\t\n\v\f\r", b"     ")
_BLOCK: Final = 1 << 16
_PYTHON_SPACE: Final = b" \t\n\v\f\r\x1c\x1d\x1e\x1f"  # the ASCII characters that are white space to Python's str
_WORD: Final = re.compile(r"\S+")
_PYTHON_TO_SPACE: Final = bytes.maketrans(_PYTHON_SPACE, b" " * len(_PYTHON_SPACE))


def tokens_of(text: bytes, table: bytes = TO_SPACE) -> Iterator[bytes]:
    """Yield the tokens of a text, after ``table`` has translated its bytes to spaces and other letters."""
    return filter(None, _split(text.translate(table), b" "))


def lines_of(text: bytes) -> Iterator[bytes]:
    r"""Yield the lines of a text, which end with ``\n``, ``\r\n`` or ``\r``, without the blank ones at the end.

    >>> list(lines_of(b" a \r\n\nb \n \n"))
    [b' a ', b'', b'b ']
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    last = len(text.rstrip())
    if not last:
        return iter(())
    end = text.find(b"\n", last)
    return _split(text if end < 0 else text[:end], b"\n")


def python_strip(text: bytes) -> bytes:
    """Strip a text as Python's ``str.strip`` does: remove Unicode white space at its ends."""
    text = text.strip(_PYTHON_SPACE)
    if not text or max(text[0], text[-1]) < 0x80:
        return text
    return text.decode("utf-8", "surrogateescape").strip().encode("utf-8", "surrogateescape")


def python_tokens(line: bytes) -> Iterator[bytes]:
    """Yield the tokens of a line as Python's ``str.split`` does."""
    if line.isascii():
        return tokens_of(line, _PYTHON_TO_SPACE)
    words = _WORD.finditer(line.decode("utf-8", "surrogateescape"))
    return (word[0].encode("utf-8", "surrogateescape") for word in words)


def same(left: Iterator[bytes], right: Iterator[bytes]) -> bool:
    """Return whether both yield the same items."""
    return all(starmap(eq, zip_longest(left, right)))


def same_unordered(output: Iterator[bytes], expected: Iterator[bytes]) -> bool:
    """Return whether both yield the same items in any order, each as often."""
    missing = Counter(expected)
    for item in output:
        if not missing[item]:
            return False
        missing[item] -= 1
    return not any(missing.values())


def _split(text: bytes, separator: bytes) -> Iterator[bytes]:
    """Yield the parts of ``text.split(separator)``, with only a block of them in memory at a time."""
    start = 0
    while (end := text.find(separator, start + _BLOCK)) >= 0:
        yield from text[start:end].split(separator)
        start = end + 1
    yield from text[start:].split(separator)
