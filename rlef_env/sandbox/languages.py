"""The languages that programs may be written in: one row each."""

from __future__ import annotations

import platform
from dataclasses import dataclass

__all__ = ["LANGUAGES", "Language"]


@dataclass(frozen=True, slots=True)
class Language:
    """A language the sandbox can run here.

    Attributes:
        name: as in ``Program.language``.
        version: of the interpreter or compiler that runs it.
    """

    name: str
    version: str


LANGUAGES: dict[str, Language] = {
    "python": Language("python", f"{platform.python_implementation()} {platform.python_version()}"),
}
