"""Stored solutions that are not judged: their number, names and the reasons."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from rlef_env.cli.display import note
from rlef_env.problems import Problem
from rlef_env.sandbox import LANGUAGES

__all__ = ["LeftOut"]

MAX_NAMES: Final = 3


@dataclass
class LeftOut:
    """Counts the solutions that are left out.

    Attributes:
        languages: languages that are judged.
        kinds: ``"correct"``, ``"incorrect"`` or both.
        counts: reason -> number of solutions.
        names: reason -> the first few solutions.
    """

    languages: Container[str]
    kinds: tuple[str, ...] = ("correct", "incorrect")
    counts: dict[str, int] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)

    def counted(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Yield the problems unchanged, and count their solutions that are left out."""
        for problem in problems:
            for name, reason in self._of(problem):
                self.counts[reason] = self.counts.get(reason, 0) + 1
                names = self.names.setdefault(reason, [])
                if len(names) < MAX_NAMES:
                    names.append(f"{problem.id}: {name}")
            yield problem

    def report(self) -> None:
        """Print a line per reason on standard error."""
        for reason, count in sorted(self.counts.items(), key=lambda entry: -entry[1]):
            more = f" and {count - MAX_NAMES} more" if count > MAX_NAMES else ""
            note(f"left out {count}: {reason} ({', '.join(self.names[reason])}{more})")

    def _of(self, problem: Problem) -> Iterator[tuple[str, str]]:
        stored = problem.extra.get("submissions")
        submissions: dict[str, Any] = stored if isinstance(stored, dict) else {}
        for kind in self.kinds:
            key = "solutions" if kind == "correct" else "incorrect_solutions"
            paths = submissions.get(key)
            for index, solution in enumerate(getattr(problem, key)):
                if solution.language not in self.languages:
                    known = isinstance(paths, list) and index < len(paths)
                    yield str(paths[index]) if known else f"{kind} {index}", _reason(solution.language)  # type: ignore[index]
        others = submissions.get("other")
        for entry in others if isinstance(others, list) else ():
            if isinstance(entry, dict):
                yield str(entry.get("path")), str(entry.get("reason", "the package does not describe it"))


def _reason(language: str) -> str:
    if language in LANGUAGES:
        return f"written in {language}, whose compiler or interpreter is not installed here (see rlef doctor)"
    if language == "unknown":
        return "written in an unknown language"
    return f"written in {language}, which is not supported"
