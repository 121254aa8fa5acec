"""Problem packages of DMOJ: ``init.yml``, the files that it names, and files beside it for what DMOJ's site stores.

DMOJ stores statement and limits outside the package. Therefore a ``statement.md`` (or ``.txt``, ``.tex``) is required,
the time limit is None, and all tests are private.

Points are those of DMOJ. Each case and each batch is a group of tests; a case in a batch has the batch's points, and a
missing setting is looked up in the batch, then at the top of ``init.yml``, where ``points`` is 1 by default. Judging
ends at a failed *pretest*, which is a case or batch of 0 points, or one in ``pretest_test_cases``; all later groups
require it. With ``short_circuit: true`` judging ends at any failed case.

Refused by name: generators, graders and checkers that are Python modules for DMOJ's own judge, signatures, files
instead of standard streams, test cases found by patterns, keys that hold Python code (``points+``), points or a checker
that differ within a batch or from case to case, compiler flags for a checker other than a standard, warnings and
optimisation, arguments in another order, and unknown keys. Kept in ``Problem.extra`` without effect here: the keys in
``KEPT``.

Source: DMOJ/docs (docs/problem_format), DMOJ/judge-server (dmoj/problem.py, dmoj/config.py, dmoj/judge.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from rlef_env.errors import DataError
from rlef_env.problems.packages.archive import Archive
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.programs import HEADERS, read_program, read_submissions
from rlef_env.problems.packages.yaml_file import read_yaml
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, InteractorSpec, Problem, Test, TestGroup
from rlef_env.problems.stock_checkers import dmoj_checker

__all__ = ["read_dmoj"]

STATEMENTS: Final = ("statement.md", "statement.txt", "statement.tex", "problem.md")
MAX_TESTS = 20_000
KEPT: Final = ("hints", "output_limit_length", "output_prefix_length", "wall_time_factor", "unbuffered", "meta")
"""Settings that change no verdict: limits for which this judge has its own, and settings for display."""
TESTS: Final = ("in", "out", "points", "checker", "binary_data")
PLACED: Final = (*TESTS, "archive", "test_cases", "pretest_test_cases", "short_circuit", "interactive")
CASE_KEYS: Final = frozenset({*TESTS, "output_limit_length", "output_prefix_length", "wall_time_factor", "position"})
BATCH_KEYS: Final = frozenset({*CASE_KEYS, "batched", "dependencies"})
PROGRAM_KEYS: Final = (
    *("files", "lang", "type", "flags", "args_format_string", "time_limit", "memory_limit", "compiler_time_limit"),
    *("preprocessing_time", "feedback", "cached", "unbuffered"),
)
ARGUMENTS: Final = "{input_file} {output_file} {answer_file}"
HARMLESS_FLAG: Final = re.compile(r"-(O[0-3s]?|Ofast|std=[a-z0-9+]+|W[a-z0-9=-]*|g|s|lm|pipe)")


def read_dmoj(folder: Folder, problem_id: str) -> Problem:
    """Return the problem in a package.

    Args:
        folder: the package.
        problem_id: the problem's id.

    Raises:
        DataError: a part violates the format or is not supported; the message names file and field.
    """
    root = read_yaml(folder, "init.yml")
    _refuse_others(root, (*PLACED, *KEPT))
    interactive = root.child("interactive")
    unbuffered = root.child("unbuffered")
    if interactive.present and unbuffered.present and unbuffered.boolean():
        raise unbuffered.error("false", "programs that need not flush are not supported; leave such packages out")
    tests, groups = _Cases(folder, root).read()
    submissions = read_submissions(folder)
    extra = {key: root.child(key).plain() for key in KEPT if root.child(key).present}
    if submissions.extra:
        extra["submissions"] = submissions.extra
    return Problem(
        id=problem_id,
        statement=_statement(folder),
        private_tests=tests,
        checker=CheckerSpec("lines") if interactive.present else _checker(folder, root.child("checker")),
        solutions=tuple(submissions.solutions),
        incorrect_solutions=tuple(submissions.incorrect),
        interactor=_interactor(folder, interactive) if interactive.present else None,
        groups=groups,
        extra=extra,
    )


def _statement(folder: Folder) -> str:
    for name in STATEMENTS:
        if folder.is_file(name):
            return folder.text(name)
    raise folder.error(
        STATEMENTS[0], "the statement", "no such file", "save it there: DMOJ stores it outside the package"
    )


def _refuse_others(field: Field, known: Iterable[str]) -> None:
    """Refuse a mapping with an unknown key, because the key may change which outputs are correct."""
    for key in field.table():
        if key not in known:
            raise field.child(key).error("no such field", f"{key} is not supported; leave such packages out")


class _Cases:
    """Reads the test cases: single cases and batches, each a group with its points."""

    def __init__(self, folder: Folder, root: Field) -> None:
        self.folder, self.root = folder, root
        self.archive = Archive(folder, root.child("archive").text()) if root.child("archive").present else None
        self.tests: list[Test] = []
        self.places: dict[Test, int] = {}
        self.texts: dict[tuple[str, bool], str] = {}  # each file once, however many cases name it
        self.count = self.pretest_batches = 0

    def read(self) -> tuple[tuple[Test, ...], tuple[TestGroup, ...]]:
        """Return the tests in judging order, and the groups; no groups if nothing has points."""
        pretests, short = self.root.child("pretest_test_cases"), self.root.child("short_circuit")
        groups = list(self._groups(pretests, "pretest ", 0.0)) if pretests.present else []
        groups += self._groups(self.root.child("test_cases"), "", None)
        every = short.present and short.boolean()
        chained: list[TestGroup] = []
        before: tuple[str, ...] = ()  # the last group whose failure ends the judging; it requires the one before
        for group in groups:
            requires = tuple(dict.fromkeys((*group.requires, *before)))
            chained.append(TestGroup(group.name, group.points, group.tests, group.aggregate, requires))
            if every or not group.points:
                before = (group.name,)
        scored = any(group.points for group in chained)
        return tuple(self.tests), tuple(chained) if scored else ()

    def _groups(self, field: Field, prefix: str, points: float | None) -> Iterator[TestGroup]:
        """Yield a group for each case and batch of a list.

        Args:
            field: the list.
            prefix: the beginning of the groups' names.
            points: the points of each group; None for the points that the group itself states.
        """
        if not isinstance(field.value, list):
            raise field.error("a list of test cases", "name each case's files; patterns are not supported")
        batches: list[str] = []
        before = self.count
        for number, case in enumerate(field.items(), start=1):
            if case.child("batched").present:
                name = f"{prefix}batch {len(batches) + 1}"
                group = self._batch(case, name, batches)
                batches.append(name)
                self.pretest_batches += bool(prefix)
            else:
                _refuse_others(case, CASE_KEYS)
                group = TestGroup(f"{prefix}case {number}", self._points((case,)), (self._case((case,)),))
            yield group if points is None else TestGroup(group.name, points, group.tests, "min", group.requires)
        if self.count == before:
            raise field.error("at least one test case", "add it")

    def _batch(self, batch: Field, name: str, earlier: list[str]) -> TestGroup:
        _refuse_others(batch, BATCH_KEYS)
        cases = batch.child("batched").items()
        if not cases:
            raise batch.child("batched").error("at least one test case", "add it")
        for case in cases:
            if case.child("batched").present:
                raise case.child("batched").error("no batch within a batch", "make it a separate batch")
            _refuse_others(case, CASE_KEYS)
        points = [self._points((case, batch)) for case in cases]
        if len(set(points)) > 1:
            other = next(case for case, each in zip(cases, points, strict=True) if each != points[0])
            expected = f"the points of the batch's first case, {points[0]:g}"
            raise other.child("points").error(expected, "points that differ in a batch are not supported")
        requires = []
        dependencies = batch.child("dependencies")
        if dependencies.present and self.pretest_batches:
            raise dependencies.error(
                "no batch in pretest_test_cases", "DMOJ counts both kinds together; use single cases there"
            )
        for item in dependencies.items() if dependencies.present else ():
            if not 1 <= item.integer() <= len(earlier):
                raise item.error("the number of an earlier batch, from 1 on", "correct it")
            requires.append(earlier[item.integer() - 1])
        return TestGroup(name, points[0], tuple(self._case((case, batch)) for case in cases), "min", tuple(requires))

    def _setting(self, key: str, levels: tuple[Field, ...]) -> Field:
        """Return a setting of a case: its own, that of its batch, or that of the package."""
        found = [level.child(key) for level in (*levels, self.root)]
        return next((field for field in found if field.present), found[0])

    def _points(self, levels: tuple[Field, ...]) -> float:
        field = self._setting("points", levels)
        if not field.present:
            return 1.0
        if field.number() < 0:
            raise field.error("points from 0 on", "correct them")
        return float(field.number())

    def _case(self, levels: tuple[Field, ...]) -> tuple[Literal["private"], int]:
        checker = self._setting("checker", levels)
        if checker.present and checker.value != self.root.table().get("checker"):
            raise checker.error("the checker of the package", "different checkers per case are not supported")
        binary = self._setting("binary_data", levels)
        self.count += 1
        if self.count > MAX_TESTS:
            raise self.root.child("test_cases").error(f"at most {MAX_TESTS:,} test cases", "split the package")
        as_it_is = binary.present and binary.boolean()
        given, right = (self._text(self._setting(key, levels), as_it_is) for key in ("in", "out"))
        test = Test(given, right)
        if test not in self.places:
            self.folder.count_test(test)
            self.places[test] = len(self.tests)
            self.tests.append(test)
        return "private", self.places[test]

    def _text(self, field: Field, binary: bool) -> str:
        if not field.present:
            return ""
        name = field.text()
        if (name, binary) not in self.texts:
            self.texts[name, binary] = self._text_of(field, name, binary)
        return self.texts[name, binary]

    def _text_of(self, field: Field, name: str, binary: bool) -> str:
        """Return the contents of a file: the package's files precede those in the archive, as in DMOJ."""
        if name and self.folder.is_file(name):
            content = self.folder.content(name)
        elif self.archive is not None and name in self.archive:
            content = self.archive.content(name)
        else:
            there = "in the archive or the package" if self.archive else "in the package"
            raise field.error(f"the name of a file {there}", "correct the name, or add the file")
        if not binary:
            content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if content and not content.endswith(b"\n"):
                content += b"\n"
        return content.decode("utf-8", "surrogateescape")


