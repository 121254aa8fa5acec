"""``rlef-agents study``: run a study of ``experiments/``, and write its results, tables and figures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from rlef_agents.cli.arguments import above_zero, workers
from rlef_env.errors import RLEFError

__all__ = ["HELP", "add_arguments", "run"]

HELP: Final = "run a study of experiments/: arms, seeds, tables and figures"
DESCRIPTION: Final = """\
Run every arm of a study with every seed, evaluate the policies, and write experiments/results/NAME.json. What is
complete in --out is not run again. The exit code is 1 where the results do not support a conclusion of the study: they
are against it, or leave it open."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents study``."""
    parser.add_argument("study", metavar="NAME", help="name of a file in experiments/, or a TOML file")
    parser.add_argument("--seeds", type=workers, default=3, metavar="N", help="seeds 0 to N - 1; default: 3")
    parser.add_argument("--out", type=Path, default=Path("runs/studies"), help="default: runs/studies")
    parser.add_argument("--jobs", type=workers, metavar="N", help="arms at the same time; default: number of cores")
    parser.add_argument("--minutes", type=above_zero, help="begin no arm after this time")
    parser.add_argument("--results", type=Path, metavar="DIR", help="default: experiments/results, or OUT if --quick")
    parser.add_argument("--model", help="pretrained model in place of the study's own")
    parser.add_argument("--quick", action="store_true", help="only the arms and conclusions of the quick version")
    parser.add_argument("--dry-run", action="store_true", help="print what it would run; one update of each arm")


def run(arguments: Any) -> None:
    """Run a study and print its table and conclusions."""
    from rlef_agents.cli.dry_run import dry_run
    from rlef_agents.studies.figures import draw_curves, draw_turn_limits, turn_limits
    from rlef_agents.studies.page import show_plan, show_results
    from rlef_agents.studies.policies import config_of, write_json
    from rlef_agents.studies.results import collect
    from rlef_agents.studies.runner import run_study
    from rlef_agents.studies.study import FOLDER, find_study
    from rlef_env.judge import default_workers

    study = find_study(arguments.study)
    if arguments.model:
        study = study.starting_from(arguments.model)
    if arguments.quick:
        study = study.shortened()
    seeds = list(range(arguments.seeds))
    if arguments.dry_run:
        print(show_plan(study, seeds))
        for arm in study.arms:
            if arm.method == "train":
                print(f"\n{arm.name}: one update with a tiny random model")
                dry_run(config_of(study, arm, 0, arguments.out))
        return
    complete = run_study(
        study, seeds, arguments.out, arguments.jobs or default_workers(), arguments.minutes,
        lambda line: print(line, flush=True),
    )  # fmt: skip
    if not complete:
        raise RLEFError(f"study {study.name}: not complete; run the command again to continue")
    results = collect(study, seeds, arguments.out)
    folder = arguments.results or (arguments.out if arguments.quick else FOLDER / "results")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{study.name}.json", results)
    if any(arm["curve"] for arm in results["arms"].values()):
        draw_curves(results, folder / f"{study.name}.png")
    if turn_limits(results):
        draw_turn_limits(results, folder / f"{study.name}-turns.png")
    print(show_results(results))
    print(f"\nthe results are in {folder / study.name}.json")
    failed = [each["claim"] for each in results["conclusions"] if not (each["holds"] or each["measured"])]
    if failed:
        print(f"\nnot supported, or open: {'; '.join(failed)}", file=sys.stderr)
        raise SystemExit(1)
