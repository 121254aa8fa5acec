"""Families: one module each, which defines a configuration, a function that draws a task, and ``FAMILY``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from rlef_env.problems.procedural.families import (
    bases,
    brackets,
    clock,
    expressions,
    grid_walk,
    hidden_rule,
    hidden_step,
    hidden_tail,
    intervals,
    ledger,
    list_statistics,
    machine,
    reachability,
    rewriting,
    sorting,
)
from rlef_env.problems.procedural.family import Family

__all__ = ["FAMILIES"]

FAMILIES: Final[Mapping[str, Family[Any]]] = MappingProxyType(
    {
        family.name: family
        for family in (
            bases.FAMILY,
            brackets.FAMILY,
            clock.FAMILY,
            expressions.FAMILY,
            grid_walk.FAMILY,
            hidden_rule.FAMILY,
            hidden_step.FAMILY,
            hidden_tail.FAMILY,
            intervals.FAMILY,
            ledger.FAMILY,
            list_statistics.FAMILY,
            machine.FAMILY,
            reachability.FAMILY,
            rewriting.FAMILY,
            sorting.FAMILY,
        )
    }
)
"""Every family by its name."""
