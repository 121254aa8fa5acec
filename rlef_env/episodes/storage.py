"""Episodes in a file: one JSON object a line, read back equal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar

from rlef_env.episodes.episode import Episode, Turn
from rlef_env.episodes.validation import episode_violation, violation_error
from rlef_env.errors import DataError
from rlef_env.files import written_whole
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.judge.judgement import Measured
from rlef_env.judge.points import GroupScore
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.problems.problem import ROLES

__all__ = ["episode_from_row", "episode_to_row", "read_episodes", "write_episodes"]

_ADVICE: Final = "was this file written by write_episodes?"
_E = TypeVar("_E", bound=Enum)


def write_episodes(path: str | os.PathLike[str], episodes: Iterable[Episode]) -> None:
    """Write episodes to a file, one a line. The file is replaced as a whole, or not at all.

    Raises:
        ValueError: a number is not finite, or a setting is not a JSON value.
        OSError: the file cannot be written.
    """
    with written_whole(path) as file:
        for episode in episodes:
            # ASCII with escapes preserves every text, including lone surrogates and unusual line separators.
            file.write(json.dumps(episode_to_row(episode), allow_nan=False).encode("ascii") + b"\n")


def read_episodes(path: str | os.PathLike[str]) -> list[Episode]:
    """Read episodes that ``write_episodes`` wrote.

    Raises:
        DataError: the file cannot be read, or a line is not an episode; the message names the line and the field.
    """
    name = os.fspath(path)
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise DataError(f"{name}: expected a readable file of episodes, got: {error}; check the path") from None
    rows = ((line, f"{name}:{number}") for number, line in enumerate(data.split(b"\n"), start=1) if line.strip())
    return [episode_from_row(parse_row(line, where), where) for line, where in rows]


def episode_to_row(episode: Episode) -> dict[str, Any]:
    """Return an episode as plain JSON values, including timings."""
    return {
        "problem_id": episode.problem_id,
        "dataset": episode.dataset,
        "prompt": episode.prompt,
        "turns": [_turn_to_row(turn) for turn in episode.turns],
        "terminated": episode.terminated,
        "truncated": episode.truncated,
        "settings": dict(episode.settings),
    }


def episode_from_row(row: object, where: str = "episode") -> Episode:
    """Return the episode of a row; the inverse of ``episode_to_row``.

    Args:
        row: plain JSON values.
        where: name of the row in error messages, e.g. ``"FILE:LINE"``.

    Raises:
        DataError: a field is missing, unknown, of the wrong type, or contradicts another; the message names it.
    """
    keys = ("problem_id", "dataset", "prompt", "turns", "terminated", "truncated", "settings")
    fields = _fields(Field(row, where), keys)
    episode = Episode(
        problem_id=_text(fields["problem_id"]),
        dataset=_text(fields["dataset"]),
        prompt=_text(fields["prompt"]),
        turns=tuple(_turn(item) for item in fields["turns"].items()),
        terminated=fields["terminated"].boolean(),
        truncated=fields["truncated"].boolean(),
        settings=fields["settings"].table(),
    )
    violation = episode_violation(episode)
    if violation is not None:
        raise violation_error(violation, where, _ADVICE)
    return episode


def _turn_to_row(turn: Turn) -> dict[str, Any]:
    judgement = turn.judgement
    return {
        "response": turn.response,
        "program": turn.program,
        "judgement": {
            "verdict": judgement.verdict.value,
            "category": judgement.category,
            "total": judgement.total,
            "isolation": judgement.isolation,
            "results": [_result_to_row(each) for each in judgement.measured()],
            "groups": [group._asdict() for group in judgement.groups],
        },
        "feedback": turn.feedback,
        "reward": turn.reward,
    }


def _result_to_row(each: Measured) -> dict[str, Any]:
    return {
        **each.result._asdict(),
        "verdict": each.result.verdict.value,
        "cpu_seconds": each.cpu_seconds,
        "peak_bytes": each.peak_bytes,
    }


def _turn(field: Field) -> Turn:
    fields = _fields(field, ("response", "program", "judgement", "feedback", "reward"))
    return Turn(
        response=_text(fields["response"]),
        program=_text_or_null(fields["program"]),
        judgement=_judgement(fields["judgement"]),
        feedback=_text(fields["feedback"]),
        reward=_number(fields["reward"]),
    )


def _judgement(field: Field) -> Judgement:
    fields = _fields(field, ("verdict", "category", "total", "isolation", "results", "groups"))
    measured = [_measured(item) for item in fields["results"].items()]
    return Judgement(
        verdict=_member(fields["verdict"], Verdict),
        category=_text_or_null(fields["category"]),
        total=_integer(fields["total"]),
        isolation=_text(fields["isolation"]),
        results=tuple(each.result for each in measured),
        groups=tuple(_group(item) for item in fields["groups"].items()),
        test_cpu_seconds=tuple(each.cpu_seconds for each in measured),
        test_peak_bytes=tuple(each.peak_bytes for each in measured),
    )


def _group(field: Field) -> GroupScore:
    fields = _fields(field, GroupScore._fields)
    return GroupScore(_text(fields["name"]), _number(fields["earned"]), _number(fields["points"]))


def _measured(field: Field) -> Measured:
    fields = _fields(field, (*TestResult._fields, "cpu_seconds", "peak_bytes"))
    role = fields["role"].value
    if role not in ROLES:
        raise fields["role"].error(f"one of {', '.join(ROLES)}", _ADVICE)
    result = TestResult(
        role=role,
        index=_integer(fields["index"]),
        verdict=_member(fields["verdict"], Verdict),
        category=_text_or_null(fields["category"]),
        stdout=_text(fields["stdout"]),
        stderr=_text(fields["stderr"]),
    )
    return Measured(result, _number(fields["cpu_seconds"]), _integer(fields["peak_bytes"]))


# --- fields, as write_episodes writes them: text may hold lone surrogates, numbers are never in quotes ---------------


def _fields(field: Field, keys: Iterable[str]) -> Mapping[str, Field]:
    """Return the fields of an object by key; the caller refuses those that are missing."""
    fields = {key: field.child(key) for key in keys}
    for key in field.table():
        if key not in fields:
            raise field.child(key).error("no such field", _ADVICE)
    return fields


def _text(field: Field) -> str:
    if not isinstance(field.value, str):
        raise field.error("text", _ADVICE)
    return field.value


def _text_or_null(field: Field) -> str | None:
    if field.value is not None and not isinstance(field.value, str):
        raise field.error("text or null", _ADVICE)
    return field.value


def _integer(field: Field) -> int:
    if type(field.value) is not int:
        raise field.error("a whole number", _ADVICE)
    return field.value


def _number(field: Field) -> float:
    if type(field.value) not in (int, float) or not abs(field.value) <= sys.float_info.max:
        raise field.error("a finite number", _ADVICE)
    return float(field.value)


def _member(field: Field, kind: type[_E]) -> _E:
    try:
        return kind(field.value)
    except ValueError:
        raise field.error("one of " + ", ".join(str(member.value) for member in kind), _ADVICE) from None
