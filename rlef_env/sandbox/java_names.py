"""What the file of a Java program must be called, and which of its classes is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["java_names"]

# Comments and literals are passed over; names with dots are one token. No two parts can share characters: it is linear.
_TOKEN: Final = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)"
    r'|"""(?:\\.|[^\\])*?(?:"""|\Z)|"(?:\\.|[^"\\\n])*+"?' + r"|'(?:\\.|[^'\\\n])*+'?"
    r"|(?P<word>[\w$]+(?:\.[\w$]+)*+|[{}();@])",
    re.DOTALL,
)
_TYPES: Final = ("class", "interface", "enum", "record")
_DEFAULT: Final = "Main"


def java_names(source: str) -> tuple[str, str]:
    """Return the name of a source's public class, which its file must have, and the full name of the class to run.

    The class to run is the one with ``static void main(String...)``: the public one first, else the first in the
    source. It need not be public, may have any name, and may be in a package. Where nothing is found both are "Main".
    """
    package = public = last = ""
    types: list[str] = []
    runnable: list[str] = []
    depth = brackets = 0
    statement: list[str] = []  # its words so far; within brackets they are kept for main's arguments only
    for word in _words(source):
        if word in ("(", ")"):
            brackets = max(brackets + (1 if word == "(" else -1), 0)
            if word == ")" and not brackets and depth == 1 and types and _is_main(statement):
                runnable.append(types[-1])
        elif word in ("{", "}", ";"):
            if word == ";" and depth == 0 and statement[:1] == ["package"]:
                package = ".".join(statement[1:])
            if not brackets:
                depth = max(depth + {"{": 1, "}": -1, ";": 0}[word], 0)
            statement, last = [], ""
            continue
        elif depth == 0 and not brackets and last in _TYPES:
            types.append(word)
            if "public" in statement:
                public = public or word
        if depth < 2 and len(statement) < 100:
            statement.append(word)
        last = word
    main = public if public in runnable else next(iter(runnable), public or _DEFAULT)
    return public or _DEFAULT, f"{package}.{main}" if package else main


def _is_main(statement: list[str]) -> bool:
    """Whether these words declare the method that Java starts with; the last one is of its arguments."""
    if "main" not in statement:
        return False
    place = statement.index("main")
    before, after = statement[:place], statement[place + 1 :]
    return before[-1:] == ["void"] and "static" in before and ("String" in after or "java.lang.String" in after)


def _words(source: str) -> Iterator[str]:
    return (found["word"] for found in _TOKEN.finditer(source) if found["word"])
