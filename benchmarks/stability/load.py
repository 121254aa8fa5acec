"""Makes the machine busy: processes that only use a core, and end with the process that started them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

__all__ = ["busy"]

SPIN = """
import os, sys
parent = os.getppid()
print(flush=True)
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep this many processes busy: all run when the block starts, and all have ended after it, also on an error."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(processes):
            started.append(subprocess.Popen([sys.executable, "-I", "-S", "-c", SPIN], stdout=subprocess.PIPE))  # noqa: PERF401 (each is killed below, also if a later one does not start)
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        yield
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.communicate()
