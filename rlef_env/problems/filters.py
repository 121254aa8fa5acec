"""Select problems of a data set: by the day they were published, and by what ``rlef problems verify`` reported."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rlef_env.errors import UsageError
from rlef_env.problems.lazy import LazyProblems
from rlef_env.problems.problem import Problem
from rlef_env.problems.quality_report import Quality, is_about, read_reports, short_digest

if TYPE_CHECKING:
    from rlef_env.problems.dataset import Dataset

__all__ = ["checked_day", "ids_of_quality", "ids_published", "qualities"]


def checked_day(name: str, day: str | None) -> str | None:
    """Return a day that an argument gives, unchanged.

    Args:
        name: the argument's name.
        day: ``YYYY-MM-DD`` or None.

    Raises:
        UsageError: it is not a day in this form.
    """
    if day is None:
        return None
    try:
        if date.fromisoformat(day).isoformat() == day:
            return day
    except (TypeError, ValueError):
        pass
    raise UsageError(f"{name}: expected a day as YYYY-MM-DD, got {day!r:.100}; write it like '2024-08-01'") from None


def ids_published(dataset: Dataset, after: str | None, before: str | None) -> Collection[str]:
    """Return the ids of the problems published on day ``after`` or later, and before day ``before``.

    Raises:
        UsageError: no problem has a date, or none was published in this period.
    """
    dates = {each.id: each.date for each in dataset.metadata() if each.date is not None}
    if not dates:
        raise UsageError(f"data set {dataset.label!r}: expected problems with dates to select by, got none with a date")
    chosen = {each for each, day in dates.items() if (after or day) <= day and (before is None or day < before)}
    if not chosen:
        raise UsageError(
            f"data set {dataset.label!r}: expected problems from {after or 'the first'} on, before "
            f"{before or 'the end'}, got none; its dates are {min(dates.values())} to {max(dates.values())}"
        )
    return chosen


def qualities(quality: str | Quality | Collection[str | Quality] | None) -> frozenset[Quality]:
    """Return the classes that an argument names.

    Raises:
        UsageError: a name is unknown; the message lists all names.
    """
    names = [quality] if isinstance(quality, str) else quality or ()
    try:
        return frozenset(map(Quality, names))
    except ValueError:
        known = ", ".join(repr(each.value) for each in Quality)
        raise UsageError(f"quality: expected one or several of {known}, got {quality!r:.100}") from None


def ids_of_quality(dataset: Dataset, wanted: Collection[Quality], path: Path) -> Collection[str]:
    """Return the ids of the problems that the reports in a file put into one of the wanted classes.

    A report on another version of its problem does not count.

    Raises:
        UsageError: the file does not exist, or no problem is in these classes.
        DataError: the file is invalid.
    """
    advice = f"write the reports with: rlef problems verify {dataset.name} --out {path}"
    if not path.is_file():
        raise UsageError(
            f"quality: expected reports on data set {dataset.label!r} in {path}, got no such file; {advice}"
        )
    found = read_reports(path)
    chosen, older = set(), 0
    for place, problem_id in enumerate(dataset.ids):
        report = found.get(problem_id)
        if report is not None and report.quality in wanted:
            if is_about(report, _short_digest(dataset.problems, place)):
                chosen.add(problem_id)
            else:
                older += 1
    if not chosen:
        classes = " or ".join(sorted(each.value for each in wanted))
        raise UsageError(
            f"quality: expected a problem of data set {dataset.label!r} that is {classes}, got none; {path} has "
            f"{len(found)} reports, {older} of them in these classes but on older versions of their problems; {advice}"
        )
    return chosen


def _short_digest(problems: Sequence[Problem], place: int) -> int:
    return problems.short_digest(place) if isinstance(problems, LazyProblems) else short_digest(problems[place])
