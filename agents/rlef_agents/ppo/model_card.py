"""Model card of a policy: ``README.md`` with the header that the Hugging Face hub reads, ready for ``hf upload``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import load_config, toml
from rlef_agents.ppo.problems import is_downloaded
from rlef_agents.ppo.sinks import read_metrics

__all__ = ["card_of", "model_card"]

MEANING: Final = (
    "Solve rate: share of solved episodes, averaged over problems, with its 95 % interval over problems. Programs were "
    "judged in rlef-env's sandbox."
)
COMMAND: Final = (
    "Settings that differ from the defaults of rlef-agents. With them in `settings.toml`, the command was `rlef-agents "
    "train settings.toml`:"
)

NOT_OF_THE_POLICY: Final = frozenset({"out", "device", "servers", "judge", "judge_address", "save_every", "keep"})
"""Settings that say nothing about the policy, or something about the machine of the run."""


def card_of(policy: Path, merged: bool = True) -> str:
    """Return the card of a policy in a run's folder; empty where the folder is of no run.

    Args:
        policy: folder of the policy: ``RUN/best``, or ``policy`` of a checkpoint.
        merged: adapters are merged into the model.
    """
    run = next((each for each in policy.resolve().parents if (each / "run.json").is_file()), None)
    if run is None or not (run / "config.toml").is_file():
        return ""
    config, rows = load_config(run / "config.toml"), read_metrics(run / "metrics.jsonl")
    if policy.name != "best":
        return model_card(config, rows, int(policy.parent.name.removeprefix("update-")), merged)
    rates = [(row["solve_rate"], -row["update"]) for row in evaluations(rows, config.best_by) if "solve_rate" in row]
    return model_card(config, rows, -max(rates)[1] if rates else 0, merged)


def model_card(config: TrainConfig, rows: Sequence[Mapping[str, Any]], update: int, merged: bool = True) -> str:
    """Return the text of a model card.

    Args:
        config: settings of the run.
        rows: rows of the run's ``metrics.jsonl``.
        update: number of updates of the policy.
        merged: the folder has a whole model; else adapters only.
    """
    start = f"`{config.model}`" if config.model else "a small model that the program made"
    trained = (
        f"{start}, trained on execution feedback (RLEF, arXiv 2410.02089) with rlef-agents {version('rlef-agents')}: "
        f"{update} updates, {update * config.episodes:,} episodes; problems of `{config.dataset}`, {config.turns} "
        f"turns, feedback `{config.feedback}`."
    )
    settings = [f"{name} = {toml(value)}" for name, value in changed(config).items()]
    title = f"# {Path(config.out).name}"
    table = evaluation_table(config, rows, update)
    toml_block = ["```toml", *settings, "```"]
    parts = [header(config, merged), [title], [trained], prompt_notes(config), ["## Evaluation"], table, [MEANING]]
    parts += [["## Training"], [COMMAND], toml_block]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def header(config: TrainConfig, merged: bool) -> list[str]:
    """Return the lines of the header in YAML; JSON strings are YAML, too."""
    is_adapter = bool(config.lora_rank) and not merged
    lines = ["---", f"library_name: {'peft' if is_adapter else 'transformers'}", "pipeline_tag: text-generation"]
    if config.model and not Path(config.model).exists():
        lines.append(f"base_model: {json.dumps(config.model)}")
    if is_downloaded(config.dataset):
        lines += ["datasets:", f"- {json.dumps(config.dataset)}"]
    return [*lines, "tags:", *(f"- {tag}" for tag in ("code", "reinforcement-learning", "rlef")), "---"]


def prompt_notes(config: TrainConfig) -> list[str]:
    """Return what a user of the model must do to prompt it as in training."""
    notes = []
    if config.system:
        notes.append(
            f"Every conversation began with the system message {json.dumps(config.system, ensure_ascii=False)}."
        )
    if config.few_shot:
        notes.append(f"Every conversation began with {len(config.few_shot)} examples (below, `few_shot`).")
    if config.prefill:
        notes.append(f"Every response began with {quoted(config.prefill)}, which was given.")
    return notes


def quoted(text: str) -> str:
    """Return a text in quotes, on one line."""
    return json.dumps(text, ensure_ascii=False)


def evaluation_table(config: TrainConfig, rows: Sequence[Mapping[str, Any]], update: int) -> list[str]:
    """Return a table of the evaluations of the start and of the policy, for each set."""
    lines = []
    for name, settings in config.evaluation_configs().items():
        by_update = {row["update"]: row for row in evaluations(rows, name)}
        for step in sorted({0, update} & by_update.keys()):
            row = by_update[step]
            lines.append(
                f"| {name or settings.evaluate_split or 'validation'} | {step} | {share(row, 'solve_rate')} | "
                f"{share(row, 'solved_at_1')} | {settings.turns} | {settings.feedback} | "
                f"{settings.evaluate_temperature:g}, {settings.evaluate_top_p:g} | {row.get('episodes', 0):.0f} |"
            )
    if not lines:
        return [f"It was not evaluated after {update} updates."]
    return [
        "| set | updates | solve rate | first response | turns | feedback | temperature, top-p | episodes |",
        "|---|---|---|---|---|---|---|---|",
        *lines,
    ]


def evaluations(rows: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """Return the rows of an evaluation set."""
    return [row for row in rows if row["kind"] == "evaluate" and row.get("evaluation", "") == name]


def share(row: Mapping[str, Any], name: str) -> str:
    """Return a rate with its interval."""
    if name not in row:
        return "unknown"
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    return f"{row[name]:.3f}" + (f" ({low:.3f} to {high:.3f})" if low is not None and high is not None else "")


def changed(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that differ from the defaults, and say something about the policy."""
    default, found = TrainConfig(), dict[str, Any]()
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name not in NOT_OF_THE_POLICY and value not in (None, getattr(default, field.name)):
            found[field.name] = value
    return found
