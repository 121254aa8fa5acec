"""Folders that ``datasets.load_dataset`` opens: chats of solved episodes (SFT), and preference pairs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlef_env.analysis.backtest.selection import conversations, preference_pairs
from rlef_env.analysis.exports.source import Source, write_lines
from rlef_env.files import written_whole
from rlef_env.runs import EpisodeRecord

__all__ = ["chats", "preference_rows", "write_chats", "write_preferences"]


def write_chats(source: Source, out: Path) -> list[str]:
    """Write the chats of solved episodes, in the form that supervised fine-tuning reads (``messages``)."""
    return _write(out, chats(source), "conversational", "Chats of solved episodes: the last response is right.")


def write_preferences(source: Source, out: Path) -> list[str]:
    """Write pairs of responses, in the form that preference training reads (``prompt``, ``chosen``, ``rejected``)."""
    title = "Pairs of responses to the same chat: the chosen one was accepted, the rejected one failed."
    return _write(out, preference_rows(source), "preference", title)


def chats(source: Source) -> Iterator[dict[str, Any]]:
    """Yield a row for each solved episode: its chat, and where it is from."""
    for record in source.records():
        if record.has_verdict:
            for row in conversations([record]):
                yield {"messages": row["messages"], **_origin(source, record), "solved_at": record.episode.solved_at}


def preference_rows(source: Source) -> Iterator[dict[str, Any]]:
    """Yield pairs of a right and a wrong response to exactly the same chat, and where they are from."""
    for row in preference_pairs(source.records()):
        yield {**row, "agent": source.agent}


def _origin(source: Source, record: EpisodeRecord) -> dict[str, Any]:
    return {
        "problem_id": record.episode.problem_id,
        "dataset": record.episode.dataset,
        "agent": source.agent,
        "sample": record.sample,
        "step": -1 if record.step is None else record.step,
    }


def _write(out: Path, rows: Iterator[dict[str, Any]], kind: str, title: str) -> list[str]:
    count = write_lines(out / "train.jsonl", rows)
    card = f"""\
---
configs:
- config_name: default
  data_files:
  - split: train
    path: train.jsonl
tags:
- code
- {kind}
---

{title}

Made by `rlef export` from episodes that an agent played in rlef-env. `step` is the number of updates of the policy, -1
outside of training.
"""
    with written_whole(out / "README.md") as file:
        file.write(card.encode("utf-8"))
    return [f"train.jsonl: {count} rows"]
