"""Figures for papers, as PNG and SVG: readable in grey, by colour-blind readers, and in one column.

Needs matplotlib. The same run gives the same bytes.
"""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rlef_env.analysis.metrics import metric_named
from rlef_env.errors import UsageError
from rlef_env.judge import Verdict
from rlef_env.runs import EpisodeFacts, RunFolder, read_facts
from rlef_env.terminal import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["figures_as_svg", "write_figures"]

WIDTH: Final = 3.4
"""Inches: a column of a paper with two."""
RUN_STYLES: Final[Sequence[dict[str, Any]]] = (
    {"color": "#0072b2", "marker": "o", "linestyle": "-"},
    {"color": "#d55e00", "marker": "s", "linestyle": "--"},
    {"color": "#009e73", "marker": "^", "linestyle": ":"},
    {"color": "#cc79a7", "marker": "D", "linestyle": "-."},
)
"""Colours of Okabe and Ito, which colour-blind readers tell apart; marks and dashes say the same in grey."""
STATE_STYLES: Final[Mapping[str, tuple[str, str]]] = {
    "solved": ("#009e73", ""),
    "wrong_answer": ("#d55e00", "///"),
    "runtime_error": ("#cc79a7", "..."),
    "time_limit": ("#e69f00", "\\\\\\"),
    "memory_limit": ("#f0e442", "xxx"),
    "output_limit": ("#56b4e9", "---"),
    "compile_error": ("#0072b2", "+++"),
    "security_violation": ("#333333", ""),
    "no_program": ("#999999", "|||"),
    "ended": ("#d9d9d9", ""),
    "no_verdict": ("#ffffff", "ooo"),
}
"""State of an episode after a turn -> colour and hatching."""
MAX_CATEGORIES: Final = 12


@dataclass(frozen=True)
class _Run:
    """A run's name, its facts, and the episodes at its last step."""

    name: str
    facts: list[EpisodeFacts]
    last: list[EpisodeFacts]


def write_figures(runs: Sequence[RunFolder], folder: str | Path) -> list[Path]:
    """Write the figures that the runs have something for, each as PNG and SVG.

    Returns:
        The files.

    Raises:
        UsageError: matplotlib is not installed.
        DataError: a run is damaged.
        OSError: a file cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in _drawn([_read(run) for run in runs]):
        for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            path = folder / f"{name}.{kind}"
            figure.savefig(path, dpi=300, metadata=metadata)
            written.append(path)
    return written


def figures_as_svg(run: RunFolder, names: Sequence[str] = ("solved-by-turn", "training")) -> str:
    """Return figures of a run as SVG elements, one after the other, for a page or a notebook.

    Raises:
        UsageError: matplotlib is not installed.
        DataError: the run is damaged.
    """
    elements = []
    for _, figure in _drawn([_read(run)], names):
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
        elements.append(file.getvalue()[file.getvalue().index("<svg") :])
    return "\n".join(elements)


def _drawn(runs: list[_Run], names: Sequence[str] | None = None) -> Iterator[tuple[str, Figure]]:
    """Yield the figures that the runs have something for, with their names."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError('figures: expected matplotlib to be installed; pip install "rlef-env[analysis]"') from None
    drawings: dict[str, tuple[Callable[[Axes, list[_Run]], bool], float]] = {
        "solved-by-turn": (_solved_by_turn, 2.3),
        "verdicts-by-turn": (_verdicts_by_turn, 2.6),
        "categories": (_categories, 2.8),
        "training": (_training, 2.4),
    }
    with matplotlib.rc_context(_STYLE):
        for name, (drawing, height) in drawings.items():
            figure = Figure(figsize=(WIDTH, height))
            if (names is None or name in names) and drawing(figure.subplots(), runs):
                yield name, figure


_STYLE: Final[Any] = {
    "figure.constrained_layout.use": True,
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "svg.fonttype": "none",
    "svg.hashsalt": "rlef",
    "text.parse_math": False,
}


def _read(run: RunFolder) -> _Run:
    facts = read_facts(run)
    measured = [each for each in facts if each.phase != "train"] or facts
    steps = [each.step for each in measured if each.step is not None]
    last = [each for each in measured if each.step == max(steps)] if steps else measured
    name = one_line(run.path.resolve().name)
    return _Run(f" {name}" if name.startswith("_") else name, facts, last)  # matplotlib hides labels with a _ in front


