"""The rules that decide whether an output is right: pure functions on bytes, in time linear in their lengths.

The output comes from a program that nobody trusts, so nothing here decodes it, and none of the rules can raise.
A rule that is a Python program (``CheckerSpec("python")``) is no business of this module: it runs in the sandbox.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import starmap, zip_longest
from operator import eq
from typing import Final, Protocol

from rlef_env.errors import UsageError
from rlef_env.problems import CheckerSpec, KattisFlags, parse_kattis_flags

__all__ = [
    "Checker",
    "KattisFlags",
    "check_codecontests",
    "check_kattis",
    "check_tokens",
    "make_checker",
    "parse_kattis_flags",
]


class Checker(Protocol):
    """Decides whether ``output`` is right for a test's input, given one right answer."""

    def __call__(self, input_: bytes, output: bytes, expected: bytes, /) -> bool:
        """Whether the output is right."""
        ...


def make_checker(spec: CheckerSpec) -> Checker:
    """The in-process rule that a spec names.

    Raises:
        UsageError: the rule is a program, or no rule has this name.
        DataError: the kattis flags are not as they should be.
    """
    if spec.name == "codecontests":
        return lambda _, output, expected: check_codecontests(output, expected)
    if spec.name == "tokens":
        return lambda _, output, expected: check_tokens(output, expected)
    if spec.name == "kattis":
        flags = parse_kattis_flags(spec.flags)
        return lambda _, output, expected: check_kattis(output, expected, flags)
    if spec.name == "python":
        raise UsageError(
            "checker: expected a rule that runs in this process (codecontests, tokens or kattis), got 'python', which "
            "runs in the sandbox; judge the problem with rlef_env.judge.Judge"
        )
    raise UsageError(
        f"checker: expected one of codecontests, tokens, kattis, python, got {spec.name!r}; choose one of these"
    )


# --- tokens ----------------------------------------------------------------------------------------------------------

_LOWER_CASE: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
_TO_SPACE: Final = bytes.maketrans(b"\t\n\v\f\r", b"     ")


def check_tokens(output: bytes, expected: bytes) -> bool:
    r"""Whether both have the same tokens, case-sensitive; tokens stand between ASCII white space.

    >>> check_tokens(b"1 2\n", b"1\n2"), check_tokens(b"yes", b"YES")
    (True, False)
    """
    return output == expected or _same(_tokens(output, _TO_SPACE), _tokens(expected, _TO_SPACE))


def _same(left: Iterator[bytes], right: Iterator[bytes]) -> bool:
    return all(starmap(eq, zip_longest(left, right)))


_BLOCK: Final = 1 << 16


def _tokens(text: bytes, table: bytes) -> Iterator[bytes]:
    """The tokens of a text; ``table`` says which bytes become a space or another letter first.

    In blocks, as 64 MB of output may hold 32 million tokens, and a list of them would take gigabytes.
    """
    text = text.translate(table)
    start = 0
    while start < len(text):
        end = text.find(b" ", start + _BLOCK)
        if end < 0:
            end = len(text)
        yield from filter(None, text[start:end].split(b" "))
        start = end


# --- CodeContests ----------------------------------------------------------------------------------------------------

_CODECONTESTS: Final = _LOWER_CASE.translate(bytes.maketrans(b"\t\n\v\r", b"    "))  # a form feed separates nothing
_CODECONTESTS_TOLERANCE: Final = 1e-5  # absolute; kDoublePrecision in execution/tester_sandboxer.cc

# Every part can match in one way only: no input makes the search for a match take more than linear time.
_DECIMAL: Final = rb"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_CODECONTESTS_NUMBER: Final = re.compile(rb"[+-]?(?:%b|inf(?:inity)?|nan)" % _DECIMAL)


