"""A cached verdict is the verdict that judging again would give."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path

import pytest

from rlef_env.errors import UsageError
from rlef_env.judge import CachedPool, JudgeJob, Judgement, JudgePool, Verdict, VerdictCache
from rlef_env.judge.pool.verdict_cache import job_key, problem_digest
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import Program, installed_languages
from tests.stopping import wait_until

ECHO = Problem("echo", "", (Test("1\n", "1\n"),), (Test("2\n", "2\n"),), time_limit=60.0)
RIGHT, SLEEPER, BUSY = Program("print(input())"), Program("import time\ntime.sleep(9)"), Program("while True: pass")
CPU = Program("import time\nwhile time.process_time() < 1.1: pass\nprint(input())")


@pytest.fixture
def cache() -> Iterator[VerdictCache]:
    cache = VerdictCache()
    yield cache
    cache.close()


def judged(cache: VerdictCache, *programs: Program, problem: Problem = ECHO) -> list[Judgement]:
    with CachedPool(JudgePool(2), cache) as pool:
        return list(pool.judge_all(JudgeJob(problem, program) for program in programs))


def test_a_known_job_starts_no_worker(cache: VerdictCache) -> None:
    first = judged(cache, RIGHT, Program("print(1)"))
    assert (cache.hits, cache.misses) == (0, 2)
    inner = JudgePool(2)
    with CachedPool(inner, cache) as pool:
        assert [pool.judge(replace(ECHO), RIGHT), pool.judge(ECHO, Program("print(1)"))] == first
        assert inner.processes() == []
    assert (cache.hits, cache.misses) == (2, 2)
    assert [judgement.verdict for judgement in first] == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER]


def test_verdicts_that_depend_on_time_are_not_stored(cache: VerdictCache) -> None:
    short, near = replace(ECHO, time_limit=0.1), replace(ECHO, private_tests=(), time_limit=2.0)
    for _ in range(2):
        assert [found.verdict for found in judged(cache, SLEEPER, BUSY, problem=short)] == [Verdict.TIME_LIMIT] * 2
        assert judged(cache, CPU, problem=near)[0].verdict is Verdict.ACCEPTED
    assert cache.hits == 0
    timed = VerdictCache(timed=True)
    judged(timed, BUSY, problem=short)
    assert judged(timed, BUSY, problem=short)[0].verdict is Verdict.TIME_LIMIT
    assert timed.hits == 1


def test_compile_errors_of_compilers_are_not_stored(cache: VerdictCache) -> None:
    """Another version of the compiler may compile the program. Python's version is part of the key."""
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    for _ in range(2):
        assert judged(cache, Program("int", "c"))[0].verdict is Verdict.COMPILE_ERROR
    assert cache.hits == 0
    for _ in range(2):
        assert judged(cache, Program("1 +"))[0].verdict is Verdict.COMPILE_ERROR
    assert cache.hits == 1


def test_no_verdict_is_never_stored(cache: VerdictCache) -> None:
    broken = replace(ECHO, checker=CheckerSpec("python", source="raise ValueError"))
    for _ in range(2):
        assert judged(cache, RIGHT, problem=broken)[0].verdict is Verdict.NO_VERDICT
    assert cache.hits == 0


JOB = JudgeJob(ECHO, RIGHT)


def key(job: JudgeJob, **judge_arguments: bool) -> bytes:
    return job_key(job, problem_digest(job.problem), judge_arguments)


@pytest.mark.parametrize(
    "other",
    [
        replace(JOB, program=Program("print(input()) ")),
        replace(JOB, program=Program(RIGHT.source, "cpp")),
        replace(JOB, roles=("public",)),
        replace(JOB, stop_early=False),
        replace(JOB, limit=1),
        replace(JOB, offset=1),
        replace(JOB, problem=replace(ECHO, time_limit=61.0)),
        replace(JOB, problem=replace(ECHO, memory_limit=10**8)),
        replace(JOB, problem=replace(ECHO, checker=CheckerSpec("tokens"))),
        replace(JOB, problem=replace(ECHO, grader="apps")),
        replace(JOB, problem=replace(ECHO, private_tests=(), generated_tests=ECHO.private_tests)),
        replace(JOB, problem=replace(ECHO, private_tests=(Test("2\n2", "\n"),))),
    ],
)
def test_the_key_depends_on_everything_that_a_verdict_depends_on(other: JudgeJob) -> None:
    assert key(JOB) != key(other)
    assert key(JOB, numpy=True) != key(JOB, numpy=False)


def test_the_key_does_not_depend_on_the_statement() -> None:
    other = replace(JOB, problem=replace(ECHO, id="other", statement="other", tags=("x",)))
    assert key(JOB) == key(other)


def test_a_file_outlives_the_process_and_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.sqlite"
    accepted = Judgement(Verdict.ACCEPTED, total=1)
    first = VerdictCache(3, path)
    for number in range(10):
        first.put(bytes([number]), JOB, replace(accepted, total=number))
    first.close()
    second = VerdictCache(3, path)
    assert [number for number in range(10) if second.get(bytes([number]))] == [7, 8, 9]
    assert second.get(bytes([9])) == replace(accepted, total=9)
    second.close()


def test_a_result_is_stored_before_its_future_is_done(cache: VerdictCache) -> None:
    """So the same job is found in the cache however soon it is submitted again."""
    with CachedPool(JudgePool(1), cache) as pool:
        for number in range(30):
            program = Program(f"print(input())  # {number}")
            assert pool.judge(ECHO, program) == pool.judge(ECHO, program)
    assert (cache.hits, cache.misses) == (30, 30)


def test_futures_of_a_cached_pool_can_be_cancelled(cache: VerdictCache) -> None:
    with CachedPool(JudgePool(1), cache) as pool:
        running = pool.submit(JudgeJob(replace(ECHO, time_limit=900.0), BUSY))
        wait_until(running.running)
        queued = [pool.submit(JudgeJob(ECHO, Program(f"print({number})"))) for number in range(3)]
        assert not running.cancel()
        assert queued[0].cancel()
        pool.cancel(queued[1])
        assert not wait(queued[:2], timeout=0).not_done
        assert not queued[2].done()
        pool.cancel(running)
        assert running.result(250).verdict is Verdict.NO_VERDICT
        assert queued[2].result(250).verdict is Verdict.WRONG_ANSWER


def test_memory_is_bounded() -> None:
    cache = VerdictCache(2)
    for number in range(5):
        cache.put(bytes([number]), JOB, Judgement(Verdict.ACCEPTED))
    assert [number for number in range(5) if cache.get(bytes([number]))] == [3, 4]


def test_invalid_files_and_sizes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but a text that is long enough to be looked at\n" * 20)
    with pytest.raises(UsageError, match="cached verdicts"):
        VerdictCache(path=tmp_path / "text")
    with pytest.raises(UsageError, match="size"):
        VerdictCache(0)
