"""What all versions of Kattis packages have alike: limits, keywords, source, and what is not supported in any."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Final

from rlef_env.problems.json_rows import Field
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.programs import read_program

__all__ = [
    *("factor", "keywords", "memory_limit", "one_program", "refuse_folders", "refuse_others", "source", "time_limit"),
    "types_among",
]

LEAST_MEMORY: Final = 1_000_000  # bytes
MOST_MEMORY: Final = 2**20  # MiB
LONGEST_SECONDS: Final = 86_400.0
UNSUPPORTED_FOLDERS: Final[Mapping[str, str]] = {
    "include": "files that are added to every submission",
    "static_validator": "programs that look at the text of submissions",
}


def refuse_folders(folder: Folder) -> None:
    """Refuse a package with a folder that changes what is right and is not supported."""
    for name, what in UNSUPPORTED_FOLDERS.items():
        if folder.names(name):
            raise folder.error(name, "no such folder", f"{what}, which are not supported", "leave such packages out")


def refuse_others(field: Field, known: Iterable[str]) -> None:
    """Refuse a mapping with a key that is not known, as the format wants it."""
    for key in field.table():
        if key not in known:
            raise field.child(key).error(f"one of {', '.join(known)}", "correct the name of the field, or leave it out")


def types_among(field: Field, types: Iterable[str], known: tuple[str, ...]) -> set[str]:
    """The types of a problem; refuses those that are not supported."""
    found = set(types)
    if not found <= set(known):
        raise field.error(f"types among {', '.join(known)}", "others are not supported; leave such packages out")
    return found


def one_program(folder: Folder, places: Iterable[str]) -> tuple[str, str] | None:
    """Source and language of the one output validator in the first of these folders that has any; None without."""
    for path in places:
        if names := folder.names(path):
            return read_program(folder, f"{path}/{names[0]}" if len(names) == 1 else path, "an output validator")
    return None


def factor(field: Field, default: float) -> float:
    """A multiplier above 0."""
    if not field.present:
        return default
    if not 0 < field.number() < math.inf:
        raise field.error("a number above 0", "correct it")
    return float(field.number())


def time_limit(folder: Folder, limits: Field) -> float | None:
    """Seconds, from the limits or what judges write beside the package; None where none is given."""
    field = limits.child("time_limit")
    if field.present:
        if not 0 < field.number() <= LONGEST_SECONDS:
            raise field.error(f"seconds above 0, at most {LONGEST_SECONDS:.0f}", "correct the limit")
        return float(field.number())
    for name, pattern in (
        (".timelimit", r"\A\s*([0-9.]+)\s*\Z"),
        ("domjudge-problem.ini", r"^[ \t]*timelimit[ \t]*=[ \t]*['\"]?([0-9.]+)['\"]?[ \t\r]*$"),
    ):
        if folder.is_file(name):
            match = re.search(pattern, folder.text(name), re.MULTILINE)
            if match and re.fullmatch(r"[0-9]+(\.[0-9]*)?", match[1]) and 0 < float(match[1]) <= LONGEST_SECONDS:
                return float(match[1])
            if match or name == ".timelimit":
                raise folder.error(name, "a time limit in seconds", repr(folder.text(name)[:60]), "correct it")
    return None


def memory_limit(limits: Field) -> int | None:
    """Bytes; None where none is given."""
    field = limits.child("memory")
    if not field.present:
        return None
    if not 1 <= field.number() <= MOST_MEMORY:
        raise field.error(f"MiB from 1 to {MOST_MEMORY}", "correct the limit")
    return max(LEAST_MEMORY, int(field.number() * 2**20))


def keywords(field: Field) -> tuple[str, ...]:
    """Topics."""
    if not field.present:
        return ()
    if isinstance(field.value, str):
        return tuple(field.value.split())
    return tuple(item.text() for item in field.items())


def source(field: Field) -> str | None:
    """Where the problem comes from; several sources are joined."""
    if not field.present:
        return None
    entries = field.items() if isinstance(field.value, list) else [field]
    return ", ".join(_source_name(entry) for entry in entries) or None


def _source_name(entry: Field) -> str:
    if isinstance(entry.value, Mapping):
        return entry.child("name").text()
    return entry.text()
