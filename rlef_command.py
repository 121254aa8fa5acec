"""Where the ``rlef`` command starts. It imports nothing at first, so that Ctrl-C is answered from the beginning.

``rlef_env`` loads gymnasium and numpy, which takes a moment, and importing ``rlef_env.cli`` loads ``rlef_env``: hence a
module outside of it.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main"]

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main() -> int:
    """Run the ``rlef`` command and return its exit code."""
    try:
        open_missing_streams()
        from rlef_env.cli import main as run

        return run()
    except KeyboardInterrupt:
        print("rlef: stopped", file=sys.stderr)
        return INTERRUPTED


def open_missing_streams() -> None:
    """Give standard streams that the caller has closed (``rlef ... >&-``) an end: the null device.

    Otherwise the next files to be opened would take their numbers, and what is printed would land in them.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - lives as long as we do
