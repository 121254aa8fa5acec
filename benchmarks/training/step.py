"""Measure whole steps against TRL's GRPO: sampling, judging and the optimiser steps, in CPU seconds.

Each side is a separate process that does one update per input line and answers with its cost. The sides alternate. They
have the same initial weights, prompts (single turns), length limit, number of responses, optimiser steps, float32, one
thread, passive waiting and allocator settings; and each has a ``JudgePool`` with an empty ``VerdictCache``. Both sample
at temperature 1 from all tokens. The learning rate is so small that neither model changes noticeably, so both keep
sampling the same lengths. If the mean lengths differ, or a program has no verdict, there is no figure.

TRL runs with the settings that are cheapest for it here. Its other settings are measured against these.
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

from benchmarks.figures import Figure, Goal, measured, missing, ratios
from benchmarks.training.long_tails import DATASET, SHAPES, lengths_in_words, make_long_tailed
from rlef_agents.ppo.rollout import plan
from rlef_env import CodeVectorEnv

__all__ = ["TRL_PYTHON", "step_rows"]

TRL_PYTHON = "TRL_PYTHON"
"""Environment variable with an interpreter that has TRL and the dependencies of ``rlef_env``."""

GOAL = Goal(0.4, "x")
SAMPLES, PARTS, MAX_NEW, WORKERS = 8, 4, 256, 2
EPISODES = {"0.4 M parameters": 384, "6 M parameters": 128}
SAME_LENGTHS = 0.15
"""Maximum relative difference between the sides' mean lengths: a few hundred samples of a long tail differ somewhat."""

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    # Keep and reuse large blocks. By default each is returned, and the kernel clears each page of the next one, which
    # is a fourth of the time of padded batches.
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
}
"""Environment variables of both sides."""


