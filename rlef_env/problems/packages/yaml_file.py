"""Read YAML strictly: plain data only, no duplicate keys, and typed fields whose errors name their place."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any, Final

import yaml

from rlef_env.errors import DataError, shortened
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.parsing.fields import Field

__all__ = ["read_yaml"]

MAX_YAML = 2**20  # bytes: parsing takes a second per 100 kB
MAX_SETTINGS = 2**22  # characters of all YAML files of a package, counted each time a file is read
MAX_DEPTH = 100  # nested brackets in one line
MAX_VALUES = 1_000_000  # with the values that aliases repeat
CHARACTERS = 16  # of a text that count as one value
TEXT, MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
TAGS = frozenset(f"tag:yaml.org,2002:{tag}" for tag in ("str", "int", "float", "bool", "null", "seq", "map", "merge"))


def read_yaml(folder: Folder, path: str, replaced: Callable[[str], str] | None = None) -> Field:
    """Return the mapping in a YAML file; an empty file is an empty mapping.

    Scalars are those of YAML 1.1, without dates and numbers to base 60, which stay text.

    Args:
        folder: the package.
        path: the file in it.
        replaced: transforms the file's text before it is parsed.

    Raises:
        DataError: the file cannot be read, is not YAML, or is not one mapping.
    """
    where = folder.where(path)
    text = folder.text(path)
    if len(text) > MAX_YAML:
        raise folder.error(path, f"at most {MAX_YAML:,} characters of YAML", f"{len(text):,}", "check the file")
    folder.settings += len(text)
    if folder.settings > MAX_SETTINGS:
        expected = f"at most {MAX_SETTINGS:,} characters of YAML in a package, links counted as files"
        raise folder.error(path, expected, "more", "check for links that repeat folders")
    text = text if replaced is None else replaced(text)
    try:
        value = _load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}" if mark else ""
        problem = shortened(error.problem or error.context or "no YAML", 100)
        raise DataError(f"{where}{place}: expected YAML, got: {problem}; correct this line") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = shortened(" ".join(str(error).split()), 100)
        raise DataError(f"{where}: expected YAML, got: {reason}; correct the file") from None
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise DataError(f"{where}: expected fields as 'name: value', got a {type(value).__name__}; correct the file")
    return Field(value, where)


def _load(text: str) -> Any:
    if any(_depth(line) > MAX_DEPTH for line in text.splitlines()):
        raise ValueError(f"more than {MAX_DEPTH} nested brackets")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _size(node, {}, ())
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _depth(line: str) -> int:
    """Return the depth of nested brackets: for each opening bracket the scanner visits all open ones."""
    if line.count("[") + line.count("{") <= MAX_DEPTH:
        return 0
    steps = ((mark in "[{") - (mark in "]}") for mark in line)
    return max(itertools.accumulate(steps))


def _size(node: yaml.Node, known: dict[int, int], above: tuple[int, ...]) -> int:
    """Return the number of values that a node stands for; an alias counts as all it repeats, a long text as several."""
    key = id(node)
    if node.tag not in TAGS:
        raise yaml.MarkedYAMLError(problem=f"the tag {node.tag!r:.60}", problem_mark=node.start_mark)
    if key in above:
        raise ValueError("an alias within what it stands for")
    if key not in known:
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            parts = list(node.value)
        elif isinstance(node, yaml.MappingNode):
            _check_keys(node)
            parts = [part for pair in node.value for part in pair]
        text = len(node.value) if isinstance(node, yaml.ScalarNode) else 0
        known[key] = 1 + text // CHARACTERS + sum(_size(part, known, (*above, key)) for part in parts)
        if known[key] > MAX_VALUES:
            raise ValueError(f"more than {MAX_VALUES:,} values, counting what aliases repeat")
    return known[key]


def _check_keys(node: yaml.MappingNode) -> None:
    """Check that keys are text and unique; ``<<``, also unique, includes the keys of other mappings."""
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="a key that is no text", problem_mark=key.start_mark)
        if key.value in seen:
            raise yaml.MarkedYAMLError(problem=f"the key {key.value!r:.60} twice", problem_mark=key.start_mark)
        seen.add(key.value)
        if key.tag != MERGE:
            key.tag = TEXT


class _Loader(yaml.SafeLoader):
    """Safe loader with the scalars below."""


_SCALARS: Final = (
    ("bool", r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF", "yYnNtTfFoO"),
    ("int", r"[-+]?(0|[1-9][0-9]{0,18})", "-+0123456789"),
    (
        "float",
        r"[-+]?([0-9]+\.[0-9]*([eE][-+]?[0-9]{1,4})?|\.[0-9]+([eE][-+]?[0-9]{1,4})?|[0-9]+[eE][-+]?[0-9]{1,4})",
        "-+0123456789.",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", ["<"]),
)
_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
