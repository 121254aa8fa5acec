"""Programs of a package: submissions with their labels, validators, and their languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple

from rlef_env.problems.packages.folder import MAX_TEXT_BYTES, Folder
from rlef_env.problems.problem import Solution

__all__ = ["HEADERS", "LANGUAGES", "Label", "Submissions", "language_of", "read_program", "read_submissions"]

# Judged languages have their names in ``rlef_env.sandbox``, the others those of the format's own table
# (Kattis/problem-package-format, appendix/languages.md).
ENDINGS: Final[Mapping[str, str]] = {
    "python": ".py .py3", "python2": ".py2", "c": ".c", "cpp": ".cpp .cc .cxx .c++ .C", "java": ".java",
    "go": ".go", "rust": ".rs", "javascript": ".js",
    "ada": ".adb .ads", "algol68": ".a68", "apl": ".apl", "bash": ".sh", "cobol": ".cob", "crystal": ".cr",
    "csharp": ".cs", "d": ".d", "dart": ".dart", "elixir": ".ex", "erlang": ".erl", "forth": ".fth .4th .forth .frt",
    "fortran": ".f90", "fsharp": ".fs", "gerbil": ".ss", "haskell": ".hs", "julia": ".jl", "kotlin": ".kt",
    "lisp": ".lisp .cl", "lua": ".lua", "modula2": ".mod .def", "nim": ".nim", "objectivec": ".m", "ocaml": ".ml",
    "odin": ".odin", "pascal": ".pas", "perl": ".pm", "php": ".php", "prolog": ".pl", "racket": ".rkt",
    "ruby": ".rb", "scala": ".scala", "simula": ".sim", "smalltalk": ".st", "snobol": ".sno", "swift": ".swift",
    "typescript": ".ts", "visualbasic": ".vb", "zig": ".zig",
}  # fmt: skip
LANGUAGES: Final = {ending: language for language, endings in ENDINGS.items() for ending in endings.split()}
HEADERS: Final = (".h", ".hpp", ".hh", ".hxx", ".h++", ".H", ".inc")
INCLUDING: Final = ("c", "cpp")
MAX_INCLUDE_DEPTH = 10
INCLUDE: Final = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"[^\n]*$', re.MULTILINE)

ACCEPTED: Final = "accepted"
VERDICTS: Final[Mapping[str, str | None]] = {
    "wrong_answer": "wrong_answer",
    "time_limit_exceeded": "time_limit",
    "run_time_error": "runtime_error",
    "memory_limit_exceeded": "memory_limit",
    "output_limit_exceeded": "output_limit",
    "compiler_error": "compile_error",
    "partially_accepted": None,  # fails some tests, with any verdict
    "rejected": None,
}


class Label(NamedTuple):
    """Expected result of a submission.

    Attributes:
        right: whether it passes all tests; None if unknown.
        verdict: the verdict that an incorrect submission must get, or None.
        language: its language, if the package names it.
    """

    right: bool | None
    verdict: str | None = None
    language: str | None = None


@dataclass
class Submissions:
    """Programs in ``submissions``.

    Attributes:
        solutions: the correct programs.
        incorrect: the incorrect programs.
        extra: for ``Problem.extra``: the paths of both in order; and under ``"other"`` the programs that are left
            out, as ``{"path": ..., "reason": ...}`` and, for a single program, its ``"language"`` and ``"source"``.
    """

    solutions: list[Solution] = field(default_factory=list)
    incorrect: list[Solution] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


def label_of_folder(path: str) -> Label:
    """Return the label of a submission by its folder, e.g. of ``"accepted/a.py"``."""
    kind = path.partition("/")[0]
    return Label(True) if kind == ACCEPTED else Label(False, VERDICTS[kind]) if kind in VERDICTS else Label(None)


def read_submissions(
    folder: Folder,
    label: Callable[[str], Label] = label_of_folder,
    replaced: Callable[[str], str] | None = None,
) -> Submissions:
    """Return the programs in ``submissions``: single files, or folders with one program, its headers and data.

    Headers are inserted into C and C++ programs, and are not programs themselves.

    Args:
        folder: the package.
        label: returns the label of a submission, by its path below ``submissions``.
        replaced: transforms the text of a program before it is stored.

    Raises:
        DataError: a file is too large, or a link leads out of the package.
    """
    found = Submissions()
    paths: dict[str, list[Any]] = {"solutions": [], "incorrect_solutions": [], "other": []}
    for kind in folder.names("submissions"):
        for name in folder.names(f"submissions/{kind}"):
            if name.endswith(HEADERS):
                continue
            path = f"submissions/{kind}/{name}"
            expected = label(f"{kind}/{name}")
            program = _submission(folder, path, expected.language, replaced)
            if isinstance(program, str):
                paths["other"].append({"path": path, "reason": program})
            elif expected.right is None:
                reason = f"the folder {kind} does not say whether it is correct"
                paths["other"].append(
                    {"path": path, "reason": reason, "language": program.language, "source": program.source}
                )
            elif expected.right:
                found.solutions.append(program)
                paths["solutions"].append(path)
            else:
                found.incorrect.append(replace(program, verdict=expected.verdict))
                paths["incorrect_solutions"].append(path)
    found.extra = {key: value for key, value in paths.items() if value}
    return found


def _submission(
    folder: Folder, path: str, language: str | None, replaced: Callable[[str], str] | None
) -> Solution | str:
    """Return the program at a path, or the reason why it cannot be stored."""
    files = [path]
    if folder.is_folder(path):
        names = folder.names(path)
        if any(folder.is_folder(f"{path}/{name}") for name in names):
            return "it has folders in it"
        files = [f"{path}/{name}" for name in names if PurePosixPath(name).suffix in LANGUAGES]
        if not files and len(names) == 1:
            files = [f"{path}/{names[0]}"]
        if len(files) > 1:
            return f"it has {len(files)} files of programs"
        if not files:
            return "there is no program in it"
    if language is None and PurePosixPath(files[0]).suffix not in LANGUAGES:
        return f"no language is known by the name {PurePosixPath(files[0]).name}"
    source = _text(folder, files[0])
    found = language or language_of(files[0], source)
    source = _with_headers(folder, files[0], source, 0, {}) if found in INCLUDING else source
    return Solution(source if replaced is None else replaced(source), found)


def language_of(path: str, source: str) -> str:
    """Return the language of a program by its name, and for Python by its first line; ``"unknown"`` for other names."""
    language = LANGUAGES.get(PurePosixPath(path).suffix, "unknown")
    first = source.split("\n", 1)[0]
    return "python2" if language == "python" and re.match(r"#!.*\bpython2", first) else language


def read_program(folder: Folder, path: str, what: str) -> tuple[str, str]:
    """Return source and language of a program of a package, a file or a folder with one file; headers are inserted.

    Args:
        folder: the package.
        path: the file or folder.
        what: the program's name in errors, e.g. ``"an output validator"``.

    Raises:
        DataError: there is none, it has several files, or it is not in Python, C or C++.
    """
    files = [f"{path}/{name}" for name in folder.names(path)] if folder.is_folder(path) else [path]
    programs = [file for file in files if not file.endswith(HEADERS)]
    expected = f"{what} as one file in Python, C or C++ (and headers)"
    if not programs:
        raise folder.error(path, expected, "none", "add it, or leave the package out")
    if len(programs) > 1:
        got = ", ".join(PurePosixPath(file).name for file in programs[:5])
        raise folder.error(path, expected, got, "put them into one file")
    source = _text(folder, programs[0]) if not folder.is_folder(programs[0]) else ""
    language = language_of(programs[0], source)
    if language not in ("python", *INCLUDING):
        name = PurePosixPath(programs[0]).name
        raise folder.error(path, expected, f"{name!r} ({language})", "write it in one of these")
    return (_with_headers(folder, programs[0], source, 0, {}) if language in INCLUDING else source), language


def _with_headers(folder: Folder, path: str, source: str, depth: int, known: dict[tuple[str, int], str]) -> str:
    size = len(source)

    def replacement(match: re.Match[str]) -> str:
        nonlocal size
        header = f"{path.rpartition('/')[0]}/{match[1]}"
        if depth >= MAX_INCLUDE_DEPTH or not folder.is_file(header):
            return match[0]
        if (header, depth) not in known:
            text = _text(folder, header).replace("#pragma once", "")
            known[header, depth] = _with_headers(folder, header, text, depth + 1, known)
        size += len(known[header, depth])
        if size > MAX_TEXT_BYTES:
            expected = f"at most {MAX_TEXT_BYTES:,} characters with its headers"
            raise folder.error(path, expected, "more", "shorten it")
        return known[header, depth]

    return INCLUDE.sub(replacement, source)


def _text(folder: Folder, path: str) -> str:
    content = folder.content(path, MAX_TEXT_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # old programs contain names of their authors in this encoding
