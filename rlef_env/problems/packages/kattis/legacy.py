"""Problem packages of Kattis and the ICPC, versions ``legacy``, ``legacy-icpc`` and ``2023-07-draft``.

Where the format leaves a choice, or a package lacks information:

* A legacy package has no time limit: it is the slowest accepted submission's time times ``limits.time_multiplier``,
  rounded up, so it depends on the judge. ``Problem.time_limit`` is then None, and ``extra["time_multiplier"]`` the
  factor. A file ``.timelimit``, which judges write beside ``problem.yaml``, is used if present.
* The format leaves the display of sample tests to whoever shows the statement; here they are appended to it.
* Refused by name, because they are not supported: custom graders, custom scores, several validators or validators of
  several files, files that are added to submissions (``include``), tests with files or arguments beside the input,
  multi-pass and submit-answer problems.

Source: Kattis/problemtools (examples and support), Kattis/problem-package-format (spec/legacy.md).
"""

from __future__ import annotations

from typing import Any, Final

from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.kattis.data_groups import groups_of
from rlef_env.problems.packages.kattis.data_tree import LEGACY, DataFolder, read_data
from rlef_env.problems.packages.kattis.fields import (
    default_validator,
    factor,
    kattis_problem,
    one_program,
    refuse_folders,
    types_among,
)
from rlef_env.problems.packages.kattis.statement import read_statement
from rlef_env.problems.packages.programs import read_submissions
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, InteractorSpec, Problem

__all__ = ["TIME_MULTIPLIER", "read_legacy"]

TYPES: Final = ("pass-fail", "scoring", "interactive")
TIME_MULTIPLIER: Final = {"legacy": 5.0, "legacy-icpc": 5.0, "2023-07-draft": 2.0, "2023-07": 2.0}
"""Version -> how many times as long as the slowest correct submission a program may run by default."""
VALIDATORS: Final = ("output_validators", "output_validator")
PLACED: Final = frozenset({"type", "validation", "validator_flags", "keywords", "source"})


def read_legacy(folder: Folder, root: Field, version: str, problem_id: str) -> Problem:
    """Return the problem in a package.

    Args:
        folder: the package.
        root: its ``problem.yaml``.
        version: the version of the format, a key of ``TIME_MULTIPLIER``.
        problem_id: the problem's id.

    Raises:
        DataError: a part violates the format or is not supported; the message names file and field.
    """
    refuse_folders(folder)
    types = _types(root, version)
    limits = root.child("limits") if root.child("limits").present else Field({}, root.where, "limits")
    limits.table()
    data, tests = read_data(folder, LEGACY, _forced(root))
    flags = _flags(root, data)
    checker, interactor = _checkers(folder, root, types, flags)
    return kattis_problem(
        folder,
        root,
        PLACED,
        tests,
        limits,
        _time_multiplier(limits, version),
        read_submissions(folder),
        id=problem_id,
        statement=read_statement(folder, root.child("name"), tests),
        checker=checker,
        interactor=interactor,
        groups=groups_of(data) if "scoring" in types else (),
    )


def _types(root: Field, version: str) -> set[str]:
    field = root.child("type")
    if not field.present:
        types = ["pass-fail"]
    elif isinstance(field.value, str):
        types = field.value.split() if version.startswith("legacy") else [field.value]
    else:
        types = [item.text() for item in field.items()]
    words = _validation(root)
    return types_among(field, types, TYPES) | ({"interactive"} if "interactive" in words else set())


def _validation(root: Field) -> list[str]:
    field = root.child("validation")
    words = field.text().split() if field.present else ["default"]
    if "score" in words:
        raise field.error("no score", "scores given by a validator are not supported; leave such packages out")
    if words[:1] not in (["default"], ["custom"]) or any(word != "interactive" for word in words[1:]):
        raise field.error("'default', 'custom' or 'custom interactive'", "choose one of these")
    return words


def _forced(root: Field) -> dict[str, Any]:
    """Return the settings that ``grading`` in problem.yaml sets for all folders, as before testdata.yaml existed."""
    grading = root.child("grading")
    if not grading.present:
        return {}
    if grading.child("objective").present and grading.child("objective").value != "max":
        raise grading.child("objective").error("max", "scores that are better when lower are not supported")
    chosen = {key: grading.value[key] for key in ("accept_score", "reject_score") if grading.child(key).present}
    reject = {"first_error": "break", "grade": "continue"}.get(str(grading.value.get("on_reject")))
    return chosen | ({"on_reject": reject} if reject else {})


def _flags(root: Field, data: DataFolder) -> tuple[str, ...]:
    """Return the validator's flags: the package's and those of the groups, which must agree."""
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


def _checkers(
    folder: Folder, root: Field, types: set[str], flags: tuple[str, ...]
) -> tuple[CheckerSpec, InteractorSpec | None]:
    there = any(folder.names(path) for path in VALIDATORS)
    custom = there if not root.child("validation").present else _validation(root)[0] == "custom"
    if "interactive" in types or custom:
        program = one_program(folder, VALIDATORS)
        if program is None:
            expected = "a program, because validation is custom or the problem interactive"
            raise folder.error("output_validators", expected, "none", "add it, or leave the package out")
        if "interactive" in types:
            return CheckerSpec("kattis"), InteractorSpec(*program, "kattis", flags)
        return CheckerSpec("kattis_program", flags, *program), None
    return default_validator(flags, root.where, "'validator_flags' (or testdata.yaml's)"), None


def _time_multiplier(limits: Field, version: str) -> float:
    field = limits.child("time_multiplier")
    if limits.child("time_multipliers").present:
        field = limits.child("time_multipliers").child("ac_to_time_limit")
    return factor(field, TIME_MULTIPLIER[version])
