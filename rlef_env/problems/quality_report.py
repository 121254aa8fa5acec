"""How far a problem's verdicts can be trusted: reports, written by ``rlef problems verify``, to filter data sets by."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from rlef_env.errors import DataError, short_repr
from rlef_env.problems.json_rows import Field, iter_rows
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
    """What running a problem's stored solutions says about its tests and its checker."""

    VERIFIED = "verified"
    """Every correct solution that can run here passes every test, and every incorrect one fails."""
    WEAK_TESTS = "weak_tests"
    """A solution stored as incorrect passes every test: the tests are too few, or its label is wrong."""
    WRONG_LABEL = "wrong_label"
    """A solution stored as correct fails where another passes."""
    NEEDS_CHECKER = "needs_checker"
    """Correct solutions fail, and a more lenient rule would accept them; the report names it."""
    AMBIGUOUS = "ambiguous"
    """Correct solutions fail, and the statement speaks of several right answers."""
    BAD_TEST = "bad_test"
    """A test that no correct solution passes, though they run: its answer or its input is wrong."""
    TOO_SLOW = "too_slow"
    """No correct solution stays within the time limit."""
    DUPLICATE = "duplicate"
    """Its statement or its tests are those of a problem before it."""
    UNVERIFIED = "unverified"
    """Nothing could be said: no stored solution that can run here, or no verdict on one."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What is known of one problem.

    Attributes:
        problem: its id.
        digest: of all that its verdicts depend on; a report on an older version of the problem does not count.
        trust: the class it falls into.
        reasons: in words, each naming the solution or test that it is about.
        correct_passed: how many solutions stored as correct passed every test.
        correct_total: of how many that were run.
        incorrect_refused: how many solutions stored as incorrect failed a test.
        incorrect_total: of how many that were run.
        checker: the name and flags of a rule under which the correct solutions would pass; empty if none is known.
    """

    problem: str
    digest: str
    trust: Quality
    reasons: tuple[str, ...] = ()
    correct_passed: int = 0
    correct_total: int = 0
    incorrect_refused: int = 0
    incorrect_total: int = 0
    checker: tuple[str, ...] = ()


def digest(problem: Problem) -> str:
    """A digest of all that a verdict on the problem depends on: statement, tests, limits, checker, kind, grader."""
    parts = (
        problem.statement,
        *((role, test.input, test.output) for role, _, test in problem.tests()),
        problem.time_limit,
        problem.memory_limit,
        problem.checker,
        problem.function,
        problem.interactor,
        *([problem.grader] if problem.grader else []),
    )
    return hashlib.sha256("\0".join(map(repr, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def short_digest(problem: Problem) -> int:
    """The first 64 bits of the digest, which an index has room for."""
    return int(digest(problem)[:16], 16)


def is_about(report: QualityReport, short: int) -> bool:
    """Whether a report is about the version of its problem that has this short digest, not about an older one."""
    return report.digest[:16] == f"{short:016x}"


def report_path(dataset: str | os.PathLike[str]) -> Path:
    """Where the reports on a file of problems are: beside it, ``problems.jsonl`` -> ``problems.jsonl.trust``."""
    path = Path(dataset)
    return path.with_name(path.name + ".trust")


def write_reports(reports: Iterable[QualityReport], path: str | os.PathLike[str]) -> None:
    """Write reports, one JSON object a line; the file appears whole or not at all."""
    part = Path(f"{os.fspath(path)}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(report)) + "\n" for report in reports)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_reports(path: str | os.PathLike[str]) -> dict[str, QualityReport]:
    """The reports in a file, by the problem's id.

    Raises:
        DataError: the file or a line is not as it should be.
    """
    reports: dict[str, QualityReport] = {}
    for where, row in iter_rows(path):
        root = Field(row, where)
        label = root.child("trust")
        if label.value not in {trust.value for trust in Quality}:
            raise label.error(
                "one of " + ", ".join(trust.value for trust in Quality), "write it with: rlef problems verify"
            )
        report = QualityReport(
            problem=root.child("problem").text(),
            digest=root.child("digest").text(),
            trust=Quality(label.value),
            reasons=tuple(item.text() for item in root.child("reasons").items()),
            correct_passed=root.child("correct_passed").integer(),
            correct_total=root.child("correct_total").integer(),
            incorrect_refused=root.child("incorrect_refused").integer(),
            incorrect_total=root.child("incorrect_total").integer(),
            checker=tuple(item.text() for item in root.child("checker").items()),
        )
        if report.problem in reports:
            raise DataError(
                f"{where}: expected one line a problem, got {short_repr(report.problem)} twice; remove one of the two"
            )
        reports[report.problem] = report
    return reports
