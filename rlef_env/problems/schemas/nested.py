"""Values that stand in a row as text: JSON, or what Python's ``repr`` writes. Read strictly, and never run."""

from __future__ import annotations

from rlef_env.problems.json_rows import Field
from rlef_env.problems.json_text import MOST_MEMORY, parse_json
from rlef_env.problems.schemas.python_literal import parse_literal

__all__ = ["json_in", "json_or_python_in"]


def json_in(field: Field, max_memory: int = MOST_MEMORY) -> Field:
    """The value in a string of JSON, as a field whose path says so: ``input_output(JSON).inputs[3]``.

    NaN and infinity may stand in it, as Python writes them, and whole numbers of more digits than ``int`` reads: real
    rows have both, which ``Field.decoded`` refuses.

    Args:
        field: the string.
        max_memory: as in ``parse_json``.

    Raises:
        DataError: not a string, not JSON, a key twice in one object, or beyond the bounds of ``parse_json``.
    """
    text = _text(field)
    try:
        value = parse_json(text, python_json=True, long_integers=True, max_memory=max_memory)
    except ValueError as error:
        raise field.error(f"a string that holds JSON ({error})", "check that nothing was cut") from None
    return Field(value, field.where, f"{field.path}(JSON)")


def json_or_python_in(field: Field) -> Field:
    """The value in a string of JSON or, where it is none, of a Python literal; ``(Python)`` is then in its path.

    Raises:
        DataError: neither of both; tuples count as lists, and names, calls and operators are refused.
    """
    text = _text(field)
    try:
        value = parse_json(text, python_json=True, long_integers=True)
        return Field(value, field.where, f"{field.path}(JSON)")
    except ValueError as error:
        not_json = str(error)
    try:
        return Field(parse_literal(text), field.where, f"{field.path}(Python)")
    except ValueError as error:
        raise field.error(
            f"a string that holds JSON ({not_json}) or a Python literal ({error})",
            "check that nothing was cut",
        ) from None


def _text(field: Field) -> str:
    return field.value if isinstance(field.value, str) else field.text()
