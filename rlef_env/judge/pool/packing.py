"""Jobs and judgements as plain tuples, which are pickled several times as fast, and judgements as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from rlef_env.judge.job import JudgeJob
from rlef_env.judge.judgement import Judgement, TestResult, Verdict
from rlef_env.judge.points import GroupScore
from rlef_env.problems import Problem
from rlef_env.sandbox import Program

__all__ = ["PackedJob", "PackedJudgement", "from_json", "pack", "pack_job", "to_json", "unpack", "unpack_job"]

PackedJob: TypeAlias = tuple[Any, ...]
"""A job as ``pack_job`` returns it: plain values, with a key in place of the problem."""
PackedJudgement: TypeAlias = tuple[Any, ...]
"""What ``pack`` makes of a judgement."""


def pack_job(job: JudgeJob, key: int) -> PackedJob:
    """Return a job as a plain tuple, with a key in place of its problem."""
    program = job.program
    return key, program.source, program.language, job.roles, job.stop_early, job.limit, job.offset, job.gate


def unpack_job(packed: PackedJob, problems: Mapping[int, Problem]) -> JudgeJob:
    """Return the job that was packed, with the problem that has its key."""
    key, source, language, *options = packed
    return JudgeJob(problems[key], Program(source, language), *options)


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
