"""Read JSON rows strictly: each is one object, with typed fields whose errors name their place."""

from __future__ import annotations

import codecs
import json
import re
import reprlib
from dataclasses import dataclass
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.parsing.json_text import check_depth, parse_json

__all__ = ["Field", "parse_row"]

_MISSING: Final = object()
_INT64_MAX: Final = 2**63 - 1


def parse_row(raw: bytes, where: str, *, python_json: bool = False) -> dict[str, Any]:
    """Return the JSON object in ``raw``.

    Args:
        raw: the bytes of a row.
        where: the row's name in errors, e.g. ``"problems.jsonl:7"``.
        python_json: whether NaN and infinity are allowed, as Python's ``json`` writes them.

    Raises:
        DataError: not a JSON object in UTF-8, or one that ``parse_json`` refuses.
    """
    if raw.startswith(codecs.BOM_UTF8):
        raise DataError(
            f"{where}: expected UTF-8 without a byte order mark, got one (bytes EF BB BF); save the file as plain "
            "UTF-8, not as 'UTF-8 with BOM'"
        )
    try:
        row = parse_json(raw.decode("utf-8"), python_json=python_json)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where}: expected UTF-8 text, got byte 0x{raw[error.start]:02x} at position {error.start}; "
            "save the file as UTF-8 (and unpack it first if it is compressed)"
        ) from None
    except ValueError as error:
        start = reprlib.repr(raw[:40].decode("utf-8", "replace"))
        raise DataError(
            f"{where}: expected a JSON object on one line, got {start} ({error}); check that nothing was cut"
        ) from None
    if not isinstance(row, dict):
        raise DataError(
            f"{where}: expected a JSON object, got {_shown(row)}; put each record on a separate line, as {{...}}"
        )
    return row


@dataclass(frozen=True, slots=True)
class Field:
    """A value in a row, and its place.

    Attributes:
        value: the value as JSON has it.
        where: the file, the line, and the record once its name is known.
        path: the place in the row, e.g. ``"private_tests.output[3]"``; empty for the row itself.
    """

    value: Any
    where: str
    path: str = ""

    def child(self, key: str) -> Field:
        """Return the field under ``key`` of this object; it may be missing."""
        path = f"{self.path}.{key}" if self.path else key
        return Field(self.table().get(key, _MISSING), self.where, path)

    @property
    def present(self) -> bool:
        """Whether there is a value other than null."""
        return self.value is not _MISSING and self.value is not None

    @property
    def missing(self) -> bool:
        """Whether the object has no such key; a null is not missing."""
        return self.value is _MISSING

    def error(self, expected: str, advice: str) -> DataError:
        """Return the error to raise if this field is not as ``expected``."""
        got = "no such field" if self.missing else _shown(self.value)
        subject = f"field {self.path!r}: " if self.path else ""
        return DataError(f"{self.where}: {subject}expected {expected}, got {got}; {advice}")

    def text(self) -> str:
        """Return a string that can be written as UTF-8."""
        if not isinstance(self.value, str):
            raise self.error("a string", "write it in double quotes")
        try:
            if not self.value.isascii():  # known without a pass over the text
                self.value.encode("utf-8")
        except UnicodeEncodeError:
            raise self.error(
                "text that UTF-8 can hold", "remove the lone surrogates (\\ud800 to \\udfff not in a pair)"
            ) from None
        return self.value

    def integer(self) -> int:
        """Return an integer of at most 64 bits, also from a string of decimal digits, which protobuf dumps have."""
        value = self.value
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error("a whole number", "write it without quotes, fraction or exponent")
        if abs(value) > _INT64_MAX:
            raise self.error("a whole number of at most 64 bits", "check the value")
        return value

    def number(self) -> float:
        """Return a finite number."""
        if not isinstance(self.value, (int, float)) or isinstance(self.value, bool):
            raise self.error("a number", "write it without quotes")
        if abs(self.value) > _INT64_MAX or self.value != self.value:
            raise self.error("a number below 2^63", "check the value")
        return self.value

    def boolean(self) -> bool:
        """Return ``true`` or ``false``."""
        if not isinstance(self.value, bool):
            raise self.error("true or false", "write it without quotes")
        return self.value

    def decoded(self, *, python_json: bool = False) -> Field:
        """Return the value of the JSON in this string, as a field of the same path."""
        try:
            return Field(parse_json(self.text(), python_json=python_json), self.where, self.path)
        except ValueError as error:
            if isinstance(error, DataError):
                raise
            raise self.error(f"a string that holds JSON ({error})", "check that nothing was cut") from None

    def items(self) -> list[Field]:
        """Return the entries of a list."""
        if not isinstance(self.value, list):
            raise self.error("a list", "write it as [...]")
        return [Field(value, self.where, f"{self.path}[{index}]") for index, value in enumerate(self.value)]

    def table(self) -> dict[str, Any]:
        """Return a JSON object."""
        if not isinstance(self.value, dict):
            raise self.error("a JSON object", "write it as {...}")
        return self.value

    def plain(self) -> Any:
        """Return any JSON value that can be written and read again, and whose text UTF-8 can hold."""
        try:
            json.dumps(self.value, ensure_ascii=False, allow_nan=False).encode("utf-8")
            check_depth(self.value)
        except (TypeError, ValueError, RecursionError) as error:
            raise self.error(f"a JSON value in UTF-8 ({error})", "correct the value or leave the field out") from None
        return self.value


class _Short(reprlib.Repr):
    """Short forms of values of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxlong = self.maxother = 60

    def repr_int(self, x: int, level: int) -> str:
        """Describe a large integer by its bits: ``repr`` takes quadratic time, and refuses more than 4,300 digits."""
        return super().repr_int(x, level) if abs(x) <= _INT64_MAX else f"a whole number of {x.bit_length()} bits"


_SHORT = _Short()


def _shown(value: Any) -> str:
    """Return a short form of a value, with JSON's words for null, true and false."""
    return json.dumps(value) if value is None or isinstance(value, bool) else _SHORT.repr(value)
