"""Compressed files of a run's episodes: two Parquet files a shard, one row an episode and one row a turn.

A shard holds everything: ``rows_of`` gives back the rows of the JSON lines that it was made from. Needs pyarrow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rlef_env.errors import DataError, UsageError
from rlef_env.files import written_whole
from rlef_env.problems.parsing.fields import parse_row
from rlef_env.runs.facts import EpisodeFacts, ProblemFacts, TurnFacts
from rlef_env.runs.folder import whole_lines
from rlef_env.runs.record import EpisodeKey, EpisodeRecord, facts_of, record_from_row, record_to_row

__all__ = [
    "EPISODE_COLUMNS",
    "TURN_COLUMNS",
    "episode_number",
    "facts_of_shard",
    "rows_of",
    "seal",
    "tables_of",
    "turns_file",
]

EPISODE_COLUMNS: Final[Mapping[str, str]] = {
    "episode": "int64",
    "problem_id": "string",
    "dataset": "string",
    "sample": "int32",
    "phase": "string",
    "evaluation": "string",
    "step": "int64",
    "attempt": "int32",
    "has_verdict": "bool",
    "solved": "bool",
    "solved_at": "int32",
    "turns": "int32",
    "max_turns": "int32",
    "verdict": "string",
    "category": "string",
    "reward": "float64",
    "tokens": "int64",
    "cpu_seconds": "float64",
    "seconds": "float64",
    "terminated": "bool",
    "truncated": "bool",
    "prompt": "string",
    "settings": "string",
    "exact": "string",
}
"""Columns of the table ``episodes`` and their types. ``exact`` is the row as JSON if a column cannot hold its text."""

TURN_COLUMNS: Final[Mapping[str, str]] = {
    "episode": "int64",
    "problem_id": "string",
    "sample": "int32",
    "phase": "string",
    "evaluation": "string",
    "step": "int64",
    "attempt": "int32",
    "turn": "int32",
    "verdict": "string",
    "category": "string",
    "judge_category": "string",
    "reward": "float64",
    "passed_public": "bool",
    "tests": "int32",
    "tests_passed": "int32",
    "tests_total": "int32",
    "executions": "int64",
    "cpu_seconds": "float64",
    "seconds": "float64",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "tokens": "int64",
    "program_hash": "string",
    "program": "string",
    "response": "string",
    "feedback": "string",
    "judgement": "string",
    "extra": "string",
}
"""Columns of the table ``turns`` and their types."""

NEEDS_PYARROW: Final = 'expected pyarrow to be installed, which reads Parquet; pip install "rlef-env[analysis]"'


def seal(lines: Path) -> Path:
    """Write the shard of a finished file of JSON lines beside it, then delete that file.

    The file of episodes appears last: a shard without it was cut by a crash, and the JSON lines still count.

    Returns:
        The file of episodes.

    Raises:
        UsageError: pyarrow is not installed.
        OSError: a file cannot be written; the JSON lines are still there.
        DataError: a line is damaged.
    """
    try:
        from pyarrow import parquet
    except ImportError:
        raise UsageError(f"{lines}: {NEEDS_PYARROW}") from None
    records = (
        record_from_row(parse_row(line, f"{lines}:{number}"), f"{lines}:{number}")
        for number, line in enumerate(whole_lines(lines), start=1)
    )
    episodes, turns = tables_of(records)
    target = lines.with_suffix(".parquet")
    for table, path in ((turns, turns_file(target)), (episodes, target)):
        with written_whole(path) as file:
            parquet.write_table(table, file, compression="zstd", row_group_size=16_384)
    lines.unlink()
    return target


def turns_file(episodes: Path) -> Path:
    """Return the file of turns that belongs to a file of episodes."""
    return episodes.with_suffix(".turns.parquet")


def tables_of(records: Iterable[EpisodeRecord]) -> tuple[Any, Any]:
    """Return the Arrow tables ``episodes`` and ``turns`` of records."""
    import pyarrow

    episodes: dict[str, list[Any]] = {name: [] for name in EPISODE_COLUMNS}
    turns: dict[str, list[Any]] = {name: [] for name in TURN_COLUMNS}
    for record in records:
        row, rows = _columns(record)
        for name, values in episodes.items():
            values.append(row[name])
        for each in rows:
            for name, values in turns.items():
                values.append(each[name])
    tables = []
    for columns, types in ((episodes, EPISODE_COLUMNS), (turns, TURN_COLUMNS)):
        schema = pyarrow.schema([(name, kind) for name, kind in types.items()])
        tables.append(pyarrow.table(columns, schema=schema))
    return tables[0], tables[1]


def rows_of(episodes: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a shard as ``record_from_row`` reads them, in their order.

    Raises:
        UsageError: pyarrow is not installed.
        DataError: a file of the shard is missing, cut or foreign.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise UsageError(f"{episodes}: {NEEDS_PYARROW}") from None
    try:
        turns = _turn_rows(parquet.ParquetFile(turns_file(episodes)))
        for batch in parquet.ParquetFile(episodes).iter_batches(batch_size=512):
            for row in batch.to_pylist():
                own = [next(turns) for _ in range(row["turns"])]
                yield json.loads(row["exact"]) if row["exact"] else _row(row, own)
    except (ArrowException, OSError, KeyError, StopIteration, RuntimeError, ValueError) as error:
        raise _unreadable(episodes, error) from None


def facts_of_shard(episodes: Path, problem: Callable[[str], ProblemFacts]) -> list[tuple[EpisodeFacts, int]]:
    """Return what analyses count of the episodes of a shard, and the attempt of each, without reading texts.

    Args:
        episodes: file of episodes.
        problem: returns the facts about a problem.

    Raises:
        UsageError: pyarrow is not installed.
        DataError: a file of the shard is missing, cut or foreign.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise UsageError(f"{episodes}: {NEEDS_PYARROW}") from None
    try:
        turns = parquet.read_table(turns_file(episodes), columns=list(_FACTS_OF_TURNS)).to_pydict()
        table = parquet.read_table(episodes, columns=[*_FACTS_OF_EPISODES, "exact"])
        rows = table.to_pydict()
    except (ArrowException, OSError, KeyError, RuntimeError, ValueError) as error:
        raise _unreadable(episodes, error) from None
    if table["exact"].null_count < len(table):  # some columns do not have the exact text
        records = map(record_from_row, rows_of(episodes))
        return [(facts_of(each, problem(each.episode.problem_id)), each.attempt) for each in records]
    every = [TurnFacts(*values) for values in zip(*(turns[name] for name in _FACTS_OF_TURNS), strict=True)]
    found, first = [], 0
    for name, sample, phase, evaluation, step, most, solved_at, known, count, seconds, attempt in zip(
        *(rows[name] for name in _FACTS_OF_EPISODES), strict=True
    ):
        own = tuple(every[first : first + count])
        first += count
        facts = EpisodeFacts(problem(name), sample, phase, evaluation, step, most, solved_at or 0, known, own, seconds)
        found.append((facts, attempt))
    return found


