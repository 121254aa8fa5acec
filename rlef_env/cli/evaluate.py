"""``rlef eval``: an agent plays a data set; every episode is kept, and a table shows what came out."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from rich.table import Table
from rich.text import Text

from rlef_env.agents import AgentOptions
from rlef_env.analysis.backtest.problem_set import load_problem_set
from rlef_env.analysis.evaluation import FORMATS, Evaluation, Finished, make_evaluation, new_folder, tested_ids
from rlef_env.analysis.evaluation.responses import StoredResponses
from rlef_env.analysis.metrics import GROUPS, MAX_NO_VERDICT, Metrics, parse_n_at_k
from rlef_env.analysis.run import Run
from rlef_env.cli.arguments import add_isolation, add_workers, file_path, whole_number
from rlef_env.cli.display import Screen, note
from rlef_env.cli.evaluate_progress import EvalProgress, watched
from rlef_env.episodes.settings import Feedback
from rlef_env.errors import NoVerdictError, UsageError
from rlef_env.files import written_whole
from rlef_env.judge import BaseJudgePool
from rlef_env.problems import load_dataset
from rlef_env.terminal import one_line

__all__ = [
    *("DESCRIPTION", "HELP", "add_agent_options", "add_arguments", "add_run_arguments", "play_and_report"),
    "run",
]

HELP = "evaluate an agent or a model, or judge responses made elsewhere"
DESCRIPTION = f"""\
Let an agent play every problem of a data set, keep every episode in a run folder, and print what came out, each number
with its 95 % interval. AGENT is one of
  oracle, repair, random  the agents of rlef-agents
  hf:PATH_OR_NAME         a model of transformers, or a training run's folder
  chat:URL#MODEL          a server with OpenAI's chat completions API
  independent:AGENT       samples without feedback
  few-shot:AGENT          worked repairs before it
  flow:AGENT              reflect, own tests, repair
  module:Class            a class of yours with a method act(conversations)
  file:RESPONSES          responses made elsewhere, judged as single turns

The AGENT of a baseline is hf:..., chat:... or a class; it gets the same options.

For example: rlef eval chat:http://127.0.0.1:8000/v1#my-model --data problems.jsonl --samples 20 --out runs/mine. The
key of a server is read from OPENAI_API_KEY.

The defaults are the protocol of RLEF: three turns, each of them a sample, temperature 0.2 (1.0 if --n-at-k asks for
more than one submission), top-p 0.95.

RESPONSES is a file of {FORMATS}. Several responses to a problem are its samples.

Every episode is on disk as soon as it is judged. After Ctrl-C, a crash or a full disk, the same command with --resume
plays what is missing, and again what has no verdict. The exit code is 0, 2 for bad input or an agent that failed, and
70 if so many episodes have no verdict that nothing can be said about the agent."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef eval``."""
    parser.add_argument("agent", metavar="AGENT", help="the agent, see above")
    problems = parser.add_argument_group("problems")
    problems.add_argument(
        "--data",
        metavar="D",
        help="'starter' (the default), 'procedural', a file or folder in any known format, or OWNER/NAME on the hub",
    )
    problems.add_argument(
        "--set",
        type=file_path,
        metavar="SET",
        help="the problems of a set, as rlef regressions and rlef select write one, instead of a whole data set",
    )
    problems.add_argument("--split", default="train", metavar="S", help="the data set's split (default: train)")
    problems.add_argument("--limit", type=whole_number(1), metavar="P", help="only the first P problems")
    problems.add_argument("--after", metavar="DAY", help="only problems published on this day or later: 2024-08-01")
    problems.add_argument("--before", metavar="DAY", help="only problems published before this day")
    protocol = parser.add_argument_group("protocol")
    protocol.add_argument(
        "--samples", type=whole_number(1), metavar="N", help="episodes of each problem (default: what n@k needs, or 1)"
    )
    protocol.add_argument("--turns", type=whole_number(1), metavar="T", help="turns of an episode (default: 3)")
    protocol.add_argument(
        "--n-at-k", default="", metavar="N@K,...", help="n@k to estimate, such as 1@3,10@100 (default: 1@turns)"
    )
    protocol.add_argument("--seed", type=whole_number(0), default=0, metavar="K", help="seed (default: 0)")
    protocol.add_argument(
        "--feedback",
        choices=get_args(Feedback),
        default="public",
        metavar="SOURCE",
        help=f"what feedback tells: {', '.join(get_args(Feedback))} (default: public)",
    )
    add_agent_options(parser, "0.2, see above", "0.95", top_p=0.95)
    running = parser.add_argument_group("run")
    add_run_arguments(running)
    add_workers(running)
    running.add_argument(
        "--budget-tokens",
        type=whole_number(1),
        metavar="N",
        help="begin no further episode after so many tokens of this call",
    )
    add_isolation(running)


