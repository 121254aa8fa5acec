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
    format_from_trace,
    grid_walk,
    half_told,
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
    two_dials,
    which_rule,
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
            format_from_trace.FAMILY,
            grid_walk.FAMILY,
            half_told.FAMILY,
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
            two_dials.FAMILY,
            which_rule.FAMILY,
        )
    }
)
"""Every family by its name."""
