"""The pool does not hang on long answers, a full disk, or a callback that closes it."""

from __future__ import annotations

import pytest

from rlef_env.judge import CachedPool, JudgeJob, JudgePool, Verdict, VerdictCache
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),))


def test_an_answer_larger_than_the_socket_buffer_arrives() -> None:
    loud = Problem("loud", "", (Test("1\n", "1\n"),) * 60, time_limit=60.0)
    with JudgePool(1) as pool:
        shout = Program("import sys\nprint('x' * 4096)\nsys.stderr.write('y' * 9999)")
        judgement = pool.submit(JudgeJob(loud, shout, stop_early=False)).result(timeout=250)
    assert [result.verdict for result in judgement.results] == [Verdict.WRONG_ANSWER] * 60


def test_a_cache_that_cannot_be_written_costs_no_verdict(tmp_path) -> None:  # type: ignore[no-untyped-def]
    cache = VerdictCache(path=tmp_path / "verdicts")
    with CachedPool(JudgePool(1), cache) as pool:
        assert cache._file is not None
        cache._file.execute("PRAGMA max_page_count = 4")  # like a full disk
        futures = [pool.submit(JudgeJob(ONCE, Program(f"print(1)  # {n}" + "x" * 9000))) for n in range(60)]
        assert [future.result(timeout=250).verdict for future in futures] == [Verdict.ACCEPTED] * 60
    cache.close()


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_callback_of_a_future_may_close_the_pool() -> None:
    pool = JudgePool(1)
    future = pool.submit(JudgeJob(ONCE, Program("print(input())")))
    future.add_done_callback(lambda _: pool.close())
    assert future.result(timeout=250).verdict is Verdict.ACCEPTED
    pool._scheduler._thread.join(250)
    assert not pool._scheduler._thread.is_alive()
