"""The judges that all environments of a process share by name, where no object can be passed."""

from __future__ import annotations

import os
import threading
from typing import Final, Literal, TypeAlias

from rlef_env.judge import JudgePool

__all__ = ["SHARED", "Shared", "shared_pool"]

Shared: TypeAlias = Literal["shared"]
SHARED: Final[Shared] = "shared"
"""What ``judge=`` of ``CodeEnv`` and ``pool=`` of ``CodeVectorEnv`` call the pool of their process.

Unlike a judge or a pool it can be written into a specification: ``env.spec.to_json()``.
"""

_pools: dict[str, JudgePool] = {}
_lock = threading.Lock()


def shared_pool(isolation: str = "locked") -> JudgePool:
    """The pool of this process with this isolation; made when first asked for, closed when the process ends."""
    with _lock:
        if isolation not in _pools:
            _pools[isolation] = JudgePool(isolation=isolation)
        return _pools[isolation]


def _forget() -> None:
    """In a forked child: the pools are the parent's."""
    global _lock  # it may have been held when the process was forked
    _lock = threading.Lock()
    _pools.clear()


os.register_at_fork(after_in_child=_forget)
