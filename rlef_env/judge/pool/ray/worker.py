"""What runs on the machines of a Ray cluster: an actor with a judge."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from rlef_env.judge import Judge
from rlef_env.problems import Problem
from rlef_env.sandbox import Program

__all__ = ["MOST_PROBLEMS", "RayWorker"]

MOST_PROBLEMS: Final = 256
"""How many problems are in the object store at once, and in each actor."""


class RayWorker:
    """The actor: a judge, and the problems that it was sent last."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._judge = Judge(**arguments)
        self._judge.interrupt = canceled
        self._problems: OrderedDict[int, Problem] = OrderedDict()

    def process(self) -> int:
        """Its process id, as soon as it works."""
        return os.getpid()

    def judge(self, key: int, stored: list[Any], source: str, language: str, *rest: Any) -> tuple[str, bytes]:
        """Judge a job.

        Args:
            key: of the problem.
            stored: holds the reference of the problem's bytes in the object store.
            source: the program's.
            language: the program's.
            rest: what follows in ``Judge.judge``.

        Returns:
            ``"judged"`` and the judgement, or ``"raised"`` and what the judge raised, as bytes.
        """
        import ray

        if key in self._problems:
            self._problems.move_to_end(key)
        else:
            self._problems[key] = pickle.loads(ray.get(stored[0]))
            if len(self._problems) > MOST_PROBLEMS:
                self._problems.popitem(last=False)
        try:
            judgement = self._judge.judge(self._problems[key], Program(source, language), *rest)
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
