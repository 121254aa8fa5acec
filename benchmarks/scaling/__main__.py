"""Simulate the paper's training runs and a cluster of 10,000 judge cores, and compare with measured runs.

    python -m benchmarks.scaling [--rows owner,validation,learners,training,cluster] [--quick] [--json OUT]

Only the row `owner` is measured. The clock of the others is simulated, and their figures are the same on every machine.
What goes in is in `costs.py`; docs/scaling.md explains what comes out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import command_line
from benchmarks.scaling.cluster import Cluster, simulate_cluster
from benchmarks.scaling.costs import USUAL_COSTS
from benchmarks.scaling.learners import Learner
from benchmarks.scaling.owner import owner_seconds
from benchmarks.scaling.training import PAPER_8B, PAPER_70B, simulate_training
from benchmarks.scaling.validation import MEASURED, simulated_rates
from rlef_env.judge import BaseJudgePool, JudgePool

Row = dict[str, Any]
FEW_COPIES: Final = 5  # of 50: if each machine fetches a problem from any machine that has it
RAY_OWNER: Final = 0.001  # seconds of a Ray owner's process for a job: 0.94 ms measured (row `owner`), rounded up


def training(quick: bool) -> Iterator[Row]:
    """Yield the slowdown of the learner for numbers of judge cores, shares of time limits and tails of lengths."""
    cycles = 8 if quick else 40
    for name, plan in (("8B", PAPER_8B), ("70B", PAPER_70B)):
        for share in (0.02, 0.1):
            costs = replace(USUAL_COSTS, limit_share=share)
            busy = plan.rollouts * plan.responses / plan.cycle * costs.mean
            for sigma in (0.8, 1.5):
                for judges in (math.ceil(busy / share_busy) for share_busy in (1.2, 1.0, 0.9, 0.8)):
                    found = simulate_training(replace(plan, judges=judges, costs=costs, sigma=sigma), cycles)
                    yield {
                        "run": name,
                        "time limits": f"{share:.0%}",
                        "tail": sigma,
                        "busy cores": round(busy),
                        "judges": judges,
                        "slowdown": f"{found.slowdown:.2f}",
                        "judges busy": f"{found.judge_busy:.0%}",
                        "wait, median and 99 %": f"{found.wait_median:.1f} s, {found.wait_99:.1f} s",
                        "lag, 99 %": found.lag_99,
                    }


def learners(_: bool) -> Iterator[Row]:
    """Yield the GPUs that learners need, and the share of their peak that the paper's numbers of GPUs imply."""
    for name, weights, cycle, gpus in (("8B", 8.03, PAPER_8B.cycle, 128), ("70B", 70.6, PAPER_70B.cycle, 1024)):
        for tokens in (3000.0, 8192.0):
            learner = Learner(weights, cycle, tokens)
            yield {
                "run": name,
                "tokens of a rollout": round(tokens),
                "GPUs at 40 % of their peak": math.ceil(learner.gpus),
                "the paper's learners": gpus,
                "share of the peak there": f"{learner.share * learner.gpus / gpus:.0%}",
            }


def cluster(quick: bool) -> Iterator[Row]:
    """Yield what holds 10,000 cores back, for numbers of owners."""
    for pool, owner, owners in (
        *(("our protocol", USUAL_COSTS.owner, owners) for owners in (1, 2, 4, 8)),
        *(("Ray", RAY_OWNER, owners) for owners in (1, 8, 16, 32)),
    ):
        for copies in (None, FEW_COPIES):
            plan = Cluster(owners=owners, copies=copies, costs=replace(USUAL_COSTS, owner=owner))
            found = simulate_cluster(plan, 20.0 if quick else 60.0)
            yield {
                "pool": pool,
                "owners": owners,
                "copies sent by the owner": "every" if copies is None else f"{copies} of {plan.messages.uses}",
                "programs a second": round(found.jobs_per_second, -1),
                "cores busy": f"{found.cores_busy:.0%}",
                "owner busy": f"{found.owner_busy:.0%}",
                "network out": f"{found.sending:.0%}",
                "network in": f"{found.receiving:.1%}",
                "limit": found.limit,
            }


def owner(quick: bool) -> Iterator[Row]:
    """Measure, and yield what a job costs an owner's process."""
    jobs = 100 if quick else 600
    pools: dict[str, type[BaseJudgePool]] = {"local": JudgePool}
    if importlib.util.find_spec("ray"):
        from rlef_env.judge.pool.ray import RayJudgePool

        pools["Ray"] = RayJudgePool
    for name, make in pools.items():
        with make(workers=2) as pool:  # type: ignore[call-arg]
            yield {"pool": name, "jobs": jobs, "owner's CPU for a job": f"{1000 * owner_seconds(pool, jobs):.2f} ms"}


def validation(_: bool) -> Iterator[Row]:
    """Yield simulated and measured rates."""
    for row, measured in MEASURED.items():
        found = simulated_rates(row)
        for way, simulated, real in (
            ("send, recv", found.free, measured.free),
            ("step", found.barrier, measured.barrier),
        ):
            yield {
                "row": row,
                "way": way,
                "simulated": f"{simulated:.1f}",
                "measured": real,
                "ratio": f"{simulated / real:.2f}",
            }


ROWS: Final = {"owner": owner, "validation": validation, "learners": learners, "training": training, "cluster": cluster}


def table(rows: list[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = [f"| {' | '.join(rows[0])} |", "|---" * len(rows[0]) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row.values()))} |" for row in rows)])


def main() -> int:
    """Simulate the chosen rows, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS), metavar="A,B", help="simulate only these rows")
    parser.add_argument("--quick", action="store_true", help="simulate short times, for a rough look")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the tables to OUT")
    arguments = parser.parse_args()
    names = arguments.rows.split(",")
    if unknown := set(names) - set(ROWS):
        parser.error(f"--rows: expected some of {', '.join(ROWS)}, got {', '.join(sorted(unknown))}")
    tables = {}
    for name in names:
        tables[name] = list(ROWS[name](arguments.quick))
        print(f"\n{name}\n\n{table(tables[name])}", flush=True)
    if arguments.json:
        report = {"command": command_line("benchmarks.scaling"), **tables}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
