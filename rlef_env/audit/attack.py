"""An attack: a program that tries to get a reward without the right answer, or to harm the judge.

The first line of each attack of the corpus is a docstring or comment with its aim. The second line names the defences
that may stop it, e.g. ``# Stopped by: seccomp, filesystem``. An attack that gets something forbidden prints a line that
starts with ``BREACH``, so that the audit notices success without an accepted test. The file's ending says the language.
"""

from __future__ import annotations

import importlib.resources
import re
from dataclasses import dataclass
from pathlib import Path

from rlef_env.errors import UsageError
from rlef_env.sandbox import LANGUAGES, installed_languages

__all__ = ["MARK", "Attack", "corpus", "read_attacks"]

MARK = "rlef-audit"
"""Part of the name of every file that an attack of the corpus tries to create."""
AIM = re.compile(r'\s*(?:[rR]?("""|\'\'\'|"|\')(.*?)(?:\1|\n|$)|(?:/\*+|//)(.*?)(?:\*/|\n|$))')
STOPPED_BY = re.compile(r"^(?:#|//) Stopped by: (.+)$", re.MULTILINE)
BY_ENDING = {".py": "python", **{Path(row.source).suffix: name for name, row in LANGUAGES.items() if row.source}}
"""Ending of a file's name -> language."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A program that tries to cheat.

    Attributes:
        name: name of its file.
        source: its source code.
        aim: what it tries to do, in one line; empty if the file does not state it.
        stopped_by: defences that may stop it (``DEFENCES``); empty if the file does not state them.
        language: as in ``Program.language``.
    """

    name: str
    source: str
    aim: str = ""
    stopped_by: tuple[str, ...] = ()
    language: str = "python"


def corpus() -> tuple[Attack, ...]:
    """Return the attacks of the corpus, sorted by name; those in C only where it can be compiled."""
    folder = importlib.resources.files("rlef_env.audit").joinpath("attacks")
    usable = tuple(ending for ending, language in BY_ENDING.items() if language in installed_languages())
    files = [file for file in folder.iterdir() if file.name.endswith(usable)]
    return tuple(_attack(file.name, file.read_bytes()) for file in sorted(files, key=lambda file: file.name))


def read_attacks(folder: Path) -> tuple[Attack, ...]:
    """Return every program of a folder as an attack, sorted by name: ``*.py``, ``*.c`` and so on (``BY_ENDING``).

    Raises:
        UsageError: there is no such folder, it has no program, or one's language is not installed.
    """
    endings = ", ".join(f"*{ending}" for ending in BY_ENDING)
    if not folder.is_dir():
        raise UsageError(f"attacks: expected a folder of programs ({endings}), got {str(folder)!r}; name a folder")
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in BY_ENDING and path.is_file()]
    attacks = tuple(_attack(path.name, path.read_bytes()) for path in paths)
    if not attacks:
        raise UsageError(f"attacks: expected programs ({endings}) in {str(folder)!r}, found none; name another folder")
    for attack in attacks:
        if attack.language not in installed_languages():
            raise UsageError(
                f"attacks: {attack.name} needs {attack.language}, which is not installed here (see rlef doctor); "
                "install it, or move the file away"
            )
    return attacks


def _attack(name: str, content: bytes) -> Attack:
    source = content.decode("utf-8", "replace")  # bytes that are not UTF-8 become a source that does not compile
    aim, stopped_by = AIM.match(source), STOPPED_BY.search(source)
    return Attack(
        name,
        source,
        aim=(aim[2] or aim[3] or "").strip() if aim else "",
        stopped_by=tuple(stopped_by[1].split(", ")) if stopped_by else (),
        language=BY_ENDING[Path(name).suffix],
    )
