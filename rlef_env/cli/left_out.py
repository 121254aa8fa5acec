"""Stored solutions that are not judged: how many, which, and why."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from rlef_env.cli.display import note
from rlef_env.problems import Problem
from rlef_env.sandbox import LANGUAGES

__all__ = ["LeftOut"]

MOST_NAMES: Final = 3


@dataclass
class LeftOut:
    """Counts what is left out.

    Attributes:
        languages: those that are judged.
        kinds: ``"correct"``, ``"incorrect"`` or both.
        counts: why -> how many.
        names: why -> the first few.
    """

    languages: Container[str]
    kinds: tuple[str, ...] = ("correct", "incorrect")
    counts: dict[str, int] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)

    def looked_at(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Pass problems on, and count."""
        for problem in problems:
            for name, why in self._of(problem):
                self.counts[why] = self.counts.get(why, 0) + 1
                names = self.names.setdefault(why, [])
                if len(names) < MOST_NAMES:
                    names.append(f"{problem.id}: {name}")
            yield problem

    def tell(self) -> None:
        """Print a line for each reason on standard error."""
        for why, count in sorted(self.counts.items(), key=lambda entry: -entry[1]):
            more = f" and {count - MOST_NAMES} more" if count > MOST_NAMES else ""
            note(f"left out {count}: {why} ({', '.join(self.names[why])}{more})")

    def _of(self, problem: Problem) -> Iterator[tuple[str, str]]:
        stored = problem.extra.get("submissions")
        submissions: dict[str, Any] = stored if isinstance(stored, dict) else {}
        for kind in self.kinds:
            key = "solutions" if kind == "correct" else "incorrect_solutions"
            paths = submissions.get(key)
            for index, solution in enumerate(getattr(problem, key)):
                if solution.language not in self.languages:
                    known = isinstance(paths, list) and index < len(paths)
                    yield str(paths[index]) if known else f"{kind} {index}", _why(solution.language)  # type: ignore[index]
        others = submissions.get("other")
        for entry in others if isinstance(others, list) else ():
            if isinstance(entry, dict):
                yield str(entry.get("path")), str(entry.get("reason", "the package does not say what they are"))


def _why(language: str) -> str:
    if language in LANGUAGES:
        return f"in {language}, whose tools this machine does not have (see rlef doctor)"
    return f"in {language}, which is not judged here" if language != "unknown" else "in an unknown language"
