"""Protocols of checker programs: how each gets its arguments, and what its exit status means."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from rlef_env.errors import RLEFError, UsageError
from rlef_env.sandbox import Execution, Limits, Status

__all__ = [
    "PROTOCOLS",
    "CheckerCase",
    "CheckerError",
    "CheckerProtocol",
    "CheckerResult",
    "read_kattis",
    "read_testlib",
]

LIMITS: Final = Limits(cpu_seconds=10.0, memory_bytes=2**30)
FEEDBACK_BYTES: Final = 2**20  # maximum that a Kattis validator can write into its feedback folder
MAX_MESSAGE_CHARACTERS: Final = 1000
TESTLIB: Final = "RLEF_TESTLIB"
"""Name of the environment variable that holds the folder of testlib.h."""

KATTIS_ACCEPT, KATTIS_REJECT = 42, 43
TESTLIB_OK, TESTLIB_FAIL = 0, 3
TESTLIB_WRONG = (1, 2, 4, 8)  # wrong answer, presentation error, dirt, unexpected end of file
TESTLIB_POINTS = (5, 7)
TESTLIB_PARTIAL = 16  # an exit status from here on is this plus the points


class CheckerError(RLEFError):
    """The checker fails even on the stored answer, or blames the stored data: there is no verdict."""


@dataclass(frozen=True, slots=True)
class CheckerResult:
    """Result of a checker program for one output.

    Attributes:
        right: whether the output is wholly right. An output that earns points in the testlib protocol is not.
        score: points that the checker gave, in its own unit; None if it gave none.
        message: text for a human reader; it can reveal the expected output.
    """

    right: bool
    score: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class CheckerCase:
    """One output to check.

    Attributes:
        given: input of the test.
        output: output of the program.
        expected: stored answer.
        flags: command-line arguments of the checker.
    """

    given: bytes
    output: bytes
    expected: bytes
    flags: tuple[str, ...] = ()


Ask: TypeAlias = "Callable[[CheckerCase, str], tuple[bytes, list[str | bytes]]]"


@dataclass(frozen=True, slots=True)
class CheckerProtocol:
    """How to run a checker program and read its result.

    Attributes:
        ask: returns standard input and arguments for ``LoadedProgram.run``, given a case and the path of the run's
            scratch folder.
        read: returns the result in an execution; None if there is none, because the program crashed or exceeded its
            limits.
        source: returns the program to run, given the checker's source.
        limits: limits of each run.
    """

    ask: Ask
    read: Callable[[Execution], CheckerResult | None]
    source: Callable[[str], str] = str
    limits: Limits = LIMITS


# --- python ----------------------------------------------------------------------------------------------------------

PYTHON_DRIVER: Final = f"""

