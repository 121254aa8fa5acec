"""Write test inputs, and validate them strictly.

`lines` writes an input; `Reader` reads it back as strictly as a contest's validator: single spaces, no leading zeros,
one newline at the end of every line and nothing after the last. `call` and `arguments` do the same for the inputs of
problems that ask for a function: the source of one call.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

__all__ = ["Reader", "arguments", "call", "distinct", "lines", "require"]


def lines(*rows: object) -> str:
    """Return an input, one line per row; a row is a list or tuple of values, or one value."""
    texts = (" ".join(map(str, row)) if isinstance(row, (list, tuple)) else str(row) for row in rows)
    return "".join(f"{text}\n" for text in texts)


class Reader:
    """Reads an input line by line; every method raises ``ValueError`` if the input does not match exactly."""

    def __init__(self, text: str) -> None:
        if not text.endswith("\n"):
            raise ValueError("expected a newline at the end of the last line, got none")
        self._rows = text[:-1].split("\n")
        self._next = 0

    def line(self, pattern: str) -> str:
        """Return the next line, which must match ``pattern`` completely."""
        if self._next == len(self._rows):
            raise ValueError(f"line {self._next + 1}: expected {pattern}, got the end of the input")
        row = self._rows[self._next]
        self._next += 1
        if not re.fullmatch(pattern, row):
            raise ValueError(f"line {self._next}: expected {pattern}, got {row[:60]!r}")
        return row

    def numbers(self, *bounds: tuple[int, int]) -> tuple[int, ...]:
        """Return the numbers of the next line, one within each of the ``(least, greatest)`` bounds."""
        row = self.line(r"(0|-?[1-9]\d*)( (0|-?[1-9]\d*))*")
        values = tuple(map(int, row.split(" ")))
        if len(values) != len(bounds):
            raise ValueError(f"line {self._next}: expected {len(bounds)} numbers, got {len(values)}")
        for value, (least, greatest) in zip(values, bounds, strict=True):
            if not least <= value <= greatest:
                raise ValueError(f"line {self._next}: expected a number from {least} to {greatest}, got {value}")
        return values

    def number(self, least: int, greatest: int) -> int:
        """Return the only number of the next line."""
        return self.numbers((least, greatest))[0]

    def end(self) -> None:
        """Check that the input ends here."""
        if self._next != len(self._rows):
            raise ValueError(f"line {self._next + 1}: expected the end of the input, got more")


def require(condition: bool, what: str) -> None:
    """Raise ``ValueError`` unless the condition holds; ``what`` names the expectation."""
    if not condition:
        raise ValueError(f"expected {what}")


def distinct(values: Iterable[object]) -> bool:
    """Return whether all values are different."""
    seen = list(values)
    return len(set(seen)) == len(seen)


def call(name: str, *values: object) -> str:
    """Return the input that calls a function with plain values."""
    return f"{name}({', '.join(map(repr, values))})\n"


def arguments(text: str, name: str) -> list[Any]:
    """Return the arguments of a call; raise ``ValueError`` unless it is exactly what `call` writes."""
    try:
        tree = ast.parse(text, mode="eval").body
        values = [ast.literal_eval(value) for value in tree.args] if isinstance(tree, ast.Call) else []
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"expected a call of {name} with plain values, got {text[:60]!r}") from error
    require(text == call(name, *values), f"a call of {name} with plain values, and a newline")
    return values
