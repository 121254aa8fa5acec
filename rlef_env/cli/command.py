"""The ``rlef`` command itself: reads the arguments, calls a subcommand, and turns every error into one line.

Exit codes: 0 done, 2 wrong arguments or bad input, 70 a fault of ours, 74 the system refused (a full disk), 130 stopped
by Ctrl-C, 141 the reader of our output went away.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import sys
import textwrap
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any, NoReturn, TextIO

from rlef_env.cli import audit, demo, doctor, judge, play, problems, serve
from rlef_env.cli.display import note
from rlef_env.errors import NoVerdictError, RLEFError, SandboxFailure

__all__ = ["main"]

BAD_INPUT = 2
OUR_FAULT = 70  # EX_SOFTWARE of sysexits.h
REFUSED = 74  # EX_IOERR, likewise
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
READER_GONE = 141  # 128 + SIGPIPE, likewise

COMMANDS = {
    "demo": demo,
    "play": play,
    "judge": judge,
    "serve": serve,
    "problems": problems,
    "audit": audit,
    "doctor": doctor,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the ``rlef`` command.

    Args:
        argv: the arguments after the command's name; ``sys.argv`` where None.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a statement may hold what an ASCII terminal cannot show
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a program may be pasted in any encoding
    try:
        try:
            arguments = parser().parse_args(argv)
            COMMANDS[arguments.command].run(arguments)
        finally:
            sys.stdout.flush()  # here, where a refusal becomes one line; --help and --version leave by SystemExit
    except KeyboardInterrupt:
        return complain("stopped", INTERRUPTED)
    except BrokenPipeError:
        let_go(sys.stdout)
        return READER_GONE
    except (SandboxFailure, NoVerdictError) as error:
        return complain(str(error), OUR_FAULT)
    except RLEFError as error:
        if os.environ.get("RLEF_DEBUG") and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        return complain(str(error), BAD_INPUT)
    except OSError as error:
        if error.filename is not None:
            return complain(f"{error.filename}: {error.strerror}", BAD_INPUT)
        let_go(sys.stdout)
        return complain(f"the system refused: {error.strerror or error}", REFUSED)
    except Exception as error:  # noqa: BLE001 - the last place that can turn it into one line
        return internal_error(error)
    return 0


def let_go(stream: TextIO) -> None:
    """Write what a stream still holds, or, where it takes no more, drop it: the interpreter would try and complain."""
    try:
        stream.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def internal_error(error: Exception) -> int:
    """Report an error that is a fault of this program; with RLEF_DEBUG set, raise it instead."""
    if os.environ.get("RLEF_DEBUG"):
        raise error
    return complain(
        f"internal error: {type(error).__name__}: {error}; please report it with the output of RLEF_DEBUG=1 rlef ...",
        OUR_FAULT,
    )


def complain(message: str, code: int) -> int:
    """Print one line on standard error and return the exit code."""
    with suppress(OSError):  # standard error may be what takes no more
        note(message)
    return code


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line: what is wrong and where the help is."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        _, space, subcommand = self.prog.partition(" ")
        where = f"{subcommand}: " if space else ""
        raise SystemExit(complain(f"{where}{message}; see {self.prog} --help", BAD_INPUT))

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print a message; unlike the method that it replaces, do not hide that this fails."""
        if message:
            print(message, end="", file=file or sys.stderr)


class SubcommandParser(OneLineParser):
    """A subcommand's parser: refuses unknown arguments itself, so that its own help is named."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments, all of them."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


class Paragraphs(argparse.HelpFormatter):
    """Wraps descriptions to the terminal's width, each paragraph and each indented line for itself."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filled = []
        for raw, lines in itertools.groupby(text.splitlines(), key=lambda line: line[:1] in ("", " ")):
            for part in lines if raw else [" ".join(lines)]:
                left = indent + part[: len(part) - len(part.lstrip())]
                filled.append(textwrap.fill(part.strip(), width, initial_indent=left, subsequent_indent=left))
        return "\n".join(filled)


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command and of all subcommands."""
    top = OneLineParser(
        prog="rlef",
        description="A coding problem is an episode: programs are actions, what happened when they ran is observed.",
        epilog="Start with: rlef demo",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"rlef {version('rlef-env')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=SubcommandParser)
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
