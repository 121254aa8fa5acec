"""Measure whole steps against TRL's GRPO: sampling, judging and the optimiser steps, in CPU seconds.

Each side is a separate process that does one update per input line and answers with its cost. The sides alternate. They
have the same initial weights, prompts (single turns), length limit, number of responses, optimiser steps, float32, one
thread, passive waiting and allocator settings; and each has a ``JudgePool`` with an empty ``VerdictCache``. Both sample
at temperature 1 from all tokens. The learning rate is so small that neither model changes noticeably, so both keep
sampling the same lengths. If the mean lengths differ, or a program has no verdict, there is no figure.

TRL runs with the settings that are cheapest for it here. Its other settings are measured against these by the row
``trl``. On a processor by AMD, the MKL of PyTorch takes slower kernels than it could. Our trainer takes oneDNN
there; TRL cannot, but replacing a function of MKL makes it take its fast kernels, so there is a figure for that, too.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from benchmarks.figures import Figure, Goal, measured, missing, ratios
from benchmarks.training.long_tails import lengths_in_words
from benchmarks.training.subjects import SUBJECTS, Subject
from rlef_agents.ppo.products import prefers_onednn
from rlef_agents.ppo.rollout import plan
from rlef_env import CodeVectorEnv

__all__ = ["TRL_PYTHON", "step_rows", "trl_rows"]

TRL_PYTHON = "TRL_PYTHON"
"""Environment variable with an interpreter that has TRL and the dependencies of ``rlef_env``."""

Program: TypeAlias = tuple[str, str, dict[str, Any]]
"""Interpreter, module and settings of a side."""

GOAL = Goal(0.4, "x")
SAMPLES, WORKERS = 8, 2
AGAINST = "whole RL step (rollout, judge, update) against TRL's GRPO, {}"
PARTS = ("forward", "backward", "optimiser")
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


def step_rows(rounds: int = 5) -> list[Figure]:
    """Measure whole steps of each model, and their parts."""
    if not (interpreter := os.environ.get(TRL_PYTHON)):
        return [missing("step", AGAINST.format(subject.name), _no_interpreter(), GOAL) for subject in SUBJECTS]
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        fast = _fast_mkl(Path(folder))
        for subject in SUBJECTS:
            try:
                workload = _written(Path(folder), subject, rounds + 2)
            except FileNotFoundError as error:
                figures.append(missing("step", AGAINST.format(subject.name), f"skipped: {error}", GOAL))
                continue
            figures += _compared(interpreter, workload, subject, rounds, fast)
    return figures


def trl_rows(rounds: int = 2) -> list[Figure]:
    """Measure TRL's other settings against those that ``step`` takes."""
    figure = "TRL by itself, {}, against {}: {}"
    if not (interpreter := os.environ.get(TRL_PYTHON)):
        return [missing("trl", figure.format("its settings", "those of step", ""), _no_interpreter())]
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for subject in SUBJECTS:
            try:
                workload = _written(Path(folder), subject, min(rounds, 2) + 2)
            except FileNotFoundError:
                continue
            settings = subject.trl_settings()
            first, *others = settings
            for name in others:  # one after the other: each process has a model in memory
                both = {each: (interpreter, "trl_steps", settings[each]) for each in (first, name)}
                reports = alternate(workload, min(rounds, 2), both)
                costs = _compare(reports[name], reports[first], "all")
                figures.append(measured("trl", figure.format(name, first, subject.name), costs, "x"))
    return figures


def _no_interpreter() -> str:
    return f"skipped: {TRL_PYTHON} names no interpreter with TRL (see benchmarks/README.md)"


def _written(folder: Path, subject: Subject, updates: int) -> Path:
    workload = folder / f"{SUBJECTS.index(subject)}.json"
    workload.write_text(json.dumps(workload_of(subject, subject.make(folder), updates)))
    return workload


