"""Parts that all versions of Kattis packages share: limits, keywords, source, and features not supported in any."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.checker_spec import checker_from_field
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.kattis.data_tree import Tests
from rlef_env.problems.packages.programs import Submissions, read_program
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, Problem

__all__ = [
    *("default_validator", "factor", "kattis_problem", "one_program", "refuse_folders", "refuse_others", "types_among"),
]

MIN_MEMORY: Final = 1_000_000  # bytes
MAX_MEMORY: Final = 2**20  # MiB
MAX_SECONDS: Final = 86_400.0
UNSUPPORTED_FOLDERS: Final[Mapping[str, str]] = {
    "include": "files that are added to every submission",
    "static_validator": "programs that look at the text of submissions",
}


def refuse_folders(folder: Folder) -> None:
    """Refuse a package with an unsupported folder that changes which outputs are correct."""
    for name, what in UNSUPPORTED_FOLDERS.items():
        if folder.names(name):
            raise folder.error(name, "no such folder", f"{what}, which are not supported", "leave such packages out")


def refuse_others(field: Field, known: Iterable[str]) -> None:
    """Refuse a mapping with an unknown key, as the format requires."""
    for key in field.table():
        if key not in known:
            raise field.child(key).error(f"one of {', '.join(known)}", "correct the name of the field, or leave it out")


def types_among(field: Field, types: Iterable[str], known: tuple[str, ...]) -> set[str]:
    """Return the types of a problem; refuse unsupported ones."""
    found = set(types)
    if not found <= set(known):
        raise field.error(f"types among {', '.join(known)}", "others are not supported; leave such packages out")
    return found


def one_program(folder: Folder, places: Iterable[str]) -> tuple[str, str] | None:
    """Return source and language of the only output validator in the first of these folders that has one; else None."""
    for path in places:
        if names := folder.names(path):
            return read_program(folder, f"{path}/{names[0]}" if len(names) == 1 else path, "an output validator")
    return None


def factor(field: Field, default: float) -> float:
    """Return a multiplier above 0."""
    if not field.present:
        return default
    if not 0 < field.number() < math.inf:
        raise field.error("a number above 0", "correct it")
    return float(field.number())


def time_limit(folder: Folder, limits: Field) -> float | None:
    """Return seconds from the limits or from a file that judges write beside the package; None if there are none."""
    field = limits.child("time_limit")
    if field.present:
        if not 0 < field.number() <= MAX_SECONDS:
            raise field.error(f"seconds above 0, at most {MAX_SECONDS:.0f}", "correct the limit")
        return float(field.number())
    for name, pattern in (
        (".timelimit", r"\A\s*([0-9.]+)\s*\Z"),
        ("domjudge-problem.ini", r"^[ \t]*timelimit[ \t]*=[ \t]*['\"]?([0-9.]+)['\"]?[ \t\r]*$"),
    ):
        if folder.is_file(name):
            match = re.search(pattern, folder.text(name), re.MULTILINE)
            if match and re.fullmatch(r"[0-9]+(\.[0-9]*)?", match[1]) and 0 < float(match[1]) <= MAX_SECONDS:
                return float(match[1])
            if match or name == ".timelimit":
                raise folder.error(name, "a time limit in seconds", repr(folder.text(name)[:60]), "correct it")
    return None


def memory_limit(limits: Field) -> int | None:
    """Return bytes; None if no limit is given."""
    field = limits.child("memory")
    if not field.present:
        return None
    if not 1 <= field.number() <= MAX_MEMORY:
        raise field.error(f"MiB from 1 to {MAX_MEMORY}", "correct the limit")
    return max(MIN_MEMORY, int(field.number() * 2**20))


def keywords(field: Field) -> tuple[str, ...]:
    """Return the topics."""
    if not field.present:
        return ()
    if isinstance(field.value, str):
        return tuple(field.value.split())
    return tuple(item.text() for item in field.items())


def source(field: Field) -> str | None:
    """Return the origin of the problem; several sources are joined."""
    if not field.present:
        return None
    entries = field.items() if isinstance(field.value, list) else [field]
    return ", ".join(_source_name(entry) for entry in entries) or None


def _source_name(entry: Field) -> str:
    if isinstance(entry.value, Mapping):
        return entry.child("name").text()
    return entry.text()


def default_validator(flags: Collection[str], where: str, field: str) -> CheckerSpec:
    """Return Kattis' default validator with these flags.

    Args:
        flags: the flags of the package.
        where: the file that errors name.
        field: the field that errors name.

    Raises:
        DataError: the validator does not have such a flag.
    """
    try:
        return checker_from_field(Field({"name": "kattis", "flags": list(flags)}, where))
    except DataError as error:
        reason = str(error).rpartition("kattis flags: ")[2]
        raise DataError(f"{where}: field {field}: {reason}") from None


def kattis_problem(
    folder: Folder,
    root: Field,
    placed: Collection[str],
    tests: Tests,
    limits: Field,
    time_multiplier: float,
    submissions: Submissions,
    **others: Any,
) -> Problem:
    """Return the problem of a package, from the parts that all versions have and those read by its version's reader.

    Args:
        folder: the package.
        root: its ``problem.yaml``.
        placed: the fields of ``problem.yaml`` that are not kept in ``Problem.extra``.
        tests: all tests.
        limits: ``limits`` of ``problem.yaml``.
        time_multiplier: how many times as long as the slowest right submission a program may run.
        submissions: all submissions.
        others: the other attributes of ``Problem``.

    Raises:
        DataError: a field is invalid.
    """
    extra = {key: root.child(key).plain() for key in root.table() if key not in placed}
    extra["test_names"] = {role: names for role, names in tests.names.items() if names}
    extra["time_multiplier"] = time_multiplier
    if submissions.extra:
        extra["submissions"] = submissions.extra
    if tests.settings:
        extra["testdata"] = tests.settings
    return Problem(
        public_tests=tuple(tests.of["public"]),
        private_tests=tuple(tests.of["private"]),
        time_limit=time_limit(folder, limits),
        memory_limit=memory_limit(limits),
        solutions=tuple(submissions.solutions),
        incorrect_solutions=tuple(submissions.incorrect),
        tags=keywords(root.child("keywords")),
        source=source(root.child("source")),
        extra=extra,
        **others,
    )
