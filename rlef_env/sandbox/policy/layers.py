"""The layers of the lock: what each is for, and which are required."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LAYERS", "REQUIRED", "Layer"]

LAYERS = {
    "user_namespace": "no rights of the caller's user",
    "pid_namespace": "sees no process but its own; all of them die together",
    "process_ids": "a program's process and threads have the same ids in every run",
    "mount_namespace": "sees no file but the interpreter's library",
    "network_namespace": "no network device at all",
    "ipc_namespace": "no shared memory of others",
    "uts_namespace": "no host name to change",
    "no_new_privs": "can never gain rights",
    "landlock": "reads the standard library only, writes nothing, sends no signals",
    "seccomp": "no calls but those on a list: no sockets, no new processes",
    "rlimits": "bounds on CPU time, address space, output, open files",
    "oom_score": "the first to go when the machine runs out of memory",
    "schedstat": "time spent waiting for a core is not held against a program",
}
"""Layer -> what it is for, as ``rlef doctor`` shows it."""

REQUIRED = ("no_new_privs", "landlock", "seccomp", "rlimits")
"""Without these nothing is judged, unless ``isolation="none"`` was asked for by name."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Whether a layer holds here, and if not, why."""

    available: bool
    reason: str = ""
