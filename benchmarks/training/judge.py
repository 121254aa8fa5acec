"""Measure the judge's cost in a run of the small model: the time with nothing to sample and nothing to train.

The run is the ``tiny`` preset from its supervised start to its end, without evaluation. The verdict cache is empty at
the beginning and then fills, as in every run.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.figures import Figure, Goal, measured
from rlef_agents.ppo.config_file import load_config
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny import make_start

__all__ = ["judge_rows"]

FIRST = 6
GOAL = Goal(5.0, "%")


def judge_rows(rounds: int = 3) -> list[Figure]:
    """Measure the share of wall time in which the small model neither decodes nor trains because of the judge.

    Args:
        rounds: repeats, at most three, of the first updates with ``max_lag=1``; the whole run is done once.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            start = make_start(Path(folder) / "start")
            waits, whole = _run(start, Path(folder) / "whole", load_config("tiny").updates, lag=0)
            ahead = []
            for number in range(min(rounds, 3)):
                few, seconds = _run(start, Path(folder) / f"ahead-{number}", FIRST, lag=1)
                ahead.append(_share(few, seconds))
    finally:
        torch.set_num_threads(threads)
    words = "share of wall time lost to the judge, `tiny`"
    note = f"{len(whole)} updates in {sum(whole):.0f} s; wall time is meaningful only on an idle machine"
    return [
        measured("judge", f"{words}, the whole run", [_share(waits, whole)], "%", GOAL, note),
        measured("judge", f"{words}, its first {FIRST} updates", [_share(waits[:FIRST], whole[:FIRST])], "%"),
        measured("judge", "the same with the next batch begun ahead (max_lag=1)", ahead, "%"),
    ]


def _share(waits: list[float], whole: list[float]) -> float:
    return 100 * sum(waits) / sum(whole)


def _run(start: Path, out: Path, updates: int, lag: int) -> tuple[list[float], list[float]]:
    """Return the seconds that each update waited for the judge, and its duration in seconds."""
    config = replace(
        load_config("tiny"),
        model=str(start),
        out=str(out),
        updates=updates,
        evaluate_every=0,
        save_every=0,
        max_lag=lag,
    )
    with Trainer(config, quiet=True) as trainer:
        trainer.train()
        rows = read_metrics(trainer.log.path)
    waits = [row["judge_wait_seconds"] for row in rows]
    return waits, [row["rollout_seconds"] + row["update_seconds"] for row in rows]
