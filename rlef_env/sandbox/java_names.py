"""Finds the file name that a Java program needs, and the class to run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["java_names"]

# Comments and literals are skipped; a name with dots is one token. No two alternatives can match at the same place, and
# what follows a repetition may be absent, so matching takes linear time.
_TOKEN: Final = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)"
    r'|"""(?:\\.|[^\\])*?(?:"""|\Z)|"(?:\\.|[^"\\\n])*"?' + r"|'(?:\\.|[^'\\\n])*'?"
    r"|(?P<word>[\w$]+(?:\.[\w$]+)*|[{}();@])",
    re.DOTALL,
)
_TYPES: Final = ("class", "interface", "enum", "record")
_DEFAULT: Final = "Main"
_LONGEST: Final = 65_535  # bytes in the name of a class; a longer one was never a name, and is too long for a command


def java_names(source: str) -> tuple[str, str]:
    """Return the name of the public class, which the file must have too, and the full name of the class to run.

    The class to run is the one with ``static void main(String...)``: the public one if it has it, else Main, else the
    first in the source. It need not be public, may have any name, and may be in a package. If nothing is found both are
    "Main".
    """
    package = public = last = ""
    types: list[str] = []
    runnable: list[str] = []
    depth = brackets = 0
    statement: list[str] = []  # its words so far; inside brackets only main's arguments are recorded
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
    main = next((each for each in (public, _DEFAULT, *runnable) if each in runnable), public or _DEFAULT)
    full = f"{package}.{main}" if package else main
    return public or _DEFAULT, full if len(full.encode("utf-8", "surrogatepass")) <= _LONGEST else _DEFAULT


def _is_main(statement: list[str]) -> bool:
    """Return whether these words declare the main method; the last ones are its arguments."""
    if "main" not in statement:
        return False
    place = statement.index("main")
    before, after = statement[:place], statement[place + 1 :]
    return before[-1:] == ["void"] and "static" in before and ("String" in after or "java.lang.String" in after)


def _words(source: str) -> Iterator[str]:
    return (found["word"] for found in _TOKEN.finditer(source) if found["word"])
