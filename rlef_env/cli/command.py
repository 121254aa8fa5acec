"""The ``rlef`` command itself: reads the arguments, calls a subcommand, and turns every error into one line.

Exit codes: 0 done, 2 wrong arguments or bad input, 70 a fault of ours, 130 stopped by Ctrl-C, 141 the reader of our
output went away.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from rlef_env.cli import audit, demo, doctor, judge, play
from rlef_env.errors import NoVerdictError, RLEFError, SandboxFailure

__all__ = ["main"]

BAD_INPUT = 2
OUR_FAULT = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
READER_GONE = 141  # 128 + SIGPIPE, likewise

COMMANDS = {"demo": demo, "play": play, "judge": judge, "audit": audit, "doctor": doctor}


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
        arguments = parser().parse_args(argv)
        COMMANDS[arguments.command].run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return complain("stopped", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at its end
        return READER_GONE
    except (SandboxFailure, NoVerdictError) as error:
        return complain(str(error), OUR_FAULT)
    except RLEFError as error:
        return complain(str(error), BAD_INPUT)
    except OSError as error:
        if error.filename is None:
            return internal_error(error)
        return complain(f"{error.filename}: {error.strerror}", BAD_INPUT)
    except Exception as error:  # noqa: BLE001 - the last place that can turn it into one line
        return internal_error(error)
    return 0


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
    print("rlef:", " ".join(message.split()), file=sys.stderr)
    return code


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line: what is wrong and where the help is."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        name = self.prog.replace(" ", ": ", 1)
        self.exit(BAD_INPUT, f"{name}: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command and of all subcommands."""
    top = OneLineParser(
        prog="rlef",
        description="A coding problem is an episode: programs are actions, what happened when they ran is observed.",
        epilog="Start with: rlef demo",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"rlef {version('rlef-env')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=OneLineParser)
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=module.DESCRIPTION,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
    return top