def _checker(folder: Folder, field: Field) -> CheckerSpec:
    if not field.present:
        return dmoj_checker("standard")
    if isinstance(field.value, str):
        name, arguments = field.text(), Field({}, field.where, f"{field.path}.args")
    else:
        name, arguments = field.child("name").text(), field.child("args")
        if not arguments.present:
            arguments = Field({}, field.where, arguments.path)
    if name == "bridged":
        kind = arguments.child("type")
        if not kind.present or kind.value != "testlib":
            raise kind.error("'testlib'", "bridged checkers of other types are not supported")
        source, language = _program(folder, arguments, "a checker")
        return CheckerSpec("testlib", (), source, language)
    if name.endswith(".py"):
        raise field.error("one of DMOJ's own checkers", "modules for DMOJ's judge are not supported")
    try:
        return dmoj_checker(name, arguments.table())
    except DataError as error:
        raise DataError(f"{field.where}: field {field.path!r}: {error}") from None


def _interactor(folder: Folder, field: Field) -> InteractorSpec:
    kind = field.child("type")
    if not kind.present or kind.value != "testlib":
        raise kind.error("'testlib'", "interactors of other types are not supported")
    source, language = _program(folder, field, "an interactor")
    return InteractorSpec(source, language, "testlib")


def _program(folder: Folder, field: Field, what: str) -> tuple[str, str]:
    _refuse_others(field, PROGRAM_KEYS)
    flags = field.child("flags")
    for flag in flags.items() if flags.present else ():
        if not HARMLESS_FLAG.fullmatch(flag.text()):
            raise flag.error("a standard, a warning or an optimisation", "other flags for compiling are not supported")
    order = field.child("args_format_string")
    if order.present and " ".join(order.text().split()) != ARGUMENTS:
        raise order.error(repr(ARGUMENTS), "arguments in another order are not supported; leave such packages out")
    files = field.child("files")
    names = [files.text()] if isinstance(files.value, str) else [item.text() for item in files.items()]
    programs = [name for name in names if not name.endswith(HEADERS)] or names
    if len(programs) != 1 or not programs[0] or folder.is_folder(programs[0]) or not folder.is_file(programs[0]):
        raise files.error("the name of one file in the package", "put the program into one file")
    return read_program(folder, programs[0], what)