_FACTS_OF_EPISODES: Final = (
    "problem_id", "sample", "phase", "evaluation", "step", "max_turns", "solved_at", "has_verdict", "turns", "seconds",
    "attempt",
)  # fmt: skip
_FACTS_OF_TURNS: Final = (
    "turn", "verdict", "category", "reward", "passed_public", "program_hash", "cpu_seconds", "prompt_tokens",
    "completion_tokens", "seconds", "executions",
)  # fmt: skip
"""Columns in the order of the fields of ``TurnFacts``."""


def _unreadable(episodes: Path, error: Exception) -> DataError:
    first = str(error).split("\n", 1)[0]
    return DataError(
        f"{episodes}: expected a shard of a run, with its file of turns, got: {first}; check that nothing was cut"
    )


def _turn_rows(file: Any) -> Iterator[dict[str, Any]]:
    for batch in file.iter_batches(batch_size=512):
        yield from batch.to_pylist()


def episode_number(key: EpisodeKey) -> int:
    """Return the number that names an episode in tables and links: 63 bits of a hash of its key."""
    text = json.dumps(list(key)).encode("ascii")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1


def _columns(record: EpisodeRecord) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the row of an episode and those of its turns."""
    facts, row, episode = facts_of(record), record_to_row(record), record.episode
    number, last = episode_number(record.key), facts.turns[-1] if facts.turns else None
    place = {
        "episode": number,
        "problem_id": episode.problem_id,
        "sample": record.sample,
        "phase": record.phase,
        "evaluation": record.evaluation,
        "step": record.step,
        "attempt": record.attempt,
    }
    of_episode = {
        **place,
        "dataset": episode.dataset,
        "has_verdict": facts.has_verdict,
        "solved": facts.solved,
        "solved_at": facts.solved_at or None,
        "turns": len(facts.turns),
        "max_turns": facts.max_turns,
        "verdict": last and last.verdict,
        "category": last and last.category,
        "reward": sum(turn.reward for turn in facts.turns),
        "tokens": _sum(turn.completion_tokens for turn in facts.turns),
        "cpu_seconds": sum(turn.cpu_seconds for turn in facts.turns),
        "seconds": record.seconds,
        "terminated": episode.terminated,
        "truncated": episode.truncated,
        "prompt": episode.prompt,
        "settings": json.dumps(row["episode"]["settings"]),
        "exact": None,
    }
    extras = row["turns"] or [None] * len(facts.turns)
    of_turns = [
        {
            **place,
            "turn": turn.turn,
            "verdict": turn.verdict,
            "category": turn.category,
            "judge_category": stored["judgement"]["category"],
            "reward": turn.reward,
            "passed_public": turn.passed_public,
            "tests": len(stored["judgement"]["results"]),
            "tests_passed": sum(each["verdict"] == "accepted" for each in stored["judgement"]["results"]),
            "tests_total": stored["judgement"]["total"],
            "executions": turn.executions,
            "cpu_seconds": turn.cpu_seconds,
            "seconds": turn.seconds,
            "prompt_tokens": turn.prompt_tokens,
            "completion_tokens": turn.completion_tokens,
            "tokens": turn.completion_tokens,
            "program_hash": turn.program,
            "program": stored["program"],
            "response": stored["response"],
            "feedback": stored["feedback"],
            "judgement": json.dumps(stored["judgement"]),
            "extra": extra and json.dumps(extra),
        }
        for turn, stored, extra in zip(facts.turns, row["episode"]["turns"], extras, strict=True)
    ]
    # Arrow's text is UTF-8, which cannot hold lone surrogates.
    if sum(map(_replace_surrogates, (of_episode, *of_turns))):
        of_episode["exact"] = json.dumps(row)
    return of_episode, of_turns


def _replace_surrogates(row: dict[str, Any]) -> bool:
    """Make all texts of a row valid; return whether one was not."""
    replaced = False
    for name, value in row.items():
        if isinstance(value, str):
            row[name] = valid_text(value)
            replaced |= row[name] != value
    return replaced


def valid_text(text: str) -> str:
    """Return a text that UTF-8 can hold: each lone surrogate becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _row(episode: Mapping[str, Any], turns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the row that ``record_to_row`` made."""
    extras = [json.loads(turn["extra"]) for turn in turns if turn["extra"]]
    return {
        **{name: episode[name] for name in ("phase", "evaluation", "step", "sample", "attempt", "seconds")},
        "turns": extras,
        "episode": {
            "problem_id": episode["problem_id"],
            "dataset": episode["dataset"],
            "prompt": episode["prompt"],
            "turns": [
                {
                    "response": turn["response"],
                    "program": turn["program"],
                    "judgement": json.loads(turn["judgement"]),
                    "feedback": turn["feedback"],
                    "reward": turn["reward"],
                }
                for turn in turns
            ],
            "terminated": episode["terminated"],
            "truncated": episode["truncated"],
            "settings": json.loads(episode["settings"]),
        },
    }


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
