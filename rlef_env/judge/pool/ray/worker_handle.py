"""The pool's end of an actor, and a problem on its way to the actors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rlef_env.judge.pool.sharded_job import Shard

__all__ = ["RayWorkerHandle", "StoredProblem"]


@dataclass(eq=False)
class RayWorkerHandle:
    """An actor, as the pool sees it.

    Attributes:
        actor: Ray's handle.
        pid: process id; 0 until the actor has started, or while it is unknown whether it still runs.
        shard: what it judges; None if it is idle.
        answer: Ray's reference to the answer that it will give.
        lost: whether the pool has given it up.
    """

    actor: Any
    pid: int = 0
    shard: Shard | None = None
    answer: Any = None
    lost: bool = False


@dataclass
class StoredProblem:
    """A pickled problem, which goes into Ray's object store when it is first needed.

    Attributes:
        key: stands for the problem in jobs.
        pickled: empty when it is in the object store.
        reference: to the problem in the object store; None if it is not there yet.
    """

    key: int
    pickled: bytes
    reference: Any = None
