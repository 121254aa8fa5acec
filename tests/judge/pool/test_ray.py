"""The Ray pool passes all tests of pools, and loses no job when a machine is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, Judgement, Verdict
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.pool.conformance import BUSY, ECHO, LONG, RIGHT, WRONG_FROM
from rlef_env.judge.pool.ray import RayJudgePool
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program
from tests.judge.pool.worker_conformance import WorkerConformance
from tests.stopping import wait_until

ray = pytest.importorskip("ray", reason="needs the extra 'ray'")
# On a busy machine, Ray takes minutes to start a process.
pytestmark = [pytest.mark.ray, pytest.mark.timeout(1200)]

STORE_BYTES = 80_000_000  # the minimum of Ray
CONFIG = {
    "health_check_initial_delay_ms": 500, "health_check_period_ms": 500, "health_check_failure_threshold": 3,
    "worker_register_timeout_seconds": 900,  # by default, Ray kills a process that takes a minute to start
}  # fmt: skip


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray cluster on this machine: one raylet with two cores, and a head without cores."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False, "_system_config": CONFIG}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    cluster.add_node(num_cpus=2, object_store_memory=STORE_BYTES)
    cluster.wait_for_nodes()
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.slow
class TestRayJudgePool(WorkerConformance):
    examples = 2

    @pytest.fixture(autouse=True)
    def _cluster(self, cluster: Any) -> None:
        self.address = cluster.address

    def make(self, workers: int, checkers: CustomCheckers = NO_CUSTOM_CHECKERS) -> RayJudgePool:
        return RayJudgePool(self.address, workers, cores_per_worker=0.5, checkers=checkers)

    def test_an_urgent_job_does_not_reset_the_rounds(self) -> None:
        """An owner that comes late starts in the current round, not in the first one."""
        order: list[str] = []
        with self.make(1) as pool:

            def submit(name: str, program: Program, owner: str, priority: int = 0) -> Future[Judgement]:
                future = pool.submit(JudgeJob(ECHO, program), priority, owner)
                future.add_done_callback(lambda _: order.append(name))
                return future

            futures = [submit(f"greedy {number}", RIGHT, "greedy") for number in range(3)]
            submit("greedy 3", Program("import time\ntime.sleep(0.8)"), "greedy")
            last = submit("greedy 4", RIGHT, "greedy")
            futures[-1].result()
            submit("urgent", RIGHT, "urgent", 1)
            late = [submit(f"late {number}", RIGHT, "late") for number in range(3)]
            for future in (last, *late):
                future.result()
        assert order[4:] == ["urgent", "late 0", "greedy 4", "late 1", "late 2"]


@pytest.mark.slow
def test_a_lost_machine_costs_no_job_and_no_verdict(cluster: Any) -> None:
    """Its raylet is killed while programs run on both machines; its programs are judged again on the other one."""
    slow = Problem("slow", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(4)), time_limit=10.0)
    busy = "sum(range(10**6))\n"
    doomed = cluster.add_node(num_cpus=2, object_store_memory=STORE_BYTES)
    cluster.wait_for_nodes()
    answers: list[int] = []
    with RayJudgePool(cluster.address) as pool:
        assert pool.workers == 4
        wrong = [number % 6 for number in range(20)]
        programs = [Program(f"{busy}{WRONG_FROM.format(at)}  # {number}") for number, at in enumerate(wrong)]
        futures = [pool.submit(JudgeJob(slow, program, stop_early=False)) for program in programs]
        for number, future in enumerate(futures):
            future.add_done_callback(lambda _, number=number: answers.append(number))  # type: ignore[misc]
        wait_until(lambda: len(pool.processes()) == 4 and len(answers) >= 4)
        before = set(pool.processes())
        cluster.remove_node(doomed, allow_graceful=False)
        judgements = [future.result() for future in futures]
        assert before - set(pool.processes()), "no worker was on the lost machine"
    assert [judgement.passed for judgement in judgements] == [min(at, 4) for at in wrong]
    assert all(
        (judgement.verdict is Verdict.ACCEPTED) == (at >= 4) for judgement, at in zip(judgements, wrong, strict=True)
    )
    assert sorted(answers) == list(range(20))


def test_jobs_wait_for_room_in_the_cluster(cluster: Any) -> None:
    """Workers for which there is no core wait until Ray has one, which is no loss."""
    with RayJudgePool(cluster.address, workers=4) as pool:
        judgements = list(pool.judge_all([JudgeJob(ECHO, RIGHT)] * 8))
        assert {judgement.verdict for judgement in judgements} == {Verdict.ACCEPTED}
        assert len(pool.processes()) <= 2


def test_a_job_that_others_cancel_is_judged_again(cluster: Any) -> None:
    """Ray cancels the tasks that a cancelled task has started."""
    with RayJudgePool(cluster.address, workers=1) as pool:
        future = pool.submit(JudgeJob(LONG, BUSY, limit=20))
        workers = pool._scheduler._workers
        wait_until(lambda: future.running() and workers and workers[0].answer is not None)
        ray.cancel(workers[0].answer)
        assert future.result(timeout=1000).verdict is Verdict.ACCEPTED


def test_a_checker_that_cannot_be_sent_is_refused_before_a_cluster_is_joined() -> None:
    drawn = (number % 2 == 0 for number in range(9))
    with pytest.raises(UsageError, match="can be sent to other processes"):
        RayJudgePool("127.0.0.1:1", checkers={"mine": lambda *_: next(drawn)})


def test_invalid_arguments_are_refused_before_a_cluster_is_joined() -> None:
    with pytest.raises(UsageError, match="isolation"):
        RayJudgePool(isolation="some")
    with pytest.raises(UsageError, match="cores_per_worker"):
        RayJudgePool(cores_per_worker=0)


def test_another_cluster_than_the_one_joined_is_refused(cluster: Any) -> None:
    with RayJudgePool(cluster.address, 1), pytest.raises(UsageError, match="joined already"):
        RayJudgePool("127.0.0.1:1")


OWNER = """
import sys
from rlef_env.judge.pool.ray import RayJudgePool
from rlef_env.judge import JudgeJob
from rlef_env.judge.pool.conformance import ECHO, RIGHT
pool = RayJudgePool(sys.argv[1], workers=1)
print(pool.judge(ECHO, RIGHT).verdict.value)
left = pool.submit(JudgeJob(ECHO, RIGHT))
{end}
"""


@pytest.mark.parametrize("end", ["", "import ray; ray.shutdown(); pool.close(); left.result()"])
def test_a_process_that_does_not_close_it_ends_nevertheless(cluster: Any, root: Path, end: str) -> None:
    command = [sys.executable, "-c", OWNER.format(end=end), cluster.address]
    process = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=1000)
    assert process.stdout == "accepted\n"
    assert process.returncode == 0, process.stderr


def test_without_ray_the_error_names_the_extra() -> None:
    program = "import sys; sys.modules['ray'] = None; import rlef_env.judge.pool.ray as i; i.RayJudgePool()"
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "UsageError: RayJudgePool: expected Ray to be installed, found none" in process.stderr
    assert 'pip install "rlef-env[ray]"' in process.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "ray://127.0.0.1:1"])
def test_without_a_cluster_the_error_says_so(address: str) -> None:
    if ray.is_initialized():
        ray.shutdown()
    with pytest.raises(UsageError, match="HOST:PORT"):
        RayJudgePool(address)


def test_importing_it_loads_no_ray() -> None:
    program = "import sys, rlef_env.judge.pool.ray; print('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"
