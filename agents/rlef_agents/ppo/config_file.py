"""Files of settings: a ``TrainConfig`` from a preset or a TOML file, overridden by ``key=value``, and back."""

from __future__ import annotations

import dataclasses
import json
import sys
import textwrap
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from rlef_agents.ppo.config import TrainConfig
from rlef_env.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["PRESETS", "dump_config", "field_docs", "load_config", "read_overrides"]

PRESETS: Final = ("tiny", "small", "llama-3.1-8b", "llama-3.1-70b")
"""Configurations that come with this package; ``tiny`` needs two cores and minutes."""


def load_config(source: str | Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a preset or a TOML file.

    Args:
        source: a name in ``PRESETS``, or the path of a file of ``key = value`` lines.
        overrides: texts such as ``lr=1e-6``, as after ``--set``; the value is written as in TOML, or is a bare text.

    Raises:
        UsageError: there is no such file or preset, or a key or value is wrong.
    """
    name = str(source)
    if name in PRESETS:
        text = (resources.files("rlef_agents.ppo") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    elif Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8")
    else:
        raise UsageError(f"config: expected one of {', '.join(PRESETS)} or the path of a TOML file; got {name!r}")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: expected TOML; {error}") from error
    return TrainConfig(**{**values, **read_overrides(overrides)})


def read_overrides(overrides: Sequence[str]) -> dict[str, Any]:
    """Read texts such as ``lr=1e-6``; the last value of a setting counts.

    Raises:
        UsageError: a text has no ``=``.
    """
    values: dict[str, Any] = {}
    for override in overrides:
        key, found, value = override.partition("=")
        if not found:
            raise UsageError(f"--set: expected key=value, got {override!r}")
        values[key.strip()] = parsed(value.strip())
    return values


def dump_config(config: TrainConfig) -> str:
    """Return the configuration as TOML, each field below its documentation; ``load_config`` reads it back."""
    docs = field_docs()
    lines: list[str] = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        lines += [f"# {line}" for line in textwrap.wrap(docs[field.name], 116)]
        # TOML has no null, so None is a comment.
        lines += [f"# {field.name} is not set" if value is None else f"{field.name} = {toml(value)}", ""]
    return "\n".join(lines)


@cache
def field_docs(settings: type[Any] = TrainConfig) -> dict[str, str]:
    """Return the documentation of each field of a class of settings."""
    return {name: " ".join(field.description.split()) for name, field in settings.__pydantic_fields__.items()}


def parsed(text: str) -> Any:
    """Read a value as TOML, or as a bare text where it is none."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def toml(value: Any) -> str:
    """Write a value as TOML."""
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if getattr(value, field.name) not in (None, "")]
        return toml({name: getattr(value, name) for name in names})
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
