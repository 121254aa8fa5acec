"""The ``rlef`` command: ``demo``, ``play``, ``judge`` and ``doctor``, one module each."""

from rlef_env.cli.command import main

__all__ = ["main"]
