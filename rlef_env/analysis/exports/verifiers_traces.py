"""``traces.jsonl`` of verifiers 0.4 (trace version 1), which prime-rl's tools read: one episode a line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rlef_env.analysis.exports.source import Source, outcome, turn_rows, write_lines
from rlef_env.files import written_whole
from rlef_env.runs import EpisodeRecord

__all__ = ["trace_episodes", "write_traces"]

TRACE_VERSION: Final = 1
PACKAGE_VERSION: Final = "0.4.0"
"""Version of verifiers whose format is written."""


def write_traces(source: Source, out: Path) -> list[str]:
    """Write ``traces.jsonl``, and the run's own description beside it."""
    count = write_lines(out / "traces.jsonl", trace_episodes(source))
    with written_whole(out / "run.json") as file:
        file.write((source.run.path / "run.json").read_bytes())
    return [f"traces.jsonl: {count} episodes"]


def trace_episodes(source: Source) -> Iterator[dict[str, Any]]:
    """Yield a row for each episode."""
    numbers: dict[str, int] = {}
    for record in source.records():
        number = numbers.setdefault(record.episode.problem_id, len(numbers))
        yield _episode(source, record, number)


def _episode(source: Source, record: EpisodeRecord, number: int) -> dict[str, Any]:
    episode, episode_id = record.episode, source.id_of(record)
    task = {
        "type": "RLEFTask",
        "data": {"idx": number, "id": episode.problem_id, "name": episode.problem_id, "prompt": episode.prompt},
        "key": episode.problem_id,
    }
    errors = [] if record.has_verdict else [_error(record)]
    run: dict[str, Any] = {"id": source.run.identity.digest, "name": source.agent, "type": "eval"}
    if record.step is not None:
        kind = "train" if record.phase == "train" else "eval"
        run |= {"type": "train", "work": {"type": kind, "step": record.step}}
    return {
        "id": episode_id,
        "env": {"id": "rlef", "name": episode.dataset},
        "task": task,
        "group": {"id": f"{episode.problem_id}@{record.step}" if record.step is not None else episode.problem_id},
        "run": run,
        "ok": record.has_verdict,
        "errors": errors,
        "traces": [_trace(source, record, episode_id, task, errors)],
    }


def _trace(
    source: Source, record: EpisodeRecord, episode_id: str, task: dict[str, Any], errors: list[dict[str, Any]]
) -> dict[str, Any]:
    episode, extras = record.episode, record.extras()
    began = datetime.fromisoformat(source.run.created).timestamp() if source.run.created else 0.0
    nodes = [
        {
            "parent": number - 1 if number else None,
            "message": message,
            "sampled": message["role"] == "assistant",
            "timestamp": began,
        }
        for number, message in enumerate(episode.messages)
    ]
    sampled = [number for number, node in enumerate(nodes) if node["sampled"]]
    scored = record.has_verdict
    return {
        "version": TRACE_VERSION,
        "id": f"{episode_id}-0",
        "verifiers": {"version": PACKAGE_VERSION},
        "task": task,
        "agent": {"config": {"model": source.agent, "max_turns": _max_turns(record)}, "name": "agent"},
        "nodes": nodes,
        "calls": [
            {
                "node": node,
                "model": source.agent,
                "usage": {
                    "prompt_tokens": extra.prompt_tokens or 0,
                    "completion_tokens": extra.completion_tokens or 0,
                },
                "time": {"start": began, "end": began + extra.seconds},
            }
            for node, extra in zip(sampled, extras, strict=True)
        ],
        # None: scoring did not run.
        "rewards": {"episode": {"score": sum(turn.reward for turn in episode.turns)} if scored else None},
        "metrics": {
            "solved": float(episode.solved) if scored else None,
            "solved_at": float(episode.solved_at) if episode.solved_at else None,
            "turns": float(len(episode.turns)),
        },
        "info": {
            "outcome": outcome(record),
            "sample": record.sample,
            "turns": turn_rows(record),
        },
        "is_completed": True,
        "ok": scored,
        "stop_condition": "solved" if episode.solved else "max_turns" if episode.terminated else "error",
        "errors": errors,
        "timing": {"start": began},
    }


def _max_turns(record: EpisodeRecord) -> int | None:
    turns = record.episode.settings.get("max_turns")
    return turns if isinstance(turns, int) else None


def _error(record: EpisodeRecord) -> dict[str, Any]:
    why = record.episode.turns[-1].judgement.category if record.episode.turns else None
    return {"type": "SandboxError", "message": f"no verdict: the judge failed ({why or 'no reason given'})"}
