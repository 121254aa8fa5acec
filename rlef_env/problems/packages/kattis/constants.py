"""Constants of a package: ``{{name}}`` in its statement, programs and settings stands for a value in problem.yaml."""

from __future__ import annotations

import re
from typing import Final

from rlef_env.problems.packages.folder import MAX_TEXT_BYTES
from rlef_env.problems.parsing.fields import Field

__all__ = ["Constants"]

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
USE: Final = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_]*)(?:\.([A-Za-z_][A-Za-z0-9_]*))?\}\}")
TEX_USE: Final = re.compile(r"\\constant\{([A-Za-z_][A-Za-z0-9_]*)(?:\.([A-Za-z_][A-Za-z0-9_]*))?\}")


class Constants:
    """Replaces the names of constants by their values. An undefined name is left unchanged.

    Args:
        field: ``constants`` of ``problem.yaml``, which may be absent: name -> a value, or ``value`` and its other
            spellings.

    Raises:
        DataError: a name or a value violates the format.
    """

    def __init__(self, field: Field) -> None:
        self.field = field
        self.texts: dict[tuple[str, str], str] = {}
        for name in field.table() if field.present else ():
            entry = field.child(name)
            if not NAME.fullmatch(name):
                raise entry.error("a name of letters, digits and _", "rename the constant")
            spellings = entry
            if not isinstance(entry.value, dict):
                spellings = Field({"value": entry.value}, field.where, entry.path)
            for spelling in {"value": None, **spellings.table()}:
                self.texts[name, spelling] = _text(spellings.child(spelling))

    def plain(self, text: str) -> str:
        """Replace constants in a text that is not LaTeX."""
        return self._replaced(USE, text) if self.texts else text

    def statement(self, text: str, ending: str) -> str:
        """Replace constants in a statement whose file has this ending."""
        return self.plain(text) if ending == "md" else self._replaced(TEX_USE, text) if self.texts else text

    def _replaced(self, use: re.Pattern[str], text: str) -> str:
        size = len(text)

        def value(match: re.Match[str]) -> str:
            nonlocal size
            found = self.texts.get((match[1], match[2] or "value"), match[0])
            size += len(found)
            if size > MAX_TEXT_BYTES:
                expected = f"texts of at most {MAX_TEXT_BYTES:,} characters with the constants in them"
                raise self.field.error(expected, "use them less often")
            return found

        return use.sub(value, text)


def _text(field: Field) -> str:
    value = field.value
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise field.error("a number or a text", "write the value of the constant")
    return field.text() if isinstance(value, str) else str(value)
