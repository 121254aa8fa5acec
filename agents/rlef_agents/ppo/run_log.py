"""Log of a run: writes metrics to every sink, and shows a few of them on the terminal."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rlef_agents.ppo.outlook import outlook
from rlef_agents.ppo.progress import Watch
from rlef_agents.ppo.rollout import Progress
from rlef_agents.ppo.sinks import Sink, read_metrics, sinks
from rlef_env.errors import RLEFError
from rlef_env.sandbox import measure_machine

__all__ = ["Log", "record_machine"]

SHOWN: Final = (
    ("solve_rate", "solved", "{:.3f}"),
    ("episode_reward", "reward", "{:+.2f}"),
    ("reference_kl_turn", "KL", "{:.3f}"),
    ("policy_entropy", "entropy", "{:.3f}"),
    ("explained_variance", "value EV", "{:.2f}"),
    ("tokens_per_second", "tokens/s", "{:,.0f}"),
    ("judge_wait", "judge wait", "{:.0%}"),
    ("judge_use", "judge use", "{:.0%}"),
)


SECONDS_BETWEEN_LINES: Final = 60.0
"""Time between lines about progress where there is no live table; an update that is shorter prints none."""

SECONDS_BETWEEN_FRAMES: Final = 0.5
"""The same for the live table."""


class Log:
    """Writes and shows the metrics of a run.

    Args:
        folder: folder of the run, for ``metrics.jsonl`` and the files of other sinks.
        updates: number of updates of the whole run, to estimate the time left.
        done: number of updates before this start. Lines of later updates, from before a crash, are dropped.
        live: show a table that changes in place; on a terminal only.
        quiet: print nothing.
        writes: False in processes whose metrics another process writes.
        settings: settings of the run, for sinks that show them.

    Attributes:
        until: time of ``time.monotonic()`` after which the run ends with the next update.
    """

    def __init__(
        self,
        folder: Path,
        updates: int,
        done: int = 0,
        live: bool = True,
        quiet: bool = False,
        writes: bool = True,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = folder / "metrics.jsonl"
        self._updates, self._done_before, self._began = updates, done, time.monotonic()
        self.until = math.inf
        self._console = Console(quiet=quiet, markup=False, emoji=False)
        self._sinks: list[Sink] = []
        if writes:
            file, others = sinks(folder, done, settings or {}, self.say)
            self._sinks = [file, *others]
        self._live = Live(console=self._console, transient=False) if live and self._console.is_terminal else None
        self._evaluation, self._table = "", Table()
        self._next_progress = self._began + self._between
        if self._live is not None:
            self._live.start()

    def write(self, kind: str, update: int, metrics: Mapping[str, float], evaluation: str = "") -> None:
        """Write and show the metrics of an update.

        Args:
            kind: ``train`` or ``evaluate``.
            update: number of updates so far.
            metrics: numbers by name.
            evaluation: name of the evaluation set; empty where a run has one.

        Raises:
            RLEFError: ``metrics.jsonl`` cannot be written.
        """
        for sink in self._sinks:
            sink.write(kind, update, metrics, evaluation)
        self._show(kind, update, metrics, evaluation)

    def progress(self, watch: Watch, batch: Progress) -> None:
        """Show how far what is being played is; called often, shown seldom."""
        now = time.monotonic()
        if now < self._next_progress or self._console.quiet:
            return
        self._next_progress = now + self._between
        line = watch.line(now, batch)
        if self._live is None:
            self.say(line)
        else:
            self._live.update(Group(self._table, Text(line)))

    @property
    def _between(self) -> float:
        return SECONDS_BETWEEN_LINES if self._live is None else SECONDS_BETWEEN_FRAMES

    def forecast(self, evaluation: str, name: str = "") -> None:
        """Show what the evaluations so far say about the following ones, if they are enough.

        Args:
            evaluation: label of the evaluation set.
            name: its name in the metrics; empty where a run has one set.
        """
        if self._console.quiet:
            return
        try:
            line = outlook(read_metrics(self.path), evaluation, name)
        except Exception as error:  # noqa: BLE001 - no forecast is worth stopping the run
            line = f"forecast: left out ({type(error).__name__}: {error})"
        if line:
            self._evaluation += f"\n{line}"
            self.say(line)

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Stop the display and close the sinks."""
        if self._live is not None:
            self._live.stop()
        for sink in self._sinks:
            sink.close()

    def _show(self, kind: str, update: int, metrics: Mapping[str, float], evaluation: str) -> None:
        if kind == "evaluate":
            name = f" {evaluation}" if evaluation else ""
            by_turn = " ".join(
                f"{value:.2f}" for name, value in metrics.items() if re.fullmatch(r"solved_at_\d+", name)
            )
            n_at_k = "  ".join(
                f"{name} {value:.3f}" for name, value in metrics.items() if re.fullmatch(r"\d+@\d+", name)
            )
            self._evaluation = (
                f"evaluated{name} after {update} updates: solved {metrics.get('solve_rate', 0.0):.3f} "
                f"(by turn {by_turn}; {n_at_k}) at temperature {metrics.get('temperature', 1.0):g}, "
                f"top-p {metrics.get('top_p', 1.0):g}, {metrics.get('episodes', 0):.0f} episodes"
                + (f"; {lost:.0f} more have no verdict" if (lost := metrics.get("no_verdict", 0)) else "")
            )
            self.say(self._evaluation)
            return
        spent = time.monotonic() - self._began
        self._next_progress = time.monotonic() + self._between
        left = spent / max(update - self._done_before, 1) * (self._updates - update)
        left = max(0.0, min(left, self.until - time.monotonic()))
        cells = [(label, shown(name, metrics[name], form)) for name, label, form in SHOWN if name in metrics]
        cells += [("left", f"{int(left) // 60}:{int(left) % 60:02d}")]
        if self._live is None:
            self.say(f"update {update}/{self._updates}  " + "  ".join(f"{label} {value}" for label, value in cells))
            return
        table = Table("update", *(label for label, _ in cells), caption=self._evaluation or None)
        table.add_row(f"{update}/{self._updates}", *(value for _, value in cells))
        self._table = table
        self._live.update(table)


def shown(name: str, value: float, form: str) -> str:
    """Return a metric as a cell. Explained variance has no lower bound: where all returns are equal it is long."""
    return "< -9" if name == "explained_variance" and value < -9 else form.format(value)


def record_machine(folder: Path, update: int) -> list[str]:
    """Measure the machine that judges, append a line to ``machine.jsonl``, and return what to say about it.

    Raises:
        RLEFError: the file cannot be written.
    """
    health = measure_machine()
    row = {"update": update, **dataclasses.asdict(health)}
    try:
        with (folder / "machine.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    except OSError as error:
        raise RLEFError(f"{folder}: expected a writable folder; {error}. Free some space") from error
    warning = [f"WARNING: this machine is starved. {health.advice}"] if health.starved else []
    return [f"machine: {health.summary()}", *warning]
