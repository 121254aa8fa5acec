"""Every error that rlef_env raises on purpose.

A message says what was expected, what came, and what to do next.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "DataError",
    "IsolationUnavailable",
    "MachineStarved",
    "NoVerdictError",
    "ProblemNotFound",
    "RLEFError",
    "SandboxFailure",
    "UsageError",
    "short_repr",
    "shortened",
]

_LONGEST_MESSAGE: Final = 2000  # characters


class RLEFError(Exception):
    """Base of all errors of this package; a message of more than 2,000 characters is cut in the middle."""

    def __init__(self, message: str = "") -> None:
        super().__init__(shortened(message, _LONGEST_MESSAGE))


def short_repr(value: object) -> str:
    """The ``repr`` of a value from outside, cut to 200 characters."""
    return shortened(repr(value))


def shortened(text: str, longest: int = 200) -> str:
    """A text of at most ``longest`` characters: of a longer one, its start and its end with a mark between them.

    >>> shortened("abcdefghijklmnopqrstuvwxyz", 15)
    'abcdef[...]wxyz'
    """
    if len(text) <= longest:
        return text
    kept = longest - len("[...]")
    return f"{text[: kept - kept * 2 // 5]}[...]{text[len(text) - kept * 2 // 5 :]}"


class DataError(RLEFError, ValueError):
    """A file or record is not what its format says: names the file, the line or record, and the field."""


class ProblemNotFound(RLEFError, LookupError):
    """No problem has the id that was asked for."""


class UsageError(RLEFError, ValueError):
    """An argument has a value that is not supported; the message lists those that are."""


class IsolationUnavailable(RLEFError, RuntimeError):
    """This machine lacks a layer of the lock that the caller required; the message names it."""


class SandboxFailure(RLEFError, RuntimeError):
    """The sandbox itself failed (never the program in it); the judge turns it into NO_VERDICT."""


class MachineStarved(SandboxFailure):
    """The machine gave a run too little time or memory, several times over; the judge turns it into NO_VERDICT."""


class NoVerdictError(RLEFError, RuntimeError):
    """Raised by an environment made with ``on_no_verdict="raise"`` where no verdict could be had."""
