"""Reads ``mutants.toml``, and applies a patch to a text."""

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
    """A bug, and the test that must fail.

    Attributes:
        name: number of a row, with a letter where the row has several; or words.
        bug: description of the bug.
        path: path of the changed file, from the root of the project.
        test: id of the test, as pytest writes it.
        patch: lines that are removed (-), added (+) and kept, in parts with ``@@`` between them.
    """

    name: str
    bug: str
    path: str
    test: str
    patch: str

    @property
    def row(self) -> int | None:
        """Row of the 36, or None."""
        number = self.name.rstrip("abcdef")
        return int(number) if number.isdigit() else None

    def applied(self, text: str) -> str:
        """Return the text of the file with the bug in it.

        Raises:
            ValueError: the removed and kept lines are not in the file exactly once.
        """
        for old, new in parts(self.patch):
            if text.count(old) != 1:
                raise ValueError(
                    f"mutant {self.name}: expected these lines once in {self.path}, found them {text.count(old)} "
                    f"times; rewrite its patch in tests/mutants/mutants.toml for the current code\n{old}"
                )
            text = text.replace(old, new)
        return text


def parts(patch: str) -> Iterator[tuple[str, str]]:
    """Yield the lines before and after each part of a patch."""
    for part in patch.split("@@\n"):
        lines = part.splitlines(keepends=True)
        before, after = ("".join(line[1:] for line in lines if line[0] in kinds) for kinds in (" -", " +"))
        yield before, after


def mutants() -> list[Mutant]:
    """Return all mutants, in the order of the table."""
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
