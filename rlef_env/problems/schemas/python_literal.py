"""What ``repr`` writes for plain values, read without Python's own parser, which a long enough text can exhaust.

Lists, tuples (as lists), dicts with string keys, strings, numbers, ``None``, ``True`` and ``False``. In time and memory
linear in the length of the text; the values may take no more memory than those of JSON may.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Final

from rlef_env.problems.json_text import MOST_MEMORY

__all__ = ["parse_literal"]

_DEEPEST: Final = 100
_MOST_VALUES: Final = MOST_MEMORY // 256  # a list or dict takes so many bytes
_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<string>'[^'\\\n]*(?:\\.[^'\\\n]*)*'|"[^"\\\n]*(?:\\.[^"\\\n]*)*")
        |(?P<float>-?(?:[0-9]+\.[0-9]*|[0-9]+(?=[eE])|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
        |(?P<integer>-?[0-9]+)
        |(?P<name>None|True|False)\b
        |(?P<mark>[\[\](){},:])
        |(?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_NAMES: Final = {"None": None, "True": True, "False": False}
_CLOSING: Final = {"[": "]", "(": ")", "{": "}"}


def parse_literal(text: str) -> Any:
    r"""The value that is written so.

    >>> parse_literal("[{'a': 'it\\'s', 'b': (1, 2.5)}, None]")
    [{'a': "it's", 'b': [1, 2.5]}, None]

    Raises:
        ValueError: anything else than plain values stands in the text.
    """
    return _Reader(text).whole()


class _Reader:
    """The text, and the token that stands at ``place``."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.left = text, 0, _MOST_VALUES
        self.kind, self.token = "", ""
        self.advance()

    def advance(self) -> None:
        match = _TOKEN.match(self.text, self.place)
        if match is None:
            raise ValueError(f"no plain value at character {self.place}")
        self.kind, self.token = match.lastgroup or "", match[match.lastgroup or 0]
        self.place = match.end()

    def take(self, mark: str) -> bool:
        found = self.kind == "mark" and self.token == mark
        if found:
            self.advance()
        return found

    def expect(self, mark: str) -> None:
        if not self.take(mark):
            raise ValueError(f"{mark!r} missing before character {self.place}")

    def whole(self) -> Any:
        value = self.value(0)
        if self.kind != "end":
            raise ValueError(f"more than one value, the second before character {self.place}")
        return value

    def value(self, depth: int) -> Any:
        kind, token = self.kind, self.token
        self.left -= 1
        if self.left < 0:
            raise ValueError(f"more than {_MOST_VALUES:,} values")
        if kind == "mark" and token in _CLOSING:
            if depth == _DEEPEST:
                raise ValueError("too many brackets within brackets")
            self.advance()
            return self.table(depth + 1) if token == "{" else self.row(_CLOSING[token], depth + 1)
        if kind in ("mark", "end"):
            raise ValueError(f"no value before character {self.place}")
        self.advance()
        if kind == "string":
            body = token[1:-1]
            return _ESCAPE.sub(_unescaped, body) if "\\" in body else body
        if kind == "name":
            return _NAMES[token]
        return float(token) if kind == "float" else int(token)

    def row(self, closing: str, depth: int) -> Any:
        values: list[Any] = []
        commas = 0
        while not self.take(closing):
            values.append(self.value(depth))
            if not self.take(","):
                self.expect(closing)
                break
            commas += 1
        # Brackets around one value and no comma make no tuple.
        return values[0] if closing == ")" and len(values) == 1 and not commas else values

    def table(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not self.take("}"):
            key = self.value(depth)
            if not isinstance(key, str) or key in values:
                raise ValueError("a dict with a key that is no string, or that stands twice")
            self.expect(":")
            values[key] = self.value(depth)
            if not self.take(","):
                self.expect("}")
                break
        return values


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        number = int(code[1:], 16)
        if number > sys.maxunicode:
            raise ValueError(f"no character {match[0]}")
        return chr(number)
    if code not in _ESCAPES:
        raise ValueError(f"an escape that repr does not write: {match[0]!r}")
    return _ESCAPES[code]
