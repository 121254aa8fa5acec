"""A database of transcripts for Inspect Scout: Parquet files with its columns, one row an episode."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rlef_env.analysis.exports.source import Source, missing_package, outcome, turn_rows
from rlef_env.files import written_whole
from rlef_env.runs import EpisodeRecord

__all__ = ["COLUMNS", "transcripts", "write_transcripts"]

ROWS_OF_A_FILE: Final = 10_000

COLUMNS: Final = {
    "transcript_id": "string",
    "source_type": "string",
    "source_id": "string",
    "source_uri": "string",
    "date": "string",
    "task_set": "string",
    "task_id": "string",
    "task_repeat": "int64",
    "agent": "string",
    "agent_args": "string",
    "model": "string",
    "model_options": "string",
    "score": "string",
    "score_explanation": "string",
    "success": "bool",
    "message_count": "int64",
    "total_time": "float64",
    "total_tokens": "int64",
    "error": "string",
    "messages": "string",
    # from here on ours: Scout shows other columns as metadata
    "phase": "string",
    "step": "int64",
    "outcome": "string",
    "solved_at": "int64",
    "verdict": "string",
    "category": "string",
    "turns": "string",
}
"""Column -> its Arrow type. Lists and objects are JSON texts, as Scout stores them."""


def write_transcripts(source: Source, out: Path) -> list[str]:
    """Write the transcripts.

    Raises:
        UsageError: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise missing_package("scout", "pyarrow") from None
    schema = pyarrow.schema([(name, pyarrow.type_for_alias(kind)) for name, kind in COLUMNS.items()])
    rows = transcripts(source)
    written: list[str] = []
    for number in itertools.count():
        part = list(itertools.islice(rows, ROWS_OF_A_FILE))
        if not part and number:
            return written
        path = out / f"transcripts-{number:05d}.parquet"
        with written_whole(path) as file:
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(part, schema=schema), file, compression="zstd")
        written.append(f"{path.name}: {len(part)} transcripts")
    raise AssertionError


def transcripts(source: Source) -> Iterator[dict[str, Any]]:
    """Yield a row for each episode, with the keys of ``COLUMNS``."""
    agent = dict(source.run.identity.agent)
    for record in source.records():
        episode, rows = record.episode, turn_rows(record)
        last = rows[-1] if rows else {}
        tokens = sum((row["prompt_tokens"] or 0) + (row["completion_tokens"] or 0) for row in rows)
        messages = episode.messages
        yield {
            "transcript_id": source.id_of(record),
            "source_type": "rlef",
            "source_id": source.run.identity.digest,
            "source_uri": str(source.run.path),
            "date": source.run.created,
            "task_set": "/".join(part for part in (episode.dataset, record.evaluation) if part),
            "task_id": episode.problem_id,
            "task_repeat": record.sample + 1,  # Scout counts as inspect's epochs, from 1
            "agent": source.agent,
            "agent_args": json.dumps(agent),
            "model": source.agent,
            "model_options": json.dumps({}),
            "score": json.dumps(int(episode.solved)) if record.has_verdict else None,
            "score_explanation": _explanation(rows),
            "success": episode.solved if record.has_verdict else None,
            "message_count": len(messages),
            "total_time": record.seconds,
            "total_tokens": tokens,
            "error": None if record.has_verdict else _error(record),
            "messages": json.dumps([{**each, "id": f"m{number}"} for number, each in enumerate(messages)]),
            "phase": record.phase,
            "step": record.step,
            "outcome": outcome(record),
            "solved_at": episode.solved_at,
            "verdict": last.get("verdict"),
            "category": last.get("category"),
            "turns": json.dumps(rows),
        }


def _explanation(rows: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"turn {row['turn']}: {row['verdict']}, {row['passed']} of {row['total']} tests passed" for row in rows
    )


def _error(record: EpisodeRecord) -> str:
    why = record.episode.turns[-1].judgement.category if record.episode.turns else None
    return f"no verdict: the judge failed ({why or 'no reason given'})"
