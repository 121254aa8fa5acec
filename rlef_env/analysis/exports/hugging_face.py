"""Folders that ``datasets.load_dataset`` opens: chats of solved episodes (SFT), and preference pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlef_env.analysis.exports.source import Source, write_lines
from rlef_env.files import written_whole
from rlef_env.judge import Verdict
from rlef_env.runs import EpisodeRecord

__all__ = ["chats", "preference_pairs", "write_chats", "write_preferences"]


def write_chats(source: Source, out: Path) -> list[str]:
    """Write the chats of solved episodes, in the form that supervised fine-tuning reads (``messages``)."""
    return _write(out, chats(source), "conversational", "Chats of solved episodes: the last response is right.")


def write_preferences(source: Source, out: Path) -> list[str]:
    """Write pairs of responses, in the form that preference training reads (``prompt``, ``chosen``, ``rejected``)."""
    title = "Pairs of responses to the same chat: the chosen one was accepted, the rejected one failed."
    return _write(out, preference_pairs(source), "preference", title)


def chats(source: Source) -> Iterator[dict[str, Any]]:
    """Yield a row for each solved episode: its chat, and where it is from."""
    for record in source.records():
        if record.has_verdict and record.episode.solved:
            yield {
                "messages": record.episode.messages,
                **_origin(source, record),
                "solved_at": record.episode.solved_at,
            }


def preference_pairs(source: Source) -> Iterator[dict[str, Any]]:
    """Yield pairs of an accepted and a failed response to exactly the same chat.

    Each response is in one pair at most; of equal responses to a chat, one is used. Most pairs are first responses:
    later ones share a chat only if all responses before were the same. Responses without a verdict are in no pair, and
    neither are those that were once accepted and once not.
    """
    responses: dict[tuple[str, ...], dict[bool, dict[str, EpisodeRecord]]] = defaultdict(lambda: {True: {}, False: {}})
    for record in source.records():
        chat: list[str] = [record.episode.problem_id, record.episode.prompt]
        for turn in record.episode.turns:
            verdict = turn.judgement.verdict
            if verdict is not Verdict.NO_VERDICT:
                right = verdict is Verdict.ACCEPTED
                responses[tuple(chat)][right].setdefault(turn.response, record)
            chat += [turn.response, turn.feedback]
    for (_, *texts), by_outcome in responses.items():
        roles = ("user", "assistant")
        prompt = [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]
        accepted = [response for response in by_outcome[True] if response not in by_outcome[False]]
        failed = [response for response in by_outcome[False] if response not in by_outcome[True]]
        for chosen, rejected in zip(accepted, failed, strict=False):
            yield {
                "prompt": prompt,
                "chosen": [{"role": "assistant", "content": chosen}],
                "rejected": [{"role": "assistant", "content": rejected}],
                **_origin(source, by_outcome[True][chosen]),
                "turn": len(prompt) // 2 + 1,
            }


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