def add_agent_options(
    parser: argparse.ArgumentParser, default_temperature: str, default_top_p: str, top_p: float | None = None
) -> None:
    """Add the options of agents.

    Args:
        parser: the command's parser.
        default_temperature: the default temperature, in words.
        default_top_p: the default top-p, in words.
        top_p: the default top-p; None if the command finds it later.
    """
    sampling = parser.add_argument_group("the agent's options")
    sampling.add_argument("--temperature", type=number(0, 100), metavar="T", help=f"default: {default_temperature}")
    sampling.add_argument("--top-p", type=number(0, 1), default=top_p, metavar="P", help=f"default: {default_top_p}")
    sampling.add_argument("--max-new-tokens", type=whole_number(1), metavar="N", help="tokens of a response")
    sampling.add_argument("--context", type=whole_number(1), metavar="N", help="tokens of a conversation")
    sampling.add_argument("--system", metavar="TEXT", help="instructions before the first message")
    sampling.add_argument(
        "--option",
        action="append",
        default=[],
        type=option,
        metavar="NAME=VALUE",
        help="a further option: a field of the chat request, an argument of the class, or dtype, slots or template of "
        "hf; VALUE is JSON or text; may be repeated",
    )


def add_run_arguments(running: argparse._ActionsContainer) -> None:
    """Add the arguments that ``play_and_report`` needs."""
    running.add_argument("--out", type=file_path, metavar="RUN", help="folder (default: a new one in runs/)")
    running.add_argument("--resume", action="store_true", help="play what is missing in RUN")
    running.add_argument("--json", type=file_path, metavar="OUT", help="write the metrics to OUT as JSON")
    running.add_argument("--by", action="append", default=[], choices=tuple(GROUPS), help="solve rate by this, too")
    running.add_argument(
        "--max-no-verdict",
        type=share,
        default=MAX_NO_VERDICT,
        metavar="SHARE",
        help="say nothing about the agent if more episodes have no verdict (default: %(default)s)",
    )
    running.add_argument(
        "--concurrency",
        type=whole_number(1, 100_000),
        default=16,
        metavar="N",
        help="episodes at a time (default: %(default)s)",
    )
    running.add_argument("--plain", action="store_true", help="lines instead of a progress bar")


def run(arguments: argparse.Namespace) -> None:
    """Evaluate the agent, and show its metrics."""
    # Otherwise PyTorch's idle threads spin on the cores that the judge needs. Set before an agent loads it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    evaluation = evaluation_of(arguments)
    stored = evaluation.agent.agent
    if isinstance(stored, StoredResponses) and stored.unanswered:
        ids = ", ".join(stored.unanswered[:5]) + (", ..." if len(stored.unanswered) > 5 else "")
        note(f"{stored.path}: no response to {len(stored.unanswered)} problems, which do not count: {ids}")
    if arguments.resume and arguments.out is None:
        raise UsageError("--resume: expected --out with the folder of the run to continue")
    play_and_report(arguments, evaluation, arguments.out or new_folder(evaluation.agent.name, evaluation.dataset.label))


def play_and_report(
    arguments: argparse.Namespace,
    evaluation: Evaluation,
    out: str | Path,
    pool: BaseJudgePool | None = None,
    wait: Callable[[], object] = lambda: None,
) -> None:
    """Play what is missing in a run, and show its metrics.

    Args:
        arguments: values of ``add_run_arguments``.
        evaluation: what is played.
        out: folder of the run.
        pool: a pool of judges to use; one of its own if None.
        wait: waits for other processes that play, too.
    """
    progress: list[EvalProgress] = []

    def observer(opened: Run, total: int) -> EvalProgress:
        progress.append(EvalProgress(opened, total, arguments.plain))
        return progress[0]

    try:
        with watched(progress):
            finished = evaluation.play(out, arguments.resume, observer if evaluation.processes == 1 else None, pool)
        wait()
    except KeyboardInterrupt:
        done, total = (progress[0].done, progress[0].total) if progress else (0, 0)
        raise KeyboardInterrupt(
            f"stopped; {done} of {total} episodes are kept in {out}, the same command with --resume plays the rest"
        ) from None
    report(arguments, evaluation, finished)


