"""Programs judged on the machines of a Ray cluster: a judge in an actor on each core, placed by Ray.

What travels to an actor is plain: the bytes of a problem, once, through Ray's object store, and a tuple for each job.
An actor that is lost, with its machine or alone, is replaced by a new one wherever Ray has room, and its program judged
again. Actors for which there is no room yet are what Ray's autoscaler goes by.
"""

from __future__ import annotations

import socket
import weakref
from collections.abc import Collection
from concurrent.futures import Future
from typing import Any, Final

from rlef_env.errors import UsageError
from rlef_env.judge import NO_CUSTOM_CHECKERS, CustomCheckers, Judge, Judgement, JudgePool, TimeFactor
from rlef_env.judge.pool.ray.scheduler import RayScheduler

__all__ = ["RayJudgePool"]

CONNECT_SECONDS: Final = 10.0


class RayJudgePool(JudgePool):
    """A ``JudgePool`` whose workers are actors of a Ray cluster. It serves the process that made it.

    Needs ``pip install "rlef-env[ray]"`` here, and this package on every machine of the cluster.

    Args:
        address: of the cluster, as ``"HOST:PORT"`` or otherwise as for ``ray.init``; None joins the one that this
            process has joined already, or that ``RAY_ADDRESS`` names, or starts one on this machine.
        workers: how many programs are judged at once; as many as the cluster has cores by default. More than it has
            room for wait for it to grow.
        isolation: as for ``Judge``.
        time_factor: as for ``Judge``.
        numpy: as for ``Judge``.
        max_pending: how many jobs may wait; ``submit`` blocks beyond.
        cores_per_worker: what Ray sets aside for each worker. Less than 1 where many programs sleep, which holds a
            worker but no core.
        checkers: as for ``JudgePool``; Ray's own pickling sends them.

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
        arguments: dict[str, Any] = {
            "isolation": isolation,
            "time_factor": time_factor,
            "numpy": numpy,
            "checkers": checkers,
        }
        Judge(**arguments)  # refuses what is wrong, and starts nothing
        for name, value in (("workers", workers), ("cores_per_worker", cores_per_worker)):
            if value is not None and value <= 0:
                raise UsageError(f"{name}: expected a number above 0, got {value!r}")
        check_sendable(checkers)
        joined_here = join(address)
        self.isolation = isolation
        self.workers = workers or max(1, int(cluster_cores() / cores_per_worker))
        dispatcher = RayScheduler(self.workers, cores_per_worker, max_pending, arguments, joined_here)
        self._scheduler = dispatcher  # type: ignore[assignment]  # does for the pool what its own one does
        self._finalizer = weakref.finalize(self, dispatcher.close)

    def warm(self, _: Collection[str] | None = None) -> dict[str, list[Future[Judgement]]]:
        """Refused: Ray starts an actor where and when there is a core for it.

        Raises:
            UsageError: always.
        """
        raise UsageError("warm: expected a JudgePool, got a RayJudgePool, whose actors Ray starts when there are jobs")


def join(address: str | None) -> bool:
    """Join the cluster, unless this process has; return whether it is this call that did."""
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
            "`ray start --head` says what it is"
        ) from None
    return True


def check_sendable(checkers: CustomCheckers) -> None:
    """Look at whether functions can be sent to actors."""
    try:
        from ray import cloudpickle

        cloudpickle.dumps(dict(checkers))
    except ImportError:  # which is said where the cluster is joined
        return
    except Exception as error:  # noqa: BLE001 - whatever is in a closure
        raise UsageError(
            f"checkers: expected functions that can be sent to other machines ({type(error).__name__}: {error}); open "
            "files, locks and the like inside of the function"
        ) from None


def cluster_cores() -> float:
    """The cores of all machines that are in the cluster now."""
    import ray

    return float(ray.cluster_resources().get("CPU", 1.0))
