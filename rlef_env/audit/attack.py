"""An attack: a program that tries to get a reward without the right answer, or to harm the judge.

The first line of each attack of the corpus is a docstring with its aim. The second line names the defences that may
stop it, e.g. ``# Stopped by: seccomp, filesystem``. An attack that gets something forbidden prints a line that starts
with ``BREACH``, so that the audit notices success without an accepted test.
"""

from __future__ import annotations

import importlib.resources
import re
from dataclasses import dataclass
from pathlib import Path

from rlef_env.errors import UsageError

__all__ = ["MARK", "Attack", "corpus", "read_attacks"]

MARK = "rlef-audit"
"""Part of the name of every file that an attack of the corpus tries to create."""
AIM = re.compile(r'\s*[rR]?("""|\'\'\'|"|\')(.*?)(\1|\n|$)')
STOPPED_BY = re.compile(r"^# Stopped by: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Attack:
    """A program that tries to cheat.

    Attributes:
        name: name of its file.
        source: its source code.
        aim: what it tries to do, in one line; empty if the file does not state it.
        stopped_by: defences that may stop it (``DEFENCES``); empty if the file does not state them.
    """

    name: str
    source: str
    aim: str = ""
    stopped_by: tuple[str, ...] = ()


def corpus() -> tuple[Attack, ...]:
    """Return the attacks of the corpus, sorted by name."""
    folder = importlib.resources.files("rlef_env.audit").joinpath("attacks")
    files = [file for file in folder.iterdir() if file.name.endswith(".py")]
    return tuple(_attack(file.name, file.read_bytes()) for file in sorted(files, key=lambda file: file.name))


def read_attacks(folder: Path) -> tuple[Attack, ...]:
    """Return every ``*.py`` file of a folder as an attack, sorted by name.

    Raises:
        UsageError: there is no such folder, or it has no ``*.py`` file.
    """
    if not folder.is_dir():
        raise UsageError(f"attacks: expected a folder of *.py files, got {str(folder)!r}; name a folder")
    attacks = tuple(_attack(path.name, path.read_bytes()) for path in sorted(folder.glob("*.py")) if path.is_file())
    if not attacks:
        raise UsageError(f"attacks: expected *.py files in {str(folder)!r}, found none; name another folder")
    return attacks


def _attack(name: str, content: bytes) -> Attack:
    source = content.decode("utf-8", "replace")  # bytes that are not UTF-8 become a source that does not compile
    aim, stopped_by = AIM.match(source), STOPPED_BY.search(source)
    return Attack(
        name,
        source,
        aim=aim[2].strip() if aim else "",
        stopped_by=tuple(stopped_by[1].split(", ")) if stopped_by else (),
    )
