"""Texts of a report, in compressed pages: the browser unpacks only those that it shows.

A page is a JSON object ``{"texts": [...], "items": [...]}``, deflated. Equal texts of a page are stored once: models
repeat themselves, and so does feedback.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple, TypeAlias

__all__ = ["MAX_TEXT", "PageStore", "Place", "Text"]

MAX_TEXT: Final = 100_000
"""Characters of a text that a report keeps."""
PAGE_CHARACTERS: Final = 2**20
PAGE_ITEMS: Final = 2048

Text: TypeAlias = "int | list[int]"
"""A text of a page: its number, or its number and its length in the run where the report holds its beginning only."""


class Place(NamedTuple):
    """Where an item is.

    Attributes:
        page: number of the page.
        item: number of the item in it.
    """

    page: int
    item: int


@dataclass
class _Open:
    """A page that still takes items."""

    texts: dict[str, int] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)
    characters: int = 0


class PageStore:
    """Collects items into pages. Finished pages are kept in a temporary file.

    There may be several series of pages, one for each kind of item: items of one kind compress better together.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
        self._places: dict[int, tuple[int, int]] = {}
        self._open: dict[str, tuple[int, _Open]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return the number of pages."""
        return self._count

    def close(self) -> None:
        """Delete the temporary file."""
        self._file.close()

    def text(self, series: str, text: str) -> Text:
        """Put a text on the page that the series' next item goes to."""
        page = self._current(series)[1]
        kept = text[:MAX_TEXT]
        number = page.texts.setdefault(kept, len(page.texts))
        if number == len(page.texts) - 1:
            page.characters += len(kept) + 8
        return number if len(kept) == len(text) else [number, len(text)]

    def add(self, series: str, item: Any) -> Place:
        """Add an item, made of plain JSON values, whose texts ``text`` has put on the page."""
        number, page = self._current(series)
        place = Place(number, len(page.items))
        page.items.append(item)
        page.characters += 64
        if page.characters >= PAGE_CHARACTERS or len(page.items) >= PAGE_ITEMS:
            self._finish(series)
        return place

    def finish(self) -> None:
        """Finish all pages; later items go to new ones."""
        for series in list(self._open):
            self._finish(series)

    def compressed(self, page: int) -> bytes:
        """Return a page, deflated. A page that still takes items is returned as it is now."""
        place = self._places.get(page)
        if place is None:
            (found,) = (each for number, each in self._open.values() if number == page)
            return _deflated(found)
        self._file.seek(place[0])
        return self._file.read(place[1])

    def finished(self, page: int) -> bool:
        """Return whether the page takes no more items."""
        return page in self._places

    def _current(self, series: str) -> tuple[int, _Open]:
        if series not in self._open:
            self._open[series] = self._count, _Open()
            self._count += 1
        return self._open[series]

    def _finish(self, series: str) -> None:
        number, page = self._open.pop(series)
        data = _deflated(page)
        self._places[number] = self._file.seek(0, 2), len(data)
        self._file.write(data)


def _deflated(page: _Open) -> bytes:
    content = {"texts": list(page.texts), "items": page.items}
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode("ascii"), 6)
