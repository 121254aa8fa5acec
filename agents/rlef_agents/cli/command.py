"""Command ``rlef-agents``: parses the arguments and runs a subcommand.

``rlef_env.command_line`` has its exit codes and its one-line errors.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Final

from rlef_agents.baselines import command as sb3
from rlef_agents.cli import evaluate, export, plan, play, sft, study, train
from rlef_env.command_line import OneLineParser, SubcommandParser, run_command

__all__ = ["main"]

COMMANDS: Final[Mapping[str, ModuleType]] = {
    "train": train,
    "plan": plan,
    "sft": sft,
    "eval": evaluate,
    "play": play,
    "study": study,
    "sb3": sb3,
    "export": export,
}
"""Name of a command -> its module, in the order of the help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: arguments after the command's name; those of ``sys.argv`` if None.

    Returns:
        The exit code.
    """
    # Otherwise PyTorch's idle threads spin on the cores that the judge needs. Set before torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    def run() -> None:
        arguments = parser().parse_args(argv)
        from rlef_agents.ppo.loading import quiet_libraries

        quiet_libraries()
        try:
            COMMANDS[arguments.command].run(arguments)
        except KeyboardInterrupt as error:
            hint = "; `rlef-agents train ... --resume` continues from the last checkpoint"
            raise KeyboardInterrupt(str(error) or "stopped" + (hint if arguments.command == "train" else "")) from None

    return run_command("rlef-agents", run)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    top = OneLineParser(prog="rlef-agents", description="Train, clone, evaluate, watch and export models.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=SubcommandParser)
    for name, module in COMMANDS.items():
        description = getattr(module, "DESCRIPTION", module.HELP)
        module.add_arguments(commands.add_parser(name, help=module.HELP, description=description))
    return top
