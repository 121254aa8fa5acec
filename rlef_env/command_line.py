"""Shared by the commands ``rlef`` and ``rlef-agents``: exit codes, and errors that take one line on standard error."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NoReturn, TextIO

from rlef_env.errors import NoVerdictError, RLEFError, SandboxFailure
from rlef_env.terminal import one_line

__all__ = [
    "BAD_INPUT",
    "OUR_FAULT",
    "OneLineParser",
    "SubcommandParser",
    "note",
    "report_error",
    "run_command",
]

BAD_INPUT: Final = 2
OUR_FAULT: Final = 70  # EX_SOFTWARE of sysexits.h
SYSTEM_ERROR: Final = 74  # EX_IOERR of sysexits.h
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells report it
OUTPUT_CLOSED: Final = 141  # 128 + SIGPIPE, as shells report it
DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def run_command(name: str, run: Callable[[], object]) -> int:
    """Run a command. An expected error becomes one line on standard error; any other exception is a bug and passes.

    With RLEF_DEBUG set, the traceback of the exception behind an error is printed, too.

    Args:
        name: the command's name, which begins the line.
        run: the command. It may raise ``KeyboardInterrupt`` with a text to print instead of "stopped".

    Returns:
        The exit code: 0 done, 2 wrong arguments or bad input, 70 the judge or the sandbox failed, 74 the system failed
        (a full disk), 130 stopped by Ctrl-C, 141 the reader of the output closed it.
    """
    try:
        try:
            run()
        finally:
            sys.stdout.flush()  # so that a write error is handled below; --help and --version leave by SystemExit
    except KeyboardInterrupt as interrupt:
        return report_error(name, str(interrupt) or "stopped", INTERRUPTED)
    except BrokenPipeError:
        _drop_output(sys.stdout)
        return OUTPUT_CLOSED
    except (SandboxFailure, NoVerdictError) as error:
        return report_error(name, str(error), OUR_FAULT)
    except RLEFError as error:
        if os.environ.get("RLEF_DEBUG") and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        return report_error(name, str(error), BAD_INPUT)
    except OSError as error:
        if error.filename is not None and error.errno not in DISK_FULL:
            return report_error(name, f"{error.filename}: {error.strerror}", BAD_INPUT)
        _drop_output(sys.stdout)
        return report_error(name, f"system error: {error.strerror or error}", SYSTEM_ERROR)
    return 0


def note(name: str, message: str) -> None:
    """Print one line on standard error that begins with the command's name."""
    print(f"{name}:", one_line(message), file=sys.stderr)


def report_error(name: str, message: str, code: int) -> int:
    """Print one line on standard error and return the exit code."""
    with suppress(OSError):  # standard error itself may fail: a full disk
        note(name, message)
    return code


def _drop_output(stream: TextIO) -> None:
    """Flush a stream; if it cannot be written to, drop its buffer: Python would report a second error at exit."""
    try:
        stream.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


class OneLineParser(argparse.ArgumentParser):
    """A parser that reports wrong arguments in one line, which names the command for help."""

    def error(self, message: str) -> NoReturn:
        """Report the error and exit with code 2."""
        name, space, subcommand = self.prog.partition(" ")
        where = f"{subcommand}: " if space else ""
        raise SystemExit(report_error(name, f"{where}{message}; see {self.prog} --help", BAD_INPUT))

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print a message. Unlike the base class, raise an error if it cannot be written."""
        if message:
            print(message, end="", file=file or sys.stderr)


class SubcommandParser(OneLineParser):
    """A subcommand's parser. It reports unknown arguments itself, so that the line names the subcommand's help."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments; unknown ones are an error."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown
