"""Whole steps against TRL's GRPO: responses sampled and judged, and the optimiser steps on them, in CPU seconds.

Both sides are processes of their own that answer a line with what one update has cost, and take turns. They begin with
the same weights and are asked the same prompts, in single turns, with the same length limit, number of responses,
optimiser steps, float32, one thread, waiting and allocator; the same ``JudgePool`` with the same empty ``VerdictCache``
judges. Both draw at temperature 1 from all tokens. The learning rate is so small that neither leaves the start, so both
go on drawing the same lengths: where the mean lengths do not agree, or a program has no verdict, there is no figure.

TRL is compared with the settings that are cheapest for it here; what else can be set is measured against that.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Goal, measured, missing
from benchmarks.training.long_tails import DATASET, SHAPES, lengths_in_words, make_long_tailed
from rlef_agents.ppo.rollout import plan
from rlef_env import CodeVectorEnv

__all__ = ["TRL_PYTHON", "step_rows"]

TRL_PYTHON = "TRL_PYTHON"
"""Environment variable: an interpreter that has TRL and what ``rlef_env`` needs."""

GOAL = Goal(0.4, "x")
SAMPLES, PARTS, LONGEST, WORKERS = 8, 4, 256, 2
EPISODES = {"0.4 M parameters": 384, "6 M parameters": 128}
SAME_LENGTHS = 0.15
"""By this share the two sides' mean lengths may differ: few hundred draws of a long tail are not alike to the token."""

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    # Large blocks are kept and used again. By default each is given back, and the kernel clears each page of the next
    # one: a fourth of the time of padded batches.
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
}
"""Of both sides."""


def trl_settings(episodes: int, parts: int) -> dict[str, dict[str, Any]]:
    """Ways to have TRL take so many optimiser steps on so many responses; the first is what is compared with.

    The cheapest is to generate for each micro-batch: what is padded to the longest of fewer responses is narrower, and
    the weights are those that sampled, so that TRL need not score the batch before it trains.
    """
    each = {
        "per_device_train_batch_size": episodes // PARTS,
        "gradient_accumulation_steps": PARTS // parts,
        "optimiser_steps": parts,
        "steps_per_generation": 1,
    }
    return {
        "a generation for each micro-batch": each,
        "one generation for all": each | {"steps_per_generation": PARTS},
        "static cache": each | {"cache_implementation": "static"},
        "continuous batching": each | {"use_transformers_continuous_batching": True},
    }


def step_rows(rounds: int = 5) -> list[Figure]:
    """Whole steps, and rollout, judge and update apart, for two sizes and two ways to split a batch."""
    against = "whole RL step (rollout, judge, update) against TRL's GRPO, {}"
    if not (interpreter := os.environ.get(TRL_PYTHON)):
        reason = f"skipped: {TRL_PYTHON} names no interpreter that has TRL (benchmarks/README.md says how to make one)"
        return [missing("step", against.format(size), reason, GOAL) for size in SHAPES]
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SHAPES:
            start = make_long_tailed(Path(folder) / size.replace(" ", "_"), size)
            workload = Path(folder) / "workload.json"
            workload.write_text(json.dumps(workload_of(start, EPISODES[size], rounds + 2)))
            for parts in (PARTS, 1):
                figures += _compared(interpreter, workload, size, parts, rounds)
            figures += _otherwise(interpreter, workload, size)
    return figures


def workload_of(start: Path, episodes: int, updates: int, seed: int = 0) -> dict[str, Any]:
    """What both sides are given; the prompts are those that our trainer will draw."""
    prompts = []
    with closing(CodeVectorEnv(episodes, dataset=DATASET, max_turns=1, autoreset_mode="Disabled")) as env:
        for update in range(updates):
            env.reset(seed=list(plan(seed, update, episodes, SAMPLES).problems))  # type: ignore[arg-type]
            prompts += [{"text": each.prompt, "problem": each.problem_id} for each in env.episodes[::SAMPLES]]
    return {
        "dataset": DATASET, "start": str(start), "episodes": episodes, "samples": SAMPLES, "longest": LONGEST,
        "lr": 1e-7, "seed": seed, "workers": WORKERS, "prompts": prompts,
    }  # fmt: skip


def _compared(interpreter: str, workload: Path, size: str, parts: int, rounds: int) -> list[Figure]:
    name, settings = next(iter(trl_settings(EPISODES[size], parts).items()))
    reports = in_turn(workload, rounds, {
        "ours": (sys.executable, "our_steps", {"minibatches": parts}),
        "critic": (sys.executable, "our_steps", {"minibatches": parts, "critic": "separate"}),
        "trl": (interpreter, "trl_steps", settings),
    })  # fmt: skip
    ours, critic, trl = reports["ours"], reports["critic"], reports["trl"]
    lengths = {side: [length for each in reports[side] for length in each["lengths"]] for side in reports}
    refuse_unlike(lengths, reports)
    which = f"{size}, {parts} optimiser step{'s' if parts > 1 else ''}"
    note = (
        f"{EPISODES[size]} responses in groups of {SAMPLES}, at most {LONGEST} tokens, one thread; TRL: {name}, padded "
        f"batches of {EPISODES[size] // PARTS}, dynamic cache; ours: a critic on the policy's features; "
        f"{_seconds(ours, 'all')} s CPU, TRL {_seconds(trl, 'all')} s; "
        f"lengths: ours {lengths_in_words(lengths['ours'])}; TRL {lengths_in_words(lengths['trl'])}"
    )
    figures = [
        measured("step", f"whole RL step against TRL's GRPO, {which}", _ratios(ours, trl, "all"), "x", GOAL, note)
    ]
    for part in ("rollout", "judge", "update"):
        words = f"{_seconds(ours, part)} s CPU, TRL {_seconds(trl, part)} s"
        figures.append(measured("step", f"the {part} of it, {which}", _ratios(ours, trl, part), "x", note=words))
    words = f"{_seconds(critic, 'all')} s CPU: a network as large as the policy is scored and trained, too"
    figures.append(
        measured(
            "step", f"the whole with the paper's separate critic, {which}", _ratios(critic, trl, "all"), "x", note=words
        )
    )
    return figures


def _otherwise(interpreter: str, workload: Path, size: str) -> list[Figure]:
    """TRL's other settings against those that it is compared with."""
    settings = trl_settings(EPISODES[size], PARTS)
    first, *others = settings
    reports = in_turn(workload, 2, {name: (interpreter, "trl_steps", settings[name]) for name in settings})
    figure = f"TRL by itself, against {first}: {{}}, {size}"
    return [
        measured("step", figure.format(name), _ratios(reports[name], reports[first], "all"), "x") for name in others
    ]


def in_turn(
    workload: Path, rounds: int, programs: dict[str, tuple[str, str, dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """What each round has cost each program, after one that warms up.

    Args:
        workload: the file that says what to do.
        rounds: how many updates each does.
        programs: interpreter, module and settings of each, by name.

    Raises:
        RuntimeError: they do not render the first prompt alike.
    """
    with ExitStack() as stack:
        sides = {name: stack.enter_context(Side(*program, workload)) for name, program in programs.items()}
        if len({tuple(side.first_prompt) for side in sides.values()}) > 1:
            raise RuntimeError(f"prompts: expected the same tokens, got {[s.first_prompt for s in sides.values()]}")
        reports: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
        for _ in range(rounds + 1):
            for name, side in sides.items():
                reports[name].append(side.step())
        return {name: each[1:] for name, each in reports.items()}


def refuse_unlike(lengths: dict[str, list[int]], reports: dict[str, list[dict[str, Any]]]) -> None:
    """Raise where the sides did not do the same work.

    Raises:
        RuntimeError: numbers or mean lengths of responses differ, or a program has no verdict.
    """
    means = [statistics.mean(each) for each in lengths.values()]
    if len({len(each) for each in lengths.values()}) > 1 or max(means) > (1 + SAME_LENGTHS) * min(means):
        words = "; ".join(f"{name}: {lengths_in_words(each)}" for name, each in lengths.items())
        raise RuntimeError(f"lengths: expected the same number and much the same mean on all sides, got {words}")
    if lost := {
        name: sum(each["lost"] for each in reports[name]) for name in reports if any(e["lost"] for e in reports[name])
    }:
        raise RuntimeError(f"judge: expected a verdict on every program, got none on {lost}")


def _ratios(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], part: str) -> list[float]:
    return [our[part] / their[part] for our, their in zip(ours, theirs, strict=True)]


def _seconds(reports: list[dict[str, Any]], part: str) -> str:
    return f"{statistics.median(each[part] for each in reports):.2f}"


class Side:
    """One of the two programs."""

    def __init__(self, interpreter: str, module: str, settings: dict[str, Any], workload: Path) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in close
        self._command = [interpreter, "-m", f"benchmarks.training.{module}", str(workload), json.dumps(settings)]
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **ENVIRONMENT},
            cwd=Path(__file__).parents[2],
        )
        self.first_prompt: list[int] = self._answer()["first_prompt"]

    def step(self) -> dict[str, Any]:
        """Have it do one update; what that has cost."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End it."""
        self._process.communicate()
        self._errors.close()

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            answer: dict[str, Any] = json.loads(line)
            return answer
        self._errors.seek(0)
        words, command = self._errors.read()[-2000:], self._command
        self.close()
        raise RuntimeError(f"{command}: expected an answer, got none: {words}")
