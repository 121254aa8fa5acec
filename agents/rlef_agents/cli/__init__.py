"""The ``rlef-agents`` command. Each of its subcommands is a module with ``HELP``, ``add_arguments`` and ``run``."""

from rlef_agents.cli.command import main

__all__ = ["main"]
