"""An attack: a program that tries to be paid for something other than the right answer.

The first line of each of ours is a docstring that says its aim, the second names what must hold it, e.g.
``# Held by: seccomp, file walls``. An attack that gets what it should not prints a line that starts with ``BREACH``:
so one that wins without an accepted test is seen, too.
"""

from __future__ import annotations

import importlib.resources
import re
from dataclasses import dataclass
from pathlib import Path

from rlef_env.errors import UsageError

__all__ = ["MARK", "Attack", "corpus", "read_attacks"]

MARK = "rlef-audit"
"""In the name of every file that an attack of ours tries to make."""
AIM = re.compile(r'\s*[rR]?("""|\'\'\'|"|\')(.*?)(\1|\n|$)')
HELD_BY = re.compile(r"^# Held by: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Attack:
    """A program that cheats.

    Attributes:
        name: its file's name.
        source: its text.
        aim: what it tries, in a line; empty where it does not say.
        held_by: what may hold it (``DEFENCES``); empty where it does not say.
    """

    name: str
    source: str
    aim: str = ""
    held_by: tuple[str, ...] = ()


def corpus() -> tuple[Attack, ...]:
    """Our own attacks, by name."""
    folder = importlib.resources.files("rlef_env.audit").joinpath("attacks")
    files = [file for file in folder.iterdir() if file.name.endswith(".py")]
    return tuple(_attack(file.name, file.read_bytes()) for file in sorted(files, key=lambda file: file.name))


def read_attacks(folder: Path) -> tuple[Attack, ...]:
    """Every ``*.py`` file of a folder, by name.

    Raises:
        UsageError: there is no such folder, or none of its files is a program.
    """
    if not folder.is_dir():
        raise UsageError(f"attacks: expected a folder of *.py files, got {str(folder)!r}, which is none; name another")
    attacks = tuple(_attack(path.name, path.read_bytes()) for path in sorted(folder.glob("*.py")) if path.is_file())
    if not attacks:
        raise UsageError(f"attacks: expected *.py files in {str(folder)!r}, found none; name another folder")
    return attacks


def _attack(name: str, content: bytes) -> Attack:
    source = content.decode("utf-8", "replace")  # a submission is text; what is none will not compile
    aim, held_by = AIM.match(source), HELD_BY.search(source)
    return Attack(
        name,
        source,
        aim=aim[2].strip() if aim else "",
        held_by=tuple(held_by[1].split(", ")) if held_by else (),
    )
