"""Rows against Gymnasium's AsyncVectorEnv: one process with a judge for each environment; all wait in ``step``."""

from __future__ import annotations

import itertools
import time
from typing import Any

from gymnasium.vector import AsyncVectorEnv

from benchmarks.figures import Figure, Goal, measured, missing
from benchmarks.sandbox.memory import memory_bytes
from benchmarks.vector.settings import Settings, rounds
from benchmarks.vector.tails import WORKERS, played_without_barrier
from benchmarks.vector.workload import SLEEPS, problems, right_responses, tail_responses
from rlef_env.envs import CodeEnv, CodeVectorEnv
from rlef_env.judge import JudgePool

__all__ = ["stock"]

MEGABYTE = 10**6


def stock(settings: Settings) -> list[Figure]:
    """Compare useful steps, memory, and programs that sleep."""
    envs = settings.tail_envs
    dataset = problems(0, 20)

    def make() -> CodeEnv:
        return CodeEnv(dataset, max_turns=1)

    memories = []
    for env in (
        lambda: CodeVectorEnv(envs, dataset=dataset, workers=WORKERS, max_turns=1),
        lambda: AsyncVectorEnv([make] * envs),
    ):
        before = _memory()
        made = env()
        _useful_per_second(made, settings, steps=2)
        memories.append(_memory() - before)
        made.close()
    our_memory, their_memory = memories
    with JudgePool(WORKERS) as pool:
        ours = CodeVectorEnv(envs, dataset=dataset, pool=pool, max_turns=1)
        theirs = AsyncVectorEnv([make] * envs)
        rates = [_useful_per_second(ours, settings) / _useful_per_second(theirs, settings) for _ in rounds(settings)]
        theirs.close()
    figure = f"against AsyncVectorEnv, {envs} envs: "
    goal = Goal(0.5, "x")
    rows = [
        measured(
            "stock",
            f"{figure}useful steps a second, trivial programs, 20 tests",
            rates,
            "x",
            Goal(1.0, "x", at_least=True),
            "its steps that only reset (NEXT_STEP) are not counted",
        )
    ]
    row = f"{figure}memory (PSS) that it adds, with all its processes"
    if their_memory > 0:
        note = f"{our_memory / MEGABYTE:.0f} MB with {WORKERS} workers, theirs {their_memory / MEGABYTE:.0f} MB"
        rows.append(measured("stock", row, [our_memory / their_memory], "x", goal, note))
    else:
        rows.append(missing("stock", row, "skipped: the memory maps of sandboxes are for root to read", goal))
    return [*rows, _tail(settings, figure)]


def _tail(settings: Settings, figure: str) -> Figure:
    """Compare episodes a second while one program in 16 sleeps into its limit: ``send``/``recv`` and their ``step``."""
    envs, dataset = settings.tail_envs, problems(1, 19)
    with JudgePool(WORKERS) as pool:
        played = played_without_barrier(
            CodeVectorEnv(envs, dataset=dataset, pool=pool, max_turns=1), SLEEPS, settings.tail_steps
        )
    theirs = AsyncVectorEnv([lambda: CodeEnv(dataset, max_turns=1)] * envs)
    responses = [tail_responses(SLEEPS, envs, env_id) for env_id in range(envs)]
    theirs.reset(seed=0)
    start, ended = time.monotonic(), 0
    for number in range(max(2, settings.tail_steps // 2)):
        if number % 2 == 0:
            *_, terminations, _, _ = theirs.step([next(each) for each in responses])
            ended += int(terminations.sum())
        else:
            theirs.step([""] * envs)  # NEXT_STEP: resets
    rate = ended / (time.monotonic() - start)
    theirs.close()
    note = f"{played.rate:.1f} against {rate:.1f} episodes a second"
    row = f"{figure}episodes a second, 1 program in {envs} sleeps into its 2 s, send/recv against its step"
    return measured("stock", row, [played.rate / rate], "x", Goal(2.0, "x", at_least=True), note)


def _useful_per_second(env: Any, settings: Settings, steps: int | None = None) -> float:
    """Return the steps a second that judged a response; every second step of AsyncVectorEnv only resets."""
    responses = right_responses()
    env.reset(seed=0)
    useful, start = 0, time.monotonic()
    resets = isinstance(env, AsyncVectorEnv)
    for number in range((steps or settings.stock_steps) * (2 if resets else 1)):
        env.step(list(itertools.islice(responses, env.num_envs)))
        useful += 0 if resets and number % 2 else env.num_envs
    return useful / (time.monotonic() - start)


def _memory() -> int:
    try:
        return memory_bytes("Pss")
    except PermissionError:
        return 0