def check_codecontests(output: bytes, expected: bytes) -> bool:
    r"""The rule of CodeContests (google-deepmind/code_contests, execution/tester_sandboxer.cc).

    Tokens stand between spaces, newlines, tabs, carriage returns and vertical tabs; ASCII letters count as lower case.
    The same tokens are right. Otherwise there must be as many, and each must be the same text as its counterpart,
    or both must be numbers that differ by less than 1e-5 (absolute, as doubles: integers above 2^53 that differ by
    one count as equal). A pair of infinities or NaNs differs, unless all tokens are the same.

    >>> check_codecontests(b"0.5\n", b"0.500000"), check_codecontests(b"1234567.0", b"1234567.1")
    (True, False)
    """
    if output == expected or _same(_tokens(output, _CODECONTESTS), _tokens(expected, _CODECONTESTS)):
        return True
    pairs = zip_longest(_tokens(output, _CODECONTESTS), _tokens(expected, _CODECONTESTS))
    return all(starmap(_values_match, pairs))


def _values_match(left: bytes | None, right: bytes | None) -> bool:
    if left is None or right is None:
        return False
    if not _CODECONTESTS_NUMBER.fullmatch(left) or not _CODECONTESTS_NUMBER.fullmatch(right):
        return left == right
    # float() is linear in the digits (16 MB take 5 ms), unlike int(); too large a number is an infinity, as in C++.
    return abs(float(left) - float(right)) < _CODECONTESTS_TOLERANCE


# --- Kattis ----------------------------------------------------------------------------------------------------------

_NO_FLAGS: Final = KattisFlags()
_ANY_CASE_TO_SPACE: Final = _LOWER_CASE.translate(_TO_SPACE)
_TOKEN_OR_SPACE: Final = re.compile(rb"[ \t\n\v\f\r]+|[^ \t\n\v\f\r]+")
_FINITE_DECIMAL: Final = re.compile(rb"[+-]?" + _DECIMAL)
_HEXADECIMAL: Final = re.compile(rb"[+-]?0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?")


def check_kattis(output: bytes, expected: bytes, flags: KattisFlags = _NO_FLAGS) -> bool:
    r"""The rule of the Kattis default validator (Kattis/problemtools, support/default_validator).

    Tokens stand between ASCII white space, whose amount and kind matter only if ``space_change_sensitive``. Letters are
    compared in any case unless ``case_sensitive``. With a tolerance, where the expected token is a finite number the
    output's must be one, too, and within one of the tolerances; without, "1.0" is not "1".

    >>> check_kattis(b"YES\n", b"yes"), check_kattis(b"1.1", b"1.0", parse_kattis_flags(["float_tolerance", "0.2"]))
    (True, True)
    """
    if output == expected:
        return True
    split = _pieces if flags.space_change_sensitive else _split_for_kattis
    pairs = zip_longest(split(output, flags), split(expected, flags))
    if flags.absolute_tolerance is None and flags.relative_tolerance is None:
        return all(starmap(eq, pairs))
    return all(
        left is not None and right is not None and (left == right or _close(left, right, flags))
        for left, right in pairs
    )


def _split_for_kattis(text: bytes, flags: KattisFlags) -> Iterator[bytes]:
    return _tokens(text, _TO_SPACE if flags.case_sensitive else _ANY_CASE_TO_SPACE)


def _pieces(text: bytes, flags: KattisFlags) -> Iterator[bytes]:
    """Tokens and the white space between them, in turn: a space is never equal or close to a token."""
    folded = text if flags.case_sensitive else text.lower()
    return (match.group() for match in _TOKEN_OR_SPACE.finditer(folded))


def _close(output: bytes, expected: bytes, flags: KattisFlags) -> bool:
    wanted, got = _finite(expected), _finite(output)
    if wanted is None or got is None:
        return False
    difference = abs(wanted - got)
    absolute, relative = flags.absolute_tolerance, flags.relative_tolerance
    return (absolute is not None and difference <= absolute) or (
        relative is not None and difference <= relative * abs(wanted)
    )


def _finite(token: bytes) -> float | None:
    """The token's value, if all of it is a finite number as C's ``scanf`` reads them; else None."""
    if _FINITE_DECIMAL.fullmatch(token):
        value = float(token)
    elif _HEXADECIMAL.fullmatch(token):
        try:
            value = float.fromhex(token.decode("ascii"))
        except (OverflowError, ValueError):  # beyond the largest double, or an exponent beyond what Python reads
            return None
    else:
        return None
    return value if math.isfinite(value) else None
