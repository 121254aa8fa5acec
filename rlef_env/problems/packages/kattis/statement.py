"""Statement of a package: its unchanged text, in English if available, with the sample tests in it or below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from rlef_env.problems.packages.folder import MAX_TEXT_BYTES, Folder
from rlef_env.problems.packages.kattis.data_tree import Tests
from rlef_env.problems.parsing.fields import Field

__all__ = ["read_statement"]

FOLDERS: Final = ("statement", "problem_statement")
NAME: Final = re.compile(r"problem(?:\.([A-Za-z0-9_-]+))?\.(md|tex)")
MAX_SAMPLE = 4096  # characters; a longer one is not shown
TITLE: Final = re.compile(r"\\problemname(?:[ \t]*\{[ \t]*\})?(?![A-Za-z{])(?![ \t]*\{)")
PLACES: Final[dict[str, re.Pattern[str]]] = {
    "tex": re.compile(r"\\(nextsample|remainingsamples)(?![A-Za-z])"),
    "md": re.compile(r"\{\{(nextsample|remainingsamples)\}\}"),
}


class _Sample(NamedTuple):
    """Displayed form of a sample test: headings and texts."""

    parts: tuple[tuple[str, str], ...]


def read_statement(folder: Folder, name: Field, tests: Tests, replaced: Callable[[str, str], str] | None = None) -> str:
    r"""Return the text that an agent is shown.

    English comes first (``en`` before ``en-GB``), then the language whose code comes first; Markdown before LaTeX. A
    file without a language is in English. The title is the name in the same language, or in English, or the first name.

    Sample tests stand where the statement places them (``\nextsample``, ``{{remainingsamples}}``), the others below it.
    Files beside a sample replace its input and answer: ``.in.statement``, ``.ans.statement``, ``.out``, and
    ``.interaction`` both. Texts longer than 4,096 characters are not shown.

    Args:
        folder: the package.
        name: the field with the package's name, a text or one for each language; it may be missing.
        tests: its tests.
        replaced: transforms a statement, given its text and its ending, ``"md"`` or ``"tex"``.

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
            "add it, because agents are shown a text",
        )
    language, ending, path = min(found, key=lambda each: (_rank(each[0]), each))
    text = folder.text(path)
    text = text if replaced is None else replaced(text, ending)
    title = _title(name, language) or PurePosixPath(folder.root).name
    if ending == "tex":
        text = TITLE.sub(lambda _: rf"\problemname{{{title}}}", text).replace(r"\problemyamlname", title)
    else:
        text = f"# {title}\n\n{text}"
    return _with_samples(text, ending, list(_samples(folder, tests)))


def _primary(language: str) -> str:
    return re.split("[-_]", language.lower(), maxsplit=1)[0]


def _rank(language: str) -> tuple[bool, bool]:
    return _primary(language) not in ("en", "eng"), language != "en"


def _title(name: Field, language: str) -> str | None:
    if not name.present:
        return None
    if isinstance(name.value, str):
        return name.text()
    if not isinstance(name.value, dict):
        raise name.error("a name, or one for each language", "write it in quotes")
    for wanted in ((lambda code: code == language), (lambda code: _primary(code) == _primary(language)),
                   (lambda code: not any(_rank(code))), (lambda _: True)):  # fmt: skip
        for code in name.value:
            if wanted(code):
                return name.child(code).text() if name.child(code).present else None
    return None


# --- samples ---------------------------------------------------------------------------------------------------------


def _samples(folder: Folder, tests: Tests) -> Iterator[_Sample]:
    bases = {*tests.names["public"]}
    bases |= {f"sample/{name[:-12]}" for name in folder.names("data/sample") if name.endswith(".interaction")}
    places = {name: place for place, name in enumerate(tests.names["public"])}
    for base in sorted(bases):
        test = tests.of["public"][places[base]] if base in places else None
        given, answer = ("", "") if test is None else (test.input, test.output)

        def instead(endings: tuple[str, ...], text: str, base: str = base) -> str:
            for ending in endings:
                if folder.is_file(f"data/{base}{ending}"):
                    return folder.content(f"data/{base}{ending}", MAX_TEXT_BYTES).decode("utf-8", "replace")
            return text

        talk = instead((".interaction",), "")
        parts = [("Sample Interaction", talk)] if talk else [
            ("Sample Input", instead((".in.statement",), given)),
            ("Sample Output", instead((".ans.statement", ".out"), answer)),
        ]  # fmt: skip
        if max(len(text) for _, text in parts) <= MAX_SAMPLE:
            yield _Sample(tuple(parts))


def _with_samples(text: str, ending: str, samples: list[_Sample]) -> str:
    shown = [_block(number, ending, sample) for number, sample in enumerate(samples, 1)]
    rest = iter(shown)

    def placed(match: re.Match[str]) -> str:
        if match[1] == "nextsample":
            return next(rest, "")
        return "\n".join(rest)

    text = PLACES[ending].sub(placed, text)
    return "\n".join([text.rstrip("\n"), *rest, ""])


def _block(number: int, ending: str, sample: _Sample) -> str:
    heading, opened, closed = (
        ("\n\\section*{{{}}}", r"\begin{verbatim}", r"\end{verbatim}") if ending == "tex" else ("\n## {}", "```", "```")
    )
    lines = []
    for title, text in sample.parts:
        plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").rstrip("\n")
        lines += [heading.format(f"{title} {number}"), opened, plain, closed]
    return "\n".join(lines)
