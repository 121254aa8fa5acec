"""What runs on the machines of a Ray cluster: an actor with a judge."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from rlef_env.judge import Judge
from rlef_env.judge.pool.packing import PackedJob, unpack_job
from rlef_env.problems import Problem

__all__ = ["MOST_PROBLEMS", "RayWorker"]

MOST_PROBLEMS: Final = 256
"""How many problems are in the object store at once, and in each actor."""


class RayWorker:
    """The actor: a judge, and the problems that it was sent last."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._judge = Judge(**arguments, interrupt=canceled)
        self._problems: OrderedDict[int, Problem] = OrderedDict()

    def process(self) -> int:
        """Its process id, as soon as it works."""
        return os.getpid()

    def judge(self, job: PackedJob, stored: list[Any]) -> tuple[str, bytes]:
        """Judge a job.

        Args:
            job: the job, with the key of its problem.
            stored: holds the reference of the problem's bytes in the object store.

        Returns:
            ``"judged"`` and the judgement, or ``"raised"`` and what the judge raised, as bytes.
        """
        import ray

        key = job[0]
        if key in self._problems:
            self._problems.move_to_end(key)
        else:
            self._problems[key] = pickle.loads(ray.get(stored[0]))
            if len(self._problems) > MOST_PROBLEMS:
                self._problems.popitem(last=False)
        try:
            judgement = self._judge.judge(unpack_job(job, self._problems))
        except Exception as error:  # noqa: BLE001 - whatever it is, the owner raises it
            return "raised", dumped(error)
        return "judged", pickle.dumps(judgement)


def canceled() -> bool:
    """Whether nobody needs what is judged now; older Rays have no way to know."""
    import ray

    asked = getattr(ray.get_runtime_context(), "is_canceled", None)
    return asked is not None and bool(asked())


def dumped(error: Exception) -> bytes:
    """The bytes of an exception, or of one that says the same where it cannot be pickled."""
    try:
        content = pickle.dumps(error)
        pickle.loads(content)
        return content
    except Exception:  # noqa: BLE001 - what pickling it raises may be anything
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
