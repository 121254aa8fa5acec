"""One arm of a study with one seed: its policy is made and evaluated. A job that was interrupted is continued."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Literal

import torch

from rlef_agents.ppo.loading import quiet_libraries, read_model
from rlef_agents.studies.policies import (
    VERDICTS,
    cpu_seconds,
    make_policy,
    named_agent,
    policy_name,
    write_json,
)
from rlef_agents.studies.start import PLAYED_AT_ONCE, Start, conversations
from rlef_agents.studies.study import Arm, Evaluate, Study
from rlef_agents.studies.two_policies import FirstAndRepairs
from rlef_agents.studies.version import code_version
from rlef_env import load_dataset
from rlef_env.agents import NamedAgent
from rlef_env.analysis.evaluation import Evaluation
from rlef_env.analysis.metrics import parse_n_at_k
from rlef_env.judge import BaseJudgePool, CachedPool, JudgePool, VerdictCache

__all__ = ["arm_folder", "folder_name", "reading_file", "run_job"]

EVALUATION_SEED: Final = 2**20
"""Seed of all evaluations: every arm plays the same episodes."""


def arm_folder(out: Path, study: Study, arm: str, seed: int) -> Path:
    """Return the folder of an arm with one seed."""
    return out / study.name / f"{arm.replace(' ', '-').replace('/', '-')}-{seed}"


def folder_name(each: Evaluate) -> str:
    """Return the name of an evaluation's run folder."""
    return each.name.replace(" ", "-")


def reading_file(folder: Path, turn: int) -> Path:
    """Return the file about changed feedback to the wrong program of a turn, in an arm's folder."""
    return folder / f"reading-{turn}.json"


def run_job(study: Study, arm_name: str, seed: int, out: Path, only_start: bool = False) -> dict[str, Any]:
    """Make an arm's policy, and evaluate it.

    Args:
        study: the study.
        arm_name: the arm.
        seed: seed of all draws.
        out: folder of all studies' runs.
        only_start: make only the start that the arm's policy begins with.

    Returns:
        What it cost: ``cpu_seconds`` of making the policy, which another study may have spent, ``evaluation_seconds``,
        and ``episodes`` of training; ``made_by`` and ``evaluated_by``, the versions of the code.
    """
    torch.set_num_threads(1)
    quiet_libraries()
    arm = study.arm(arm_name)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        pool = stack.enter_context(JudgePool(1))
        cache = VerdictCache(path=out / VERDICTS)
        stack.callback(cache.close)
        cached = stack.enter_context(CachedPool(pool, cache))
        if only_start:
            return make_policy(study, dataclasses.replace(arm, method="none"), seed, out, cached)
        cost = make_policy(study, arm, seed, out, cached)
        for each in study.evaluations_of(arm):
            if each.repairs_by:
                make_policy(study, study.arm(each.repairs_by), seed, out, cached)
        began = cpu_seconds()
        policy = policy_name(out, study, arm, seed)
        folder = arm_folder(out, study, arm.name, seed)
        for each in study.evaluations_of(arm):
            evaluate(study, arm, each, out, cached, seed)
        if arm.name in study.reading:
            for turn in range(1, study.task_of(arm)["turns"]):
                path = reading_file(folder, turn)
                if not path.is_file():
                    write_json(path, read_changed(study, arm, policy, seed, turn, cached))
    return {**cost, "evaluated_by": code_version(), "evaluation_seconds": cpu_seconds() - began}


def evaluate(study: Study, arm: Arm, each: Evaluate, out: Path, pool: BaseJudgePool, seed: int) -> None:
    """Evaluate an arm's policy; the folder is a run folder that is continued if it exists."""
    task = study.task_of(arm)
    name, turns = each.dataset or task["dataset"], each.turns or task["turns"]
    problems = load_dataset(name, split=each.split)
    examples = worked_repairs(task, each.few_shot, pool)
    agent = policy_agent(policy_name(out, study, arm, seed), task, each.temperature, seed, examples)
    if each.repairs_by:
        other = policy_name(out, study, study.arm(each.repairs_by), seed)
        repairs = policy_agent(other, task, each.temperature, seed, examples)
        both = FirstAndRepairs(agent, repairs, {"first": agent.settings, "repairs": repairs.settings})
        agent = NamedAgent("two policies", both, both.settings)
    Evaluation(
        agent, problems, name, split=each.split, problem_ids=list(problems.ids)[: each.problems], samples=each.samples,
        turns=turns, n_at_k=tuple(parse_n_at_k(each.n_at_k, turns)), seed=EVALUATION_SEED,
        feedback=each.feedback or task["feedback"], concurrency=PLAYED_AT_ONCE,
    ).play(arm_folder(out, study, arm.name, seed) / folder_name(each), resume=True, pool=pool)  # fmt: skip


def policy_agent(
    policy: str, task: dict[str, Any], temperature: float, seed: int, examples: Sequence[tuple[str, str]]
) -> NamedAgent:
    """Read a policy, and return it as an agent."""
    model, tokenizer = read_model(policy)
    model.eval()
    return named_agent(model, tokenizer, task, temperature, seed, examples)


def worked_repairs(task: dict[str, Any], count: int, pool: BaseJudgePool) -> list[tuple[str, str]]:
    """Return the turns of training episodes in which feedback to a wrong program is followed by a right one."""
    if not count:
        return []
    recipe = Start(conversations=count, shown=0, silent=0, right=1.0, first=0.0)
    chats = conversations(recipe, {**task, "turns": 2}, 0, pool)
    return [
        (user["content"], reply["content"]) for chat in chats for user, reply in zip(chat[::2], chat[1::2], strict=True)
    ]


def read_changed(study: Study, arm: Arm, policy: str, seed: int, turn: int, pool: BaseJudgePool) -> dict[str, Any]:
    """Give a policy changed feedback to its wrong program of a turn; see ``rlef_agents.studies.reading``."""
    from rlef_agents.studies.reading import reading

    task = study.task_of(arm)
    mode: Literal["public", "first"] = "first" if task["feedback"] == "first" else "public"
    return reading(
        policy, task["dataset"], "test", study.reading_problems, seed, 1.0, task["max_new"], turn, mode, pool
    )
