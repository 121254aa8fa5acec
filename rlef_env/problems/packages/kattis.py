"""Problem packages of Kattis and the ICPC, versions ``legacy`` and ``2023-07-draft``.

Where the format leaves a choice, or this reader knows less than the format:

* A legacy package names no time limit: it is the slowest accepted submission's time times ``limits.time_multiplier``,
  rounded up, so only a judge can tell. ``Problem.time_limit`` is then None, and ``extra["time_multiplier"]`` the
  factor. A file ``.timelimit``, as judges write it beside ``problem.yaml``, is taken at its word.
* Sample tests are shown by whoever shows the statement; here they are written below it.
* Not supported, and refused by name: graders of a package's own, custom scores, several validators or validators of
  several files, multi-pass and submit-answer problems.

Source: Kattis/problemtools (examples and support), icpc.io/problem-package-format.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.checker_spec import checker_from_field
from rlef_env.problems.json_rows import Field
from rlef_env.problems.packages.data_groups import groups_of
from rlef_env.problems.packages.data_tree import DataFolder, Tests, read_data
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.programs import read_program, read_submissions
from rlef_env.problems.packages.statement import read_statement
from rlef_env.problems.packages.yaml_file import read_yaml
from rlef_env.problems.problem import CheckerSpec, InteractorSpec, Problem

__all__ = ["read_kattis"]

VERSIONS: Final = ("legacy", "2023-07-draft", "2023-07")
TYPES: Final = ("pass-fail", "scoring", "interactive")
TIME_MULTIPLIER: Final = {"legacy": 5.0, "2023-07-draft": 2.0, "2023-07": 2.0}
LEAST_MEMORY: Final = 1_000_000  # bytes
MOST_MEMORY: Final = 2**20  # MiB
LONGEST_SECONDS: Final = 86_400.0
PLACED: Final = frozenset({"type", "validation", "validator_flags", "keywords", "source"})


def read_kattis(folder: Folder, problem_id: str) -> Problem:
    """The problem in a package.

    Args:
        folder: the package.
        problem_id: its id.

    Raises:
        DataError: something is not as the format has it, or not supported; the message names file and field.
    """
    root = read_yaml(folder, "problem.yaml")
    version_field = root.child("problem_format_version")
    version = version_field.text() if version_field.present else "legacy"
    if version not in VERSIONS:
        raise version_field.error(f"one of {', '.join(VERSIONS)}", "other versions are not supported")
    types = _types(root, version)
    limits = root.child("limits") if root.child("limits").present else Field({}, root.where, "limits")
    limits.table()
    data, tests = read_data(folder, _forced(root))
    flags = _flags(root, data)
    checker, interactor = _judging(folder, root, types, flags)
    submissions = read_submissions(folder)
    extra = {key: root.child(key).plain() for key in root.table() if key not in PLACED}
    extra["test_names"] = {role: names for role, names in tests.names.items() if names}
    extra["time_multiplier"] = _time_multiplier(limits, version)
    if submissions.extra:
        extra["submissions"] = submissions.extra
    if tests.settings:
        extra["testdata"] = tests.settings
    return Problem(
        id=problem_id,
        statement=read_statement(folder, root.child("name"), _samples(tests)),
        public_tests=tuple(tests.of["public"]),
        private_tests=tuple(tests.of["private"]),
        time_limit=_time_limit(folder, limits),
        memory_limit=_memory_limit(limits),
        checker=checker,
        solutions=tuple(submissions.solutions),
        incorrect_solutions=tuple(submissions.incorrect),
        tags=_keywords(root.child("keywords")),
        source=_source(root.child("source")),
        interactor=interactor,
        groups=groups_of(data) if "scoring" in types else (),
        extra=extra,
    )


def _types(root: Field, version: str) -> set[str]:
    field = root.child("type")
    if not field.present:
        types = ["pass-fail"]
    elif isinstance(field.value, str):
        types = field.value.split() if version == "legacy" else [field.value]
    else:
        types = [item.text() for item in field.items()]
    for each in types:
        if each not in TYPES:
            raise field.error(f"types among {', '.join(TYPES)}", "others are not supported; leave such packages out")
    words = _validation(root)
    return {*types, *(["interactive"] if "interactive" in words else [])}


def _validation(root: Field) -> list[str]:
    field = root.child("validation")
    words = field.text().split() if field.present else ["default"]
    if "score" in words:
        raise field.error("no score", "scores given by a validator are not supported; leave such packages out")
    if words[:1] not in (["default"], ["custom"]) or any(word != "interactive" for word in words[1:]):
        raise field.error("'default', 'custom' or 'custom interactive'", "choose one of these")
    return words


def _forced(root: Field) -> dict[str, Any]:
    """What ``grading`` in problem.yaml settles for all folders, as it did before there was testdata.yaml."""
    grading = root.child("grading")
    if not grading.present:
        return {}
    if grading.child("objective").present and grading.child("objective").value != "max":
        raise grading.child("objective").error("max", "scores that are better when lower are not supported")
    chosen = {key: grading.value[key] for key in ("accept_score", "reject_score") if grading.child(key).present}
    reject = {"first_error": "break", "grade": "continue"}.get(str(grading.value.get("on_reject")))
    return chosen | ({"on_reject": reject} if reject else {})


def _flags(root: Field, data: DataFolder) -> tuple[str, ...]:
    """The validator's flags: the package's and those of the groups, which must agree."""
    field = root.child("validator_flags")
    if not field.present:
        of_package: tuple[str, ...] = ()
    elif isinstance(field.value, str):
        of_package = tuple(field.value.split())
    else:
        of_package = tuple(item.text() for item in field.items())
    found: dict[tuple[str, ...], DataFolder] = {}
    for folder in data.walk():
        if any(not isinstance(item, DataFolder) for item in folder.items):
            found.setdefault(folder.flags("output_validator_flags"), folder)
    if len(found) > 1:
        first, second = list(found.values())[:2]
        raise second.settings.child("output_validator_flags").error(
            f"the flags of {first.path}, {' '.join(next(iter(found)))!r}",
            "flags that differ from group to group are not supported; leave such packages out",
        )
    return of_package + next(iter(found))


def _judging(
    folder: Folder, root: Field, types: set[str], flags: tuple[str, ...]
) -> tuple[CheckerSpec, InteractorSpec | None]:
    places = [path for path in ("output_validators", "output_validator") if folder.names(path)]
    custom = bool(places) if not root.child("validation").present else _validation(root)[0] == "custom"
    if "interactive" in types or custom:
        if not places:
            expected = "a program, as validation is custom or the problem interactive"
            raise folder.error("output_validators", expected, "none", "add it, or leave the package out")
        path = places[0]
        names = folder.names(path)
        if len(names) == 1:
            path = f"{path}/{names[0]}"
        source, language = read_program(folder, path, "an output validator")
        if "interactive" in types:
            return CheckerSpec("kattis"), InteractorSpec(source, language, "kattis", flags)
        return CheckerSpec("kattis_program", flags, source, language), None
    try:
        row = {"checker": {"name": "kattis", "flags": list(flags)}}
        return checker_from_field(Field(row, root.where).child("checker")), None
    except DataError as error:
        reason = str(error).rpartition("kattis flags: ")[2]
        raise DataError(f"{root.where}: field 'validator_flags' (or testdata.yaml's): {reason}") from None


def _samples(tests: Tests) -> list[tuple[str, str]]:
    return [(test.input, test.output) for test in tests.of["public"]]


def _time_limit(folder: Folder, limits: Field) -> float | None:
    field = limits.child("time_limit")
    if field.present:
        if not 0 < field.number() <= LONGEST_SECONDS:
            raise field.error(f"seconds above 0, at most {LONGEST_SECONDS:.0f}", "correct the limit")
        return float(field.number())
    for name, pattern in (
        (".timelimit", r"\s*([0-9.]+)\s*"),
        ("domjudge-problem.ini", r"(?s)(?:.*\n)?\s*timelimit\s*=\s*['\"]?([0-9.]+)['\"]?\s*(?:\n.*)?"),
    ):
        if folder.is_file(name):
            match = re.fullmatch(pattern, folder.text(name))
            if match and re.fullmatch(r"[0-9]+(\.[0-9]*)?", match[1]) and 0 < float(match[1]) <= LONGEST_SECONDS:
                return float(match[1])
            if match or name == ".timelimit":
                raise folder.error(name, "a time limit in seconds", repr(folder.text(name)[:60]), "correct it")
    return None


def _time_multiplier(limits: Field, version: str) -> float:
    field = limits.child("time_multiplier")
    if limits.child("time_multipliers").present:
        field = limits.child("time_multipliers").child("ac_to_time_limit")
    if not field.present:
        return TIME_MULTIPLIER[version]
    if not 0 < field.number() < math.inf:
        raise field.error("a number above 0", "correct it")
    return float(field.number())


def _memory_limit(limits: Field) -> int | None:
    field = limits.child("memory")
    if not field.present:
        return None
    if not 1 <= field.number() <= MOST_MEMORY:
        raise field.error(f"MiB from 1 to {MOST_MEMORY}", "correct the limit")
    return max(LEAST_MEMORY, int(field.number() * 2**20))


def _keywords(field: Field) -> tuple[str, ...]:
    if not field.present:
        return ()
    if isinstance(field.value, str):
        return tuple(field.value.split())
    return tuple(item.text() for item in field.items())


def _source(field: Field) -> str | None:
    """Where the problem comes from; several sources are joined."""
    if not field.present:
        return None
    entries = field.items() if isinstance(field.value, list) else [field]
    return ", ".join(_source_name(entry) for entry in entries) or None


def _source_name(entry: Field) -> str:
    if isinstance(entry.value, Mapping):
        return entry.child("name").text()
    return entry.text()
