"""Episodes in a file: JSON, one episode a line, read back equal."""

from __future__ import annotations

import codecs
import json
import os
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from rlef_env.episodes.episode import Episode, Turn
from rlef_env.episodes.validation import NOTHING, episode_violation
from rlef_env.errors import DataError
from rlef_env.judge import GroupScore, Judgement, Measured, TestResult, Verdict
from rlef_env.problems import ROLES, parse_json

__all__ = ["episode_from_row", "episode_to_row", "read_episodes", "write_episodes"]

_MOST: Final = sys.float_info.max
_E = TypeVar("_E", bound=Enum)
_WORDS: Final[Mapping[type, str]] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    list: "a list",
    dict: "an object",
}


def write_episodes(path: str | os.PathLike[str], episodes: Iterable[Episode]) -> None:
    """Write episodes to a file, one a line, in place of what it held.

    Raises:
        ValueError: a number is not finite, or a setting is not a JSON value.
    """
    with Path(path).open("w", encoding="ascii") as file:
        for episode in episodes:
            # ASCII with escapes keeps every text whole, lone surrogates and odd line separators included.
            file.write(json.dumps(episode_to_row(episode), allow_nan=False) + "\n")


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
    episodes = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            episodes.append(_episode_from_line(line, f"{name}:{number}"))
    return episodes


def episode_to_row(episode: Episode) -> dict[str, Any]:
    """Return an episode as plain JSON values, timings included."""
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
    """Return the episode of a row; the opposite of ``episode_to_row``.

    Args:
        row: plain JSON values.
        where: what error messages call the row, e.g. ``"FILE:LINE"``.

    Raises:
        DataError: a field is missing, unknown, not what it should be, or contradicts another; the message names it.
    """
    fields = _Row(row, where, "")
    episode = Episode(
        problem_id=fields.take("problem_id", str),
        dataset=fields.take("dataset", str),
        prompt=fields.take("prompt", str),
        turns=tuple(_turn(item) for item in fields.rows("turns")),
        terminated=fields.take("terminated", bool),
        truncated=fields.take("truncated", bool),
        settings=fields.take("settings", dict),
    )
    fields.finish()
    breach = episode_violation(episode)
    if breach is not None:
        fields.refuse(*breach)
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


def _episode_from_line(line: bytes, where: str) -> Episode:
    if line.startswith(codecs.BOM_UTF8):
        raise DataError(f"{where}: expected UTF-8 without a byte order mark, got one; save the file as plain UTF-8")
    try:
        row = parse_json(line.decode())
    except ValueError as error:
        raise DataError(
            f"{where}: expected one episode as JSON, got {line[:40]!r} ({error}); check that nothing was cut"
        ) from None
    return episode_from_row(row, where)


def _shown(value: object) -> str:
    try:
        return json.dumps(value, default=repr)[:60]
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a value that cannot be written"


def _turn(fields: _Row) -> Turn:
    turn = Turn(
        response=fields.take("response", str),
        program=fields.take("program", str, optional=True),
        judgement=_judgement(fields.row("judgement")),
        feedback=fields.take("feedback", str),
        reward=fields.take("reward", float),
    )
    fields.finish()
    return turn


def _judgement(fields: _Row) -> Judgement:
    measured = [_measured(item) for item in fields.rows("results")]
    judgement = Judgement(
        verdict=fields.member("verdict", Verdict),
        category=fields.take("category", str, optional=True),
        total=fields.take("total", int),
        isolation=fields.take("isolation", str),
        results=tuple(each.result for each in measured),
        groups=tuple(_group(item) for item in fields.rows("groups")),
        test_cpu_seconds=tuple(each.cpu_seconds for each in measured),
        test_peak_bytes=tuple(each.peak_bytes for each in measured),
    )
    fields.finish()
    return judgement


def _group(fields: _Row) -> GroupScore:
    group = GroupScore(
        name=fields.take("name", str), earned=fields.take("earned", float), points=fields.take("points", float)
    )
    fields.finish()
    return group


def _measured(fields: _Row) -> Measured:
    role = fields.take("role", str)
    if role not in ROLES:
        fields.refuse("role", f"one of {', '.join(ROLES)}", role)
    result = TestResult(
        role=role,
        index=fields.take("index", int),
        verdict=fields.member("verdict", Verdict),
        category=fields.take("category", str, optional=True),
        stdout=fields.take("stdout", str),
        stderr=fields.take("stderr", str),
    )
    measured = Measured(result, fields.take("cpu_seconds", float), fields.take("peak_bytes", int))
    fields.finish()
    return measured


class _Row:
    """A JSON object whose fields are taken out one by one, each with its type."""

    def __init__(self, value: object, where: str, path: str) -> None:
        self._where, self._path = where, path
        if not isinstance(value, dict):
            self.refuse("", "an object", value)
        self._left: dict[str, Any] = dict(value)

    def take(self, name: str, kind: type, optional: bool = False) -> Any:
        value = self._left.pop(name, NOTHING)
        if value is None and optional:
            return None
        if kind is float and type(value) in (int, float) and abs(value) <= _MOST:
            return float(value)
        if type(value) is not kind or kind is float:
            self.refuse(name, _WORDS[kind] + (" or null" if optional else ""), value)
        return value

    def member(self, name: str, kind: type[_E]) -> _E:
        value = self.take(name, str)
        try:
            return kind(value)
        except ValueError:
            self.refuse(name, "one of " + ", ".join(str(member.value) for member in kind), value)

    def row(self, name: str) -> _Row:
        return _Row(self.take(name, dict), self._where, f"{self._path}{name}.")

    def rows(self, name: str) -> list[_Row]:
        items = self.take(name, list)
        return [_Row(item, self._where, f"{self._path}{name}[{i}].") for i, item in enumerate(items)]

    def finish(self) -> None:
        for name, value in self._left.items():
            self.refuse(name, "no such field", value)

    def refuse(self, name: str, expected: str, value: object) -> NoReturn:
        got = "nothing" if value is NOTHING else _shown(value)
        field = (self._path + name).rstrip(".")
        named = f"field {field!r}: " if field else ""
        raise DataError(
            f"{self._where}: {named}expected {expected}, got {got}; was this file written by write_episodes?"
        )
