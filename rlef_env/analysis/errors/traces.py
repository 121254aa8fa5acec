"""Read a Python traceback: which exception, and at which place of the program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Place", "place_of"]

MAX_CHARACTERS: Final = 8192
"""Only the end of a longer text is read: the last frames and the exception."""

_HEADER: Final = "Traceback (most recent call last):"
_FRAME: Final = re.compile(r' {2}File "solution\.py", line (\d{1,7})(?:, in ([^\n]{1,100}))?$')


@dataclass(frozen=True, slots=True)
class Place:
    """Place in the program where an exception was raised; the deepest one that is the program's own.

    Attributes:
        line: line of the program, from 1; None if the trace names none.
        function: the function, ``"<module>"`` outside of all; None if unknown.
        message: text of the exception, its first line, at most 200 characters.
    """

    line: int | None = None
    function: str | None = None
    message: str = ""


def place_of(stderr: str) -> Place:
    """Return the place that the last traceback in a text names.

    A program can print a false traceback; then the place is false, and nothing else happens.
    """
    text = stderr[-MAX_CHARACTERS:]
    start = text.rfind(_HEADER)
    lines = text[max(start, 0) :].splitlines()
    line = function = None
    message = ""
    for each in lines:
        if frame := _FRAME.match(each):
            line, function = int(frame[1]), frame[2]
        elif each and not each[0].isspace() and not each.startswith(_HEADER):
            message = each.partition(": ")[2]
            break
    return Place(line, function, message[:200])
