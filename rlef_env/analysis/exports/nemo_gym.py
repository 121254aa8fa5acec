"""Rollouts of NeMo Gym: the three files that ``gym eval run`` leaves, so that its profile and aggregate read a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from rlef_env.analysis.exports.source import Source, json_line, outcome, turn_rows
from rlef_env.files import written_whole
from rlef_env.runs import EpisodeRecord

__all__ = ["rollouts", "write_rollouts"]

FAILURE_KIND: Final = "judge_failed"
"""NeMo Gym's name for a verifier that failed."""


def write_rollouts(source: Source, out: Path) -> list[str]:
    """Write ``rollouts.jsonl``, ``rollouts_materialized_inputs.jsonl`` and ``rollouts_failures.jsonl``.

    Episodes without a verdict are in the last file only: a rollout must have a reward, and there is none.
    """
    counts = {"scored": 0, "masked": 0}
    names = ("rollouts", "rollouts_materialized_inputs", "rollouts_failures")
    with ExitStack() as stack:
        scored, inputs, failures = (stack.enter_context(written_whole(out / f"{name}.jsonl")) for name in names)
        for row in rollouts(source):
            masked = row["mask_sample"]
            counts["masked" if masked else "scored"] += 1
            (failures if masked else scored).write(json_line(row))
            if not masked:
                inputs.write(json_line(_input(row)))
    return [
        f"rollouts.jsonl: {counts['scored']} rollouts",
        f"rollouts_failures.jsonl: {counts['masked']} without a verdict",
    ]


def rollouts(source: Source) -> Iterator[dict[str, Any]]:
    """Yield a row for each episode; those without a verdict are masked, and have no reward.

    A response of OpenAI's form cannot hold a user's message. So ``response`` is the last response alone, and the chat
    before it, with all feedback, is the input of ``responses_create_params``.
    """
    tasks: dict[tuple[str, str, int | None, str], int] = {}
    for record in source.records():
        key = record.phase, record.evaluation, record.step, record.episode.problem_id
        yield _rollout(source, record, tasks.setdefault(key, len(tasks)))


def _rollout(source: Source, record: EpisodeRecord, task: int) -> dict[str, Any]:
    episode, rollout_id = record.episode, source.id_of(record)
    chat = episode.messages
    before, last = (chat[:-1], chat[-1:]) if chat[-1]["role"] == "assistant" else (chat, [])
    reward = {"reward": sum(turn.reward for turn in episode.turns)} if record.has_verdict else {}
    failure: dict[str, Any] = {"mask_sample": not record.has_verdict}
    if not record.has_verdict:
        why = episode.turns[-1].judgement.category if episode.turns else None
        failure |= {"failure_kind": FAILURE_KIND, "failure_reason": why or "no reason given"}
    return {
        "_ng_task_index": task,
        "_ng_rollout_index": record.sample,
        "_ng_attempt_index": record.attempt,
        "_ng_rollout_id": rollout_id,
        "agent_ref": {"type": "responses_api_agents", "name": source.agent},
        "responses_create_params": {"input": [_message(each) for each in before]},
        "response": {
            "id": f"resp_{rollout_id}",
            "object": "response",
            "created_at": 0.0,
            "model": source.agent,
            "output": [_output(rollout_id, each["content"]) for each in last],
            "parallel_tool_calls": False,
            "tool_choice": "auto",
            "tools": [],
            "usage": _usage(record),
        },
        **reward,
        **failure,
        **({"solved": float(episode.solved)} if record.has_verdict else {}),
        "outcome": outcome(record),
        "problem_id": episode.problem_id,
        "phase": record.phase,
        "step": record.step,
        "turns": turn_rows(record),
    }


def _input(row: dict[str, Any]) -> dict[str, Any]:
    """Return the task of a rollout: its input is the problem alone."""
    keys = ("_ng_task_index", "_ng_rollout_index", "agent_ref", "problem_id")
    first = row["responses_create_params"]["input"][:1]
    return {**{key: row[key] for key in keys}, "responses_create_params": {"input": first}}


def _message(message: dict[str, str]) -> dict[str, Any]:
    return {"type": "message", "role": message["role"], "content": message["content"]}


def _output(rollout_id: str, text: str) -> dict[str, Any]:
    """Return a response in the form of OpenAI's Responses."""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "id": f"msg_{rollout_id}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


def _usage(record: EpisodeRecord) -> dict[str, Any]:
    read = sum(extra.prompt_tokens or 0 for extra in record.extras())
    wrote = sum(extra.completion_tokens or 0 for extra in record.extras())
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": wrote,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + wrote,
    }
