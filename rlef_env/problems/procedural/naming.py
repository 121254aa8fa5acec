"""Names of generated data sets: ``procedural/FAMILY?difficulty=2&count=500``."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from rlef_env.errors import UsageError
from rlef_env.problems.procedural.families import FAMILIES
from rlef_env.problems.procedural.family import Family, check_config

__all__ = ["PREFIX", "SPLITS", "Recipe", "parse_name"]

PREFIX: Final = "procedural"
SPLITS: Final = ("train", "valid", "test")
DEFAULT_COUNT: Final = 1000
MAX_NUMBER: Final = 10**9
GRADES: Final = 5


@dataclass(frozen=True, slots=True)
class Recipe:
    """Problems that a name stands for.

    Attributes:
        families: names of families; problems are taken from each in turn.
        split: one of ``SPLITS``; no two of them share a problem.
        seed: the seed; different seeds give different problems.
        count: number of problems.
        difficulty: the lowest and the highest; problems of a family have each in turn.
        knobs: values of the configuration that are the same at all difficulties, sorted by name.
    """

    families: tuple[str, ...] = tuple(FAMILIES)
    split: str = "train"
    seed: int = 0
    count: int = DEFAULT_COUNT
    difficulty: tuple[int, int] = (1, GRADES)
    knobs: tuple[tuple[str, int | bool], ...] = ()

    def config(self, family: Family[Any], number: int) -> Any:
        """Return the configuration of the family's problem of this number."""
        low, high = self.difficulty
        return replace(family.grades[low - 1 + number % (high - low + 1)], **dict(self.knobs))

    def id(self, family: str, number: int) -> str:
        """Return the id of the family's problem of this number, which names everything that it is generated from."""
        asked = dict(self.knobs)
        if self.difficulty != (1, GRADES):
            asked["difficulty"] = "-".join(map(str, dict.fromkeys(self.difficulty)))  # type: ignore[assignment]
        if self.seed:
            asked["seed"] = self.seed
        query = "&".join(f"{key}={str(value).lower()}" for key, value in sorted(asked.items()))
        return f"{PREFIX}/{family}/{self.split}/{number}" + (f"?{query}" if query else "")


def parse_name(name: str, split: str = "train") -> Recipe:
    """Parse a name: ``procedural``, then ``/FAMILY`` for one family, then ``?KEY=VALUE&...``.

    Keys are ``seed``, ``count``, ``difficulty`` (``2``, or ``1-3`` for each in turn), and the family's own knobs.

    Raises:
        UsageError: the name does not have this form; the message describes the form.
    """
    if split not in SPLITS:
        raise UsageError(f"split of {name!r}: expected one of {', '.join(SPLITS)}, got {split!r}")
    path, _, query = name.partition("?")
    recipe = Recipe(split=split)
    if path != PREFIX:
        recipe = replace(recipe, families=(_family(path.removeprefix(f"{PREFIX}/")),))
    knobs: dict[str, int | bool] = {}
    seen: set[str] = set()
    for part in filter(None, query.split("&")):
        key, equals, value = part.partition("=")
        if not equals or key in seen:
            raise UsageError(f"{name!r}: expected KEY=VALUE, each key once, after the question mark, got {part!r}")
        seen.add(key)
        if key == "seed":
            recipe = replace(recipe, seed=_whole(name, key, value, 0, MAX_NUMBER))
        elif key == "count":
            recipe = replace(recipe, count=_whole(name, key, value, 1, MAX_NUMBER))
        elif key == "difficulty":
            recipe = replace(recipe, difficulty=_difficulty(name, value))
        else:
            knobs[key] = _knob(name, recipe, key, value)
    recipe = replace(recipe, knobs=tuple(sorted(knobs.items())))
    if recipe.knobs:
        family = FAMILIES[recipe.families[0]]
        check_config(family.name, recipe.config(family, 0))
    return recipe


def _family(name: str) -> str:
    if name in FAMILIES:
        return name
    similar = difflib.get_close_matches(name, FAMILIES, n=1)
    hint = f"; did you mean {similar[0]!r}?" if similar else ""
    raise UsageError(f"{PREFIX}: expected one of the families {', '.join(FAMILIES)}, got {name!r}{hint}")


def _whole(name: str, key: str, value: str, minimum: int, maximum: int) -> int:
    if re.fullmatch(r"[0-9]{1,10}", value) and minimum <= int(value) <= maximum:
        return int(value)
    raise UsageError(f"{name!r}: {key}: expected a whole number from {minimum} to {maximum}, got {value!r}")


def _difficulty(name: str, value: str) -> tuple[int, int]:
    match = re.fullmatch(rf"([1-{GRADES}])(?:-([1-{GRADES}]))?", value)
    if match and int(match[1]) <= int(match[2] or match[1]):
        return int(match[1]), int(match[2] or match[1])
    raise UsageError(f"{name!r}: difficulty: expected a number from 1 to {GRADES}, or a range like 1-3, got {value!r}")


def _knob(name: str, recipe: Recipe, key: str, value: str) -> int | bool:
    if len(recipe.families) > 1:
        raise UsageError(f"{name!r}: expected seed, count or difficulty, got {key!r}; name a family to set its own")
    known = {knob.name: knob for knob in fields(FAMILIES[recipe.families[0]].default)}
    if key not in known:
        raise UsageError(f"{name!r}: expected one of seed, count, difficulty, {', '.join(known)}; got {key!r}")
    bounds = known[key].metadata
    if bounds:
        return _whole(name, key, value, bounds["minimum"], bounds["maximum"])
    if value not in ("true", "false"):
        raise UsageError(f"{name!r}: {key}: expected true or false, got {value!r}")
    return value == "true"
