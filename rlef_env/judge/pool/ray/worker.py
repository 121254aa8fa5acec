"""The actor that judges on a machine of a Ray cluster."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from typing import Any

from rlef_env.judge.pool.problem_table import MAX_PROBLEMS
from rlef_env.judge.pool.workers.judge_arguments import unpickle_judge
from rlef_env.judge.pool.workers.wire import JobTuple, job_from_tuple, portable_error
from rlef_env.problems import Problem

__all__ = ["RayWorker"]


class RayWorker:
    """An actor with a judge and the problems that it used last.

    Args:
        pickled_arguments: of the ``Judge``; see ``pickle_arguments``.
    """

    def __init__(self, pickled_arguments: bytes) -> None:
        self._judge = unpickle_judge(pickled_arguments)(interrupt=is_cancelled)
        self._problems: OrderedDict[int, Problem] = OrderedDict()

    def process(self) -> int:
        """Return the process id. The answer shows that the actor has started."""
        return os.getpid()

    def judge(self, job: JobTuple, stored: list[Any]) -> tuple[str, bytes]:
        """Judge a job.

        Args:
            job: with a key in place of its problem.
            stored: one reference to the pickled problem in the object store. Ray would resolve a bare reference for
                every job; in a list it stays a reference, and the actor loads each problem once.

        Returns:
            ``"judged"`` and the pickled judgement, or ``"raised"`` and the pickled error that the judge raised.
        """
        import ray

        key = job[0]
        if key in self._problems:
            self._problems.move_to_end(key)
        else:
            self._problems[key] = pickle.loads(ray.get(stored[0]))
            if len(self._problems) > MAX_PROBLEMS:
                self._problems.popitem(last=False)
        try:
            judgement = self._judge.judge(job_from_tuple(job, self._problems))
        except Exception as error:  # noqa: BLE001 - the pool raises it, whatever it is
            return "raised", pickle.dumps(portable_error(error))
        return "judged", pickle.dumps(judgement)


def is_cancelled() -> bool:
    """Return whether the current job is cancelled; False with a Ray that has no ``is_canceled()``."""
    import ray

    is_canceled = getattr(ray.get_runtime_context(), "is_canceled", None)
    return is_canceled is not None and bool(is_canceled())
