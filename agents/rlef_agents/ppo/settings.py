"""Checks of settings by pydantic: types with bounds, and errors of one line that name the field."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from rlef_agents.ppo.few_shot import examples_of
from rlef_env.errors import UsageError

__all__ = [
    "SETTINGS", "AboveZero", "Count", "DType", "Day", "Examples", "Momentum", "Reward", "Size", "ZeroOrMore",
    "one_line_errors",
]  # fmt: skip

T = TypeVar("T")

SETTINGS: Final = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
"""Validation of all classes of settings."""

EXPECTED: Final[Mapping[str, str]] = {
    "literal_error": "{expected}",
    "greater_than": "more than {gt:.10g}",
    "greater_than_equal": "{ge:.10g} or more",
    "less_than": "less than {lt:.10g}",
    "less_than_equal": "at most {le:.10g}",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "string_type": "a text",
    "string_pattern_mismatch": "letters, digits, '_', '-' and '.'",
    "bool_type": "true or false",
    "dict_type": "a table",
}
"""What a field expects, by the type of pydantic's error."""


def one_line_errors(settings: type[T]) -> type[T]:
    """Make a pydantic dataclass raise ``UsageError`` with one line for the first field that is wrong."""
    validate: Callable[..., None] = settings.__init__

    @wraps(validate)
    def init(self: T, *values: Any, **named: Any) -> None:
        try:
            validate(self, *values, **named)
        except ValidationError as error:
            raise UsageError(one_line(error, settings)) from None

    settings.__init__ = init  # type: ignore[method-assign, assignment]
    return settings


def one_line(error: ValidationError, settings: type[Any]) -> str:
    """Return the first error of pydantic in this project's form: "field: expected X, got Y"."""
    first = error.errors()[0]
    kind, context, found = first["type"], first.get("ctx", {}), first["input"]
    if not first["loc"]:  # of ``__post_init__``, which writes a whole line
        return str(context["error"])
    field = str(first["loc"][0])
    if kind == "unexpected_keyword_argument":
        near = difflib.get_close_matches(field, [each.name for each in dataclasses.fields(settings)], 1)
        return f"no setting {field!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if kind == "missing":
        return f"{field}: expected a value, got none"
    if kind in EXPECTED:
        return f"{field}: expected {EXPECTED[kind].format(**context)}, got {found!r}"
    if isinstance(wrong := context.get("error"), UsageError):  # of a table in the field, which writes a whole line
        return f"{field}: {wrong}"
    return f"{field}: {context.get('error', first['msg'])}, got {found!r}"


def iso_day(value: object) -> object:
    """Accept TOML's type for a day, and a text YYYY-MM-DD."""
    text = value.isoformat() if isinstance(value, date) else value
    try:
        if text and date.fromisoformat(str(text)).isoformat() != text:
            raise ValueError(text)
    except ValueError:
        raise ValueError("expected YYYY-MM-DD") from None
    return text


def name_or_weights(value: object) -> object:
    """Refuse what is neither the name of a reward nor a table of weights; ``make_reward`` checks the rest."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or not all(isinstance(each, (int, float)) for each in value.values()):
        raise ValueError("expected a name or a table of numbers")
    return {name: float(weight) for name, weight in value.items()}


LARGEST: Final = 2**31 - 1
"""Largest count and largest seed."""

Count: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST)]
Size: TypeAlias = Annotated[int, Field(ge=0, le=LARGEST)]
ZeroOrMore: TypeAlias = Annotated[float, Field(ge=0)]
AboveZero: TypeAlias = Annotated[float, Field(gt=0)]
Momentum: TypeAlias = Annotated[float, Field(ge=0, lt=1)]
Day: TypeAlias = Annotated[str, BeforeValidator(iso_day)]
Examples: TypeAlias = Annotated[list[dict[str, str]], BeforeValidator(examples_of)]
Reward: TypeAlias = Annotated[str | dict[str, float], BeforeValidator(name_or_weights)]
DType: TypeAlias = Literal["float32", "bfloat16"]
