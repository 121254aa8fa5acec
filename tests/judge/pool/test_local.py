"""The local pool passes all tests of pools; and no process or file of it outlives its owner."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

import rlef_env
from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, JudgePool, Verdict, default_workers
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.judge import ATTEMPTS
from rlef_env.judge.pool.conformance import ECHO
from rlef_env.sandbox import Program
from tests.judge.pool.worker_conformance import WorkerConformance, ended, tree


class TestJudgePool(WorkerConformance):
    def make(self, workers: int, checkers: CustomCheckers = NO_CUSTOM_CHECKERS) -> JudgePool:
        return JudgePool(workers, checkers=checkers)


def test_one_crash_costs_a_job_one_attempt_however_many_workers_it_ends() -> None:
    """A program that lost its worker goes to a new one, because others may have ended, too, and not yet be noticed."""
    sleeps = Program("import time\ntime.sleep(0.6)\nprint(input())")  # so that many sleep at once
    patient = replace(ECHO, time_limit=30.0)
    with JudgePool(2) as pool:
        for _ in range(2):
            futures = [pool.submit(JudgeJob(patient, sleeps)) for _ in range(20)]
            for _ in range(ATTEMPTS - 1):
                # On a slow machine programs end before eight of them run at once.
                while sum(len(tree(pid)) >= 4 for pid in pool.processes()) < 8 and not all(map(Future.done, futures)):
                    time.sleep(0.01)  # leave the core to them
                for pid in pool.processes():
                    with contextlib.suppress(ProcessLookupError):  # it ended since it was listed
                        os.kill(pid, signal.SIGKILL)
            assert {future.result().verdict for future in futures} == {Verdict.ACCEPTED}


def test_workers_default_to_the_usable_cores() -> None:
    assert default_workers() >= 1
    with JudgePool() as pool:
        assert pool.workers == default_workers()


OWNER = """
import os, sys, time
from rlef_env.judge import JudgeJob, JudgePool
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program
pool = JudgePool(2)
endless = Problem("endless", "", (Test("", ""),), time_limit=100.0)
for _ in range(2):
    pool.submit(JudgeJob(endless, Program("while True: pass")))
while len(pool.processes()) < 2:
    time.sleep(0.01)
print(*pool.processes(), flush=True)
sys.stdin.read()  # until the test has a handle on each worker
{end}
"""


@pytest.mark.parametrize(
    "end", ["sys.exit()", "os.kill(os.getpid(), 9)", "os.fork() or time.sleep(600)\nos.kill(os.getpid(), 9)"]
)
def test_no_process_outlives_the_owner(end: str) -> None:
    """Also if it is killed while a child that it forked still has copies of its descriptors."""
    command = [sys.executable, "-c", OWNER.format(end=end)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        workers = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(workers) == 2
        handles = [os.pidfd_open(pid) for pid in workers]
        owner.stdin.close()
        owner.wait()
        owner.stdout.close()
    for handle in handles:
        assert ended(handle), "a worker outlives its owner"
        os.close(handle)


def test_a_forked_child_needs_its_own_pool() -> None:
    with JudgePool(1) as pool:
        pool.judge(ECHO, Program("print(input())"))
        if (child := os.fork()) == 0:
            code = 1
            try:
                pool.submit(JudgeJob(ECHO, Program("")))
            except UsageError:
                with JudgePool(1) as own:
                    code = 0 if own.judge(ECHO, Program("print(input())")).verdict is Verdict.ACCEPTED else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert pool.judge(ECHO, Program("print(input())")).verdict is Verdict.ACCEPTED


LEAVER = """
import os, sys
from rlef_env.judge import JudgePool
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import Program
checked = Problem("a", "", (Test("", ""),), checker=CheckerSpec("kattis_program", (), "raise SystemExit(42)"))
pool = JudgePool(1)
print(pool.judge(checked, Program("")).verdict.value, len(os.listdir(os.environ["TMPDIR"])), flush=True)
sys.stdin.read()
{end}
"""


@pytest.mark.parametrize("end", ["pool.close()", "os.kill(os.getpid(), 9)"])
def test_no_file_outlives_the_owner(end: str, tmp_path: Path) -> None:
    """The fork server removes them: workers are killed."""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", LEAVER.format(end=end)],
        env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as owner:  # fmt: skip
        assert owner.stdout is not None
        assert owner.stdout.readline() == "accepted 1\n"
        server = next(pid for pid in tree(owner.pid) if pid != owner.pid)
        handle = os.pidfd_open(server)
        owner.communicate()
    assert ended(handle)
    os.close(handle)
    assert not list(tmp_path.iterdir())


def test_workers_write_no_bytecode_if_their_owner_writes_none(tmp_path: Path) -> None:
    """With ``python -B``, the processes of a pool leave no ``__pycache__`` beside the package either."""
    shutil.copytree(Path(rlef_env.__file__).parent, tmp_path / "rlef_env", ignore=shutil.ignore_patterns("__pycache__"))
    source = """if __name__ == "__main__":
    from rlef_env.judge import JudgePool
    from rlef_env.problems import Problem, Test
    from rlef_env.sandbox import Program
    with JudgePool(1) as pool:
        print(pool.judge(Problem("p", "", (Test("1", "1"),)), Program("print(input())")).verdict.value)
"""
    (tmp_path / "owner.py").write_text(source)
    command = [sys.executable, "-B", str(tmp_path / "owner.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Verdict.ACCEPTED.value
    assert not list(tmp_path.rglob("__pycache__"))
