"""Judgements as plain tuples, which are several times as fast to send as what they stand for, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from rlef_env.judge.verdict import GroupScore, Judgement, TestResult, Verdict

__all__ = ["PackedJudgement", "from_json", "pack", "to_json", "unpack"]

PackedJudgement: TypeAlias = tuple[Verdict, Iterable[Sequence[Any]], int, str | None, str, Iterable[Sequence[Any]]]
VERDICTS = {verdict.value: verdict for verdict in Verdict}


def pack(judgement: Judgement) -> PackedJudgement:
    """A judgement as plain tuples."""
    results, groups = tuple(map(tuple, judgement.results)), tuple(map(tuple, judgement.groups))
    return judgement.verdict, results, judgement.total, judgement.category, judgement.isolation, groups


def unpack(packed: PackedJudgement) -> Judgement:
    """The judgement that was packed."""
    verdict, results, total, category, isolation, groups = packed
    made = tuple(map(TestResult._make, results))
    return Judgement(verdict, made, total, category, isolation, tuple(map(GroupScore._make, groups)))


def to_json(judgement: Judgement) -> str:
    """A judgement as JSON."""
    return json.dumps(pack(judgement))


def from_json(text: str) -> Judgement:
    """The judgement that ``to_json`` was given."""
    verdict, results, *rest = json.loads(text)
    named = [(role, index, VERDICTS[name], *more) for role, index, name, *more in results]
    return unpack((VERDICTS[verdict], named, *rest))
