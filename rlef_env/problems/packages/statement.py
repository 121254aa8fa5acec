"""The statement of a package: its text as it is, English where there is, and the sample tests below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from rlef_env.problems.json_rows import Field
from rlef_env.problems.packages.folder import Folder

__all__ = ["read_statement"]

FOLDERS: Final = ("statement", "problem_statement")
NAME: Final = re.compile(r"problem(?:\.([A-Za-z0-9_-]+))?\.(md|tex)")
LONGEST_SAMPLE = 4096  # characters; a longer one is not shown


def read_statement(folder: Folder, name: Field, samples: Sequence[tuple[str, str]]) -> str:
    """The text that an agent is shown.

    English comes first, then the language that comes first by its name; Markdown before LaTeX.

    Args:
        folder: the package.
        name: the field with its name, a text or one for each language; it may be missing.
        samples: input and output of the sample tests.

    Raises:
        DataError: there is no statement in Markdown or LaTeX.
    """
    found = [
        (match[1] or "en", match[2], f"{place}/{file}")
        for place in FOLDERS
        for file in folder.names(place)
        if (match := NAME.fullmatch(file))
    ]
    if not found:
        there = [file for place in FOLDERS for file in folder.names(place)]
        raise folder.error(
            FOLDERS[0],
            "problem.en.tex or problem.en.md",
            ", ".join(there[:5]) or "none",
            "add it, as an agent is shown a text",
        )
    language, ending, path = min(found, key=lambda each: (each[0] != "en", each))
    text = folder.text(path)
    title = _title(name, language) or PurePosixPath(folder.root).name
    text = text.replace(r"\problemyamlname", title) if ending == "tex" else f"# {title}\n\n{text}"
    shown = [sample for sample in samples if max(map(len, sample)) <= LONGEST_SAMPLE]
    return "\n".join([text.rstrip("\n"), *(_sample(number, ending, *each) for number, each in enumerate(shown, 1)), ""])


def _title(name: Field, language: str) -> str | None:
    if not name.present:
        return None
    if isinstance(name.value, str):
        return name.text()
    names = name.table()
    chosen = name.child(language if language in names else next(iter(names), language))
    return chosen.text() if chosen.present else None


def _sample(number: int, ending: str, given: str, answer: str) -> str:
    heading, opened, closed = (
        ("\n\\section*{{{}}}", r"\begin{verbatim}", r"\end{verbatim}") if ending == "tex" else ("\n## {}", "```", "```")
    )
    parts = []
    for title, text in (("Sample Input", given), ("Sample Output", answer)):
        plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").rstrip("\n")
        parts += [heading.format(f"{title} {number}"), opened, plain, closed]
    return "\n".join(parts)
