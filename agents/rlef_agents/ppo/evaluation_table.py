"""Table ``[[evaluations]]`` of a configuration: an evaluation set of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from rlef_agents.ppo.settings import SETTINGS, Count, Size, ZeroOrMore, one_line_errors

__all__ = ["EvaluationTable", "EvaluationTables", "FeedbackOrNone"]

FeedbackOrNone: TypeAlias = Literal["", "public", "first", "none", "random", "private"]


@one_line_errors
@dataclass(frozen=True, config=SETTINGS)
class EvaluationTable:
    """An evaluation set. What it does not set is as in ``evaluate_*``, and then as in training."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    """Name in metrics and in the run's folder."""
    dataset: str = ""
    """As ``evaluate_dataset``."""
    split: str = ""
    """As ``evaluate_split``."""
    feedback: FeedbackOrNone = ""
    """As ``evaluate_feedback``."""
    turns: Size = 0
    """As ``evaluate_turns``."""
    episodes: Size | None = None
    """As ``evaluate_episodes``."""
    samples: Count | None = None
    """As ``evaluate_samples``."""
    temperature: ZeroOrMore | None = None
    """As ``evaluate_temperature``."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """As ``evaluate_top_p``."""
    n_at_k: str | None = None
    """As ``evaluate_n_at_k``."""


def tables(value: object) -> list[EvaluationTable]:
    """Make evaluation sets of TOML's tables; their names must differ.

    Raises:
        ValueError: the value is no list of tables, or a field of one is wrong.
    """
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, (Mapping, EvaluationTable)) for each in value):
        raise ValueError("expected tables [[evaluations]] with a name each")
    made = [each if isinstance(each, EvaluationTable) else EvaluationTable(**each) for each in value]
    names = [each.name for each in made]
    if len(set(names)) < len(names):
        raise ValueError(f"expected different names, got {', '.join(names)}")
    return made


EvaluationTables: TypeAlias = Annotated[list[EvaluationTable], BeforeValidator(tables)]
