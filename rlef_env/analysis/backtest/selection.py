"""Episodes and problems that a SELECT statement names, as problem lists, conversations and preference pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from rlef_env.analysis.backtest.problem_set import SetEntry
from rlef_env.errors import UsageError
from rlef_env.judge.judgement import UNDECIDED
from rlef_env.runs import EpisodeRecord, RunFolder, query, read_records
from rlef_env.runs.shards import episode_number

__all__ = ["Selection", "conversations", "preference_pairs", "selected", "selected_records", "set_entries"]


@dataclass(frozen=True)
class Selection:
    """Episodes or problems of a run.

    Attributes:
        run: the run.
        episodes: numbers of the episodes, in order; None if problems are selected.
        problem_ids: ids of the problems, in order; those of the episodes if these are selected.
    """

    run: RunFolder
    episodes: tuple[int, ...] | None
    problem_ids: tuple[str, ...]


def selected(run: RunFolder, sql: str) -> Selection:
    """Return what a SELECT statement names: by its column ``episode``, or else by its column ``problem_id``.

    Raises:
        UsageError: it is not one SELECT statement, has neither column, or returns no row.
        DataError: the run cannot be read.
    """
    result = query(run, sql)
    name = next((name for name in ("episode", "problem_id") if name in result.columns), None)
    if name is None:
        raise UsageError(
            f"SQL: expected a SELECT with a column episode or problem_id, got {', '.join(result.columns)}; select one"
        )
    place = result.columns.index(name)
    values = tuple(dict.fromkeys(row[place] for row in result.rows if row[place] is not None))
    if not values:
        raise UsageError("SQL: expected rows, got none; try the same statement with rlef query")
    if name == "problem_id":
        return Selection(run, None, values)
    if not all(type(value) is int for value in values):
        raise UsageError(f"SQL: expected numbers in the column episode, got {values[0]!r}; select episode itself")
    rows = query(
        run, "SELECT episode, problem_id FROM episodes WHERE episode IN (SELECT unnest(?))", [list(values)]
    ).rows
    problems = dict(rows)
    return Selection(run, values, tuple(dict.fromkeys(problems[each] for each in values if each in problems)))


def selected_records(selection: Selection) -> Iterator[EpisodeRecord]:
    """Yield the selected episodes; all episodes of the selected problems if problems are selected."""
    numbers, problems = frozenset(selection.episodes or ()), frozenset(selection.problem_ids)
    for record in read_records(selection.run):
        if record.episode.problem_id in problems and (not numbers or episode_number(record.key) in numbers):
            yield record


def set_entries(selection: Selection, origin: Callable[[str], tuple[str, str]], why: str = "") -> list[SetEntry]:
    """Return the selected problems as lines of a problem set, in the version that the run played.

    Args:
        selection: the problems.
        origin: returns the names of the data set and the split of a problem.
        why: why they are in the set.
    """
    known = selection.run.problem_facts()
    today = datetime.now(timezone.utc).date().isoformat()
    return [
        SetEntry(
            origin(problem_id)[0],
            problem_id,
            origin(problem_id)[1],
            digest=known[problem_id].digest if problem_id in known else "",
            why=why,
            run=str(selection.run.path),
            added=today,
        )
        for problem_id in selection.problem_ids
    ]


def conversations(records: Iterable[EpisodeRecord], solved_only: bool = True) -> Iterator[dict[str, Any]]:
    """Yield episodes as rows for supervised fine-tuning: ``messages``, and where they come from.

    A conversation ends with the last response.

    Args:
        records: the episodes.
        solved_only: leave out episodes that were not solved.
    """
    for record in records:
        episode = record.episode
        if episode.turns and (episode.solved or not solved_only):
            yield {
                "messages": episode.messages[: 2 * len(episode.turns)],
                "problem_id": episode.problem_id,
                "episode": episode_number(record.key),
                "solved": episode.solved,
            }


@dataclass
class _Responses:
    """Different responses to the same messages.

    Attributes:
        messages: the chat before them.
        right: responses whose programs passed all tests.
        wrong: responses whose programs failed a test, or that hold none.
    """

    messages: Sequence[dict[str, str]]
    right: dict[str, None] = field(default_factory=dict)
    wrong: dict[str, None] = field(default_factory=dict)


def preference_pairs(records: Iterable[EpisodeRecord]) -> Iterator[dict[str, Any]]:
    """Yield pairs of a right and a wrong response to the same messages, as rows for preference learning.

    A row has ``prompt`` (the messages), ``chosen`` and ``rejected`` (a list with one message each). Each response is in
    one pair at most. Responses without a verdict are left out, and those that were right once and wrong once.

    Args:
        records: the episodes.
    """
    found: dict[tuple[str, ...], _Responses] = {}
    for record in records:
        episode = record.episode
        messages = episode.messages
        for number, turn in enumerate(episode.turns):
            before = messages[: 2 * number + 1]
            right = episode.solved and number == len(episode.turns) - 1
            if right or turn.judgement.verdict not in UNDECIDED:
                context = (episode.problem_id, *(message["content"] for message in before))
                responses = found.setdefault(context, _Responses(before))
                (responses.right if right else responses.wrong)[turn.response] = None
    for context, responses in found.items():
        always_right = [each for each in responses.right if each not in responses.wrong]
        always_wrong = [each for each in responses.wrong if each not in responses.right]
        for chosen, rejected in zip(always_right, always_wrong, strict=False):
            yield {
                "prompt": list(responses.messages),
                "chosen": [{"role": "assistant", "content": chosen}],
                "rejected": [{"role": "assistant", "content": rejected}],
                "problem_id": context[0],
                "turn": len(responses.messages) // 2 + 1,
            }
