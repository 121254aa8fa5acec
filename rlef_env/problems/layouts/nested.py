"""Values that stand in a row as text: JSON, or what Python's ``repr`` writes. Read strictly, and never run."""

from __future__ import annotations

import json
from typing import Any, Final

from rlef_env.problems.json_rows import Field
from rlef_env.problems.layouts.python_literal import parse_literal

__all__ = ["json_in", "json_or_python_in", "read_integer"]

_LONGEST_INTEGER: Final = 100_000  # digits
_READ_AT_ONCE: Final = 4000  # digits; int refuses more than 4300


def json_in(field: Field) -> Field:
    """The value in a string of JSON, as a field whose path says so: ``input_output(JSON).inputs[3]``.

    NaN and infinity may stand in it, as Python writes them, and whole numbers of more digits than ``int`` reads: real
    rows have both, which ``Field.decoded`` refuses.

    Raises:
        DataError: not a string, not JSON, a key twice in one object, or a number beyond all bounds.
    """
    text = _text(field)
    try:
        return Field(_parse_json(text), field.where, f"{field.path}(JSON)")
    except (ValueError, RecursionError) as error:
        raise field.error(f"a string that holds JSON ({_reason(error)})", "check that nothing was cut") from None


def json_or_python_in(field: Field) -> Field:
    """The value in a string of JSON or, where it is none, of a Python literal; ``(Python)`` is then in its path.

    Raises:
        DataError: neither of both; tuples count as lists, and names, calls and operators are refused.
    """
    text = _text(field)
    try:
        return Field(_parse_json(text), field.where, f"{field.path}(JSON)")
    except (ValueError, RecursionError) as error:
        not_json = _reason(error)
    try:
        return Field(parse_literal(text), field.where, f"{field.path}(Python)")
    except ValueError as error:
        raise field.error(
            f"a string that holds JSON ({not_json}) or a Python literal ({_reason(error)})",
            "check that nothing was cut",
        ) from None


def _text(field: Field) -> str:
    return field.value if isinstance(field.value, str) else field.text()


def _reason(error: Exception) -> str:
    return "too many brackets within brackets" if isinstance(error, RecursionError) else str(error)


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError:
        raise
    except ValueError:  # more digits than int reads: read again, which takes three times as long
        return json.loads(text, object_pairs_hook=_object, parse_int=read_integer)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def read_integer(digits: str) -> int:
    """The whole number that is written so; ``int`` refuses beyond 4300 digits.

    Raises:
        ValueError: more than 100,000 digits.
    """
    if len(digits) > _LONGEST_INTEGER:
        raise ValueError(f"a whole number of more than {_LONGEST_INTEGER} digits")
    if len(digits) <= _READ_AT_ONCE:
        return int(digits)
    half = len(digits) // 2
    power: int = 10**half
    tail = read_integer(digits[-half:])
    return read_integer(digits[:-half]) * power + (-tail if digits.startswith("-") else tail)