def evaluation_of(arguments: argparse.Namespace) -> Evaluation:
    """Load the data and the agent."""
    if arguments.set is None:
        name = arguments.data or "starter"
        dataset = load_dataset(name, arguments.split, after=arguments.after, before=arguments.before)
    elif arguments.after or arguments.before or arguments.split != "train":
        raise UsageError("--set: expected no --after, --before or --split beside it: a set names its problems")
    else:
        name = str(arguments.set)
        dataset = load_problem_set(arguments.set, arguments.data)
    several = any(each.n > 1 for each in parse_n_at_k(arguments.n_at_k, 1))
    options = AgentOptions(
        seed=arguments.seed,
        temperature=(1.0 if several else 0.2) if arguments.temperature is None else arguments.temperature,
        top_p=arguments.top_p,
        max_new_tokens=arguments.max_new_tokens,
        context=arguments.context,
        system=arguments.system,
        others=dict(arguments.option),
    )
    return make_evaluation(
        arguments.agent,
        dataset,
        tested_ids(dataset)[: arguments.limit],
        options,
        name=name,
        split=arguments.split,
        samples=arguments.samples,
        turns=arguments.turns,
        n_at_k=arguments.n_at_k,
        seed=arguments.seed,
        feedback=arguments.feedback,
        after=arguments.after,
        before=arguments.before,
        concurrency=arguments.concurrency,
        workers=arguments.workers,
        isolation=arguments.isolation,
        budget_tokens=arguments.budget_tokens,
    )


# --- what came out ---------------------------------------------------------------------------------------------------


def report(arguments: argparse.Namespace, evaluation: Evaluation, finished: Finished) -> None:
    """Print the metrics, write them as JSON, and raise what is wrong with the run."""
    console, opened = Screen(), finished.run
    metrics = opened.metrics(evaluation.n_at_k, max_no_verdict=arguments.max_no_verdict)
    groups = {name: opened.metrics_by(name, arguments.max_no_verdict) for name in arguments.by}
    console.print(Text(f"{evaluation.agent.name} on {evaluation.dataset.label}: {one_line(metrics.sentence())}"))
    if not metrics.refusal:
        show_metrics(console, metrics)
    for name, found in groups.items():
        show_groups(console, name, found)
    if metrics.cost is not None:
        console.print(Text(f"Tokens: {metrics.tokens:,}, at a cost of {metrics.cost:,.4f}"))
    console.print(Text(f"Kept in {opened.path}"))
    if arguments.json:
        by = {name: {key: each.to_json() for key, each in found.items()} for name, found in groups.items()}
        row = {**metrics.to_json(), "missing": finished.missing, "run": str(opened.path), **({"by": by} if by else {})}
        with written_whole(arguments.json) as file:
            file.write(json.dumps(row, indent=1, allow_nan=False).encode("ascii") + b"\n")
    again = f"rlef eval ... --out {opened.path} --resume"
    if finished.played.failures:
        raise UsageError(
            f"the agent failed on {finished.played.failures} episodes, which are missing; {again} plays them"
        )
    if finished.played.out_of_budget and finished.missing:
        note(f"the tokens of --budget-tokens are spent; {finished.missing} episodes are missing, {again} plays them")
    if metrics.refusal:
        raise NoVerdictError(f"{one_line(metrics.sentence())} See rlef doctor; {again} plays them again")


def show_metrics(console: Screen, metrics: Metrics) -> None:
    """Show the metrics as a table."""
    table = Table("metric", "value", "95 % interval", "meaning")
    for column in (table.columns[1], table.columns[2]):
        column.justify, column.no_wrap = "right", True
    for name, value, interval, meaning in metrics.rows():
        if name == "pass@1":
            continue  # the solve rate
        table.add_row(name, value, interval, meaning)
    console.print(table)


def show_groups(console: Screen, group: str, found: Mapping[str, Metrics]) -> None:
    """Show the solve rate of each group."""
    table = Table(group, "problems", "episodes", "no verdict", "solve rate", "95 % interval")
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for name, metrics in found.items():
        rows = {row[0]: row for row in metrics.rows()}
        _, value, interval, _ = rows.get("solve_rate", ("", "?", "?", ""))
        counts = (metrics.problems, metrics.episodes, metrics.no_verdict)
        table.add_row(one_line(name), *map(str, counts), value, interval)
    console.print(table)


# --- types of arguments ----------------------------------------------------------------------------------------------


def number(low: float, high: float) -> Callable[[str], float]:
    """Return an argument type: a number between two others, both included."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected a number from {low} to {high}, got {text[:40]!r}")
        return value

    return parse


share = number(0, 1)


def option(text: str) -> tuple[str, Any]:
    """Argument type: ``NAME=VALUE``, where the value is JSON or text."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text[:40]!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
