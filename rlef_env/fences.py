"""Finds blocks of code in a text: fenced blocks of CommonMark, and blocks in one line.

Source: spec.commonmark.org ("Fenced code blocks", "Block quotes", "List items").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["Block", "code_blocks", "fence", "fenced_blocks", "loose_blocks"]

# A text may be megabytes of anything, so no pattern has two repetitions that can match the same characters: matching
# takes linear time.
_RUN = re.compile(r"`{3,}")
_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_QUOTE = re.compile(r" *> ?")
_LIST_MARKER = re.compile(r"(?:[-+*]|[0-9]{1,9}[.)])(?= |$)")
_BLANKS = re.compile(" *")
_BEFORE_TEXT = re.compile(r"[ \t>+*.)0-9-]*")
_PYTHON_TAG = re.compile(r"[ \t]*(?:python3|python|py3|py)(?![\w+#.-])", re.IGNORECASE)


class Block(NamedTuple):
    """A part of a text that is marked as code.

    Attributes:
        start: index of its opening backticks or tildes.
        end: index behind its closing backticks or tildes, or behind its last line.
        python: whether it has a tag of Python.
        code: its content, without the fences.
    """

    start: int
    end: int
    python: bool
    code: str


def code_blocks(text: str) -> list[Block]:
    """Return all closed blocks of a text whose lines end with a line feed, in order.

    These are the fenced blocks, blocks that begin behind text in a line (``So: ```python``, with nothing behind it),
    and blocks in one line (```` ```python print(1) ``` ````), which are code spans in CommonMark.
    """
    return [block for block, _ in _scan(text)]


def fenced_blocks(text: str) -> list[Block]:
    """Return the closed fenced code blocks of a text whose lines end with a line feed, in order.

    They follow CommonMark with these differences: HTML is not recognised; a block may begin behind text in a line, if
    only a Python tag follows the backticks; in a list item, the lines of a block need not be indented.
    """
    return [block for block, is_fenced in _scan(text) if is_fenced]


def fence(code: str) -> str:
    """Return backticks that can fence the code: more than any run of backticks in it."""
    return "`" * (1 + max((len(run[0]) for run in _RUN.finditer(code)), default=2))


# --- blocks ----------------------------------------------------------------------------------------------------------


class _Open(NamedTuple):
    """An open fence: the number of quotes around it, its indent and that of its list item's text, and its lines."""

    start: int
    mark: str
    info: str
    quotes: int
    indent: int
    item: int
    lines: list[str]

    def closed(self, end: int) -> Block:
        """Return the block that ends at index ``end``."""
        lines = self.lines
        if not any(_blank(line) < self.item for line in lines if line.strip(" \t")):
            lines = [_dedented(line, self.indent) for line in lines]
        return Block(self.start, end, _PYTHON_TAG.match(self.info) is not None, "\n".join(lines))


def _scan(text: str) -> Iterator[tuple[Block, bool]]:
    """Yield each closed block at its end, and whether it is fenced."""
    opened: _Open | None = None
    items: list[int] = []  # indent of the text of each open list item, within its quote
    quotes = start = 0
    for line in text.split("\n"):
        if opened is not None:
            inner = _unquoted(line, opened.quotes)
            if inner is None:  # the quote has ended, and the block with it
                yield opened.closed(start), True
                opened = None
            elif _closes(inner, opened):
                yield opened.closed(start + len(line)), True
                opened = None
                start += len(line) + 1
                continue
            else:
                opened.lines.append(inner)
        if opened is None:
            before = quotes
            quotes, rest = _quotes(line)
            if quotes != before:
                items.clear()
            opened = _opening(rest, items, quotes, start)
            if opened is None and "```" in line:
                yield from ((block, False) for block in _in_one_line(line, start))
        start += len(line) + 1


def _quotes(line: str) -> tuple[int, str]:
    """Return the number of quotes around a line, and the rest of the line, with spaces instead of tabs before text."""
    if "\t" in line:
        head = _BEFORE_TEXT.match(line)[0]  # type: ignore[index]  # always matches
        line = head.expandtabs(4) + line[len(head) :]
    count = end = 0
    while mark := _QUOTE.match(line, end):
        count, end = count + 1, mark.end()
    return count, line[end:]


def _unquoted(line: str, quotes: int) -> str | None:
    """Return the rest of a line behind this number of quote marks; None if it has fewer."""
    end = 0
    for _ in range(quotes):
        mark = _QUOTE.match(line, end)
        if mark is None:
            return None
        end = mark.end()
    return line[end:] if end else line


def _opening(line: str, items: list[int], quotes: int, start: int) -> _Open | None:
    """Return the fence that a line opens, or None. Updates the open list items in ``items``.

    ``place`` moves over the marks of quotes and lists before the text; ``origin`` is behind the last quote mark.
    """
    origin, place = 0, _blanks(line, 0)
    while items and place < min(items[-1], len(line)):
        items.pop()
    while place < len(line):
        if line[place] == ">":
            quotes, origin = quotes + 1, place + 1 + line.startswith(" ", place + 1)
            items.clear()
            place = _blanks(line, origin)
        elif place - origin <= (items[-1] if items else 0) + 3 and (mark := _LIST_MARKER.match(line, place)):
            end, place = mark.end(), _blanks(line, mark.end())
            items.append((place if place - end <= 4 and place < len(line) else end + 1) - origin)
        else:
            break
    else:
        return None
    item = items[-1] if items else 0
    fence = _FENCE.match(line, place) if place - origin <= item + 3 and line[place] in "`~" else None
    if fence is None:
        after = "```" in line and not line.startswith("```", place)
        return _opening_after_text(line, quotes, item, start) if after else None
    return _Open(start, fence[1] or fence[3], fence[2] or fence[4] or "", quotes, place - origin, item, [])


def _opening_after_text(line: str, quotes: int, item: int, start: int) -> _Open | None:
    *_, (begin, end) = (run.span() for run in _RUN.finditer(line))
    tag = _PYTHON_TAG.match(line, end)
    if tag is None or line[end] in " \t" or line[tag.end() :].strip(" \t"):
        return None
    return _Open(start + begin, line[begin:end], tag[0], quotes, 0, item, [])


def _closes(line: str, opened: _Open) -> bool:
    """Return whether a line closes a fence: at least as many of its characters, and nothing else but blanks."""
    bare = line.rstrip(" \t")
    mark = bare.lstrip(" \t")
    if len(mark) < len(opened.mark) or mark.strip(opened.mark[0]):
        return False
    return _blank(bare) <= opened.item + 3


def _dedented(line: str, columns: int) -> str:
    """Return the line without its first ``columns`` columns, as far as they are blank."""
    if not columns:
        return line
    if "\t" not in line[:columns]:
        return line[min(columns, _blank(line)) :]
    text = line.lstrip(" \t")
    return line[: len(line) - len(text)].expandtabs(4)[columns:] + text


def _blanks(line: str, start: int) -> int:
    """Return the index where the blanks that begin at ``start`` end."""
    return _BLANKS.match(line, start).end()  # type: ignore[union-attr]  # always matches


def _blank(line: str) -> int:
    """Return the number of blank columns before the text of a line."""
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(4))


