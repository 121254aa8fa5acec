"""Shows how far an evaluation is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from rlef_env.analysis.evaluation import PlannedEpisode
from rlef_env.analysis.metrics.definitions import clusters_of
from rlef_env.analysis.run import Run
from rlef_env.analysis.statistics.interval import mean_interval
from rlef_env.cli.display import note
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeRecord, ProblemFacts
from rlef_env.terminal import one_line

__all__ = ["EvalProgress", "watched"]

SECONDS_BETWEEN_LINES: Final = 30.0
SLOW_SECONDS: Final = 5.0
"""An episode that is open for less is not named as slow."""


class EvalProgress:
    """An observer that shows the solve rate so far, the time that is left, and which open problem is the slowest.

    Args:
        run: the run, with the episodes that it has already.
        total: number of episodes that it will have.
        plain: lines also on a terminal.
    """

    def __init__(self, run: Run, total: int, plain: bool = False) -> None:
        self.total, self.done = total, 0
        self._counts: dict[str, list[int]] = {}  # problem -> solved and all episodes with a verdict
        self._open: dict[tuple[str, int], float] = {}  # problem and sample -> since when
        self._problems = run.folder.problem_facts()
        for facts in run.facts:
            self.done += facts.has_verdict
            self._count(facts.problem.problem_id, facts.solved, facts.has_verdict)
        self._done_before, self._began = self.done, time.monotonic()
        self._printed = self._began
        self._bar: Progress | None = None
        if sys.stderr.isatty() and not plain:
            columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), _Status(self))
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)
            self._task = self._bar.add_task("", total=total, completed=self.done)
            self._bar.start()

    def began(self, planned: PlannedEpisode) -> None:
        """Remember since when an episode is open."""
        self._open[planned.problem_id, planned.sample] = time.monotonic()

    def ended(self, record: EpisodeRecord) -> None:
        """Count an episode."""
        problem_id = record.episode.problem_id
        self._open.pop((problem_id, record.sample), None)
        self.done += 1
        self._count(problem_id, record.episode.solved, record.has_verdict)
        self._show()

    def failed(self, planned: PlannedEpisode, error: UsageError) -> None:
        """Print the failure in a line."""
        self._open.pop((planned.problem_id, planned.sample), None)
        note(str(error))

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()

    def status(self) -> str:
        """Return the solve rate so far, and the slowest open problem."""
        counts = [(problem_id, solved / total) for problem_id, (solved, total) in list(self._counts.items()) if total]
        words = []
        if counts:
            problems = (self._problems.get(problem_id) or ProblemFacts(problem_id) for problem_id, _ in counts)
            found = mean_interval([rate for _, rate in counts], clusters_of(problems))
            words.append(f"solved {found.value:.1%} ({found.low:.1%} to {found.high:.1%})")
        began, problem_id = min(((at, name) for (name, _), at in list(self._open.items())), default=(0.0, ""))
        seconds = time.monotonic() - began
        if problem_id and seconds >= SLOW_SECONDS:
            words.append(f"slowest: {one_line(problem_id)[:40]}, {seconds:.0f} s")
        return "; ".join(words)

    def _count(self, problem_id: str, solved: bool, has_verdict: bool) -> None:
        if has_verdict:
            counts = self._counts.setdefault(problem_id, [0, 0])
            counts[0] += solved
            counts[1] += 1

    def _show(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done)
            return
        now = time.monotonic()
        if now - self._printed < SECONDS_BETWEEN_LINES and self.done < self.total:
            return
        self._printed = now
        each = (now - self._began) / max(self.done - self._done_before, 1)
        left = f"; about {_duration(each * (self.total - self.done))} left" if self.done < self.total else ""
        note(f"{self.done} of {self.total} episodes; {self.status()}{left}")


class _Status(ProgressColumn):
    def __init__(self, progress: EvalProgress) -> None:
        super().__init__(Column(no_wrap=True, overflow="ellipsis"))
        self._progress = progress

    def render(self, task: Task) -> Text:  # noqa: ARG002 - a column's method
        return Text(self._progress.status())


@contextmanager
def watched(progress: Sequence[EvalProgress]) -> Iterator[None]:
    """Close what the block adds to a list, however the block ends."""
    try:
        yield
    finally:
        for each in progress:
            each.close()


def _duration(seconds: float) -> str:
    """Return a number of seconds in words: 40 s, 12 min or 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
