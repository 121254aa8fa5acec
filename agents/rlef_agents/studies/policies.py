"""Policies of studies: a start, trained by reinforcement learning or expert iteration. Equal policies are made once."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rlef_agents.hf_agent import HFAgent
from rlef_agents.ppo.chat_template import Renderer, model_stops
from rlef_agents.ppo.checkpoint import policy_weights, save_policy
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.loading import read_model
from rlef_agents.ppo.sft import Chat
from rlef_agents.ppo.sft_config import SftConfig
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.studies.expert_iteration import expert_iteration
from rlef_agents.studies.start import PLAYED_AT_ONCE, make_start, played
from rlef_agents.studies.study import Arm, Study
from rlef_agents.studies.version import code_version
from rlef_env.agents import NamedAgent
from rlef_env.errors import RLEFError
from rlef_env.judge import BaseJudgePool

__all__ = [
    "VERDICTS",
    "config_of",
    "cpu_seconds",
    "make_policy",
    "named_agent",
    "policy_folder",
    "policy_name",
    "write_json",
]

TRAIN: Final[dict[str, Any]] = {
    "critic": "shared", "episodes": 384, "minibatches": 8, "updates": 40, "aggregate": "turn", "lr": 3e-4,
    "lr_final": 1e-4, "adam_beta2": 0.999, "adam_eps": 1e-5, "warmup": 20, "beta": 0.05, "save_every": 10, "keep": 1,
    "evaluate_every": 0, "keep_episodes_every": 0,
}  # fmt: skip
"""Settings of training that suit a model of 0.4 million weights; a study changes some."""

VERDICTS: Final = "verdicts.sqlite"
"""Cache of verdicts that all arms share: they write the same programs for the same problems."""


def policy_folder(out: Path, study: Study, arm: Arm, seed: int) -> Path:
    """Return the folder of an arm's policy, named by a hash of everything that it is made from."""
    recipe: dict[str, Any] = {
        "task": study.task_of(arm),
        "start": dataclasses.asdict(study.start_of(arm)),
        "seed": seed,
    }
    if arm.method == "none":
        recipe["task"] = {name: recipe["task"][name] for name in ("dataset", "turns", "feedback", "context")}
        return out / "starts" / digest(recipe)
    recipe |= {"method": arm.method, "train": training_settings(study, arm)}
    if arm.method == "expert_iteration":
        recipe["rounds"] = arm.rounds
    return out / "policies" / digest(recipe)


def policy_name(out: Path, study: Study, arm: Arm, seed: int) -> str:
    """Return the name under which an arm's policy is read: a folder, or that of a pretrained model."""
    if arm.method == "none":
        start = study.start_of(arm)
        return str(policy_folder(out, study, arm, seed)) if start.is_made else start.model
    return str(policy_folder(out, study, arm, seed) / "policy")


def training_settings(study: Study, arm: Arm) -> dict[str, Any]:
    """Return the settings of an arm's training that the task does not decide."""
    return {**({} if study.start_of(arm).model else TRAIN), **study.train, **arm.train}


def digest(recipe: dict[str, Any]) -> str:
    """Return the first twelve digits of a hash."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:12]


def make_policy(study: Study, arm: Arm, seed: int, out: Path, pool: BaseJudgePool) -> dict[str, Any]:
    """Make an arm's policy, unless it exists; a run that was interrupted is continued.

    Args:
        study: the study.
        arm: the arm.
        seed: seed of all draws.
        out: folder of all studies' runs.
        pool: judges.

    Returns:
        What it cost: ``cpu_seconds``, and ``episodes`` of training; ``made_by``, the version of the code.
    """
    folder = policy_folder(out, study, arm, seed)
    cost = folder.with_name(f"{folder.name}.json")
    with locked(folder):
        if not cost.is_file():
            began = cpu_seconds()
            task = study.task_of(arm)
            if arm.method == "none":
                if study.start_of(arm).is_made:
                    make_start(study.start_of(arm), folder, task, seed, pool)
            else:
                make_policy(study, dataclasses.replace(arm, method="none"), seed, out, pool)
                began = cpu_seconds()
                train(study, arm, seed, folder, out, pool)
            config = config_of(study, arm, seed, out)
            episodes = 0 if arm.method == "none" else config.updates * config.episodes
            spent = {"cpu_seconds": cpu_seconds() - began, "episodes": episodes, "made_by": code_version()}
            write_json(cost, spent)
    found: dict[str, Any] = json.loads(cost.read_text(encoding="utf-8"))
    return found


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder: of two arms with the same policy, the second one waits."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def train(study: Study, arm: Arm, seed: int, folder: Path, out: Path, pool: BaseJudgePool) -> None:
    """Train a start; the policy is in ``folder/policy``."""
    config, writing = config_of(study, arm, seed, out), folder / "writing"
    shutil.rmtree(writing, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    if arm.method == "train":
        begun = (Path(config.out) / "run.json").exists()
        with Trainer(config, workers=1, verdicts=str(out / VERDICTS), live=False, quiet=True, resume=begun) as run:
            run.train()
            if run.learner.version < config.updates:
                raise RLEFError(f"{folder}: stopped by a signal; run the study again to continue")
            save_policy(writing, run.learner, policy_weights(run.learner), run.tokenizer)
        shutil.rmtree(Path(config.out) / "checkpoints", ignore_errors=True)
    else:
        model, tokenizer = read_model(config.model)
        share = config.updates * config.episodes // arm.rounds

        def play(policy: Any, number: int) -> list[Chat]:
            task, draw = study.task_of(arm), seed * 1000 + number
            return list(played(task, share, named_agent(policy, tokenizer, task, 1.0, draw), draw, pool, solved=True))

        cloning = SftConfig(epochs=1, batch=32, lr=study.start_of(arm).lr / 2, context=config.context, seed=seed)
        model = expert_iteration(model, Renderer(tokenizer), play, arm.rounds, cloning)
        model.save_pretrained(writing)
        tokenizer.save_pretrained(writing)
    writing.replace(folder / "policy")


def config_of(study: Study, arm: Arm, seed: int, out: Path) -> TrainConfig:
    """Return the settings of an arm's training."""
    settings = {**study.task_of(arm), **training_settings(study, arm)}
    start = policy_name(out, study, dataclasses.replace(arm, method="none"), seed)
    return TrainConfig(
        **{**settings, "model": start, "out": str(policy_folder(out, study, arm, seed) / "run"), "seed": seed}
    )


def named_agent(
    model: Any,
    tokenizer: Any,
    task: dict[str, Any],
    temperature: float,
    seed: int,
    examples: Sequence[tuple[str, str]] = (),
) -> NamedAgent:
    """Return a model in memory as an agent."""
    agent = HFAgent(
        model, tokenizer, temperature=temperature, max_new=task["max_new"], seed=seed, slots=PLAYED_AT_ONCE,
        context=task["context"], renderer=Renderer(tokenizer, stops=model_stops(model), examples=examples),
    )  # fmt: skip
    return NamedAgent("policy", agent, agent.settings)


def write_json(path: Path, value: Any) -> None:
    """Write a file at once."""
    writing = path.with_name(f".{path.name}")
    writing.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    writing.replace(path)


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that ended: judges that still run are not counted."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
