"""What ``rlef forecast`` says, as text: the chart, the numbers below it, and tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rlef_env.analysis.forecast import Bands, Forecast, Reach
from rlef_env.analysis.forecast.backtest import CUTS, Backtest, Score
from rlef_env.analysis.forecast.payoff import Payoff
from rlef_env.analysis.forecast.sampling import SampleForecast
from rlef_env.cli.forecast_chart import chart
from rlef_env.terminal import printable

__all__ = ["Report", "chart_end", "show"]

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
