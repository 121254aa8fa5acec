"""All checkers by name, and their validated form in data: ``{"name": ..., "flags": [...], "source": ...}``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec

__all__ = [
    "CHECKERS",
    "CHECKER_FLAGS",
    "NO_FLAGS",
    "CheckerFlags",
    "CheckerInfo",
    "checker_from_field",
    "checker_to_row",
    "parse_checker_flags",
]


@dataclass(frozen=True, slots=True)
class CheckerInfo:
    """Description of a checker.

    Attributes:
        meaning: continues "An output is right when".
        origin: the software that defines the checker.
        flags: the flags that it accepts, keys of ``CHECKER_FLAGS``. A checker that is a program accepts any: they
            are its arguments.
        program: the required contents of ``CheckerSpec.source`` if the checker is a program; else None.
    """

    meaning: str
    origin: str
    flags: tuple[str, ...] = ()
    program: str | None = None


TOLERANCES: Final = ("float_tolerance", "float_absolute_tolerance", "float_relative_tolerance")

CHECKER_FLAGS: Final[Mapping[str, str]] = {
    "case_sensitive": 'letter case counts: "yes" is not "YES"',
    "space_change_sensitive": "the white space between tokens must also be equal",
    "ignore_case": "ASCII letters are compared in any case",
    "unordered": "any order is right; each item must occur as often as expected",
    "exact_integers": "if an integer is expected (digits only), no other integer is right, in any spelling, and no "
    "number that is nearer to another integer; from 2^53 on no other number is right",
    "strip": "white space at the start of a line is also ignored",
    "ignore_spaces": "lines are compared token by token",
    "ignore_blank_lines": "blank lines are ignored everywhere",
    "keep_spaces": "white space at the end of a line counts",
    "json": "the program's value is compared as JSON would write it: tuples are lists, dictionary keys are text",
    "list_of_one": "a list with only the expected value is also right",
    "float_tolerance": "followed by a number: sets both of the next two",
    "float_absolute_tolerance": "followed by a number: the largest allowed difference from a finite expected number",
    "float_relative_tolerance": "followed by a number: the largest allowed difference as a share of the expected "
    "number; if both tolerances are given, one is enough",
}
"""Flag -> its meaning."""

CHECKERS: Final[Mapping[str, CheckerInfo]] = {
    "codecontests": CheckerInfo(
        "its tokens equal the expected ones in any letter case; two numbers may differ by less than 1e-5",
        "google-deepmind/code_contests, execution/tester_sandboxer.cc",
        ("exact_integers",),
    ),
    "tokens": CheckerInfo(
        "its tokens equal the expected ones, with any white space between them",
        "testlib's wcmp",
        ("ignore_case", "unordered"),
    ),
    "lines": CheckerInfo(
        "its lines equal the expected ones, except for white space at line ends and blank lines at the end",
        "testlib's fcmp and lcmp; DMOJ's standard, floats, sorted, linecount, linematches and rstripped",
        ("ignore_case", "unordered", "strip", "ignore_spaces", "ignore_blank_lines", "keep_spaces", *TOLERANCES),
    ),
    "exact": CheckerInfo("it equals the expected one byte for byte", "DMOJ's identical"),
    "characters": CheckerInfo(
        "it has the same characters equally often, in any order, letter case and white space", "DMOJ's easy"
    ),
    "yesno": CheckerInfo(
        'its tokens equal the expected ones; "yes" and "no" in any letter case', "testlib's yesno and nyesno"
    ),
    "kattis": CheckerInfo(
        "Kattis' default validator accepts it: tokens in any letter case, numbers within the tolerance",
        "Kattis/problemtools, support/default_validator",
        ("case_sensitive", "space_change_sensitive", *TOLERANCES),
    ),
    "livecodebench": CheckerInfo(
        "each line, stripped, equals the expected one, as text or as a list of exact decimals (1.0 is 1.00)",
        "LiveCodeBench/LiveCodeBench, lcb_runner/evaluation/testing_util.py",
    ),
    "sandboxfusion": CheckerInfo(
        "each line, stripped and in any letter case, equals the expected one, or both are one number that differs "
        "relatively by less than 1e-5",
        "bytedance/SandboxFusion, sandbox/utils/testing.py (CommonOJ)",
        ("exact_integers",),
    ),
    "apps": CheckerInfo(
        "its lines equal the expected ones token by token, without blank lines, or all tokens are numbers, each "
        "within 1e-8 + 1e-5 of its size",
        "hendrycks/apps, eval/testing_util.py, also used by TACO and PRIME; without its last steps, which compare sets",
        ("exact_integers",),
    ),
    "value": CheckerInfo(
        "the value that the program's function returned equals the expected one",
        "HumanEval, MBPP, LiveCodeBench and APPS, where tests call a function",
        ("json", "list_of_one", "unordered", *TOLERANCES),
    ),
    "python": CheckerInfo(
        "check(input, output, expected) in its source returns True for the three texts",
        "this project",
        program="a Python module that defines check(input, output, expected)",
    ),
    "kattis_program": CheckerInfo(
        "its source, run as PROGRAM INPUT ANSWER FEEDBACK_FOLDER FLAGS... with the output on standard input, exits "
        "with 42 (43: wrong)",
        "Kattis problem package format, output validators",
        program="a program that exits with 42 or 43",
    ),
    "testlib": CheckerInfo(
        "its source, run as PROGRAM INPUT OUTPUT ANSWER FLAGS..., exits with 0",
        "MikeMirzayanov/testlib",
        program="a program that exits with 0 where the output is right, e.g. a testlib checker in C++",
    ),
}
"""All checkers by name. The origin defines which tokens are numbers, and what white space is."""

_CONTRADICTIONS: Final = (
    ("keep_spaces", "strip"),
    ("keep_spaces", "ignore_spaces"),
    *(("unordered", t) for t in TOLERANCES),
)


@dataclass(frozen=True, slots=True)
class CheckerFlags:
    """Parsed flags of a checker.

    Attributes:
        switches: the flags without a value.
        absolute_tolerance: largest allowed difference of two numbers; None if not given.
        relative_tolerance: largest allowed difference as a share of the expected number; None if not given. If both
            tolerances are given, one is enough.
    """

    switches: frozenset[str] = frozenset()
    absolute_tolerance: float | None = None
    relative_tolerance: float | None = None

    def __contains__(self, switch: str) -> bool:
        return switch in self.switches

    @property
    def tolerant(self) -> bool:
        """Whether a tolerance is given."""
        return self.absolute_tolerance is not None or self.relative_tolerance is not None


NO_FLAGS: Final = CheckerFlags()


def parse_checker_flags(name: str, flags: Sequence[str]) -> CheckerFlags:
    """Parse the flags of a checker that is not a program; if a tolerance is given twice, the last one holds.

    >>> parse_checker_flags("kattis", ["case_sensitive", "float_tolerance", "1e-6"]).relative_tolerance
    1e-06

    Raises:
        DataError: a flag that this checker does not have, contradicting flags, or a tolerance without a finite
            number of at least 0.
    """
    known = CHECKERS[name].flags
    switches: set[str] = set()
    absolute: float | None = None
    relative: float | None = None
    rest = iter(flags)
    for flag in rest:
        if flag not in known:
            raise DataError(f"{name} flags: expected {_choice(known)}, got {flag!r}; correct the flag or leave it out")
        if flag in TOLERANCES:
            tolerance = _tolerance(name, flag, next(rest, None))
            absolute = absolute if flag == "float_relative_tolerance" else tolerance
            relative = relative if flag == "float_absolute_tolerance" else tolerance
        else:
            switches.add(flag)
    if name == "lines":
        for one, other in _CONTRADICTIONS:
            if one in flags and other in flags:
                raise DataError(f"lines flags: expected {one} or {other}, got both; leave one of them out")
    return CheckerFlags(frozenset(switches), absolute, relative)


def _choice(known: Sequence[str]) -> str:
    switches, tolerances = [flag for flag in known if flag not in TOLERANCES], ", ".join(TOLERANCES)
    if not known:
        return "no flags, because this checker has none"
    return ", ".join(switches) + (
        f", or one of {tolerances} followed by a number" if len(switches) < len(known) else ""
    )


def _tolerance(name: str, flag: str, text: str | None) -> float:
    if text is not None and re.fullmatch(r"\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        value = float(text)
        if math.isfinite(value):
            return value
    got = "nothing" if text is None else repr(text[:60])
    raise DataError(f"{name} flags: expected a number after {flag}, got {got}; write it like {flag} 1e-6")


def checker_from_field(field: Field) -> CheckerSpec:
    """Read the checker that a row names.

    Raises:
        DataError: an unknown name or key, flags that the checker does not have, a missing or superfluous source.
    """
    for key in field.table():
        if key not in ("name", "flags", "source", "language"):
            raise field.child(key).error("only name, flags, source and language in a checker", "leave the field out")
    name = field.child("name")
    if not isinstance(name.value, str) or name.value not in CHECKERS:
        raise name.error(f"one of {', '.join(CHECKERS)}", "choose one of these")
    info = CHECKERS[name.value]
    return CheckerSpec(
        name=name.text(),
        flags=_flags(field.child("flags"), name.text(), info),
        source=_source(field.child("source"), name.text(), info),
        language=_language(field.child("language"), name.text(), info),
    )


def _flags(field: Field, name: str, info: CheckerInfo) -> tuple[str, ...]:
    flags = tuple(item.text() for item in field.items()) if field.present else ()
    if name == "python" and flags:
        raise field.error("no flags, because check(input, output, expected) takes none", "leave the field out")
    if info.program is None:
        try:
            parse_checker_flags(name, flags)
        except DataError as error:
            raise DataError(f"{field.where}: field {field.path!r}: {error}") from None
    elif any("\0" in flag for flag in flags):
        raise field.error("arguments for a program, without NUL", "remove the NUL")
    return flags


def _source(field: Field, name: str, info: CheckerInfo) -> str | None:
    if info.program is None:
        if field.present:
            raise field.error(f"no source, because the {name} checker is not a program", "leave the field out")
        return None
    if not field.present:
        raise field.error(info.program, "add it as a string")
    return field.text()


def _language(field: Field, name: str, info: CheckerInfo) -> str:
    if not field.present:
        return "python"
    if info.program is None:
        raise field.error(f"no language, because the {name} checker is not a program", "leave the field out")
    if name == "python" and field.text() != "python":
        raise field.error("'python'", "a checker in another language is a kattis_program or testlib")
    return field.text()


def checker_to_row(spec: CheckerSpec) -> dict[str, Any]:
    """Return the row of a checker, without default values; ``checker_from_field`` reads it back equal."""
    row: dict[str, Any] = {"name": spec.name}
    if spec.flags:
        row["flags"] = list(spec.flags)
    if spec.source is not None:
        row["source"] = spec.source
    if spec.language != "python":
        row["language"] = spec.language
    return row
