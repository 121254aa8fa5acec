"""``rlef replay``: another agent plays what a run played, and each episode is compared."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, get_args

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rlef_env.agents import AgentOptions, load_agent
from rlef_env.analysis.backtest.replay_run import EpisodeChange, Outcome, episode_changes, replayed_evaluation
from rlef_env.analysis.backtest.source import dataset_of
from rlef_env.analysis.run import Run
from rlef_env.cli.arguments import add_isolation, add_workers, file_path, whole_number
from rlef_env.cli.display import Screen
from rlef_env.cli.evaluate import add_agent_options
from rlef_env.cli.evaluate_progress import EvalProgress, watched
from rlef_env.cli.json_output import add_json, json_output
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts
from rlef_env.terminal import one_line

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "let another agent play the problems, samples and seeds of a run (backtest)"
DESCRIPTION = """\
Let another agent, model or prompt play what a run played: the same problems, samples, seeds, turns and feedback. Every
episode that came out otherwise is listed: won (solved now), lost, solved earlier or later. Of a training run, its last
evaluation is played.

The list says what changed, not whether the change is real: rlef compare RUN RUN2 does that. After Ctrl-C the same
command with --resume plays the rest."""

SHOWN: Final = 100
"""Episodes that are listed for a person."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef replay``."""
    parser.add_argument("run", metavar="RUN", help="folder of the run")
    parser.add_argument("--agent", required=True, metavar="AGENT", help="the agent, as for rlef eval")
    parser.add_argument("--out", required=True, type=file_path, metavar="RUN2", help="folder of the new run")
    parser.add_argument("--resume", action="store_true", help="play what is missing in RUN2")
    parser.add_argument("--data", metavar="D", help="the data set of the problems (default: the run's own)")
    parser.add_argument("--split", metavar="S", help="its split (default: the run's own)")
    add_agent_options(parser, "the run's own, or 0.2", "the run's own, or 0.95")
    parser.add_argument(
        "--concurrency", type=whole_number(1, 100_000), default=16, metavar="N", help="episodes at a time (default: 16)"
    )
    add_workers(parser)
    parser.add_argument("--plain", action="store_true", help="lines instead of a progress bar")
    add_isolation(parser)
    add_json(parser, "one JSON object")


def run(arguments: argparse.Namespace) -> None:
    """Play the episodes again, and list the differences."""
    before = Run(arguments.run)
    dataset = dataset_of(arguments.run, arguments.data, arguments.split)
    agent = load_agent(arguments.agent, dataset, options_of(arguments, before))
    evaluation = replayed_evaluation(
        before,
        agent,
        dataset,
        concurrency=arguments.concurrency,
        workers=arguments.workers,
        isolation=arguments.isolation,
        config={"replay_of": str(before.path)},
    )
    progress: list[EvalProgress] = []

    def observer(opened: Run, total: int) -> EvalProgress:
        progress.append(EvalProgress(opened, total, arguments.plain))
        return progress[0]

    with watched(progress):
        finished = evaluation.play(arguments.out, arguments.resume, observer)
    changes = episode_changes(before.episodes(), finished.run.episodes())
    if arguments.json is None:
        show(Screen(), changes, str(before.path), str(finished.run.path))
    else:
        with json_output(arguments.json) as file:
            print(json.dumps(result_of(changes, finished.missing)), file=file)
    if finished.missing:
        raise UsageError(f"the agent failed on {finished.missing} episodes, which are missing; --resume plays them")


def options_of(arguments: argparse.Namespace, before: Run) -> AgentOptions:
    """Return the agent's options; sampling is that of the run unless the arguments change it."""
    stored, defaults = before.folder.identity.agent, AgentOptions()
    sampling = {
        name: next(
            value
            for value in (getattr(arguments, name), stored.get(name), getattr(defaults, name))
            if isinstance(value, (int, float))
        )
        for name in ("temperature", "top_p")
    }
    return AgentOptions(
        seed=before.folder.identity.episodes.get("seed", 0),
        **sampling,
        max_new_tokens=arguments.max_new_tokens,
        context=arguments.context,
        system=arguments.system,
        concurrency=arguments.concurrency,
        others=dict(arguments.option),
    )


def result_of(changes: Sequence[EpisodeChange], missing: int) -> dict[str, Any]:
    """Return the differences as JSON values."""
    counts = Counter(each.outcome for each in changes)
    return {
        "episodes": len(changes),
        "missing": missing,
        "solved_before": sum(each.before.solved for each in changes),
        "solved_after": sum(each.after.solved for each in changes),
        **{outcome: counts[outcome] for outcome in get_args(Outcome)},
        "changes": [
            {
                "problem": each.before.problem.problem_id,
                "sample": each.before.sample,
                "outcome": each.outcome,
                "before": side(each.before),
                "after": side(each.after),
            }
            for each in changes
            if each.outcome != "same"
        ],
    }


def side(facts: EpisodeFacts) -> dict[str, Any]:
    """Return how an episode went as JSON values."""
    verdict = facts.turns[-1].verdict if facts.turns else None
    return {"solved_at": facts.solved_at or None, "turns": len(facts.turns), "verdict": verdict}


def show(console: Console, changes: Sequence[EpisodeChange], before: str, after: str) -> None:
    """Show what came out otherwise, the lost episodes first."""
    order = ("lost", "unknown", "later", "won", "earlier")
    listed = sorted(
        (each for each in changes if each.outcome in order),
        key=lambda each: (order.index(each.outcome), each.before.problem.problem_id, each.before.sample),
    )
    if listed:
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column("", no_wrap=True)
        table.add_column("problem", overflow="fold")
        table.add_column("sample", justify="right")
        table.add_column("before")
        table.add_column("now")
        for each in listed[:SHOWN]:
            problem = Text(one_line(each.before.problem.problem_id))
            table.add_row(each.outcome, problem, str(each.before.sample), ending(each.before), ending(each.after))
        console.print(table)
    if len(listed) > SHOWN:
        console.print(Text(f"and {len(listed) - SHOWN} more; --json has all of them\n"))
    counts = Counter(each.outcome for each in changes)
    solved = sum(each.before.solved for each in changes), sum(each.after.solved for each in changes)
    console.print(Text(f"Solved: {solved[0]} of {len(changes)} episodes before, {solved[1]} now"))
    console.print(Text(", ".join(f"{counts[each]} {each}" for each in get_args(Outcome))))
    console.print(Text(f"Is the difference real? rlef compare {one_line(before)} {one_line(after)}"))


def ending(facts: EpisodeFacts) -> str:
    """Return how an episode ended."""
    if facts.solved:
        return f"solved at turn {facts.solved_at}"
    verdict = facts.turns[-1].verdict.replace("_", " ") if facts.turns else "no response"
    return f"{verdict} at turn {len(facts.turns)}"