def _fast_mkl(folder: Path) -> dict[str, str] | None:
    """Return environment variables with which MKL takes the kernels for Intel's processors; None if it does anyway."""
    if not prefers_onednn() or shutil.which("gcc") is None:
        return None
    source, library = folder / "intel.c", folder / "intel.so"
    source.write_text("int mkl_serv_intel_cpu_true(void) { return 1; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    return {"LD_PRELOAD": str(library)}


def workload_of(subject: Subject, start: Path, updates: int, seed: int = 0) -> dict[str, Any]:
    """Return the workload of both sides; its prompts are those that our trainer will draw."""
    prompts, episodes, dataset = [], subject.episodes, subject.dataset
    with closing(CodeVectorEnv(episodes, dataset=dataset, max_turns=1, autoreset_mode="Disabled")) as env:
        for update in range(updates):
            env.reset(seed=list(plan(seed, update, episodes, SAMPLES).problems))  # type: ignore[arg-type]
            prompts += [{"text": each.prompt, "problem": each.problem_id} for each in env.episodes[::SAMPLES]]
    return {
        "dataset": dataset, "start": str(start), "episodes": episodes, "samples": SAMPLES,
        "max_new": subject.max_new, "lora_rank": subject.lora_rank, "lora_alpha": 32, "lr": 1e-7, "seed": seed,
        "workers": WORKERS, "prompts": prompts,
    }  # fmt: skip


def _compared(
    interpreter: str, workload: Path, subject: Subject, rounds: int, fast: Mapping[str, str] | None
) -> list[Figure]:
    name, settings = next(iter(subject.trl_settings().items()))
    sides: dict[str, Program] = {
        "ours": (sys.executable, "our_steps", {"minibatches": subject.parts}),
        "trl": (interpreter, "trl_steps", settings),
    }
    # A third process with SmolLM2 would need more memory than a machine of 24 GB has.
    more = {} if fast is None or subject.lora_rank else {"trl, fast MKL": fast}
    reports = alternate(workload, rounds, sides | dict.fromkeys(more, sides["trl"]), more)
    ours, trl = reports["ours"], reports["trl"]
    lengths = {side: [length for each in reports[side] for length in each["lengths"]] for side in reports}
    refuse_unlike(lengths, reports)
    steps = f"{subject.parts} optimiser step{'s' if subject.parts > 1 else ''}"
    note = (
        f"{subject.episodes} responses in groups of {SAMPLES}, at most {subject.max_new} tokens, {steps}, one thread; "
        f"TRL: {name}, micro-batches of {subject.episodes // subject.batches}, dynamic cache; "
        f"{_seconds(ours, 'all')} s CPU, TRL {_seconds(trl, 'all')} s; "
        f"lengths: ours {lengths_in_words(lengths['ours'])}; TRL {lengths_in_words(lengths['trl'])}"
    )
    figures = [measured("step", AGAINST.format(subject.name), _compare(ours, trl, "all"), "x", GOAL, note)]
    for part in ("rollout", "judge", "update"):
        words = f"{_seconds(ours, part)} s CPU, TRL {_seconds(trl, part)} s"
        figure = f"the {part} of it, {subject.name}"
        figures.append(measured("step", figure, _compare(ours, trl, part), "x", note=words))
    for side in more:
        figure, theirs = "the whole against TRL with MKL made to take its fast kernels, {}", reports[side]
        words = f"TRL {_seconds(theirs, 'all')} s CPU"
        figures.append(measured("step", figure.format(subject.name), _compare(ours, theirs, "all"), "x", note=words))
    for part in PARTS:
        shares = [each["parts"][part] / each["all"] for each in ours]
        figures.append(measured("step", f"share of {part} in our step, {subject.name}", shares, "share"))
    return figures


def alternate(
    workload: Path,
    rounds: int,
    programs: dict[str, Program],
    variables: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> dict[str, list[dict[str, Any]]]:
    """Return the cost of each round for each program, after a warm-up round.

    Args:
        workload: file with the workload.
        rounds: number of updates of each program.
        programs: interpreter, module and settings of each program, by name.
        variables: further environment variables of programs, by name.

    Raises:
        RuntimeError: the programs do not render the first prompt equally.
    """
    with ExitStack() as stack:
        sides = {
            name: stack.enter_context(Side(*program, workload, variables.get(name, {})))
            for name, program in programs.items()
        }
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

    def __init__(
        self,
        interpreter: str,
        module: str,
        settings: dict[str, Any],
        workload: Path,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in close
        self._command = [interpreter, "-m", f"benchmarks.training.{module}", str(workload), json.dumps(settings)]
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **ENVIRONMENT, **variables},
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
