"""``rlef forecast``: where a training run ends, when it reaches a target, and what pays."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rlef_env.analysis.forecast import Bands, Forecast, Reach, forecast
from rlef_env.analysis.forecast.backtest import CUTS, Backtest, Score, backtest
from rlef_env.analysis.forecast.ceilings import metric_ceiling
from rlef_env.analysis.forecast.forecast import bands_row
from rlef_env.analysis.forecast.payoff import Payoff, payoffs
from rlef_env.analysis.forecast.sampling import ProblemCounts, SampleForecast, problem_counts, sample_forecast
from rlef_env.analysis.forecast.sources import StoredRun, read_run, read_series
from rlef_env.cli.arguments import file_path, whole_number
from rlef_env.cli.display import Screen
from rlef_env.cli.forecast_chart import chart
from rlef_env.errors import UsageError
from rlef_env.runs import read_facts
from rlef_env.terminal import printable

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

CURVE_POINTS: Final = 101
MAX_SHOWN: Final = 4.0
"""The chart ends at so many times the steps so far, at most."""
FAR: Final = 3.0
"""Forecasts beyond so many times the steps so far are marked."""


@dataclass(frozen=True)
class Report:
    """Everything that the command says.

    Attributes:
        found: the forecast.
        each: forecasts of the single runs, if there are several.
        ceiling: true ceiling of the metric; None where it is not known.
        at: step and forecast, where asked.
        reach: when the target is reached, where asked.
        sampled: pass@k of the last policy; None for a metric other than the solve rate, or without episodes.
        payoffs: training against sampling.
        tested: the back-test, where asked.
    """

    found: Forecast
    each: tuple[Forecast, ...] = ()
    ceiling: float | None = None
    at: tuple[float, Bands] | None = None
    reach: Reach | None = None
    sampled: SampleForecast | None = None
    payoffs: tuple[Payoff, ...] = ()
    tested: Backtest | None = None


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


# --- as text ---------------------------------------------------------------------------------------------------------


def show(screen: Console, report: Report) -> None:
    """Print the report."""
    found = report.found
    first = found.runs[0]
    names = ", ".join(run.name for run in found.runs)
    count = sum(len(run) for run in found.runs)
    of_set = f" on {first.evaluation}" if first.evaluation else ""
    say(screen, f"{names}: {first.metric}{of_set}, {count} evaluations up to step {found.last_step:g}", "bold")
    if found.allowed:
        unicode = "utf" in (screen.encoding or "").lower()
        for line in chart(found, chart_end(report), report.ceiling, unicode):
            screen.print(Text(line), soft_wrap=True)
        show_numbers(screen, report)
    else:
        say(screen, found.sentence())
    for each in report.each:
        say(screen, f"{each.runs[0].name}: {each.sentence()}")
    show_sampling(screen, report)
    if report.tested is not None:
        show_backtest(screen, report.tested)


def show_numbers(screen: Console, report: Report) -> None:
    """Print now, plateau, target and candidate."""
    found = report.found
    rows = [(f"now, step {found.last_step:g}", shown(found.now))]
    if found.plateau is None:
        rows.append((f"at step {found.short_horizon:g}", shown(found.at(found.short_horizon))))
        rows.append(("plateau", f"unknown: {found.reason}"))
    else:
        rows.append(("plateau", shown(found.plateau)))
    if report.ceiling is not None:
        off = (
            "" if found.plateau is None else f"; the plateau is off by {abs(found.plateau.value - report.ceiling):.3f}"
        )
        rows.append(("true ceiling", f"{report.ceiling:.3f}{off}"))
    if report.at is not None:
        step, value = report.at
        far = (
            f"; more than {FAR:g} times the steps so far: uncertain beyond this band"
            if step > FAR * found.last_step
            else ""
        )
        rows.append((f"at step {step:g}", shown(value) + far))
    if report.reach is not None:
        rows.append((f"reaches {report.reach.target:g}", shown_reach(report.reach, found)))
    rows.append(
        (
            "candidate",
            f"{found.chosen} forecasts the known tail best (error {found.errors[found.chosen]:.2f}, 1 is noise)",
        )
    )
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        say(screen, f"{name:<{width}}  {text}")


def show_sampling(screen: Console, report: Report) -> None:
    """Print pass@k, and training against sampling."""
    sampled = report.sampled
    if sampled is None:
        return
    if not sampled.allowed:
        say(screen, f"More samples: no forecast: {sampled.reason} (evaluate_samples, or --samples RUN)")
        return
    say(screen, f"More samples: any number of them solves {shown(sampled.limit)} of the problems", "bold")
    if not report.payoffs:
        counts = (1, 4, 16, 64)
        say(screen, "  " + "; ".join(f"pass@{k} {sampled.pass_at(k).value:.3f}" for k in counts))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("more episodes", "training: step", "solve rate (80 %)", "samples", "pass@k (80 %)", "better"):
        table.add_column(heading, justify="right")
    for each in report.payoffs:
        table.add_row(
            f"{each.episodes:,}",
            f"{each.step:,.0f}",
            shown(each.training),
            str(each.samples),
            shown(each.sampling),
            each.verdict,
        )
    screen.print(table)
    say(
        screen,
        "pass@k counts a problem as solved if any sample is right: sampling pays that much if the right one is known.",
    )


def show_backtest(screen: Console, tested: Backtest) -> None:
    """Print the scores of a back-test."""
    table = Table(title="Back-test: the end of each run, forecast from its first evaluations", box=box.SIMPLE_HEAD)
    headings = [
        "cut",
        "forecasts",
        "refused",
        "median error",
        "in 50 %",
        "in 80 %",
        "in 95 %",
        "skill: last value",
        "slope",
    ]
    known = any(each.name in tested.ceilings for each in tested.cuts)
    for heading in [*headings, *(["plateau error", "in 80 %"] if known else [])]:
        table.add_column(heading, justify="right")
    for cut in CUTS:
        table.add_row(f"{cut:.0%}", *score_cells(tested.score(lambda each, cut=cut: each.cut == cut), known))  # type: ignore[misc]
    table.add_row("all", *score_cells(tested.score(), known))
    screen.print(table)
    say(screen, "Skill is 1 - error / error of that baseline: 0 is no better, 1 is perfect, below 0 is worse.")


def score_cells(score: Score, known: bool) -> list[str]:
    """Return the cells of one row of scores."""
    cells = [str(score.forecasts), str(score.refused)]
    if score.median_error is None:
        return cells
    cells += [f"{score.median_error:.3f}", *(f"{share:.0%}" for share in score.coverage.values())]
    cells += [f"{value:+.2f}" for value in score.skill.values()]
    if known and score.plateau_error is not None and score.plateau_coverage is not None:
        cells += [f"{score.plateau_error:.3f}", f"{score.plateau_coverage:.0%}"]
    return cells


def shown(found: Bands) -> str:
    """Return a number with its 80 % band."""
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def shown_reach(reach: Reach, found: Forecast) -> str:
    """Return when a target is reached, in words."""
    if reach.never >= 0.5:
        return f"not in sight: {reach.never:.0%} of the resampled curves never do"
    low, high = reach.bands[80]
    if reach.step <= found.last_step:
        return f"about step {reach.step:.0f}, already behind"
    late = "never" if math.isinf(high) else f"{high:.0f}"
    never = f"; {reach.never:.0%} of the resampled curves never do" if reach.never else ""
    return f"at step {reach.step:.0f} ({low:.0f} to {late}){never}"


def chart_end(report: Report) -> float:
    """Return the last step of the chart."""
    last = report.found.last_step
    wanted = [2.0 * last if report.found.plateau is not None else report.found.short_horizon]
    if report.at is not None:
        wanted.append(report.at[0])
    if report.reach is not None and math.isfinite(report.reach.step):
        wanted.append(1.1 * report.reach.step)
    return max(last, min(max(wanted), MAX_SHOWN * last))


def say(screen: Console, line: str, style: str = "") -> None:
    """Print a line."""
    screen.print(Text(printable(line.replace("\n", " ")), style=style), soft_wrap=not screen.is_terminal)


# --- as JSON ---------------------------------------------------------------------------------------------------------


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values; infinity is null."""
    found = report.found
    row = found.as_json()
    if report.ceiling is not None:
        row["ceiling"] = report.ceiling
        row["plateau_error"] = None if found.plateau is None else abs(found.plateau.value - report.ceiling)
    if found.allowed:
        end = chart_end(report)
        curve = found.curve([end * place / (CURVE_POINTS - 1) for place in range(CURVE_POINTS)])
        row["curve"] = {"steps": curve.steps, "values": curve.values}
        for level, (lows, highs) in curve.bands.items():
            row["curve"] |= {f"low_{level}": lows, f"high_{level}": highs}
    row["series"] = [
        {"run": run.name, "steps": run.steps, "successes": run.successes, "trials": run.trials} for run in found.runs
    ]
    if report.each:
        row["each"] = [each.as_json() for each in report.each]
    if report.at is not None:
        row["at"] = {"step": report.at[0], **bands_row(report.at[1])}
    if report.reach is not None:
        row["reach"] = reach_row(report.reach)
    if report.sampled is not None:
        row["samples"] = sampling_row(report.sampled)
        row["payoff"] = [
            {
                "episodes": each.episodes,
                "step": each.step,
                "training": bands_row(each.training),
                "samples": each.samples,
                "sampling": bands_row(each.sampling),
                "training_better": each.training_better,
                "verdict": each.verdict,
            }
            for each in report.payoffs
        ]
    if report.tested is not None:
        row["backtest"] = report.tested.as_json()
    return row


def reach_row(reach: Reach) -> dict[str, Any]:
    """Return when a target is reached as plain JSON values."""
    row: dict[str, Any] = {"target": reach.target, "step": finite(reach.step), "never": reach.never}
    for level, (low, high) in reach.bands.items():
        row |= {f"low_{level}": finite(low), f"high_{level}": finite(high)}
    return row


def sampling_row(sampled: SampleForecast) -> dict[str, Any]:
    """Return pass@k as plain JSON values."""
    if not sampled.allowed:
        return {"allowed": False, "reason": sampled.reason}
    curve = {str(k): bands_row(sampled.pass_at(k)) for k in (1, 2, 4, 8, 16, 32, 64, 128)}
    return {"allowed": True, "reason": "", "limit": bands_row(sampled.limit), "pass_at": curve}


def finite(value: float) -> float | None:
    """Return a number, or None instead of infinity."""
    return value if math.isfinite(value) else None
