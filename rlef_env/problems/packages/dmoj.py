"""Problem packages of DMOJ: ``init.yml``, the files that it names, and beside it what DMOJ keeps in its site.

DMOJ stores statement and limits outside of the package. So there must be a ``statement.md`` (or ``.txt``, ``.tex``),
the time limit is None, and all tests are private. Not supported, and refused by name: generators, graders and checkers
that are Python modules for DMOJ's own judge, signatures, files instead of standard streams, and test cases found by
patterns.

Source: the format as docs.dmoj.ca describes it.
"""

from __future__ import annotations

from typing import Final, Literal

from rlef_env.errors import DataError
from rlef_env.problems.json_rows import Field
from rlef_env.problems.packages.archive import Archive
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.programs import read_program, read_submissions
from rlef_env.problems.packages.yaml_file import read_yaml
from rlef_env.problems.problem import CheckerSpec, InteractorSpec, Problem, Test, TestGroup
from rlef_env.problems.stock_checkers import dmoj_checker

__all__ = ["read_dmoj"]

UNSUPPORTED: Final = (
    *("generator", "custom_judge", "grader", "signature_grader", "handler", "communication", "output_only"),
    *("file_io", "input_file", "wrapper_judge"),
)
STATEMENTS: Final = ("statement.md", "statement.txt", "statement.tex", "problem.md")
MOST_TESTS = 20_000
CASE_KEYS: Final = frozenset(
    {"in", "out", "points", "output_limit_length", "output_prefix_length", "position", "checker"}
)
PLACED: Final = frozenset({"archive", "test_cases", "checker", "interactive", "binary_data"})


def read_dmoj(folder: Folder, problem_id: str) -> Problem:
    """The problem in a package.

    Args:
        folder: the package.
        problem_id: its id.

    Raises:
        DataError: something is not as the format has it, or not supported; the message names file and field.
    """
    root = read_yaml(folder, "init.yml")
    for key in UNSUPPORTED:
        if root.child(key).present:
            raise root.child(key).error("no such field", f"{key} is not supported; leave such packages out")
    tests, groups = _Cases(folder, root).read()
    interactive = root.child("interactive")
    submissions = read_submissions(folder)
    extra = {key: root.child(key).plain() for key in root.table() if key not in PLACED}
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
        STATEMENTS[0], "the statement", "no such file", "save it there: DMOJ keeps it outside of the package"
    )


class _Cases:
    """Reads ``test_cases``: single cases and batches, each a group with its points."""

    def __init__(self, folder: Folder, root: Field) -> None:
        self.folder, self.root = folder, root
        self.archive = Archive(folder, root.child("archive").text()) if root.child("archive").present else None
        self.binary = root.child("binary_data").present and root.child("binary_data").boolean()
        self.tests: list[Test] = []
        self.places: dict[Test, int] = {}
        self.texts: dict[str, str] = {}  # of each file once, however many cases name it
        self.count = 0

    def read(self) -> tuple[tuple[Test, ...], tuple[TestGroup, ...]]:
        field = self.root.child("test_cases")
        if not isinstance(field.value, list):
            raise field.error("a list of test cases", "name each case's files; patterns are not supported")
        groups: list[TestGroup] = []
        batches: list[str] = []
        for number, case in enumerate(field.items(), start=1):
            if case.child("batched").present:
                name = f"batch {len(batches) + 1}"
                groups.append(self._batch(case, name, batches))
                batches.append(name)
            else:
                groups.append(TestGroup(f"case {number}", _points(case), (self._case(case),)))
        if not self.tests:
            raise field.error("at least one test case", "add it")
        scored = any(group.points for group in groups)
        return tuple(self.tests), tuple(groups) if scored else ()

    def _batch(self, batch: Field, name: str, earlier: list[str]) -> TestGroup:
        for key in batch.table():
            if key not in ("batched", "points", "dependencies"):
                raise batch.child(key).error("batched, points and dependencies", "other fields are not supported here")
        cases = batch.child("batched").items()
        if not cases:
            raise batch.child("batched").error("at least one test case", "add it")
        for case in cases:
            if case.child("batched").present:
                raise case.child("batched").error("no batch within a batch", "make it a batch of its own")
        requires = []
        dependencies = batch.child("dependencies")
        for item in dependencies.items() if dependencies.present else ():
            if not 1 <= item.integer() <= len(earlier):
                raise item.error("the number of an earlier batch, from 1 on", "correct it")
            requires.append(earlier[item.integer() - 1])
        return TestGroup(name, _points(batch), tuple(self._case(case) for case in cases), "min", tuple(requires))

    def _case(self, case: Field) -> tuple[Literal["private"], int]:
        for key in case.table():
            if key not in CASE_KEYS:
                raise case.child(key).error(f"{', '.join(sorted(CASE_KEYS))}", f"{key} is not supported in a test case")
        if case.child("checker").present and case.value["checker"] != self.root.table().get("checker"):
            raise case.child("checker").error("the checker of the package", "one for each case is not supported")
        self.count += 1
        if self.count > MOST_TESTS:
            raise self.root.child("test_cases").error(f"at most {MOST_TESTS:,} test cases", "split the package")
        test = Test(self._text(case.child("in")), self._text(case.child("out")))
        if test not in self.places:
            self.places[test] = len(self.tests)
            self.tests.append(test)
        return "private", self.places[test]

    def _text(self, field: Field) -> str:
        if not field.present:
            return ""
        name = field.text()
        if name not in self.texts:
            self.texts[name] = self._text_of(field, name)
        return self.texts[name]

    def _text_of(self, field: Field, name: str) -> str:
        if self.archive is not None and name in self.archive:
            content = self.archive.content(name)
        elif name and self.folder.is_file(name):
            content = self.folder.content(name)
        else:
            there = "in the archive or the package" if self.archive else "in the package"
            raise field.error(f"the name of a file {there}", "correct the name, or add the file")
        if not self.binary:
            content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return content.decode("utf-8", "surrogateescape")


def _points(case: Field) -> float:
    field = case.child("points")
    if not field.present:
        return 0.0
    if field.number() < 0:
        raise field.error("points from 0 on", "correct them")
    return float(field.number())


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
        raise field.error("a checker that DMOJ comes with", "modules for DMOJ's judge are not supported")
    try:
        return dmoj_checker(name, arguments.table())
    except DataError as error:
        raise DataError(f"{field.where}: field {field.path!r}: {error}") from None


def _interactor(folder: Folder, field: Field) -> InteractorSpec:
    kind = field.child("type")
    if not kind.present or kind.value != "testlib":
        raise kind.error("'testlib'", "interactors of other types are not supported")
    source, language = _program(folder, field, "an interactor")
    flags = field.child("flags")
    return InteractorSpec(
        source, language, "testlib", tuple(item.text() for item in flags.items()) if flags.present else ()
    )


def _program(folder: Folder, field: Field, what: str) -> tuple[str, str]:
    files = field.child("files")
    names = [files.text()] if isinstance(files.value, str) else [item.text() for item in files.items()]
    if len(names) != 1 or not names[0] or folder.is_folder(names[0]) or not folder.is_file(names[0]):
        raise files.error("the name of one file in the package", "put the program into one file")
    return read_program(folder, names[0], what)