# --- blocks that are not fenced --------------------------------------------------------------------------------------


def _in_one_line(line: str, start: int) -> Iterator[Block]:
    """Yield the blocks between three or more backticks and at least as many later in the same line."""
    runs = [run.span() for run in _RUN.finditer(line)]
    partners = _partners(runs)
    place = 0
    while place < len(runs):
        partner = partners[place]
        if partner is None:
            place += 1
            continue
        code = line[runs[place][1] : runs[partner][0]]
        tag = _PYTHON_TAG.match(code)
        code = (code[tag.end() :] if tag else code).lstrip(" \t")
        yield Block(start + runs[place][0], start + runs[partner][1], tag is not None, code)
        place = partner + 1


def loose_blocks(text: str) -> list[Block]:
    """Return the blocks between backticks with a Python tag, anywhere in a line, and the next run that is as long."""
    runs = [run.span() for run in _RUN.finditer(text)]
    partners = _partners(runs)
    found: list[Block] = []
    place = 0
    while place < len(runs):
        (start, end), partner = runs[place], partners[place]
        tag = _PYTHON_TAG.match(text, end)
        if partner is None or tag is None or text[end] in " \t":
            place += 1
            continue
        _, _, code = text[tag.end() : runs[partner][0]].partition("\n")
        found.append(Block(start, runs[partner][1], True, code))
        place = partner + 1
    return found


def _partners(runs: Sequence[tuple[int, int]]) -> list[int | None]:
    """Return for each run the index of the next run that is at least as long, or None."""
    partners: list[int | None] = [None] * len(runs)
    waiting: list[int] = []  # lengths in descending order
    for place, (start, end) in enumerate(runs):
        while waiting and runs[waiting[-1]][1] - runs[waiting[-1]][0] <= end - start:
            partners[waiting.pop()] = place
        waiting.append(place)
    return partners
