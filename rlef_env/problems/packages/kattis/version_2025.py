"""Problem packages of Kattis and the ICPC, version ``2025-09``.

Read as specified; unknown keys are errors. Where the specification leaves a choice:

* Without ``limits.time_limit`` the time limit is None, because it depends on how fast the judge runs the submissions;
  ``extra["time_multiplier"]`` is ``ac_to_time_limit``.
* A folder below ``secret`` that sets no arguments for the output validator inherits those of the folder above it, and
  ``data/test_group.yaml`` may set them for all, as BAPCtools writes it.
* ``full_feedback`` shows no secret test to anybody. ``languages``, ``limits.code`` and ``limits.output`` are kept in
  ``extra`` and have no effect: this judge has its own output limit, far above that of the answers.

Refused by name, because they are not supported: multi-pass and submit-answer problems, static validators, files that
are added to submissions, tests with files or arguments beside the input, submissions that write files, scores from a
validator (``unbounded`` groups, and validators that write ``score.txt``), arguments for the output validator that
differ from test to test, and a minimum over groups that are sums.

Source: Kattis/problem-package-format (spec/2025-09.md); the packages in RagnarGrootKoerkamp/BAPCtools (test/problems).
"""

from __future__ import annotations

import re
from typing import Final

from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.kattis.constants import Constants
from rlef_env.problems.packages.kattis.data_tree import LATER, Tests, read_data
from rlef_env.problems.packages.kattis.expectations import read_expectations
from rlef_env.problems.packages.kattis.fields import (
    default_validator,
    factor,
    kattis_problem,
    one_program,
    refuse_folders,
    refuse_others,
    types_among,
)
from rlef_env.problems.packages.kattis.score_groups import is_partial, score_groups
from rlef_env.problems.packages.kattis.statement import read_statement
from rlef_env.problems.packages.programs import read_submissions
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, InteractorSpec, Problem

__all__ = ["read_2025"]

TYPES: Final = ("pass-fail", "scoring", "interactive")
KEYS: Final = (
    *("problem_format_version", "type", "name", "uuid", "version", "credits", "source", "license", "rights_owner"),
    *("embargo_until", "limits", "keywords", "languages", "allow_file_writing", "constants"),
)
IDLE: Final = ("author", "source_url", "libraries", "rights_url")
"""Keys of earlier versions without effect on verdicts, which packages still contain."""
LIMITS: Final = (
    *("time_multipliers", "time_limit", "time_resolution", "memory", "output", "code", "compilation_time"),
    *("compilation_memory", "validation_time", "validation_memory", "validation_output", "validation_passes"),
)
MULTIPLIERS: Final = ("ac_to_time_limit", "time_limit_to_tle")
TIME_MULTIPLIER: Final = 2.0
PLACED: Final = frozenset({"type", "keywords", "source"})
SCORES: Final = re.compile(r"score(?:_multiplier)?\.txt")


def read_2025(folder: Folder, root: Field, problem_id: str) -> Problem:
    """Return the problem in a package.

    Args:
        folder: the package.
        root: its ``problem.yaml``.
        problem_id: the problem's id.

    Raises:
        DataError: a part violates the format or is not supported; the message names file and field.
    """
    refuse_others(root, (*KEYS, *IDLE))
    refuse_folders(folder)
    types = _types(root.child("type"))
    writing = root.child("allow_file_writing")
    if writing.present and writing.boolean():
        raise writing.error("false", "programs that write files are not supported; leave such packages out")
    if not root.child("name").present:
        raise root.child("name").error("the problem's name", "add it")
    limits = root.child("limits") if root.child("limits").present else Field({}, root.where, "limits")
    refuse_others(limits, LIMITS)
    multipliers = limits.child("time_multipliers")
    if multipliers.present:
        refuse_others(multipliers, MULTIPLIERS)
    constants = Constants(root.child("constants"))
    data, tests = read_data(folder, LATER, {}, constants.plain)
    flags = _flags(tests)
    checker, interactor = _checkers(folder, types, flags, constants)
    groups = score_groups(data, "scoring" in types)
    if is_partial(groups, data) and SCORES.search(checker.source or (interactor.source if interactor else "")):
        expected = "a validator that gives no scores, because groups are sum or min"
        raise folder.error("output_validator", expected, "one that writes them", "leave such packages out")
    submissions = read_submissions(folder, read_expectations(folder, constants.plain), constants.plain)
    return kattis_problem(
        folder,
        root,
        PLACED,
        tests,
        limits,
        factor(multipliers.child("ac_to_time_limit"), TIME_MULTIPLIER) if multipliers.present else TIME_MULTIPLIER,
        submissions,
        id=problem_id,
        statement=read_statement(folder, root.child("name"), tests, constants.statement),
        checker=checker,
        interactor=interactor,
        groups=groups,
    )


def _types(field: Field) -> set[str]:
    if not field.present:
        return {"pass-fail"}
    # One text with several words violates the format, but occurs in the format's own examples.
    words = field.text().split() if isinstance(field.value, str) else [item.text() for item in field.items()]
    types = types_among(field, words, TYPES)
    if {"pass-fail", "scoring"} <= types or not types:
        raise field.error("pass-fail or scoring, not both", "choose one")
    return types


def _flags(tests: Tests) -> tuple[str, ...]:
    """Return the arguments of the output validator, which must be the same for all tests. Programs get no arguments."""
    first: tuple[str, ...] | None = None
    for settings in tests.of_test:
        given = settings.child("args")
        if given.present and given.items():
            raise given.error("no arguments", "arguments for programs are not supported; leave such packages out")
        static = settings.child("static_validation_score")
        if static.present:
            raise static.error("no such field", "static validators are not supported; leave such packages out")
        field = settings.child("output_validator_args")
        flags = tuple(item.text() for item in field.items()) if field.present else ()
        first = flags if first is None else first
        if flags != first:
            advice = "arguments that differ from test to test are not supported; leave such packages out"
            raise field.error(f"the arguments of the first test, {' '.join(first)!r}", advice)
    return first or ()


def _checkers(
    folder: Folder, types: set[str], flags: tuple[str, ...], constants: Constants
) -> tuple[CheckerSpec, InteractorSpec | None]:
    found = one_program(folder, ["output_validator"])
    if found is None and folder.names("output_validators"):
        raise folder.error("output_validators", "a folder output_validator", "one of earlier versions", "rename it")
    if found is None and "interactive" in types:
        expected = "a program, because the problem is interactive"
        raise folder.error("output_validator", expected, "none", "add it, or leave the package out")
    if found is not None:
        text, language = constants.plain(found[0]), found[1]
        if "interactive" in types:
            return CheckerSpec("kattis"), InteractorSpec(text, language, "kattis", flags)
        return CheckerSpec("kattis_program", flags, text, language), None
    return default_validator(flags, folder.where("data"), "'output_validator_args'"), None
