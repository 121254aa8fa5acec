"""Expected verdicts of submissions in version ``2025-09``: by their folder, and in ``submissions.yaml``."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.programs import Label
from rlef_env.problems.packages.yaml_file import read_yaml
from rlef_env.problems.parsing.fields import Field

__all__ = ["read_expectations"]

VERDICTS: Final[Mapping[str, str]] = {
    "AC": "accepted",
    "WA": "wrong_answer",
    "TLE": "time_limit",
    "RTE": "runtime_error",
}
DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "accepted": {"permitted": ["AC"]},
    "rejected": {"required": ["RTE", "TLE", "WA"]},
    "wrong_answer": {"permitted": ["AC", "WA"], "required": ["WA"]},
    "time_limit_exceeded": {"permitted": ["AC", "TLE"], "required": ["TLE"]},
    "run_time_error": {"permitted": ["AC", "RTE"], "required": ["RTE"]},
    "brute_force": {"permitted": ["AC", "RTE", "TLE"], "required": ["RTE", "TLE"]},
}
OF_SUBMISSION: Final = ("language", "entrypoint", "authors", "model_solution")
OF_TESTS: Final = ("permitted", "required", "score", "message", "use_for_time_limit")
# Codes of languages with other names here; the others have the same names.
NAMES: Final[Mapping[str, str]] = {"python3": "python"}
MAX_PATTERNS = 1000
MAX_PATTERN_LENGTH = 1000  # characters


@dataclass(frozen=True, slots=True)
class _Expectation:
    """Expected verdicts of all submissions that a pattern matches.

    Attributes:
        patterns: the pattern without braces.
        permitted: verdicts that each test may have.
        required: verdicts of which at least one test must have one.
        fails: whether the expectations for parts of the tests always make some test fail.
        language: the language of the submissions, if it is named.
    """

    patterns: tuple[str, ...]
    permitted: frozenset[str]
    required: frozenset[str]
    fails: bool
    language: str | None


def read_expectations(folder: Folder, replaced: Callable[[str], str]) -> Callable[[str], Label]:
    """Return a function that labels a submission by its path below ``submissions``.

    A submission is correct if every test must be accepted, and incorrect if some test must not be; otherwise it is
    unknown.

    Args:
        folder: the package.
        replaced: transforms the text of ``submissions.yaml`` before it is parsed.

    Raises:
        DataError: ``submissions.yaml`` violates the format.
    """
    place = "submissions/submissions.yaml"
    root = read_yaml(folder, place, replaced) if folder.is_file(place) else Field({}, folder.where(place))
    table = {**DEFAULTS, **{key: _merged(root.child(key), key) for key in root.table()}}
    expectations = [_expectation(key, Field(value, root.where, key)) for key, value in table.items()]
    if sum(len(each.patterns) for each in expectations) > MAX_PATTERNS:
        raise folder.error(place, f"at most {MAX_PATTERNS} patterns", "more", "use fewer braces")

    def label(path: str) -> Label:
        parts = path.split("/")
        matching = [each for each in expectations if any(_matches(pattern, parts) for pattern in each.patterns)]
        permitted = frozenset(VERDICTS).intersection(*(each.permitted for each in matching))
        language = next((each.language for each in matching if each.language), None)
        fails = any(each.fails or "AC" not in each.permitted & each.required for each in matching)
        if not fails:
            return Label(True if permitted == {"AC"} else None, language=language)
        failures = permitted - {"AC"}
        verdict = VERDICTS[next(iter(failures))] if len(failures) == 1 else None
        return Label(False, verdict, language)

    return label


def _merged(field: Field, key: str) -> dict[str, Any]:
    return {**DEFAULTS.get(key, {}), **(field.table() if field.present else {})}


def _expectation(key: str, field: Field) -> _Expectation:
    fails = False
    for name in field.table():
        if name not in (*OF_SUBMISSION, *OF_TESTS):  # the name of a part of the tests
            part = field.child(name)
            for inner in part.table():
                if inner not in OF_TESTS:
                    raise part.child(inner).error(f"one of {', '.join(OF_TESTS)}", "correct the name of the field")
            fails |= "AC" not in _verdicts(part.child("permitted")) & _verdicts(part.child("required"))
    language = field.child("language")
    return _Expectation(
        patterns=tuple(_without_braces(key, field)),
        permitted=_verdicts(field.child("permitted")),
        required=_verdicts(field.child("required")),
        fails=fails,
        language=NAMES.get(language.text(), language.text()) if language.present else None,
    )


def _verdicts(field: Field) -> frozenset[str]:
    if not field.present:
        return frozenset(VERDICTS)
    for item in field.items():
        if item.text() not in VERDICTS:
            raise item.error(f"one of {', '.join(VERDICTS)}", "choose one")
    return frozenset(item.text() for item in field.items())


def _without_braces(pattern: str, field: Field) -> Iterator[str]:
    """Yield the patterns that a pattern with braces stands for: ``a.{py,cpp}`` is ``a.py`` and ``a.cpp``."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        expected = f"a pattern of at most {MAX_PATTERN_LENGTH} characters"
        raise DataError(f"{field.where}: expected {expected}, got {pattern!r:.100}; shorten it")
    waiting, count = [pattern], 0
    while waiting:
        each = waiting.pop()
        before, brace, rest = each.partition("{")
        if not brace:
            yield each
            count += 1
        else:
            inner, closed, after = rest.partition("}")
            if not closed or "{" in inner:
                raise DataError(
                    f"{field.where}: expected a pattern with closed braces, not nested, got {pattern!r:.100}"
                )
            waiting += [f"{before}{choice}{after}" for choice in reversed(inner.split(","))]
        if count + len(waiting) > MAX_PATTERNS:
            raise DataError(f"{field.where}: expected at most {MAX_PATTERNS} patterns, got more; use fewer braces")


def _matches(pattern: str, parts: list[str]) -> bool:
    """Return whether a pattern matches a submission or its folder. Only ``*`` is special in a pattern."""
    wanted = pattern.replace("[", "[[]").replace("?", "[?]").split("/")
    return len(wanted) <= len(parts) and all(map(fnmatch.fnmatchcase, parts, wanted))
