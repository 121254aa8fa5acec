"""Finds out which layers of the lock hold on this machine, by applying them."""

from __future__ import annotations

import ctypes
import sys

from rlef_env.errors import IsolationUnavailable, SandboxFailure
from rlef_env.sandbox.policy.layers import LAYERS, Layer
from rlef_env.sandbox.sandbox import Sandbox

__all__ = ["landlock_abi", "probe"]

LANDLOCK_CREATE_RULESET, LANDLOCK_CREATE_RULESET_VERSION = 444, 1


def probe() -> dict[str, Layer]:
    """Start a sandbox and return every layer, with the reason where it does not hold. Never raises."""
    try:
        with Sandbox(require=()) as sandbox:
            return {name: sandbox.layers.get(name, Layer(False, "not tried")) for name in LAYERS}
    except (OSError, SandboxFailure, IsolationUnavailable) as error:
        return {name: Layer(False, str(error)) for name in LAYERS}


def landlock_abi() -> int:
    """Return the version of Landlock that this kernel supports; 0 for none."""
    if not sys.platform.startswith("linux"):
        return 0
    version = ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION)
    return max(0, int(version))
