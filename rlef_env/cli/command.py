"""The ``rlef`` command: parses the arguments and runs a subcommand. ``rlef_env.command_line`` has the exit codes."""

from __future__ import annotations

import argparse
import io
import itertools
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from types import ModuleType
from typing import Final

from rlef_env.cli import (
    audit,
    compare,
    dashboard,
    demo,
    doctor,
    errors,
    evaluate,
    export,
    forecast,
    judge,
    play,
    problems,
    query,
    regressions,
    replay,
    report,
    rescore,
    select,
    serve,
)
from rlef_env.command_line import OUR_FAULT, OneLineParser, SubcommandParser, report_error, run_command

__all__ = ["main"]

GROUPS: Final[Mapping[str, Mapping[str, ModuleType]]] = {
    "play": {"demo": demo, "play": play},
    "evaluate and analyse": {
        "eval": evaluate,
        "compare": compare,
        "forecast": forecast,
        "errors": errors,
        "report": report,
        "dashboard": dashboard,
        "query": query,
        "rescore": rescore,
        "replay": replay,
        "select": select,
        "regressions": regressions,
        "export": export,
    },
    "data": {"problems": problems},
    "judge and machine": {"judge": judge, "serve": serve, "audit": audit, "doctor": doctor},
}
"""Title in the help -> name of a command -> its module, in the order of the help."""
COMMANDS: Final = {name: module for group in GROUPS.values() for name, module in group.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the ``rlef`` command.

    Args:
        argv: arguments after the command's name; ``sys.argv`` if None.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a statement may hold what an ASCII terminal cannot show
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a program may be pasted in any encoding

    def run() -> None:
        arguments = parser().parse_args(argv)
        COMMANDS[arguments.command].run(arguments)

    try:
        return run_command("rlef", run)
    except Exception as error:  # a bug: reported in one line, too
        if os.environ.get("RLEF_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}"
        return report_error(
            "rlef", f"internal error: {what}; please report it with the output of RLEF_DEBUG=1 rlef ...", OUR_FAULT
        )


class Paragraphs(argparse.HelpFormatter):
    """Wraps each paragraph of a description, and each indented line, to the terminal's width."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filled = []
        for raw, lines in itertools.groupby(text.splitlines(), key=lambda line: line[:1] in ("", " ")):
            for part in lines if raw else [" ".join(lines)]:
                left = indent + part[: len(part) - len(part.lstrip())]
                filled.append(textwrap.fill(part.strip(), width, initial_indent=left, subsequent_indent=left))
        return "\n".join(filled)


class Grouped(argparse.HelpFormatter):
    """Lists the commands in groups, each under its title."""

    def _format_action(self, action: argparse.Action) -> str:
        if not isinstance(action, argparse._SubParsersAction):
            return super()._format_action(action)
        commands = {each.dest: each for each in action._choices_actions}
        # argparse reserves no room for the second indentation, and would put the longest name on a line of its own.
        self._action_max_length = max(self._action_max_length, 4 + max(map(len, commands)))
        lines = []
        self._indent()
        for title, group in GROUPS.items():
            if group:
                lines.append(f"  {title}:\n")
                lines += [self._format_action(commands[name]) for name in group]
        self._dedent()
        return "".join(lines)


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command and of all subcommands."""
    top = OneLineParser(
        prog="rlef",
        description="A reinforcement learning environment for code generation: an agent writes a program, the program "
        "is run on tests, and the agent learns from the result.",
        epilog="Start with: rlef demo. Models are trained by rlef-agents train.",
        formatter_class=Grouped,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"rlef {version('rlef-env')}")
    commands = top.add_subparsers(
        title="commands", dest="command", required=True, metavar="COMMAND", parser_class=SubcommandParser
    )
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=module.DESCRIPTION,
            formatter_class=Paragraphs,
            allow_abbrev=False,
        )
        module.add_arguments(command)
    return top
