"""``rlef forecast``: where a training run ends, when it reaches a target, and what pays."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence

from rlef_env.analysis.forecast import forecast
from rlef_env.analysis.forecast.backtest import backtest
from rlef_env.analysis.forecast.ceilings import metric_ceiling
from rlef_env.analysis.forecast.payoff import payoffs
from rlef_env.analysis.forecast.sampling import ProblemCounts, SampleForecast, problem_counts, sample_forecast
from rlef_env.analysis.forecast.sources import StoredRun, read_run, read_series
from rlef_env.cli.arguments import file_path, whole_number
from rlef_env.cli.display import Screen
from rlef_env.cli.forecast_json import report_json
from rlef_env.cli.forecast_text import Report, show
from rlef_env.errors import UsageError
from rlef_env.runs import read_facts

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "forecast where a training run ends, and whether more training or more samples pays"
DESCRIPTION = """\
Forecast a rate, such as the solve rate, from the evaluations of a training run so far: its plateau, its value at a
step, the step at which it reaches a target, and whether more training or more samples of each problem pays. In brackets
are 80 % bands. With fewer than six evaluations there is no forecast; where the evaluations do not determine the
plateau, the forecast ends a quarter further than they do.

Several runs are taken as runs of one recipe, whose mean is forecast.

--backtest shows how good such forecasts would have been: it cuts the runs at 25, 50 and 75 % of their steps, forecasts
their end, and compares. docs/forecast.md explains the method."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef forecast``."""
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="folder of a training run, or its metrics.jsonl; several: one recipe"
    )
    parser.add_argument(
        "--metric", default="solve_rate", metavar="M", help="a rate, such as solved_at_1 (default: %(default)s)"
    )
    parser.add_argument(
        "--set", dest="evaluation", metavar="NAME", help="evaluation set; 'train': the episodes of training themselves"
    )
    parser.add_argument(
        "--since", type=positive, metavar="STEP", help="leave out evaluations before this step (warm-up)"
    )
    parser.add_argument("--target", type=rate, metavar="R", help="rate whose step is asked for, such as 0.6")
    parser.add_argument("--at", type=positive, metavar="STEP", help="step whose rate is asked for")
    parser.add_argument(
        "--samples",
        metavar="RUN",
        help="an evaluation of the model as it is now, with several samples of each problem: compare more training "
        "with more samples (default: the run's own last evaluation)",
    )
    parser.add_argument(
        "--ceiling",
        type=rate,
        metavar="R",
        help="true ceiling, to measure the plateau's error (default: that of generated problems with a secret)",
    )
    parser.add_argument("--backtest", action="store_true", help="cut the runs, forecast their end, and compare")
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, metavar="N", help="seed of the resampling (default: 0)"
    )
    parser.add_argument("--json", type=file_path, metavar="OUT", help="also write everything to OUT as JSON")


def rate(text: str) -> float:
    """Argument type: a rate above 0 and at most 1."""
    value = number(text)
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"expected a rate above 0 and at most 1, got {text[:40]!r}")
    return value


def positive(text: str) -> float:
    """Argument type: a number of at least 0."""
    value = number(text)
    if not (math.isfinite(value) and value >= 0.0):
        raise argparse.ArgumentTypeError(f"expected a number of at least 0, got {text[:40]!r}")
    return value


def number(text: str) -> float:
    """Return a number; NaN where the text is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def run(arguments: argparse.Namespace) -> None:
    """Print the forecast."""
    stored = [read_run(path) for path in arguments.runs]
    report = made_report(arguments, stored)
    screen = Screen()
    show(screen, report)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report_json(report), allow_nan=False) + "\n", encoding="utf-8")


def made_report(arguments: argparse.Namespace, stored: Sequence[StoredRun]) -> Report:
    """Compute everything that the arguments ask for."""
    whole = [read_series(each, arguments.metric, arguments.evaluation) for each in stored]
    kept = [each if arguments.since is None else each.since(arguments.since) for each in whole]
    found = forecast(kept, arguments.seed)
    ceilings = {
        each.name: value
        for each in stored
        if (value := arguments.ceiling or metric_ceiling(each.config, arguments.metric)) is not None
    }
    known = set(ceilings.values()) if len(ceilings) == len({each.name for each in stored}) else set()
    sampled = sampling(arguments, stored)
    per_step = [value for each in stored if (value := each.episodes_per_step()) is not None]
    can_compare = found.allowed and sampled is not None and sampled.allowed and bool(per_step)
    return Report(
        found,
        tuple(forecast(each, arguments.seed, quick=True) for each in kept) if len(kept) > 1 else (),
        known.pop() if len(known) == 1 else None,
        (arguments.at, found.at(arguments.at)) if arguments.at is not None and found.allowed else None,
        found.reach(arguments.target) if arguments.target is not None and found.allowed else None,
        sampled,
        tuple(payoffs(found, sampled, sum(per_step) / len(per_step), len(sampled.counts.trials)))
        if can_compare and sampled is not None
        else (),
        backtest(kept, ceilings, seed=arguments.seed) if arguments.backtest else None,
    )


def sampling(arguments: argparse.Namespace, stored: Sequence[StoredRun]) -> SampleForecast | None:
    """Return pass@k of the last policy, from the run of ``--samples`` or the only run; None where there is none."""
    if arguments.metric != "solve_rate" or arguments.evaluation == "train":
        return None
    source = read_run(arguments.samples) if arguments.samples else stored[0] if len(stored) == 1 else None
    if source is None or source.folder is None:
        if arguments.samples:
            raise UsageError(
                f"--samples {arguments.samples}: expected a run folder with episodes, got none; see rlef eval"
            )
        return None
    facts = read_facts(source.folder)
    counts = problem_counts(
        each for each in facts if arguments.samples or arguments.evaluation in (None, each.evaluation)
    )
    return (
        sample_forecast(counts, arguments.seed)
        if counts.trials
        else SampleForecast(
            ProblemCounts((), ()),
            False,
            "the run folder has no episodes of evaluations",
            sample_forecast(counts).parameters,
        )
    )
