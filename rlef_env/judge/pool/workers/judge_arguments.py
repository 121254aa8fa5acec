"""The arguments of the workers' judges, pickled by dill: custom checkers may be closures or come from a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import dill

from rlef_env.errors import UsageError
from rlef_env.judge.judge import Judge
from rlef_env.judge.judgement import Judgement

__all__ = ["pickle_arguments", "unpickle_judge"]


def pickle_arguments(arguments: Mapping[str, Any]) -> bytes:
    """Pickle the arguments of a ``Judge``, with the functions among them and everything these refer to.

    Raises:
        UsageError: something cannot be pickled.
    """
    try:
        pickled: bytes = dill.dumps(dict(arguments), recurse=True)
    except Exception as error:  # noqa: BLE001 - a closure may refer to anything
        raise UsageError(
            f"checkers: expected functions that can be sent to other processes ({type(error).__name__}: {error}); open "
            "files, locks and the like inside the function"
        ) from None
    return pickled


def unpickle_judge(pickled_arguments: bytes) -> Callable[..., Judge]:
    """Return a function that makes a judge of pickled arguments and of further ones, such as ``on_sleep``.

    Where the arguments cannot be loaded, it makes a judge that raises ``UsageError`` for every job.
    """
    try:
        arguments: Mapping[str, Any] = dill.loads(pickled_arguments)
    except Exception as error:  # noqa: BLE001 - a module may be missing here, or raise anything on import
        return partial(UnloadableJudge, f"{type(error).__name__}: {error}")
    return partial(Judge, **arguments)


class UnloadableJudge(Judge):
    """Stands for a judge whose checkers could not be loaded in this process: every job gets an error about it."""

    def __init__(self, reason: str, **_: Any) -> None:
        super().__init__()
        self._reason = reason

    def judge(self, *_: Any, **__: Any) -> Judgement:
        """Raise the error."""
        raise UsageError(
            f"checkers: expected functions that other processes can load ({self._reason}); define them in a notebook, "
            "in the main program or in a module that can be imported everywhere"
        )
