"""Responses made elsewhere: read from a file, and judged as single turns.

Formats, told apart by their fields:

* ours, JSON lines: ``{"problem_id": ..., "response": TEXT}`` or ``{"problem_id": ..., "responses": [TEXT, ...]}``; a
  response is text with a program between backticks;
* evalplus, JSON lines: ``{"task_id": ..., "solution": PROGRAM}``, or ``"completion"``, which continues the prompt;
* LiveCodeBench, a JSON list: ``[{"question_id": ..., "code_list": [PROGRAM, ...]}, ...]``.

Several responses to a problem are its samples, in the order of the file.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rlef_env.agents import Conversation
from rlef_env.envs import fenced
from rlef_env.errors import DataError, UsageError, short_repr
from rlef_env.problems import Dataset, Problem
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.problems.parsing.json_text import parse_json
from rlef_env.problems.schemas.human_eval import ASKED

__all__ = ["FORMATS", "StoredResponses", "read_responses"]

FORMATS: Final = (
    '{"problem_id", "response"} or {"problem_id", "responses": [...]} a line, evalplus {"task_id", "solution"} or '
    '{"task_id", "completion"} a line, or LiveCodeBench\'s list of {"question_id", "code_list": [...]}'
)
_NAMES: Final = ("problem_id", "task_id", "question_id")
_SHOWN: Final = 3  # ids in a message


@dataclass(frozen=True)
class StoredResponses:
    """An agent that answers with responses from a file.

    Attributes:
        path: the file.
        responses: responses by problem, in the order of the file.
        settings: a hash of the file.
        unanswered: ids of the data set's problems without a response.
    """

    path: str
    responses: Mapping[str, Sequence[str]]
    settings: Mapping[str, Any]
    unanswered: tuple[str, ...] = ()

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation with the response of its problem and sample."""
        return [self.responses[each.problem_id][each.sample] for each in conversations]


def read_responses(
    path: str | Path, dataset: Dataset, problem_ids: Sequence[str], is_part: bool = False
) -> StoredResponses:
    """Read responses to problems of a data set.

    Args:
        path: the file.
        dataset: the data set.
        problem_ids: the problems that are evaluated; responses to others of the data set are left out.
        is_part: whether the data set is a part of another, such as a date window: unknown problems are left out, too.

    Raises:
        DataError: the file is in no known format.
        UsageError: it answers a problem that the data set does not have, or none of those that are evaluated.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path}: expected a file of responses, got: {error.strerror}; check the path") from None
    found: dict[str, list[str]] = defaultdict(list)
    known, unknown = set(dataset.ids), dict[str, None]()
    for row in _rows(raw, str(path)):
        problem_id = _problem_id(row)
        if problem_id in known:
            found[problem_id] += _responses(row, dataset.get(problem_id))
        else:
            unknown[problem_id] = None
    if unknown and not is_part:
        raise UsageError(
            f"{path}: expected responses to problems of the data set {dataset.label}, got responses to "
            f"{len(unknown)} that it does not have: {_few(list(unknown))}; name the data set with --data"
        )
    answered = {each: tuple(found[each]) for each in problem_ids if found.get(each)}
    if not answered:
        raise UsageError(f"{path}: expected a response to one of {len(problem_ids)} problems, got none of them")
    digest = hashlib.sha256(raw).hexdigest()[:16]
    unanswered = tuple(each for each in problem_ids if each not in answered)
    return StoredResponses(str(path), answered, {"responses": digest}, unanswered)


def _rows(raw: bytes, path: str) -> Iterator[Field]:
    if raw.lstrip()[:1] == b"[":
        try:
            rows = parse_json(raw.decode("utf-8"))
        except (UnicodeDecodeError, ValueError) as error:
            raise DataError(f"{path}: expected a JSON list of responses, got: {error}") from None
        for number, row in enumerate(rows):
            where = f"{path}: item {number}"
            if not isinstance(row, dict):
                raise DataError(f"{where}: expected an object, got {short_repr(row)}")
            yield Field(row, where)
        return
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            yield Field(parse_row(line, f"{path}:{number}"), f"{path}:{number}")


def _problem_id(row: Field) -> str:
    name = next((name for name in _NAMES if row.child(name).present), None)
    if name is None:
        fields = ", ".join(list(row.table())[:8])
        raise DataError(f"{row.where}: expected {FORMATS}; got the fields {fields}")
    value = row.child(name).value
    if not isinstance(value, (str, int)):
        raise row.child(name).error("the id of a problem", "correct it")
    return str(value)


def _responses(row: Field, problem: Problem) -> list[str]:
    if row.child("responses").present:
        return [_text(item) for item in row.child("responses").items()]
    if row.child("code_list").present:
        return [fenced(_text(item)) for item in row.child("code_list").items()]
    if row.child("response").present:
        return [_text(row.child("response"))]
    if row.child("solution").present:
        return [fenced(_text(row.child("solution")))]
    if row.child("completion").present:
        # HumanEval's completions continue its prompt; those of MBPP are whole programs.
        prompt, asked, _ = problem.statement.rpartition(f"\n\n{ASKED}")
        completion = _text(row.child("completion"))
        return [fenced(f"{prompt}\n{completion}" if asked else completion)]
    raise DataError(f"{row.where}: expected {FORMATS}; got no response")


def _text(field: Field) -> str:
    if not isinstance(field.value, str):
        raise field.error("text", "give the response as a string")
    return field.value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _few(ids: Sequence[str]) -> str:
    return ", ".join(map(short_repr, ids[:_SHOWN])) + (", ..." if len(ids) > _SHOWN else "")
