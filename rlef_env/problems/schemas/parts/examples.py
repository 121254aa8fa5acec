"""Detect whether a test is an example in a statement, by exact search of its input and output."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

__all__ = ["calls_shown", "streams_shown"]

_MAX_LABELS: Final = 3  # lines between an example's input and its output, e.g. "```", "Sample Output 1", "```"
_LABEL: Final = re.compile(r".*output.*|\W*", re.IGNORECASE)
_MAX_LABEL_LENGTH: Final = 200  # characters
_MAX_STARTS: Final = 50  # places that are tried for each test
_MAX_PLACES: Final = 500  # occurrences of a call's first argument, within longer words or not
_MAX_STATEMENT: Final = 100_000  # characters that are searched, for each test
_GAP: Final = 60  # characters from one argument to the next, and to the result: "target=", "output:"


def streams_shown(statement: str, pairs: Iterable[tuple[str, str]]) -> list[bool]:
    """Return for each pair whether the statement contains the input in whole lines, and the output behind it.

    Blank lines and white space at line ends do not count; between input and output stand one to three lines, each of
    which contains "output" or has neither letters nor digits.
    """
    text = _lines(statement[:_MAX_STATEMENT])
    longest = 2 * len(statement) + 1000  # no example is longer, even with ignored white space
    return [len(given) <= longest and _stream_shown(text, _lines(given), _lines(wanted)) for given, wanted in pairs]


def _stream_shown(text: str, start: str, end: str) -> bool:
    if start == "\n" or end == "\n" or len(start) + len(end) > len(text):
        return False
    place = -1
    for _ in range(_MAX_STARTS):
        place = text.find(start, place + 1)
        if place < 0 or _follows(text, place + len(start) - 1, end):
            return place >= 0
    return False


def _lines(text: str) -> str:
    """Return every line that is not blank between two newlines, its words separated by one blank."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n" + "".join(f"{line}\n" for line in lines if line)


def _follows(text: str, place: int, end: str) -> bool:
    for labels in range(_MAX_LABELS + 1):
        if labels and text.startswith(end, place):
            return True
        after = text.find("\n", place + 1, place + _MAX_LABEL_LENGTH)
        if after < 0 or not _LABEL.fullmatch(text, place + 1, after):
            return False
        place = after
    return False


def calls_shown(statement: str, calls: Iterable[tuple[Sequence[Any], Any]]) -> list[bool]:
    """Return for each call whether the statement contains its arguments at short distances, and then its result.

    Each value is searched as JSON or Python writes it; white space around marks, the kind of quotes and letter case do
    not count.
    """
    text = _squeezed(statement[:_MAX_STATEMENT])
    return [_call_shown(text, arguments, result) for arguments, result in calls]


def _call_shown(text: str, arguments: Sequence[Any], result: Any) -> bool:
    try:
        written = [json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in (*arguments, result)]
    except (ValueError, RecursionError):
        return False  # numbers of thousands of digits, or a depth that no example has
    if not arguments or sum(map(len, written)) > len(text):
        return False
    first, *others = map(_squeezed, written)
    return any(
        _continues(text, place + len(first), others)
        for place in itertools.islice(_places(text, first, 0, len(text)), _MAX_STARTS)
    )


def _continues(text: str, place: int, pieces: Sequence[str]) -> bool:
    for piece in pieces:
        found = next(_places(text, piece, place, place + _GAP + len(piece)), None)
        if found is None:
            return False
        place = found + len(piece)
    return text[place - len(pieces[-1]) - 1] not in ",["  # the result is not part of a longer one


def _squeezed(text: str) -> str:
    text = re.sub(r"\s+", " ", text.replace("'", '"').lower())
    return re.sub(r" ?([^\w\s]) ?", r"\1", text)


def _places(text: str, piece: str, start: int, end: int) -> Iterator[int]:
    """Yield the places of ``piece`` in ``text[start:end]`` where it is not part of a longer word or number."""
    place = start - 1
    for _ in range(_MAX_PLACES):
        place = text.find(piece, place + 1, end)
        if place < 0:
            return
        before, after = text[place - 1 : place], text[place + len(piece) : place + len(piece) + 2]
        inside = (piece[0].isalnum() and (before.isalnum() or before in tuple("._-"))) or (
            piece[-1].isalnum() and (after[:1].isalnum() or after[:1] == "_" or re.match(r"\.[0-9]", after))
        )
        if not inside:
            yield place
