"""The errors of rlef_env. A message states what was expected, what came, and what to do."""

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

_MAX_MESSAGE: Final = 2000  # characters


class RLEFError(Exception):
    """Base of all errors of this package. A message longer than 2,000 characters is cut in the middle."""

    def __init__(self, message: str = "") -> None:
        super().__init__(shortened(message, _MAX_MESSAGE))


def short_repr(value: object) -> str:
    """Return the ``repr`` of a value, cut to 200 characters."""
    return shortened(repr(value))


def shortened(text: str, max_length: int = 200) -> str:
    """Return a text of at most ``max_length`` characters: a longer one is cut in the middle, at ``[...]``.

    >>> shortened("abcdefghijklmnopqrstuvwxyz", 15)
    'abcdef[...]wxyz'
    """
    if len(text) <= max_length:
        return text
    kept = max_length - len("[...]")
    return f"{text[: kept - kept * 2 // 5]}[...]{text[len(text) - kept * 2 // 5 :]}"


class DataError(RLEFError, ValueError):
    """A file or record breaks the rules of its format. The message names the file, the record and the field."""


class ProblemNotFound(RLEFError, LookupError):
    """No problem has this id."""


class UsageError(RLEFError, ValueError):
    """An argument has an unsupported value. The message lists the supported ones."""


class IsolationUnavailable(RLEFError, RuntimeError):
    """This machine lacks a required layer of the sandbox's lock. The message names the layer."""


class SandboxFailure(RLEFError, RuntimeError):
    """The sandbox itself failed, not the program in it. The judge returns NO_VERDICT."""


class MachineStarved(SandboxFailure):
    """The machine gave a run too little time or memory, in every attempt. The judge returns NO_VERDICT."""


class NoVerdictError(RLEFError, RuntimeError):
    """A program got no verdict, in an environment created with ``on_no_verdict="raise"``."""
