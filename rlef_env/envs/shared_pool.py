"""Judge pools that all environments of a process share by name, where no object can be passed."""

from __future__ import annotations

import os
import threading
from typing import Final, Literal, TypeAlias

from rlef_env.judge import JudgePool

__all__ = ["SHARED", "Shared", "shared_pool"]

Shared: TypeAlias = Literal["shared"]
SHARED: Final[Shared] = "shared"
"""Name of the process's pool for ``judge=`` of ``CodeEnv`` and ``pool=`` of ``CodeVectorEnv``.

Unlike a judge or a pool, a name can be stored in a specification: ``env.spec.to_json()``.
"""

_pools: dict[str, JudgePool] = {}
_lock = threading.Lock()


def shared_pool(isolation: str = "locked") -> JudgePool:
    """Return this process's pool with this isolation. It is made on first use and closed when the process ends."""
    with _lock:
        if isolation not in _pools:
            _pools[isolation] = JudgePool(isolation=isolation)
        return _pools[isolation]


def _forget() -> None:
    """Forget the pools in a forked child, because they belong to the parent."""
    global _lock  # another thread may have held it when the process was forked
    _lock = threading.Lock()
    _pools.clear()


os.register_at_fork(after_in_child=_forget)
