"""Generated problems in a fixed order, each made when it is accessed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, overload

from rlef_env.errors import DataError, UsageError
from rlef_env.problems.metadata import IndexedProblems, ProblemMetadata
from rlef_env.problems.problem import Problem
from rlef_env.problems.procedural.families import FAMILIES
from rlef_env.problems.procedural.family import Family
from rlef_env.problems.procedural.naming import PREFIX, Recipe, parse_name
from rlef_env.problems.procedural.task import Task, statement

__all__ = ["GeneratedProblems", "generated_problems", "programs_of", "split_of", "variants_of"]

ATTEMPTS: Final = 1000  # half of all tasks are for training, a quarter for each other split


class _Ids(Sequence[str]):
    """Ids of problems, made when they are accessed."""

    def __init__(self, recipe: Recipe, places: Sequence[int]) -> None:
        self.recipe, self.places = recipe, places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return _Ids(self.recipe, self.places[index])
        return self.recipe.id(*_number(self.recipe, self.places[index]))

    def __iter__(self) -> Iterator[str]:
        return (self.recipe.id(*_number(self.recipe, place)) for place in self.places)


@dataclass(frozen=True, slots=True)
class GeneratedProblems(IndexedProblems):
    """Problems of a recipe; none is stored.

    Attributes:
        recipe: the recipe.
        places: numbers of the recipe's problems, in order.
    """

    recipe: Recipe
    places: Sequence[int]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def ids(self) -> Sequence[str]:
        """Problems' ids; nothing is generated."""
        return _Ids(self.recipe, self.places)

    def metadata(self, place: int) -> ProblemMetadata:
        """Return lower bounds that hold for every problem of a family; nothing is generated."""
        name, number = _number(self.recipe, self.places[place])
        family = FAMILIES[name]
        difficulty = family.difficulty(self.recipe.config(family, number))
        return ProblemMetadata(
            self.recipe.id(name, number), None, tests=2, public_tests=1, wrong_programs=1, difficulty=difficulty
        )

    def chosen(self, places: Sequence[int]) -> GeneratedProblems:
        """Return the problems at these places, in this order."""
        return GeneratedProblems(self.recipe, tuple(self.places[place] for place in places))

    def read(self, place: int) -> Problem:
        """Generate the problem at a place."""
        return _problem(self.recipe, self.places[place])

    def at(self, place: int) -> Problem:
        """Return the problem at a place; the latest 1,024 of this process are kept."""
        return _kept(self.recipe, self.places[place])


def generated_problems(name: str, split: str = "train") -> GeneratedProblems:
    """Return the problems of a name such as ``procedural/hidden_step?difficulty=3``.

    Raises:
        UsageError: no such name or split; the message lists the valid ones.
    """
    recipe = parse_name(name, split)
    return GeneratedProblems(recipe, range(recipe.count))


def variants_of(problem_id: str) -> tuple[Problem, ...]:
    """Return all problems that a problem's statement leaves open, one for each value of its secret, itself among them.

    Args:
        problem_id: id of a generated problem, such as ``procedural/hidden_step/train/17?difficulty=3``.

    Raises:
        UsageError: the id is not of a generated problem.
    """
    family, seed, config = _drawn(problem_id)
    return family.variants(seed, config)


def programs_of(problem_id: str) -> tuple[str, ...]:
    """Return the right program of each of ``variants_of``, in the same order; no test is made.

    Raises:
        UsageError: the id is not of a generated problem.
    """
    family, seed, config = _drawn(problem_id)
    return tuple(task.solution for task in family.tasks(seed, config))


def _drawn(problem_id: str) -> tuple[Family[Any], str, Any]:
    """Return family, seed and configuration of a problem."""
    path, _, query = problem_id.partition("?")
    match = re.fullmatch(rf"{PREFIX}/(\w+)/(\w+)/(\d+)", path)
    if match is None:
        raise UsageError(f"problem id: expected {PREFIX}/FAMILY/SPLIT/NUMBER?KEY=VALUE, got {problem_id!r}")
    recipe, number = parse_name(f"{PREFIX}/{match[1]}?{query}", match[2]), int(match[3])
    family = FAMILIES[match[1]]
    return family, _seed(recipe, family, number), recipe.config(family, number)


def split_of(task: Task) -> str:
    """Return the split of a task, which a hash of its statement and the inputs of its public tests determines.

    Where these inputs depend on the secret, ``task.split_by`` takes their place.

    Thus equal problems are in the same split. The secret is not part of the hash: it stays equally likely in each
    split.
    """
    story = statement(replace(task, examples=0)) if task.split_by else statement(task)
    first = hashlib.sha256("\0".join([story, *([task.split_by] if task.split_by else task.public)]).encode()).digest()[
        0
    ]
    return "train" if first < 128 else "valid" if first < 192 else "test"


def _number(recipe: Recipe, place: int) -> tuple[str, int]:
    number, family = divmod(place, len(recipe.families))
    return recipe.families[family], number


def _problem(recipe: Recipe, place: int) -> Problem:
    name, number = _number(recipe, place)
    family = FAMILIES[name]
    config = recipe.config(family, number)
    task = family.task(_seed(recipe, family, number), config)
    return family.problem(task, config, recipe.id(name, number))


def _seed(recipe: Recipe, family: Family[Any], number: int) -> str:
    """Return the seed of a problem: the first whose task belongs to the split."""
    config = recipe.config(family, number)
    for attempt in range(ATTEMPTS):
        seed = f"{recipe.seed}/{recipe.split}/{number}/{attempt}"
        if split_of(family.task(seed, config)) == recipe.split:
            return seed
    raise DataError(
        f"{recipe.id(family.name, number)}: expected a problem of this split among {ATTEMPTS}, got none; choose a "
        "harder configuration, of which there are more problems"
    )


_kept = lru_cache(maxsize=1024)(_problem)
