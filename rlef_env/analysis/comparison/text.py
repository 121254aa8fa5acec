"""The report of a comparison: plain sentences and tables, for a terminal, a test's message and a notebook."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from rlef_env.terminal import one_line

if TYPE_CHECKING:
    from rlef_env.analysis.comparison.result import Comparison, Flip, MetricDifference

__all__ = [
    "FLIP_HEADINGS",
    "METRIC_HEADINGS",
    "conclusion",
    "flip_row",
    "html_report",
    "metric_row",
    "notes",
    "report",
    "sides",
]

METRIC_HEADINGS: Final = ("metric", "A", "B", "B - A", "interval", "p")
FLIP_HEADINGS: Final = ("problem", "A", "B")
MAX_FLIPS: Final = 20


def report(comparison: Comparison) -> str:
    """Return the whole report as text."""
    flips = comparison.flips
    parts = [
        "\n".join(sides(comparison)),
        conclusion(comparison),
        _aligned([METRIC_HEADINGS, *map(metric_row, comparison.metrics)]),
    ]
    if flips:
        more = [f"... and {len(flips) - MAX_FLIPS} more"] if len(flips) > MAX_FLIPS else []
        parts.append(
            "\n".join([flip_sentence(comparison), _aligned([FLIP_HEADINGS, *map(flip_row, flips[:MAX_FLIPS])]), *more])
        )
    return "\n\n".join([*parts, "\n".join(notes(comparison))])


def sides(comparison: Comparison) -> list[str]:
    """Return a line for each run: its name and size."""
    return [
        f"{letter} = {one_line(name)}: {_number(samples)} {_plural('sample', samples)} of each of "
        f"{comparison.main.problems} problems"
        for letter, name, samples in zip("AB", (comparison.name_a, comparison.name_b), comparison.samples, strict=True)
    ]


def conclusion(comparison: Comparison) -> str:
    """Return the verdict as a sentence."""
    main, margin = comparison.main, f"the margin is {points(comparison.margin)}"
    interval = f"({100 * comparison.level:.4g} % interval)"
    if comparison.verdict == "regression":
        return f"Regression: {main.name} is {_range(-main.high, -main.low)} lower in B {interval}."
    if comparison.verdict == "cannot_tell":
        if comparison.reason:
            return f"Cannot tell: {comparison.reason}."
        higher = f"or {points(main.high)} higher " if main.high > 0 else ""
        return f"Cannot tell: {main.name} may be up to {points(-main.low)} lower {higher}in B {interval}; {margin}."
    if comparison.reason:
        return f"No regression: {comparison.reason}."
    if main.low > 0:
        return f"No regression: {main.name} is {_range(main.low, main.high)} higher in B {interval}."
    lower = f" It is lower, though, by {points(-main.high)} or more." if main.high < 0 else ""
    return f"No regression: {main.name} is at most {points(-main.low)} lower in B {interval}; {margin}.{lower}"


def flip_sentence(comparison: Comparison) -> str:
    """Return how many problems changed."""
    worse = len(comparison.worse)
    better = len(comparison.flips) - worse
    return f"Problems that changed: {worse} worse, {better} better."


def notes(comparison: Comparison) -> list[str]:
    """Return what a reader must know beside the numbers, a sentence or two each."""
    found = [] if comparison.identical else [_sizes(comparison)]
    if comparison.noise is not None:
        found.append(
            f"Noise: two runs like A with other seeds differ by up to {points(comparison.noise)} in "
            f"{100 * comparison.level:.4g} % of cases, from sampling alone."
        )
    judge = comparison.judge
    found.append(
        f"Judge: {judge.programs:,} programs were judged more than once, {judge.flips:,} with different outcomes."
        if judge.programs
        else "Judge: no program was judged twice, so its own flip rate is not known; rlef rescore A tells."
    )
    if any(comparison.no_verdict):
        lost = (
            f"{n} of {all_} in {x}" for n, all_, x in zip(comparison.no_verdict, comparison.episodes, "AB", strict=True)
        )
        found.append(f"No verdict: {', '.join(lost)}; these episodes do not count.")
    if comparison.left_out:
        found.append(f"Left out: {comparison.left_out} problems that are not in both runs with a verdict.")
    if comparison.different_settings:
        found.append(f"Settings that differ: {one_line('; '.join(comparison.different_settings))}.")
    main = comparison.main
    how = "exact" if main.exact else "of random permutations"
    adjusted = (
        ""
        if comparison.adjusted_p == main.p_value
        else f"; adjusted for the number of candidates {p_text(comparison.adjusted_p)}"
    )
    alone = "each a cluster" if main.clusters == main.problems else f"in {main.clusters} clusters"
    found.append(f"Statistics: {main.problems} problems, {alone}; p values of sign flips ({how}{adjusted}).")
    return found


def _sizes(comparison: Comparison) -> str:
    detects = f"Size: differences of {points(comparison.detectable)} or more are detected in 4 of 5 cases."
    if comparison.detectable <= 0.01:
        return detects
    samples = max(comparison.samples)
    takes = (
        f"{detects} To detect 1 point takes about {comparison.problems_for_point:,} problems with {_number(samples)} "
        f"{_plural('sample', samples)} each"
    )
    if comparison.samples_for_point is not None:
        return f"{takes}, or about {comparison.samples_for_point:,} samples of each of these problems."
    return f"{takes}."


def metric_row(metric: MetricDifference) -> tuple[str, ...]:
    """Return the cells of a metric."""
    values = metric.name, _percent(metric.a), _percent(metric.b)
    if math.isnan(metric.difference):
        return *values, "-", "-", "-"
    interval = f"{100 * metric.low:+.1f} to {100 * metric.high:+.1f}"
    return *values, f"{100 * metric.difference:+.1f}", interval, p_text(metric.p_value)


def flip_row(flip: Flip) -> tuple[str, str, str]:
    """Return the cells of a problem that changed."""
    before = _outcome(flip.before, flip.turn_before, flip.share_before)
    return one_line(flip.problem), before, _outcome(flip.after, flip.turn_after, flip.share_after)


def html_report(comparison: Comparison) -> str:
    """Return the whole report as HTML, without styles of its own."""
    paragraphs = [*sides(comparison), conclusion(comparison)]
    body = [f"<p>{'<br>'.join(map(html.escape, paragraphs[:-1]))}</p><p><b>{html.escape(paragraphs[-1])}</b></p>"]
    body.append(_html_table(METRIC_HEADINGS, map(metric_row, comparison.metrics)))
    if comparison.flips:
        body.append(f"<p>{html.escape(flip_sentence(comparison))}</p>")
        body.append(_html_table(FLIP_HEADINGS, map(flip_row, comparison.flips)))
    body.append(f"<p>{'<br>'.join(map(html.escape, notes(comparison)))}</p>")
    return "".join(body)


def points(difference: float) -> str:
    """Return a difference of shares in words: 0.012 is "1.2 points"."""
    text = f"{100 * difference:.1f}".removesuffix(".0")
    return f"{text} {'point' if text == '1' else 'points'}"


def p_text(p_value: float) -> str:
    """Return a p value with two digits."""
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.2g}" if p_value < 0.1 else f"{p_value:.2f}"


def _range(low: float, high: float) -> str:
    return f"{points(low).split()[0]} to {points(high)}"


def _outcome(verdict: str, turn: int, share: float) -> str:
    solved = "" if share in (0, 1) else f", {100 * share:.0f} % solved"
    return f"{one_line(verdict).replace('_', ' ')}, turn {turn}{solved}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f} %"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _plural(word: str, count: float) -> str:
    return word if count == 1 else f"{word}s"


def _aligned(rows: Iterable[Sequence[str]]) -> str:
    found = list(rows)
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in found
    )


def _html_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
