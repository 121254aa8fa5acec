"""The ``rlef`` command. Each of its subcommands is a module: demo, play, judge, serve, problems, audit and doctor."""

from rlef_env.cli.command import main

__all__ = ["main"]
