"""The problems that the statement of a generated problem leaves open."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count

from rlef_env.errors import UsageError
from rlef_env.problems import Problem
from rlef_env.problems.procedural import FAMILIES, generated_problems

__all__ = ["variants_of"]


def variants_of(problem_id: str) -> tuple[Problem, ...]:
    """Return the problem under each value of its secret, itself included, in the order of secrets.

    Args:
        problem_id: id of a generated problem, such as ``procedural/hidden_step/train/17?difficulty=3``.

    Raises:
        UsageError: the id is not of a generated problem.
    """
    match = re.fullmatch(r"procedural/(\w+)/(\w+)/(\d{1,9})(?:\?(.*))?", problem_id)
    if match is None or match[1] not in FAMILIES:
        raise UsageError(f"problem: expected the id of a procedural problem, got {problem_id!r}")
    family, split, number = FAMILIES[match[1]], match[2], int(match[3])
    asked = "&".join(filter(None, [match[4], f"count={number + 1}"]))
    problems = generated_problems(f"procedural/{family.name}?{asked}", split)
    problem, config = problems.at(number), problems.recipe.config(family, number)
    for attempt in count():
        seed = f"{problems.recipe.seed}/{split}/{number}/{attempt}"
        if replace(family.generate(seed, config), id=problem.id) == problem:
            return family.variants(seed, config)
    raise AssertionError  # the loop ends
