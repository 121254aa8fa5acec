"""Tests of pools whose workers are processes on this machine: their end, and the loss of workers."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from rlef_env.judge import JudgeJob, Verdict
from rlef_env.judge.pool.conformance import ECHO, MANY, RIGHT, PoolConformance
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program


def tree(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(found for child in children for found in tree(child))]


def without_launchers(pids: Iterable[int]) -> set[int]:
    """Return processes without those of launcher.c: each is a program's process, and is kept for the next program."""

    def is_launcher(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"launcher\0")
        except (FileNotFoundError, ProcessLookupError):
            return False

    return {pid for pid in pids if not is_launcher(pid)}


class WorkerConformance(PoolConformance):
    """Needs a pool with ``processes()``."""

    def test_close_ends_all_processes(self) -> None:
        endless = Problem("endless", "", (Test("", ""),) * 20, time_limit=100.0)
        pool: Any = self.make(1)
        pool.submit(JudgeJob(endless, Program("while True: pass")))
        while len(found := [pid for worker in pool.processes() for pid in tree(worker)]) < 4:
            pass  # worker, zygote, program, run
        handles = []
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                handles.append(os.pidfd_open(pid))
        pool.close()
        for handle in handles:
            os.close(handle) if ended(handle) else pytest.fail("a process outlives the pool")

    def test_lost_workers_are_replaced_and_no_job_is_lost(self) -> None:
        with self.make(2) as pool:
            processes = pool.processes  # type: ignore[attr-defined]
            futures = [pool.submit(JudgeJob(MANY, Program(f"print(input())  # {number}"))) for number in range(6)]
            while len(processes()) < 2:
                pass
            for pid in processes():
                os.kill(pid, signal.SIGKILL)
            assert [future.result().verdict for future in futures] == [Verdict.ACCEPTED] * 6

    def test_a_program_whose_worker_is_lost_every_time_has_no_verdict(self) -> None:
        sleeping = Problem("sleep", "", (Test("", ""),), time_limit=60.0)
        with self.make(1) as pool:
            future = pool.submit(JudgeJob(sleeping, Program("import time\ntime.sleep(50)")))
            killed: set[int] = set()
            while not future.done():
                for pid in set(pool.processes()) - killed:  # type: ignore[attr-defined]
                    if len(tree(pid)) >= 4:
                        os.kill(pid, signal.SIGKILL)
                        killed.add(pid)
            judgement = future.result()
            assert judgement.verdict is Verdict.NO_VERDICT
            assert judgement.category == "the worker that judged it was lost 3 times"
            assert judgement.total == 1
            assert pool.judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED

    def test_environments_use_it_and_do_not_close_it(self) -> None:
        """Their outcomes are those that they have with a pool of their own."""
        responses = [f"```python\n{source}\n```" for source in ("print(1)", "print(", "import time", "no program")]
        with self.make(2) as pool:
            outcomes = []
            for arguments in ({"pool": pool}, {"workers": 1}):
                envs = gym.make_vec("RLEF-Starter-v0", num_envs=4, **arguments)  # type: ignore[arg-type]
                envs.reset(seed=1)
                observations, rewards, *_ = envs.step(responses)
                outcomes.append((observations, list(rewards)))
                envs.close()
            assert outcomes[0] == outcomes[1]
            assert pool.judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED


def ended(handle: int) -> bool:
    """Return whether the process of a pidfd ends, within minutes."""
    return bool(select.select([handle], [], [], 250)[0])