def _solved_by_turn(axes: Axes, runs: list[_Run]) -> bool:
    turns = max((each.max_turns for run in runs for each in run.last), default=0)
    for number, run in enumerate(runs):
        shift = 0.08 * (number - (len(runs) - 1) / 2)
        points = [metric_named(f"solved_at_{turn}").interval(run.last) for turn in range(1, turns + 1)]
        axes.errorbar(
            [turn + shift for turn in range(1, turns + 1)],
            [100 * point.value for point in points],
            yerr=[
                [100 * (point.value - point.low) for point in points],
                [100 * (point.high - point.value) for point in points],
            ],
            capsize=2,
            label=run.name,
            **RUN_STYLES[number % len(RUN_STYLES)],
        )
    axes.set(xlabel="turn", ylabel="solved so far (%)", xticks=range(1, turns + 1), ylim=(0, 100))
    _legend(axes, runs)
    return turns > 0


def _verdicts_by_turn(axes: Axes, runs: list[_Run]) -> bool:
    turns = max((len(each.turns) for run in runs for each in run.last), default=0)
    width, seen = 0.8 / len(runs), set()
    for (number, run), turn in itertools.product(enumerate(runs), range(1, turns + 1)):
        if not run.last:
            continue
        counts = Counter(_state(each, turn) for each in run.last)
        bottom, place = 0.0, turn + width * (number - (len(runs) - 1) / 2)
        for state, (colour, hatch) in STATE_STYLES.items():
            share = 100 * counts[state] / len(run.last)
            label = state.replace("_", " ") if share and state not in seen else None
            if share:
                seen.add(state)
                axes.bar(
                    place, share, width * 0.92, bottom, color=colour, hatch=hatch, edgecolor="#333333",
                    linewidth=0.4, label=label,
                )  # fmt: skip
            bottom += share
        if len(runs) > 1:
            axes.annotate(run.name, (place, 101), ha="center", va="bottom", fontsize=6, annotation_clip=False)
    axes.set(xlabel="turn", ylabel="episodes (%)", xticks=range(1, turns + 1), ylim=(0, 100))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=1.2)
    return turns > 0


def _state(episode: EpisodeFacts, turn: int) -> str:
    """Return what an episode is after a turn: solved, ended without being solved, or the verdict of that turn."""
    if 0 < episode.solved_at <= turn:
        return "solved"
    if turn > len(episode.turns):
        return "ended"
    verdict = episode.turns[turn - 1].verdict
    return verdict if verdict in STATE_STYLES else "ended"


def _categories(axes: Axes, runs: list[_Run]) -> bool:
    counts = [Counter(_failures(run.last)) for run in runs]
    total: Counter[str] = sum(counts, Counter())
    names = [name for name, _ in total.most_common(MAX_CATEGORIES)]
    height = 0.8 / len(runs)
    for number, (run, count) in enumerate(zip(runs, counts, strict=True)):
        style = RUN_STYLES[number % len(RUN_STYLES)]
        axes.barh(
            [place + height * (number - (len(runs) - 1) / 2) for place in range(len(names))],
            [100 * count[name] / max(1, count.total()) for name in names],
            height * 0.9,
            color=style["color"],
            hatch=("", "////", "....", "xxxx")[number % 4],
            edgecolor="white",
            linewidth=0,
            label=run.name,
        )
    axes.set(
        xlabel="failed turns (%)",
        yticks=range(len(names)),
        yticklabels=[one_line(name.replace("_", " ")) for name in names],
    )
    axes.invert_yaxis()
    _legend(axes, runs)
    return bool(names)


def _failures(facts: Sequence[EpisodeFacts]) -> Iterator[str]:
    for each in facts:
        for turn in each.turns:
            if turn.verdict != Verdict.ACCEPTED.value:
                yield turn.category or turn.verdict


def _training(axes: Axes, runs: list[_Run]) -> bool:
    drawn = False
    for number, run in enumerate(runs):
        steps = sorted({each.step for each in run.facts if each.phase == "evaluate" and each.step is not None})
        if len(steps) < 2:
            continue
        at = {step: [each for each in run.facts if each.step == step and each.phase == "evaluate"] for step in steps}
        points = [metric_named("solve_rate").interval(at[step]) for step in steps]
        style = RUN_STYLES[number % len(RUN_STYLES)]
        axes.fill_between(
            steps, [100 * point.low for point in points], [100 * point.high for point in points],
            color=style["color"], alpha=0.18, linewidth=0,
        )  # fmt: skip
        axes.plot(steps, [100 * point.value for point in points], label=run.name, **style)
        drawn = True
    axes.set(xlabel="updates", ylabel="solve rate (%)", ylim=(0, 100))
    _legend(axes, runs)
    return drawn


def _legend(axes: Axes, runs: list[_Run]) -> None:
    if len(runs) > 1 and axes.get_legend_handles_labels()[1]:
        axes.legend()