def trl_settings(episodes: int, parts: int) -> dict[str, dict[str, Any]]:
    """Return TRL settings for this many optimiser steps on this many responses; the first is the one to compare with.

    A generation for each micro-batch is the cheapest: with fewer responses the padding is smaller, and the weights are
    still the ones that sampled, so TRL does not have to score the batch before training.
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
    """Measure whole steps, and rollout, judge and update separately, for two sizes and two ways to split a batch."""
    against = "whole RL step (rollout, judge, update) against TRL's GRPO, {}"
    if not (interpreter := os.environ.get(TRL_PYTHON)):
        reason = f"skipped: {TRL_PYTHON} names no interpreter with TRL (see benchmarks/README.md)"
        return [missing("step", against.format(size), reason, GOAL) for size in SHAPES]
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SHAPES:
            start = make_long_tailed(Path(folder) / size.replace(" ", "_"), size)
            workload = Path(folder) / "workload.json"
            workload.write_text(json.dumps(workload_of(start, EPISODES[size], rounds + 2)))
            for parts in (PARTS, 1):
                figures += _compared(interpreter, workload, size, parts, rounds)
            figures += _other_settings(interpreter, workload, size)
    return figures


def workload_of(start: Path, episodes: int, updates: int, seed: int = 0) -> dict[str, Any]:
    """Return the workload of both sides; its prompts are those that our trainer will draw."""
    prompts = []
    with closing(CodeVectorEnv(episodes, dataset=DATASET, max_turns=1, autoreset_mode="Disabled")) as env:
        for update in range(updates):
            env.reset(seed=list(plan(seed, update, episodes, SAMPLES).problems))  # type: ignore[arg-type]
            prompts += [{"text": each.prompt, "problem": each.problem_id} for each in env.episodes[::SAMPLES]]
    return {
        "dataset": DATASET, "start": str(start), "episodes": episodes, "samples": SAMPLES, "max_new": MAX_NEW,
        "lr": 1e-7, "seed": seed, "workers": WORKERS, "prompts": prompts,
    }  # fmt: skip


def _compared(interpreter: str, workload: Path, size: str, parts: int, rounds: int) -> list[Figure]:
    name, settings = next(iter(trl_settings(EPISODES[size], parts).items()))
    reports = alternate(workload, rounds, {
        "ours": (sys.executable, "our_steps", {"minibatches": parts}),
        "critic": (sys.executable, "our_steps", {"minibatches": parts, "critic": "separate"}),
        "trl": (interpreter, "trl_steps", settings),
    })  # fmt: skip
    ours, critic, trl = reports["ours"], reports["critic"], reports["trl"]
    lengths = {side: [length for each in reports[side] for length in each["lengths"]] for side in reports}
    refuse_unlike(lengths, reports)
    which = f"{size}, {parts} optimiser step{'s' if parts > 1 else ''}"
    note = (
        f"{EPISODES[size]} responses in groups of {SAMPLES}, at most {MAX_NEW} tokens, one thread; TRL: {name}, padded "
        f"batches of {EPISODES[size] // PARTS}, dynamic cache; ours: a critic on the policy's features; "
        f"{_seconds(ours, 'all')} s CPU, TRL {_seconds(trl, 'all')} s; "
        f"lengths: ours {lengths_in_words(lengths['ours'])}; TRL {lengths_in_words(lengths['trl'])}"
    )
    figures = [
        measured("step", f"whole RL step against TRL's GRPO, {which}", _compare(ours, trl, "all"), "x", GOAL, note)
    ]
    for part in ("rollout", "judge", "update"):
        words = f"{_seconds(ours, part)} s CPU, TRL {_seconds(trl, part)} s"
        figures.append(measured("step", f"the {part} of it, {which}", _compare(ours, trl, part), "x", note=words))
    words = f"{_seconds(critic, 'all')} s CPU: a network as large as the policy is scored and trained, too"
    figure = f"the whole with the paper's separate critic, {which}"
    figures.append(measured("step", figure, _compare(critic, trl, "all"), "x", note=words))
    return figures


def _other_settings(interpreter: str, workload: Path, size: str) -> list[Figure]:
    """Measure TRL's other settings against the first ones."""
    settings = trl_settings(EPISODES[size], PARTS)
    first, *others = settings
    reports = alternate(workload, 2, {name: (interpreter, "trl_steps", settings[name]) for name in settings})
    figure = f"TRL by itself, against {first}: {{}}, {size}"
    return [
        measured("step", figure.format(name), _compare(reports[name], reports[first], "all"), "x") for name in others
    ]


def alternate(
    workload: Path, rounds: int, programs: dict[str, tuple[str, str, dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """Return the cost of each round for each program, after a warm-up round.

    Args:
        workload: file with the workload.
        rounds: number of updates of each program.
        programs: interpreter, module and settings of each program, by name.

    Raises:
        RuntimeError: the programs do not render the first prompt equally.
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
    """Check that the sides did the same work.

    Raises:
        RuntimeError: numbers or mean lengths of responses differ, or a program has no verdict.
    """
    means = [statistics.mean(each) for each in lengths.values()]
    if len({len(each) for each in lengths.values()}) > 1 or max(means) > (1 + SAME_LENGTHS) * min(means):
        words = "; ".join(f"{name}: {lengths_in_words(each)}" for name, each in lengths.items())
        raise RuntimeError(f"lengths: expected the same number and about the same mean on all sides, got {words}")
    counts = {name: sum(each["without_verdict"] for each in reports[name]) for name in reports}
    if without := {name: count for name, count in counts.items() if count}:
        raise RuntimeError(f"judge: expected a verdict on every program, got none on {without}")


def _compare(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], part: str) -> list[float]:
    return ratios([each[part] for each in ours], [each[part] for each in theirs])


def _seconds(reports: list[dict[str, Any]], part: str) -> str:
    return f"{statistics.median(each[part] for each in reports):.2f}"


class Side:
    """Process of one side."""

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
        """Run one update and return its cost."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Close the process's input, and wait for its end."""
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
