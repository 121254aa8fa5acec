"""Logs of inspect-ai, so that ``inspect view`` opens a run: one sample an episode, one log a step of training.

The values are built as plain JSON, of the fields of inspect's ``EvalLog`` (version 2); inspect's own classes check them
and write them.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlef_env.analysis.exports.source import Source, missing_package, outcome, stable_id, turn_rows
from rlef_env.runs import EpisodeRecord, ProblemFacts

__all__ = ["eval_log", "write_inspect_logs"]

_Group = tuple[str, str, "int | None"]


def write_inspect_logs(source: Source, out: Path) -> list[str]:
    """Write a log for each evaluation and step of the run.

    Raises:
        UsageError: inspect-ai is not installed.
    """
    try:
        from inspect_ai.log import EvalLog, write_eval_log
    except ImportError:
        raise missing_package("inspect", "inspect-ai") from None
    groups: dict[_Group, list[EpisodeRecord]] = defaultdict(list)
    for record in source.records():
        groups[record.phase, record.evaluation, record.step].append(record)
    written = []
    for group, records in groups.items():
        row = eval_log(source, group, records)
        stamp = row["eval"]["created"].replace(":", "-")
        path = out / f"{stamp}_{re.sub(r'[^A-Za-z0-9.]+', '-', row['eval']['task'])}_{row['eval']['task_id']}.eval"
        write_eval_log(EvalLog.model_validate(row), str(path), format="eval")
        written.append(f"{path.name}: {len(records)} samples")
    return written


def eval_log(source: Source, group: _Group, records: Sequence[EpisodeRecord]) -> dict[str, Any]:
    """Return the log of some episodes as plain JSON values of ``inspect_ai.log.EvalLog``.

    Args:
        source: the run.
        group: phase, evaluation and step that the episodes have in common.
        records: the episodes.
    """
    phase, evaluation, step = group
    problems = source.problems()
    ids = list(dict.fromkeys(record.episode.problem_id for record in records))
    epochs = max((record.sample for record in records), default=0) + 1
    run = source.run
    name = "/".join(str(part) for part in ("rlef", phase, evaluation, source.dataset) if part)
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "created": run.created,
            "task": name if step is None else f"{name}/step {step}",
            "task_id": stable_id(run.identity.digest, run.created, *group),
            "run_id": run.identity.digest,
            "eval_id": stable_id("eval", run.identity.digest, run.created, *group),
            "dataset": {"name": source.dataset, "samples": len(ids), "sample_ids": ids},
            "model": source.agent,
            "config": {"epochs": epochs},
            "packages": {str(k): str(v) for k, v in dict(run.machine.get("packages") or {}).items()},
            "metadata": {
                "agent": dict(run.identity.agent),
                "episodes": dict(run.identity.episodes),
                "problems": dict(run.identity.problems),
                "judge": dict(run.identity.judge),
                "phase": phase,
                "step": step,
            },
            "scorers": [{"name": "solved"}],
        },
        "plan": {"name": "plan", "steps": [{"solver": "rlef_episode"}]},
        "results": _results(records),
        "stats": {"started_at": run.created, "completed_at": run.created},
        "samples": [_sample(source, record, problems.get(record.episode.problem_id)) for record in records],
    }


def _sample(source: Source, record: EpisodeRecord, problem: ProblemFacts | None) -> dict[str, Any]:
    episode = record.episode
    last = episode.turns[-1] if episode.turns else None
    sample: dict[str, Any] = {
        "id": episode.problem_id,
        "epoch": record.sample + 1,  # inspect counts epochs from 1
        "input": episode.prompt,
        "target": "accepted",
        "messages": _messages(record),
        "output": {
            "model": source.agent,
            "choices": [{"message": {"role": "assistant", "content": last.response}}] if last else [],
        },
        "metadata": {"outcome": outcome(record), "turns": turn_rows(record), **_facts(problem)},
        "uuid": source.id_of(record),
        "total_time": record.seconds,
        "turn_count": len(episode.turns),
        "model_usage": {source.agent: _usage(record)},
    }
    if not record.has_verdict:
        why = (last.judgement.category if last else None) or "no reason given"
        sample["error"] = {"message": f"no verdict: the judge failed ({why})", "traceback": "", "traceback_ansi": ""}
        return sample
    sample["scores"] = {
        "solved": {
            "value": "C" if episode.solved else "I",
            "answer": last.program if last else None,
            "explanation": _explanation(record),
            "metadata": {"solved_at": episode.solved_at, "reward": sum(turn.reward for turn in episode.turns)},
        }
    }
    return sample


def _messages(record: EpisodeRecord) -> list[dict[str, Any]]:
    """Return the chat; each response has its verdict, category and reward as metadata."""
    messages: list[dict[str, Any]] = []
    turns = iter(turn_rows(record))
    for number, message in enumerate(record.episode.messages):
        each: dict[str, Any] = {**message, "id": f"m{number}"}
        if message["role"] == "assistant":
            each |= {"source": "generate", "metadata": next(turns)}
        elif number == 0:
            each["source"] = "input"
        messages.append(each)
    return messages


def _explanation(record: EpisodeRecord) -> str:
    """Return a line for each turn, and the last report, which the agent did not see."""
    lines = []
    for row in turn_rows(record):
        category = f" ({row['category']})" if row["category"] else ""
        lines.append(f"turn {row['turn']}: {row['verdict']}{category}, {row['passed']} of {row['total']} tests passed")
    last = record.episode.turns[-1].feedback if record.episode.turns else ""
    return "\n".join(lines + (["", last] if last else []))


def _usage(record: EpisodeRecord) -> dict[str, int]:
    read = sum(extra.prompt_tokens or 0 for extra in record.extras())
    wrote = sum(extra.completion_tokens or 0 for extra in record.extras())
    return {"input_tokens": read, "output_tokens": wrote, "total_tokens": read + wrote}


def _facts(problem: ProblemFacts | None) -> Mapping[str, Any]:
    if problem is None:
        return {}
    return {
        "source": problem.source,
        "difficulty": problem.difficulty,
        "published": problem.published,
        "tags": list(problem.tags),
    }


def _results(records: Sequence[EpisodeRecord]) -> dict[str, Any]:
    """Return the share of solved episodes; those without a verdict are unscored, not failed."""
    solved: dict[str, list[bool]] = defaultdict(list)
    for record in records:
        if record.has_verdict:
            solved[record.episode.problem_id].append(record.episode.solved)
    scored = sum(map(len, solved.values()))
    rates = [sum(each) / len(each) for each in solved.values()]
    metrics = {}
    if rates:
        mean = sum(rates) / len(rates)
        metrics["accuracy"] = {"name": "accuracy", "value": mean}
        if len(rates) > 1:
            variance = sum((rate - mean) ** 2 for rate in rates) / (len(rates) - 1)
            metrics["stderr"] = {"name": "stderr", "value": math.sqrt(variance / len(rates))}
    score = {
        "name": "solved",
        "scorer": "solved",
        "reducer": "mean",
        "scored_samples": scored,
        "unscored_samples": len(records) - scored,
        "metrics": metrics,
    }
    return {"total_samples": len(records), "completed_samples": scored, "scores": [score]}
