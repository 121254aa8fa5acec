"""What a package of version ``2025-09`` says of its submissions: by their folder, and in ``submissions.yaml``."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.json_rows import Field
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.programs import Label
from rlef_env.problems.packages.yaml_file import read_yaml

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
# The codes of languages that have other names here; all others keep theirs.
NAMES: Final[Mapping[str, str]] = {"python3": "python"}
MOST_PATTERNS = 1000
LONGEST_PATTERN = 1000  # characters


@dataclass(frozen=True, slots=True)
class _Rule:
    """What holds for all submissions that a pattern matches.

    Attributes:
        patterns: the pattern without braces.
        permitted: verdicts that each test may have.
        required: verdicts of which some test must have one.
        fails: whether the rules for parts of the tests let some test fail in any case.
        language: of the submissions, where it is named.
    """

    patterns: tuple[str, ...]
    permitted: frozenset[str]
    required: frozenset[str]
    fails: bool
    language: str | None


def read_expectations(folder: Folder, replaced: Callable[[str], str]) -> Callable[[str], Label]:
    """A function that labels a submission by its path below ``submissions``.

    It is right where every test must be accepted, wrong where some test must not be; otherwise nothing is known.

    Args:
        folder: the package.
        replaced: what the text of ``submissions.yaml`` becomes before it is read.

    Raises:
        DataError: ``submissions.yaml`` is not as the format has it.
    """
    place = "submissions/submissions.yaml"
    root = read_yaml(folder, place, replaced) if folder.is_file(place) else Field({}, folder.where(place))
    table = {**DEFAULTS, **{key: _merged(root.child(key), key) for key in root.table()}}
    rules = [_rule(key, Field(value, root.where, key)) for key, value in table.items()]
    if sum(len(rule.patterns) for rule in rules) > MOST_PATTERNS:
        raise folder.error(place, f"at most {MOST_PATTERNS} patterns", "more", "use fewer braces")

    def label(path: str) -> Label:
        parts = path.split("/")
        matching = [rule for rule in rules if any(_matches(pattern, parts) for pattern in rule.patterns)]
        permitted = frozenset(VERDICTS).intersection(*(rule.permitted for rule in matching))
        language = next((rule.language for rule in matching if rule.language), None)
        fails = any(rule.fails or "AC" not in rule.permitted & rule.required for rule in matching)
        if not fails:
            return Label(True if permitted == {"AC"} else None, language=language)
        failures = permitted - {"AC"}
        verdict = VERDICTS[next(iter(failures))] if len(failures) == 1 else None
        return Label(False, verdict, language)

    return label


def _merged(field: Field, key: str) -> dict[str, Any]:
    return {**DEFAULTS.get(key, {}), **(field.table() if field.present else {})}


def _rule(key: str, field: Field) -> _Rule:
    fails = False
    for name in field.table():
        if name not in (*OF_SUBMISSION, *OF_TESTS):  # the name of a part of the tests
            part = field.child(name)
            for inner in part.table():
                if inner not in OF_TESTS:
                    raise part.child(inner).error(f"one of {', '.join(OF_TESTS)}", "correct the name of the field")
            fails |= "AC" not in _verdicts(part.child("permitted")) & _verdicts(part.child("required"))
    language = field.child("language")
    return _Rule(
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
    """Yield what a pattern stands for: ``a.{py,cpp}`` is ``a.py`` and ``a.cpp``."""
    if len(pattern) > LONGEST_PATTERN:
        expected = f"a pattern of at most {LONGEST_PATTERN} characters"
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
        if count + len(waiting) > MOST_PATTERNS:
            raise DataError(f"{field.where}: expected at most {MOST_PATTERNS} patterns, got more; use fewer braces")


def _matches(pattern: str, parts: list[str]) -> bool:
    """Whether a pattern matches a submission or the folder that it is in. Only ``*`` means something in a pattern."""
    wanted = pattern.replace("[", "[[]").replace("?", "[?]").split("/")
    return len(wanted) <= len(parts) and all(map(fnmatch.fnmatchcase, parts, wanted))
