"""Judgements as plain tuples, which are several times as fast to send as what they stand for, and as JSON."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, TypeAlias

from rlef_env.judge.judgement import GroupScore, Judgement, TestResult, Verdict

__all__ = ["PackedJudgement", "from_json", "pack", "to_json", "unpack"]

PackedJudgement: TypeAlias = tuple[Any, ...]
"""What ``pack`` makes of a judgement."""


def pack(judgement: Judgement) -> PackedJudgement:
    """A judgement as plain tuples."""
    return (
        judgement.verdict,
        tuple(map(tuple, judgement.results)),
        judgement.total,
        judgement.category,
        judgement.isolation,
        tuple(map(tuple, judgement.groups)),
        judgement.test_cpu_seconds,
        judgement.test_peak_bytes,
    )


def unpack(packed: PackedJudgement) -> Judgement:
    """The judgement that was packed."""
    verdict, results, total, category, isolation, groups, cpu_seconds, peak_bytes = packed
    made = tuple([shared(*result) for result in results])
    scores = tuple(map(GroupScore._make, groups))
    return Judgement(verdict, made, total, category, isolation, scores, tuple(cpu_seconds), tuple(peak_bytes))


@lru_cache(maxsize=1024)  # of a few kB at most, as a rule; of 32 kB where all is text of other scripts
def shared(*values: Any) -> TestResult:
    """A result. Most are like those of other programs; a new object for each of them costs more than all else."""
    return TestResult._make(values)


def to_json(judgement: Judgement) -> str:
    """A judgement as JSON."""
    return json.dumps(pack(judgement))


def from_json(text: str) -> Judgement:
    """The judgement that ``to_json`` was given."""
    verdict, results, *rest = json.loads(text)
    named = [(role, index, Verdict(name), *more) for role, index, name, *more in results]
    return unpack((Verdict(verdict), named, *rest))
