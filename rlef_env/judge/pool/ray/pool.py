"""The pool whose workers are actors of a Ray cluster: a judge in an actor on each core, placed by Ray.

A problem is sent through Ray's object store, once; a job is a plain tuple. When an actor or its machine is lost, Ray
starts a new actor wherever it has room, and the program is judged again. Ray's autoscaler counts the actors that wait
for a core.
"""

from __future__ import annotations

import socket
import weakref
from collections.abc import Hashable
from concurrent.futures import Future
from typing import Final

from rlef_env.errors import UsageError
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.job import JudgeJob
from rlef_env.judge.judge import Judge, TimeFactor
from rlef_env.judge.judgement import Judgement
from rlef_env.judge.pool.base import BaseJudgePool
from rlef_env.judge.pool.ray.scheduler import RayScheduler
from rlef_env.judge.pool.workers.judge_arguments import pickle_arguments

__all__ = ["RayJudgePool"]

CONNECT_SECONDS: Final = 10.0


class RayJudgePool(BaseJudgePool):
    """Judges programs in actors of a Ray cluster.

    Needs ``pip install "rlef-env[ray]"`` here, and this package on every machine of the cluster.

    Args:
        address: of the cluster, as ``"HOST:PORT"`` or otherwise as for ``ray.init``. None uses the cluster that this
            process has joined already, else the one that ``RAY_ADDRESS`` names, else starts one on this machine.
        workers: number of programs that are judged at the same time; by default the number of cores of the cluster.
            Workers for which the cluster has no room wait until it grows.
        isolation: as for ``Judge``.
        time_factor: as for ``Judge``.
        numpy: as for ``Judge``.
        max_pending: maximum number of queued jobs; ``submit`` blocks when it is reached.
        cores_per_worker: number of cores that Ray reserves for each worker. Use less than 1 if many programs sleep,
            because a sleeping program occupies a worker but no core.
        checkers: as for ``JudgePool``.

    Raises:
        UsageError: an argument has a value that is not supported, Ray is not installed, or there is no cluster at the
            address.
    """

    def __init__(
        self,
        address: str | None = None,
        workers: int | None = None,
        isolation: str = "locked",
        time_factor: TimeFactor = 1.0,
        numpy: bool = False,
        max_pending: int = 100_000,
        cores_per_worker: float = 1.0,
        checkers: CustomCheckers = NO_CUSTOM_CHECKERS,
    ) -> None:
        Judge(isolation, time_factor, numpy, checkers)  # checks the arguments and starts nothing
        for name, value in (("workers", workers), ("cores_per_worker", cores_per_worker)):
            if value is not None and value <= 0:
                raise UsageError(f"{name}: expected a number above 0, got {value!r}")
        self.isolation = isolation
        self.judge_arguments = {
            "isolation": isolation, "time_factor": time_factor, "numpy": numpy, "checkers": checkers
        }  # fmt: skip
        pickled_arguments = pickle_arguments(self.judge_arguments)
        joined_here = join(address)
        self.workers = workers or max(1, int(cluster_cores() / cores_per_worker))
        self._scheduler = RayScheduler(
            self.workers, cores_per_worker, max_pending, isolation, pickled_arguments, joined_here
        )
        self._finalizer = weakref.finalize(self, self._scheduler.close)

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        """See ``BaseJudgePool.submit``; blocks while ``max_pending`` jobs are queued."""
        return self._scheduler.submit(job, priority, owner)

    def cancel(self, future: Future[Judgement]) -> None:
        """See ``BaseJudgePool.cancel``.

        With a Ray that has no ``is_canceled()``, an actor does not learn of it and judges the job to its end.
        """
        self._scheduler.cancel(future)

    def close(self) -> None:
        """See ``BaseJudgePool.close``."""
        self._finalizer()

    def processes(self) -> list[int]:
        """Return the process ids of the actors that are ready now."""
        return self._scheduler.processes()


def join(address: str | None) -> bool:
    """Join the cluster, unless this process has joined it already; return whether this call joined it."""
    try:
        import ray
    except ImportError:
        raise UsageError(
            'RayJudgePool: expected Ray to be installed, found none; pip install "rlef-env[ray]"'
        ) from None
    if ray.is_initialized():
        if address not in (None, "auto", ray.get_runtime_context().gcs_address):
            joined = ray.get_runtime_context().gcs_address
            raise UsageError(f"address: expected {joined!r}, which this process has joined already, got {address!r}")
        return False
    try:
        if address not in (None, "auto", "local"):
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()  # Ray itself would try for minutes
        ray.init(address, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"address: expected HOST:PORT of a Ray cluster, 'auto', 'local' or None, got {address!r} ({error}); "
            "`ray start --head` prints it"
        ) from None
    return True


def cluster_cores() -> float:
    """Return the number of cores of all machines that are in the cluster now."""
    import ray

    return float(ray.cluster_resources().get("CPU", 1.0))
