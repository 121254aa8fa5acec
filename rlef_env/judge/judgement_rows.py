"""Judgements as JSON, as ``rlef serve`` sends them, and back. The keys are the names of the attributes."""

from __future__ import annotations

from typing import Any

from rlef_env.judge.judgement import Judgement, TestResult, Verdict
from rlef_env.judge.points import GroupScore
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import ROLES

__all__ = ["judgement_from_row", "judgement_to_row"]


def judgement_to_row(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as JSON; its keys are the names of the attributes of ``Judgement`` and ``TestResult``."""
    return {
        "verdict": judgement.verdict.value,
        "has_verdict": judgement.verdict is not Verdict.NO_VERDICT,
        "passed": judgement.passed,
        "total": judgement.total,
        "category": judgement.category,
        "isolation": judgement.isolation,
        "cpu_seconds": judgement.cpu_seconds,
        "score": judgement.score,
        "groups": [group._asdict() for group in judgement.groups],
        "results": [
            {
                **result._asdict(),
                "verdict": result.verdict.value,
                "cpu_seconds": cpu_seconds,
                "peak_bytes": peak_bytes,
            }
            for result, cpu_seconds, peak_bytes in judgement.measured()
        ],
    }


def judgement_from_row(row: object) -> Judgement:
    """Return the judgement in a row of ``judgement_to_row``.

    Raises:
        DataError: a field is missing or has a wrong value, or the verdict is not the one that the results make.
    """
    root = Field(row, "judgement")
    each = root.child("results").items()
    judgement = Judgement(
        verdict=_verdict(root),
        results=tuple(map(_result, each)),
        total=_whole(root.child("total")),
        category=_text_or_none(root.child("category")),
        isolation=root.child("isolation").text(),
        groups=tuple(
            GroupScore(group.child("name").text(), group.child("earned").number(), group.child("points").number())
            for group in root.child("groups").items()
        ),
        test_cpu_seconds=tuple(result.child("cpu_seconds").number() for result in each),
        test_peak_bytes=tuple(_whole(result.child("peak_bytes")) for result in each),
    )
    _check(root, judgement)
    return judgement


def _check(root: Field, judgement: Judgement) -> None:
    """Refuse a verdict that the results contradict: a judgement that was cut or mixed up must not become a reward."""
    found = [result for result in judgement.results if result.verdict is not Verdict.ACCEPTED]
    failed = [result for result in found if result.verdict is not Verdict.NO_VERDICT]
    if judgement.verdict is Verdict.NO_VERDICT:
        right = True  # the judge failed, whatever the results are
    elif judgement.verdict is Verdict.ACCEPTED:
        right = not found and 0 < len(judgement.results) == judgement.total
    else:
        right = bool(failed) and failed[0].verdict is judgement.verdict
    if not right or len(judgement.results) > judgement.total:
        raise root.child("verdict").error("the verdict that the results make", "ask again")


def _verdict(field: Field) -> Verdict:
    verdict = field.child("verdict")
    if verdict.text() not in set(Verdict):
        raise verdict.error(f"one of {', '.join(each.value for each in Verdict)}", "ask a server of this version")
    return Verdict(verdict.value)


def _result(field: Field) -> TestResult:
    role = field.child("role")
    if role.value not in ROLES:
        raise role.error(f"one of {', '.join(ROLES)}", "ask a server of this version")
    return TestResult(
        role.value,
        _whole(field.child("index")),
        _verdict(field),
        _text_or_none(field.child("category")),
        field.child("stdout").text(),
        field.child("stderr").text(),
    )


def _text_or_none(field: Field) -> str | None:
    return field.text() if field.present else None


def _whole(field: Field) -> int:
    if field.integer() < 0:
        raise field.error("a whole number of at least 0", "ask again")
    return field.integer()