import json as _json, sys as _sys
_case = _json.load(_sys.stdin)
_sys.exit({KATTIS_ACCEPT} if check(_case["input"], _case["output"], _case["expected"]) else {KATTIS_REJECT})
"""


def _ask_python(case: CheckerCase, _: str) -> tuple[bytes, list[str | bytes]]:
    texts = {"input": case.given, "output": case.output, "expected": case.expected}
    return json.dumps({name: value.decode("utf-8", "replace") for name, value in texts.items()}).encode(), []


# --- Kattis ----------------------------------------------------------------------------------------------------------


def _ask_kattis(case: CheckerCase, scratch: str) -> tuple[bytes, list[str | bytes]]:
    return case.output, [case.given, case.expected, scratch, *case.flags]


def read_kattis(execution: Execution) -> CheckerResult | None:
    """Return the result of a Kattis output validator from its exit status, ``score.txt`` and ``judgemessage.txt``.

    Returns:
        Right for 42, wrong for 43; None for any other status, and for a score that is not a finite number.
    """
    if execution.status is not Status.EXITED or execution.exit_code not in (KATTIS_ACCEPT, KATTIS_REJECT):
        return None
    score = None
    if (text := execution.files.get("score.txt")) is not None and (score := _number(text)) is None:
        return None
    message = _text(execution.files.get("judgemessage.txt", b""))
    return CheckerResult(execution.exit_code == KATTIS_ACCEPT, score, message)


# --- testlib ---------------------------------------------------------------------------------------------------------

_INCLUDE: Final = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]testlib\.h[">][^\n]*$', re.MULTILINE)
_PARTIAL: Final = re.compile(rb"partially correct \(([0-9]{1,9})\)")
_CRASH: Final = re.compile(
    rb"^Traceback \(most recent call last\):$", re.MULTILINE
)  # exit status 1 of a crash is no result
_POINTS: Final = re.compile(rb"points[ \t]+([-+0-9.eE]{1,40})")


def _with_testlib(source: str) -> str:
    """Return the source with its include replaced by testlib.h, which is not part of this package.

    Raises:
        UsageError: the source includes testlib.h, which is not found.
    """
    if not _INCLUDE.search(source):
        return source
    folder = os.environ.get(TESTLIB, "")
    try:
        header = (Path(folder) / "testlib.h").read_text(encoding="utf-8", errors="replace") if folder else None
    except OSError:
        header = None
    if header is None:
        raise UsageError(
            f"checker: expected testlib.h in the folder that the environment variable {TESTLIB} names, got "
            f"{TESTLIB}={folder!r}; get it from https://github.com/MikeMirzayanov/testlib and set the variable"
        )
    first, *rest = _INCLUDE.split(source)
    return first + header + "".join(rest)


def _ask_testlib(case: CheckerCase, _: str) -> tuple[bytes, list[str | bytes]]:
    return b"", [case.given, case.output, case.expected, *case.flags]


def read_testlib(execution: Execution) -> CheckerResult | None:
    """Return the result of a testlib checker from its exit status and the start of its standard error.

    An output that earns points is never right, because only the problem knows the maximal points.

    Returns:
        The result; None for an exit status without a meaning, points without a number, or a Python traceback.

    Raises:
        CheckerError: the checker blames the stored data (``_fail``).
    """
    if execution.status is not Status.EXITED or execution.exit_code is None:
        return None
    code, message = execution.exit_code, _text(execution.stderr)
    if match := _PARTIAL.match(execution.stderr):  # the exit status is the points: 0 would mean "right", 3 "fail"
        return CheckerResult(False, float(match[1]), message)
    if code == TESTLIB_FAIL:
        raise CheckerError(f"the checker says that the stored data is at fault: {message}")
    if code == 1 and _CRASH.search(execution.stderr):
        return None
    if code in TESTLIB_POINTS:
        match = _POINTS.match(execution.stderr)
        score = _number(match[1]) if match else None
        return None if score is None else CheckerResult(False, score, message)
    if code >= TESTLIB_PARTIAL and code < 128:  # from 128 on, a shell reports a signal
        return CheckerResult(False, float(code - TESTLIB_PARTIAL), message)
    return CheckerResult(code == TESTLIB_OK, None, message) if code in (TESTLIB_OK, *TESTLIB_WRONG) else None


# --- all -------------------------------------------------------------------------------------------------------------


def _number(text: bytes) -> float | None:
    text = text[: 2 * MAX_MESSAGE_CHARACTERS]
    if not re.fullmatch(rb"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _text(content: bytes) -> str:
    return content[: 4 * MAX_MESSAGE_CHARACTERS].decode("utf-8", "replace").strip()[:MAX_MESSAGE_CHARACTERS]


PROTOCOLS: Final[Mapping[str, CheckerProtocol]] = {
    "python": CheckerProtocol(_ask_python, read_kattis, source=lambda source: source + PYTHON_DRIVER),
    "kattis_program": CheckerProtocol(
        _ask_kattis, read_kattis, limits=Limits(cpu_seconds=10.0, memory_bytes=2**30, scratch_bytes=FEEDBACK_BYTES)
    ),
    "testlib": CheckerProtocol(_ask_testlib, read_testlib, source=_with_testlib),
}
"""Every protocol, by the name of its checker."""
