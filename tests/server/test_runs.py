"""The pool that runs programs: in parallel, cancellable, and with a new sandbox when one is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from rlef_env.errors import UsageError
from rlef_env.sandbox import Execution, Limits, Program, Status
from rlef_env.server.runs import RunPool, RunRequest, RunResult
from tests.stopping import wait_until

LIMITS = Limits(cpu_seconds=900.0)
SLEEPER = RunRequest(Program("import time\nprint('begun', flush=True)\ntime.sleep(900)"), b"", LIMITS)


def echo(text: str) -> RunRequest:
    return RunRequest(Program("print(input())"), text.encode(), LIMITS)


@pytest.fixture
def pool() -> Iterator[RunPool]:
    with RunPool(2) as pool:
        yield pool


def zygotes() -> list[int]:
    """Return the child processes of this process."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


def programs(pids: list[int]) -> int:
    """Return the number of processes below these."""
    found = 0
    for pid in pids:
        try:
            below = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            below = []
        found += len(below) + programs(below)
    return found


def test_each_run_has_its_own_output(pool: RunPool) -> None:
    futures = [pool.submit(echo(str(number))) for number in range(50)]
    assert [future.result().execution.stdout for future in futures] == [f"{number}\n".encode() for number in range(50)]


def test_a_cancelled_run_ends_at_once_and_the_next_run_is_unharmed(pool: RunPool) -> None:
    before = set(zygotes())
    running = [pool.submit(SLEEPER) for _ in range(2)]
    queued = [pool.submit(SLEEPER), pool.submit(echo("5"))]
    wait_until(lambda: programs(list(set(zygotes()) - before)) >= 4)
    for future in (queued[0], *running):
        pool.cancel(future)
    assert queued[0].cancelled()
    assert [future.result(250).execution.status for future in running] == [Status.FAILED] * 2
    assert queued[1].result(250).execution.stdout == b"5\n"
    pool.cancel(queued[1])  # already done
    assert pool.submit(echo("6")).result(250).execution.stdout == b"6\n"


def test_a_lost_sandbox_is_replaced() -> None:
    before = set(zygotes())
    with RunPool(1) as pool:
        pool.submit(echo("1")).result()
        for pid in set(zygotes()) - before:
            os.kill(pid, signal.SIGKILL)
        assert pool.submit(echo("2")).result().execution.stdout == b"2\n"


def test_close_ends_running_programs_and_leaves_no_process() -> None:
    before = set(zygotes())
    pool = RunPool(1)
    running, queued = pool.submit(SLEEPER), pool.submit(SLEEPER)
    wait_until(running.running)
    pool.close()
    pool.close()
    assert running.result(0).execution.status is Status.FAILED
    assert queued.cancelled()
    assert set(zygotes()) <= before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("run")]


def test_an_unknown_language_raises_and_a_syntax_error_does_not(pool: RunPool) -> None:
    with pytest.raises(UsageError, match="language"):
        pool.submit(RunRequest(Program("1", "cobol"), b"", LIMITS)).result()
    ran = pool.submit(RunRequest(Program("print("), b"", LIMITS)).result()
    assert isinstance(ran, RunResult)
    assert (ran.execution.status, ran.compiled) == (Status.COMPILE_ERROR, False)


def test_warm_reaches_every_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even though one thread could do all the work before another one wakes up."""
    by: dict[int, int] = {}

    def work(_: RunPool, run: RunRequest, future: Future[RunResult]) -> None:
        by[threading.get_ident()] = by.get(threading.get_ident(), 0) + 1
        future.set_result(RunResult(Execution(Status.EXITED), True, 0.0))

    monkeypatch.setattr(RunPool, "_work", work)
    with RunPool(4) as pool:
        for number in range(1, 31):
            for futures in pool.warm(()).values():
                assert all(future.result(250) for future in futures)
            wait_until(lambda number=number: list(by.values()) == [number] * 4)  # type: ignore[misc]


def test_close_during_warm_up() -> None:
    """One of the threads is busy, so the other one waits for it at the barrier."""
    with RunPool(2) as pool:
        busy = pool.submit(SLEEPER)
        starting = pool.warm(())
        wait_until(lambda: any(future.done() for future in starting["python"]))
    assert busy.result(250).execution.status is Status.FAILED
    for future in starting["python"]:
        assert future.cancelled() or future.result(250)
