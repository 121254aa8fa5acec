"""Compares several runs with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rlef_env.analysis.comparison.compare import DEFAULT_MARGIN, Settings, compare_sides
from rlef_env.analysis.comparison.result import Comparison, Verdict, worst
from rlef_env.analysis.comparison.sides import Source, side_of
from rlef_env.analysis.metrics import MAX_NO_VERDICT
from rlef_env.analysis.statistics import holm
from rlef_env.errors import UsageError

__all__ = ["Comparisons", "compare_several"]


@dataclass(frozen=True)
class Comparisons:
    """Comparisons of several candidates with one run.

    Their intervals hold together: the probability that one of them misses is at most 1 - ``level``. Their p values are
    adjusted for their number, too (Holm).

    Attributes:
        each: one for each candidate, in order.
        level: of all intervals together.
    """

    each: tuple[Comparison, ...]
    level: float

    @property
    def verdict(self) -> Verdict:
        """The worst of the verdicts."""
        return worst(one.verdict for one in self.each)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "verdict": self.verdict,
            "level": self.level,
            "comparisons": [one.to_json() for one in self.each],
        }

    def __str__(self) -> str:
        """Return the reports as text."""
        return "\n\n".join(map(str, self.each))

    def _repr_html_(self) -> str:
        """Return the reports for notebooks."""
        return "".join(one._repr_html_() for one in self.each)


def compare_several(
    a: Source,
    candidates: Sequence[Source],
    *,
    metric: str = "solve_rate",
    margin: float = DEFAULT_MARGIN,
    common: bool = False,
    anyway: bool = False,
    evaluation: str | None = None,
    max_no_verdict: float = MAX_NO_VERDICT,
    level: float = 0.95,
    seed: int = 0,
) -> Comparisons:
    """Compare each candidate with run A. The arguments are those of ``compare``.

    Raises:
        UsageError: there is no candidate, or runs cannot be compared.
        DataError: a run cannot be read.
    """
    if not candidates:
        raise UsageError("expected two runs or more to compare, got one")
    first = side_of(a, "A", evaluation)
    names = [chr(ord("B") + number) if number < 25 else str(number + 2) for number in range(len(candidates))]
    others = [side_of(source, name, evaluation) for source, name in zip(candidates, names, strict=True)]
    settings = Settings(metric, margin, common, anyway, max_no_verdict, 1 - (1 - level) / len(others), seed)
    found = [compare_sides(first, other, settings) for other in others]
    adjusted = holm([one.main.p_value for one in found])
    return Comparisons(tuple(replace(one, adjusted_p=p) for one, p in zip(found, adjusted, strict=True)), level)
