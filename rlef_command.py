"""Entry point of the ``rlef`` command. It imports nothing of the package first, so that it handles Ctrl-C at any time.

Importing ``rlef_env.cli`` imports ``rlef_env``, which loads gymnasium and numpy and takes a moment: so this module is
outside the package.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main"]

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


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
    """Open the null device for each standard stream that the caller has closed (``rlef ... >&-``).

    Otherwise the next opened file would get the stream's descriptor, and printed text would be written into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open until exit
