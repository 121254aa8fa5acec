"""How a checker is named in data: ``{"name": ..., "flags": [...], "source": ...}``, validated."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rlef_env.errors import DataError
from rlef_env.problems.json_rows import Field
from rlef_env.problems.problem import CheckerSpec

__all__ = ["KattisFlags", "checker_from_field", "checker_to_row", "parse_kattis_flags"]

_NAMES = ("codecontests", "tokens", "kattis", "python")
_SWITCHES = ("case_sensitive", "space_change_sensitive")
_TOLERANCES = ("float_absolute_tolerance", "float_relative_tolerance", "float_tolerance")


@dataclass(frozen=True, slots=True)
class KattisFlags:
    """What the flags of the Kattis default validator ask for.

    Attributes:
        case_sensitive: "yes" is not "YES".
        space_change_sensitive: white space must be the same, too.
        absolute_tolerance: largest allowed difference of two numbers; None where not asked for.
        relative_tolerance: likewise, as a share of the expected number. Where both are asked for, one is enough.
    """

    case_sensitive: bool = False
    space_change_sensitive: bool = False
    absolute_tolerance: float | None = None
    relative_tolerance: float | None = None


def parse_kattis_flags(flags: Sequence[str]) -> KattisFlags:
    """Read the flags of the Kattis default validator; of a flag given twice, the last one holds.

    >>> parse_kattis_flags(["case_sensitive", "float_tolerance", "1e-6"]).relative_tolerance
    1e-06

    Raises:
        DataError: an unknown flag, or a tolerance without a number that is finite and not negative.
    """
    switches: dict[str, bool] = {}
    absolute: float | None = None
    relative: float | None = None
    rest = iter(flags)
    for flag in rest:
        if flag in _SWITCHES:
            switches[flag] = True
        elif flag in _TOLERANCES:
            tolerance = _tolerance(flag, next(rest, None))
            absolute = absolute if flag == "float_relative_tolerance" else tolerance
            relative = relative if flag == "float_absolute_tolerance" else tolerance
        else:
            raise DataError(
                f"kattis flags: expected {', '.join(_SWITCHES)}, or one of {', '.join(_TOLERANCES)} followed by "
                f"a number, got {flag!r}; correct the flag or leave it out"
            )
    return KattisFlags(absolute_tolerance=absolute, relative_tolerance=relative, **switches)


def _tolerance(flag: str, text: str | None) -> float:
    if text is not None and re.fullmatch(r"\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        value = float(text)
        if math.isfinite(value):
            return value
    got = "nothing" if text is None else repr(text[:60])
    raise DataError(f"kattis flags: expected a number after {flag}, got {got}; write it like {flag} 1e-6")


def checker_from_field(field: Field) -> CheckerSpec:
    """The checker that a row names.

    Raises:
        DataError: an unknown name or key, flags that the checker does not have, a missing or needless source.
    """
    for key in field.table():
        if key not in ("name", "flags", "source"):
            raise field.child(key).error("only name, flags and source in a checker", "leave the field out")
    name = field.child("name")
    if name.value not in _NAMES:
        raise name.error(f"one of {', '.join(_NAMES)}", "choose one of these")
    return CheckerSpec(name=name.text(), flags=_flags(field), source=_source(field))


def _flags(checker: Field) -> tuple[str, ...]:
    field = checker.child("flags")
    flags = tuple(item.text() for item in field.items()) if field.present else ()
    if checker.value["name"] == "kattis":
        try:
            parse_kattis_flags(flags)
        except DataError as error:
            raise DataError(f"{field.where}: field {field.path!r}: {error}") from None
    elif flags:
        raise field.error("no flags, as only the kattis checker has any", "leave the field out")
    return flags


def _source(checker: Field) -> str | None:
    field = checker.child("source")
    if checker.value["name"] == "python":
        if not field.present:
            raise field.error("a Python module that defines check(input, output, expected)", "add it as a string")
        return field.text()
    if field.present:
        raise field.error("no source, as only the python checker has one", "leave the field out")
    return None


def checker_to_row(spec: CheckerSpec) -> dict[str, Any]:
    """The row of a checker, without what it does not need; ``checker_from_field`` reads it back equal."""
    row: dict[str, Any] = {"name": spec.name}
    if spec.flags:
        row["flags"] = list(spec.flags)
    if spec.source is not None:
        row["source"] = spec.source
    return row
