"""Problems selected by their quality."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rlef_env.errors import UsageError
from rlef_env.problems import Problem, Test, load_dataset, write_jsonl
from rlef_env.problems.lazy import LazyProblems
from rlef_env.problems.quality_report import Quality, QualityReport, digest, report_path, write_reports
from rlef_env.problems.schemas import code_contests

PROBLEMS = tuple(Problem(f"p{number}", "?" * number, (Test("1", "2"),)) for number in range(4))
CLASSES = (Quality.VERIFIED, Quality.WEAK_TESTS, Quality.VERIFIED)  # nothing is known of the last


@pytest.fixture(params=["small", "large"])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Problems in memory, or in their file; with reports beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if request.param == "large":
        monkeypatch.setattr("rlef_env.problems.dataset._SMALL", -1)
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, PROBLEMS)
    write(path, PROBLEMS)
    return path


def write(path: Path, problems: tuple[Problem, ...]) -> None:
    reports = (QualityReport(each.id, digest(each), quality) for each, quality in zip(problems, CLASSES, strict=False))
    write_reports(reports, report_path(path))


@pytest.mark.parametrize(
    ("quality", "ids"),
    [
        (None, ["p0", "p1", "p2", "p3"]),
        ("verified", ["p0", "p2"]),
        (Quality.WEAK_TESTS, ["p1"]),
        (["verified", "weak_tests"], ["p0", "p1", "p2"]),
    ],
)
def test_only_problems_of_these_classes_are_there(file: Path, quality: str, ids: list[str]) -> None:
    assert list(load_dataset(file, quality=quality).ids) == ids


def test_a_report_on_an_older_version_does_not_count(file: Path) -> None:
    older = replace(PROBLEMS[0], private_tests=(Test("3", "4"),))
    write(file, (older, *PROBLEMS[1:]))
    assert list(load_dataset(file, quality="verified").ids) == ["p2"]


def test_filtering_reads_no_problem_of_a_large_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if isinstance(load_dataset(file).problems, LazyProblems):
        monkeypatch.setattr(code_contests, "problem", None)
        monkeypatch.setattr(LazyProblems, "_read", None)
    assert list(load_dataset(file, quality="verified").ids) == ["p0", "p2"]


def test_reports_may_be_elsewhere(file: Path, tmp_path: Path) -> None:
    report_path(file).rename(tmp_path / "elsewhere")
    assert list(load_dataset(file, quality="weak_tests", reports=tmp_path / "elsewhere").ids) == ["p1"]


def test_errors_say_what_to_do(file: Path) -> None:
    with pytest.raises(UsageError, match=r"one or several of 'verified'.*got 'good'"):
        load_dataset(file, quality="good")
    with pytest.raises(UsageError, match=r"too_slow, got none.*3 reports"):
        load_dataset(file, quality="too_slow")
    report_path(file).unlink()
    with pytest.raises(UsageError, match="got no such file; write the reports with: rlef problems verify"):
        load_dataset(file, quality="verified")
