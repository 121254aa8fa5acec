"""How a program that is a checker is asked whether an output is right, and what its exit code says."""

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

__all__ = ["PROTOCOLS", "Case", "Checked", "CheckerBroke", "CheckerProtocol", "read_kattis", "read_testlib"]

LIMITS: Final = Limits(cpu_seconds=10.0, memory_bytes=2**30)
FEEDBACK_BYTES: Final = 2**20  # what a Kattis validator may write into its feedback folder
LONGEST_MESSAGE: Final = 1000  # characters
TESTLIB: Final = "RLEF_TESTLIB"
"""The environment variable that names the folder of testlib.h."""

KATTIS_ACCEPT, KATTIS_REJECT = 42, 43
TESTLIB_OK, TESTLIB_FAIL = 0, 3
TESTLIB_WRONG = (1, 2, 4, 8)  # wrong answer, presentation error, dirt, unexpected end of file
TESTLIB_POINTS = (5, 7)
TESTLIB_PARTIAL = 16  # from here on: this plus the points


class CheckerBroke(RLEFError):
    """The checker fails even on the stored answer, or says that the stored data is at fault: no verdict can be had."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a checker says of an output.

    Attributes:
        right: whether it is wholly right. An output that earns points by the testlib protocol is not.
        score: the points that the checker gave, in its own unit; None where it gave none.
        message: its words, for a reader; they may tell of the expected output.
    """

    right: bool
    score: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What a checker is asked about.

    Attributes:
        given: the test's input.
        output: what the program printed.
        expected: the stored answer.
        flags: the checker's own arguments.
    """

    given: bytes
    output: bytes
    expected: bytes
    flags: tuple[str, ...] = ()


Ask: TypeAlias = "Callable[[Case, str], tuple[bytes, list[str | bytes]]]"


@dataclass(frozen=True, slots=True)
class CheckerProtocol:
    """A way to ask.

    Attributes:
        ask: makes standard input and the arguments of a run (``LoadedProgram.run``) from a case and the path of the
            run's scratch folder.
        read: what an execution says; None where it gives no answer, as the program crashed or ran out of its limits.
        source: makes the program's source from the checker's.
        limits: of each run.
    """

    ask: Ask
    read: Callable[[Execution], Checked | None]
    source: Callable[[str], str] = str
    limits: Limits = LIMITS


# --- python ----------------------------------------------------------------------------------------------------------

PYTHON_DRIVER: Final = f"""

import json as _json, sys as _sys
_case = _json.load(_sys.stdin)
_sys.exit({KATTIS_ACCEPT} if check(_case["input"], _case["output"], _case["expected"]) else {KATTIS_REJECT})
"""


def _ask_python(case: Case, _: str) -> tuple[bytes, list[str | bytes]]:
    texts = {"input": case.given, "output": case.output, "expected": case.expected}
    return json.dumps({name: value.decode("utf-8", "replace") for name, value in texts.items()}).encode(), []


# --- Kattis ----------------------------------------------------------------------------------------------------------


def _ask_kattis(case: Case, scratch: str) -> tuple[bytes, list[str | bytes]]:
    return case.output, [case.given, case.expected, scratch, *case.flags]


def read_kattis(execution: Execution) -> Checked | None:
    """What a Kattis output validator says, by exit code, ``score.txt`` and ``judgemessage.txt``.

    Returns:
        Right for 42, wrong for 43, None for all else, and for a score that is no finite number.
    """
    if execution.status is not Status.EXITED or execution.exit_code not in (KATTIS_ACCEPT, KATTIS_REJECT):
        return None
    score = None
    if (text := execution.files.get("score.txt")) is not None and (score := _number(text)) is None:
        return None
    message = _text(execution.files.get("judgemessage.txt", b""))
    return Checked(execution.exit_code == KATTIS_ACCEPT, score, message)


# --- testlib ---------------------------------------------------------------------------------------------------------

_INCLUDE: Final = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]testlib\.h[">][^\n]*$', re.MULTILINE)
_PARTIAL: Final = re.compile(rb"partially correct \(([0-9]{1,9})\)")
_CRASH: Final = re.compile(rb"^Traceback \(most recent call last\):$", re.MULTILINE)  # exits with 1: no answer
_POINTS: Final = re.compile(rb"points[ \t]+([-+0-9.eE]{1,40})")


def _with_testlib(source: str) -> str:
    """The source with testlib.h, which is not part of this package, in the place of its include.

    Raises:
        UsageError: it includes testlib.h, and that is nowhere to be found.
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


def _ask_testlib(case: Case, _: str) -> tuple[bytes, list[str | bytes]]:
    return b"", [case.given, case.output, case.expected, *case.flags]


def read_testlib(execution: Execution) -> Checked | None:
    """What a testlib checker says, by exit code and the first words on standard error.

    Points make an output not right, whatever their number, as only the problem knows how many are all.

    Returns:
        The answer; None for an exit code without a meaning, points without a number, or a traceback of Python.

    Raises:
        CheckerBroke: it says that the stored data is at fault (``_fail``).
    """
    if execution.status is not Status.EXITED or execution.exit_code is None:
        return None
    code, message = execution.exit_code, _text(execution.stderr)
    if match := _PARTIAL.match(execution.stderr):  # exits with the points: 0 would be "right", 3 "fail"
        return Checked(False, float(match[1]), message)
    if code == TESTLIB_FAIL:
        raise CheckerBroke(f"the checker says that the stored data is at fault: {message}")
    if code == 1 and _CRASH.search(execution.stderr):
        return None
    if code in TESTLIB_POINTS:
        match = _POINTS.match(execution.stderr)
        score = _number(match[1]) if match else None
        return None if score is None else Checked(False, score, message)
    if code >= TESTLIB_PARTIAL and code < 128:  # beyond, shells tell of signals
        return Checked(False, float(code - TESTLIB_PARTIAL), message)
    return Checked(code == TESTLIB_OK, None, message) if code in (TESTLIB_OK, *TESTLIB_WRONG) else None


# --- all -------------------------------------------------------------------------------------------------------------


def _number(text: bytes) -> float | None:
    if not re.fullmatch(rb"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", text[: 2 * LONGEST_MESSAGE]):
        return None
    value = float(text[: 2 * LONGEST_MESSAGE])
    return value if math.isfinite(value) else None


def _text(words: bytes) -> str:
    return words[: 4 * LONGEST_MESSAGE].decode("utf-8", "replace").strip()[:LONGEST_MESSAGE]


PROTOCOLS: Final[Mapping[str, CheckerProtocol]] = {
    "python": CheckerProtocol(_ask_python, read_kattis, source=lambda source: source + PYTHON_DRIVER),
    "kattis_program": CheckerProtocol(
        _ask_kattis, read_kattis, limits=Limits(cpu_seconds=10.0, memory_bytes=2**30, scratch_bytes=FEEDBACK_BYTES)
    ),
    "testlib": CheckerProtocol(_ask_testlib, read_testlib, source=_with_testlib),
}
"""Every protocol, by the checker's name."""
