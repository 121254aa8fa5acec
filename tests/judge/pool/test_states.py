"""The pool as a state machine: submit, kill, close and start again in any order; no job is lost or judged wrongly."""

from __future__ import annotations

import contextlib
import os
import signal
from concurrent.futures import CancelledError, Future
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

PROBLEM = Problem("double", "", tuple(Test(f"{n}\n", f"{2 * n}\n") for n in range(3)), time_limit=60.0)
EXPECTED = {
    "print(2 * int(input()))": Verdict.ACCEPTED,
    "print(0)": Verdict.WRONG_ANSWER,
    "raise ValueError": Verdict.RUNTIME_ERROR,
    "print(": Verdict.COMPILE_ERROR,
    "import time\ntime.sleep(0.05)\nprint(2 * int(input()))": Verdict.ACCEPTED,
    "import os\nos.kill(os.getpid(), 9)": Verdict.RUNTIME_ERROR,
}


class PoolMachine(RuleBasedStateMachine):
    """Each job gets the right verdict, whatever happens to workers and sandboxes, unless the pool is closed."""

    @initialize(workers=st.integers(1, 3))
    def start(self, workers: int) -> None:
        self.pool = JudgePool(workers)
        self.open: list[tuple[str, Future[Judgement]]] = []
        self.kills = 0

    @rule(source=st.sampled_from(sorted(EXPECTED)))
    def submit(self, source: str) -> None:
        self.open.append((source, self.pool.submit(JudgeJob(PROBLEM, Program(source)))))

    @precondition(lambda self: self.open)
    @rule()
    def collect(self) -> None:
        source, future = self.open.pop(0)
        judgement = future.result(timeout=250)
        if self.kills < 2:  # after a third loss, a program has no verdict
            assert judgement.verdict is EXPECTED[source]
        else:
            assert judgement.verdict in (EXPECTED[source], Verdict.RUNTIME_ERROR, Verdict.NO_VERDICT)

    @precondition(lambda self: self.kills < 2)
    @rule(which=st.integers(0, 9), zygote=st.booleans())
    def kill(self, which: int, zygote: bool) -> None:
        """Kill a worker or its zygote, as the kernel does when memory runs out."""
        pids = self.pool.processes()
        if zygote:
            pids = [child for pid in pids for child in children(pid)]
        if pids:
            self.kills += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[which % len(pids)], signal.SIGKILL)

    @rule()
    def close_and_start_again(self) -> None:
        self.pool.close()
        for _, future in self.open:
            with contextlib.suppress(CancelledError):
                future.result(timeout=0)  # it is done, so that no caller waits for ever
        self.pool, self.open, self.kills = JudgePool(self.pool.workers), [], 0

    @invariant()
    def no_more_processes_than_workers(self) -> None:
        if hasattr(self, "pool"):
            assert len(self.pool.processes()) <= 5 * self.pool.workers

    def teardown(self) -> None:
        if hasattr(self, "pool"):
            processes = self.pool.processes()
            self.pool.close()
            assert not any(Path(f"/proc/{pid}").exists() for pid in processes)


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


TestPool = PoolMachine.TestCase
TestPool.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
