"""Reads ``mutants.toml``, and puts a bug into a text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["ROOT", "ROWS", "Mutant", "mutants"]

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("mutants.toml")
ROWS = range(1, 37)


@dataclass(frozen=True)
class Mutant:
    """A bug, and what must notice it.

    Attributes:
        name: a row's number, with a letter where the row has several; or words.
        bug: what is wrong.
        path: of the file that it is in, from the root of the project.
        test: as pytest names it.
        patch: lines that go (-), that come (+) and that stay, in parts with ``@@`` between them.
    """

    name: str
    bug: str
    path: str
    test: str
    patch: str

    @property
    def row(self) -> int | None:
        """Its row of the 36."""
        number = self.name.rstrip("abcdef")
        return int(number) if number.isdigit() else None

    def applied(self, text: str) -> str:
        """The text of the file with the bug in it.

        Raises:
            ValueError: what goes and stays is not in the file exactly once.
        """
        for old, new in parts(self.patch):
            if text.count(old) != 1:
                raise ValueError(
                    f"mutant {self.name}: expected these lines once in {self.path}, found them {text.count(old)} "
                    f"times; write its patch in tests/mutants/mutants.toml anew for the code as it is now\n{old}"
                )
            text = text.replace(old, new)
        return text


def parts(patch: str) -> Iterator[tuple[str, str]]:
    """Of each part of a patch, the lines before and after."""
    for part in patch.split("@@\n"):
        lines = part.splitlines(keepends=True)
        before, after = ("".join(line[1:] for line in lines if line[0] in kinds) for kinds in (" -", " +"))
        yield before, after


def mutants() -> list[Mutant]:
    """All of them, as the table has them."""
    with TABLE.open("rb") as file:
        rows = tomllib.load(file)["mutant"]
    return [
        Mutant(
            row["name"],
            row["bug"],
            f"agents/rlef_agents/ppo/{row['file']}",
            f"tests/agents/ppo/{row['test']}",
            row["patch"],
        )
        for row in rows
    ]
