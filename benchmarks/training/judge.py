"""What the judge costs a run of the small model: time in which there is nothing to sample and nothing to train.

A real run of the ``tiny`` preset from its supervised start, evaluation and checkpoints left out. No verdict is known
when it begins; those that it finds out it remembers, as every run does.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.figures import Figure, Goal, measured
from rlef_agents.ppo.config import load_config
from rlef_agents.ppo.metrics import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny import make_start

__all__ = ["judge_rows"]

UPDATES = 6
GOAL = Goal(5.0, "%")


def judge_rows(rounds: int = 3) -> list[Figure]:
    """The share of wall time in which the small model neither decodes nor trains because of the judge.

    Args:
        rounds: runs, each from nothing known; never more than three.
    """
    synchronous, ahead, first, seconds = [], [], [], []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            start = make_start(Path(folder) / "start")
            for number in range(min(rounds, 3)):
                waits, whole = _run(start, Path(folder) / f"synchronous-{number}", lag=0)
                synchronous.append(100 * sum(waits) / sum(whole))
                first.append(100 * waits[0] / whole[0])
                seconds.append(sum(whole) / len(whole))
                waits, whole = _run(start, Path(folder) / f"ahead-{number}", lag=1)
                ahead.append(100 * sum(waits) / sum(whole))
    finally:
        torch.set_num_threads(threads)
    note = (
        f"{UPDATES} updates from an empty cache, sums of seconds; wall time: it means something on an idle machine only"
    )
    return [
        measured("judge", "share of wall time lost to the judge, `tiny`", synchronous, "%", GOAL, note),
        measured("judge", "the same, the first update alone, when no verdict is known", first, "%"),
        measured("judge", "the same with the next batch begun meanwhile (max_lag=1)", ahead, "%", GOAL),
        measured("judge", "an update of `tiny`", seconds, "s"),
    ]


def _run(start: Path, out: Path, lag: int) -> tuple[list[float], list[float]]:
    """Seconds that each update waited for the judge, and seconds that it took."""
    config = replace(
        load_config("tiny"),
        model=str(start),
        out=str(out),
        updates=UPDATES,
        evaluate_every=0,
        save_every=0,
        max_lag=lag,
    )
    with Trainer(config, quiet=True) as trainer:
        trainer.train()
        rows = read_metrics(trainer.log.path)
    waits = [row["judge_wait_seconds"] for row in rows]
    return waits, [row["rollout_seconds"] + row["update_seconds"] for row in rows]
