"""Measure what a job costs the process that owns a pool: CPU time, without what the process takes while it waits."""

from __future__ import annotations

import time
from typing import Final

from benchmarks.vector.workload import ADD, problems
from rlef_env.judge import BaseJudgePool, JudgeJob
from rlef_env.sandbox import Program

__all__ = ["owner_seconds"]

IDLE_SECONDS: Final = 5.0


def owner_seconds(pool: BaseJudgePool, jobs: int) -> float:
    """Return CPU seconds of this process for a job with one test, all its threads included.

    Args:
        pool: the pool; it has no other jobs.
        jobs: number of jobs, all queued at once.
    """
    problem = problems(1, 0)[0]
    programs = [Program(f"{ADD}\n# {number}") for number in range(jobs)]
    list(pool.judge_all(JudgeJob(problem, program) for program in programs[: 10 * pool.workers]))
    before = time.process_time()
    time.sleep(IDLE_SECONDS)
    idle = (time.process_time() - before) / IDLE_SECONDS
    before, began = time.process_time(), time.monotonic()
    futures = [pool.submit(JudgeJob(problem, program)) for program in programs]
    for future in futures:
        future.result()
    return (time.process_time() - before - idle * (time.monotonic() - began)) / jobs
