"""Reports on the quality of problems: written by ``rlef problems verify``, and used to filter data sets."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from rlef_env.errors import DataError, short_repr
from rlef_env.files import written_whole
from rlef_env.problems.file_formats import iter_rows
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem

__all__ = [
    "Quality",
    "QualityReport",
    "digest",
    "is_about",
    "read_reports",
    "report_path",
    "short_digest",
    "write_reports",
]


class Quality(str, Enum):
    """Class of a problem, from the results of its stored solutions: the quality of its tests and its checker."""

    VERIFIED = "verified"
    """Every correct solution that can run here passes every test, and every incorrect one fails."""
    WEAK_TESTS = "weak_tests"
    """A solution stored as incorrect passes every test: the tests are too few, or its label is wrong."""
    WRONG_LABEL = "wrong_label"
    """A solution stored as correct fails where another passes."""
    NEEDS_CHECKER = "needs_checker"
    """Correct solutions fail, and a more lenient checker would accept them; the report names it."""
    AMBIGUOUS = "ambiguous"
    """Correct solutions fail, and the statement mentions several right answers."""
    BAD_TEST = "bad_test"
    """No correct solution passes a certain test, although all run: its answer or its input is wrong."""
    TOO_SLOW = "too_slow"
    """No correct solution stays within the time limit."""
    DUPLICATE = "duplicate"
    """Its statement or its tests equal those of an earlier problem."""
    UNVERIFIED = "unverified"
    """Unknown: no stored solution can run here, or one has no verdict."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Quality of one problem.

    Attributes:
        problem: the problem's id.
        digest: what ``digest`` returned for the problem; a report on an older version does not count.
        quality: the class of the problem.
        reasons: explanations in English, each naming a solution or test.
        correct_passed: number of solutions stored as correct that passed every test.
        correct_total: number of solutions stored as correct that were run.
        incorrect_refused: number of solutions stored as incorrect that failed a test.
        incorrect_total: number of solutions stored as incorrect that were run.
        checker: the name and flags of a checker under which the correct solutions would pass; empty if none is known.
    """

    problem: str
    digest: str
    quality: Quality
    reasons: tuple[str, ...] = ()
    correct_passed: int = 0
    correct_total: int = 0
    incorrect_refused: int = 0
    incorrect_total: int = 0
    checker: tuple[str, ...] = ()


def digest(problem: Problem) -> str:
    """Return a digest of everything that decides whether a program is accepted.

    That is the statement, tests, limits, checker, kind and grader. The order of hidden tests does not count, so reports
    stay valid when ``rlef problems order`` changes it; but calls of a function share a process, so theirs does.
    """
    tests = [(role, test.input, test.output) for role, _, test in problem.tests()]
    hidden = tests[len(problem.public_tests) :]
    parts = (
        problem.statement,
        *tests[: len(problem.public_tests)],
        *(hidden if problem.function is not None else sorted(hidden)),
        problem.time_limit,
        problem.memory_limit,
        problem.checker,
        problem.function,
        problem.interactor,
        *([problem.grader] if problem.grader else []),
    )
    return hashlib.sha256("\0".join(map(repr, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def short_digest(problem: Problem) -> int:
    """Return the first 64 bits of the digest, which is what an index stores."""
    return int(digest(problem)[:16], 16)


def is_about(report: QualityReport, short: int) -> bool:
    """Return whether a report is about the version of its problem with this short digest, not about an older one."""
    return report.digest[:16] == f"{short:016x}"


def report_path(dataset: str | os.PathLike[str]) -> Path:
    """Return the default path of the reports on a file: ``problems.jsonl`` -> ``problems.jsonl.trust`` beside it."""
    path = Path(dataset)
    return path.with_name(path.name + ".trust")


def write_reports(reports: Iterable[QualityReport], path: str | os.PathLike[str]) -> None:
    """Write reports, one JSON object a line; the file appears whole or not at all."""
    with written_whole(path) as file:
        for report in reports:
            row = asdict(report)
            row["trust"] = row.pop("quality")  # the key of the file format
            file.write(json.dumps(row).encode() + b"\n")


def read_reports(path: str | os.PathLike[str]) -> dict[str, QualityReport]:
    """Return the reports in a file, by the problem's id.

    Raises:
        DataError: the file or a line is invalid.
    """
    reports: dict[str, QualityReport] = {}
    for where, row in iter_rows(path):
        root = Field(row, where)
        label = root.child("trust")
        if label.value not in {each.value for each in Quality}:
            raise label.error(
                "one of " + ", ".join(each.value for each in Quality), "write it with: rlef problems verify"
            )
        report = QualityReport(
            problem=root.child("problem").text(),
            digest=root.child("digest").text(),
            quality=Quality(label.value),
            reasons=tuple(item.text() for item in root.child("reasons").items()),
            correct_passed=root.child("correct_passed").integer(),
            correct_total=root.child("correct_total").integer(),
            incorrect_refused=root.child("incorrect_refused").integer(),
            incorrect_total=root.child("incorrect_total").integer(),
            checker=tuple(item.text() for item in root.child("checker").items()),
        )
        if report.problem in reports:
            raise DataError(
                f"{where}: expected one line per problem, got {short_repr(report.problem)} twice; remove one of the two"
            )
        reports[report.problem] = report
    return reports
