"""The programs of a package: submissions with their labels, validators, and in which language they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from rlef_env.problems.packages.folder import LARGEST_TEXT, Folder
from rlef_env.problems.problem import Solution

__all__ = ["Submissions", "language_of", "read_program", "read_submissions"]

LANGUAGES: Final[Mapping[str, str]] = {
    ".py": "python",
    ".py3": "python",
    ".py2": "python2",
    ".cpp": "cpp",
    ".cc": "cpp",
    ".cxx": "cpp",
    ".c++": "cpp",
    ".C": "cpp",
    ".java": "java",
}
HEADERS: Final = (".h", ".hpp", ".hh", ".hxx")
DEEPEST_INCLUDE = 10
INCLUDE: Final = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"[^\n]*$', re.MULTILINE)

ACCEPTED: Final = "accepted"
VERDICTS: Final[Mapping[str, str | None]] = {
    "wrong_answer": "wrong_answer",
    "time_limit_exceeded": "time_limit",
    "run_time_error": "runtime_error",
    "memory_limit_exceeded": "memory_limit",
    "output_limit_exceeded": "output_limit",
    "compiler_error": "compile_error",
    "partially_accepted": None,  # fails some tests, each in a way of its own
    "rejected": None,
}


@dataclass
class Submissions:
    """The programs in ``submissions``.

    Attributes:
        solutions: those that are right.
        incorrect: those that are wrong.
        extra: for ``Problem.extra``: the paths of both in their order, and what is neither, as
            ``{"path": ..., "language": ..., "source": ...}``: too slow or of an unknown kind, or of several files
            (without a source).
    """

    solutions: list[Solution] = field(default_factory=list)
    incorrect: list[Solution] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


def read_submissions(folder: Folder) -> Submissions:
    """The programs in ``submissions``: ``accepted`` are right, and those in a folder named for a failure are wrong.

    Raises:
        DataError: a file is no text, too large, or a link that leaves the package.
    """
    found = Submissions()
    right: list[str] = []
    wrong: list[str] = []
    others: list[dict[str, Any]] = []
    for kind in folder.names("submissions"):
        for name in folder.names(f"submissions/{kind}"):
            path = f"submissions/{kind}/{name}"
            files = [f"{path}/{part}" for part in folder.names(path)] if folder.is_folder(path) else [path]
            if len(files) != 1 or folder.is_folder(files[0]):
                others.append({"path": path})
                continue
            source = _text(folder, files[0])
            language = language_of(files[0], source)
            if kind == ACCEPTED:
                found.solutions.append(Solution(source, language))
                right.append(path)
            elif kind in VERDICTS:
                found.incorrect.append(Solution(source, language, VERDICTS[kind]))
                wrong.append(path)
            else:
                others.append({"path": path, "language": language, "source": source})
    paths = {"solutions": right, "incorrect_solutions": wrong, "other": others}
    found.extra = {key: value for key, value in paths.items() if value}
    return found


def language_of(path: str, source: str) -> str:
    """The language of a program by its name, and for Python by its first line: ``"unknown"`` for any other."""
    language = LANGUAGES.get(PurePosixPath(path).suffix, "unknown")
    first = source.split("\n", 1)[0]
    return "python2" if language == "python" and re.match(r"#!.*\bpython2", first) else language


def read_program(folder: Folder, path: str, what: str) -> tuple[str, str]:
    """Source and language of a program that a package brings, a file or a folder of one; headers are put in.

    Args:
        folder: the package.
        path: the file or folder.
        what: what errors call it, e.g. ``"an output validator"``.

    Raises:
        DataError: there is none, it is of several files, or not in Python or C++.
    """
    files = [f"{path}/{name}" for name in folder.names(path)] if folder.is_folder(path) else [path]
    programs = [file for file in files if not file.endswith(HEADERS)]
    expected = f"{what} as one file in Python or C++ (and headers)"
    if not programs:
        raise folder.error(path, expected, "none", "add it, or leave the package out")
    if len(programs) > 1:
        got = ", ".join(PurePosixPath(file).name for file in programs[:5])
        raise folder.error(path, expected, got, "put them into one file")
    source = _text(folder, programs[0]) if not folder.is_folder(programs[0]) else ""
    language = language_of(programs[0], source)
    if language not in ("python", "cpp"):
        name = PurePosixPath(programs[0]).name
        raise folder.error(path, expected, f"{name!r} ({language})", "write it in one of these")
    return (_with_headers(folder, programs[0], source, 0, {}) if language == "cpp" else source), language


def _with_headers(folder: Folder, path: str, source: str, depth: int, known: dict[tuple[str, int], str]) -> str:
    size = len(source)

    def replacement(match: re.Match[str]) -> str:
        nonlocal size
        header = f"{path.rpartition('/')[0]}/{match[1]}"
        if depth >= DEEPEST_INCLUDE or not folder.is_file(header):
            return match[0]
        if (header, depth) not in known:
            text = _text(folder, header).replace("#pragma once", "")
            known[header, depth] = _with_headers(folder, header, text, depth + 1, known)
        size += len(known[header, depth])
        if size > LARGEST_TEXT:
            expected = f"at most {LARGEST_TEXT:,} characters with its headers"
            raise folder.error(path, expected, "more", "shorten it")
        return known[header, depth]

    return INCLUDE.sub(replacement, source)


def _text(folder: Folder, path: str) -> str:
    content = folder.content(path, LARGEST_TEXT)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # old programs have names of their authors in it
