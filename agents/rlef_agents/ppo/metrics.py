"""Where metrics go: a JSONL file always, TensorBoard where it is installed, and a few lines on the terminal."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from rlef_env.errors import RLEFError

__all__ = ["Log", "read_metrics"]

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


class Log:
    """Writes the metrics of a run.

    Args:
        folder: of the run: ``metrics.jsonl`` and ``tensorboard/`` go there.
        updates: of the whole run; for the time that is left.
        done: updates that are done already. Lines of later ones, from before a crash, are dropped.
        live: show a table that changes in place; on a terminal only.
        quiet: print nothing.
    """

    def __init__(self, folder: Path, updates: int, done: int = 0, live: bool = True, quiet: bool = False) -> None:
        self.path = folder / "metrics.jsonl"
        self._updates, self._done_before, self._began = updates, done, time.monotonic()
        kept = [row for row in read_metrics(self.path) if row["update"] <= done] if done else []
        self._written(lambda: self.path.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8"))
        self._board = board(folder / "tensorboard")
        self._console = Console(quiet=quiet)
        self._live = Live(console=self._console, transient=False) if live and self._console.is_terminal else None
        self._evaluation = ""
        if self._live is not None:
            self._live.start()

    def write(self, kind: str, update: int, metrics: Mapping[str, float]) -> None:
        """Append the metrics of an update: kind ``train`` or ``evaluate``.

        Raises:
            RLEFError: they cannot be written.
        """
        row = {"kind": kind, "update": update, **metrics}

        def append() -> None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
                file.flush()
                os.fsync(file.fileno())

        self._written(append)
        if self._board is not None:
            for name, value in metrics.items():
                self._board.add_scalar(f"{kind}/{name}", value, update)
        self._show(kind, update, metrics)

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, highlight=False, markup=False)

    def close(self) -> None:
        """End the display and the files."""
        if self._live is not None:
            self._live.stop()
        if self._board is not None:
            self._board.close()

    def _show(self, kind: str, update: int, metrics: Mapping[str, float]) -> None:
        if kind == "evaluate":
            by_turn = " ".join(f"{value:.2f}" for name, value in metrics.items() if name.startswith("solved_at_"))
            self._evaluation = (
                f"valid after {update} updates: solved {metrics.get('solve_rate', 0.0):.3f} "
                f"(by turn {by_turn}) at temperature {metrics.get('temperature', 1.0):g}, "
                f"{metrics.get('episodes', 0):.0f} episodes"
            )
            self.say(self._evaluation)
            return
        spent = time.monotonic() - self._began
        left = spent / max(update - self._done_before, 1) * (self._updates - update)
        cells = [(label, form.format(metrics[name])) for name, label, form in SHOWN if name in metrics]
        cells += [("left", f"{int(left) // 60}:{int(left) % 60:02d}")]
        if self._live is None:
            self.say(f"update {update}/{self._updates}  " + "  ".join(f"{label} {value}" for label, value in cells))
            return
        table = Table("update", *(label for label, _ in cells), caption=self._evaluation or None)
        table.add_row(f"{update}/{self._updates}", *(value for _, value in cells))
        self._live.update(table)

    def _written(self, write: Any) -> None:
        try:
            write()
        except OSError as error:
            raise RLEFError(f"{self.path}: expected to be able to write metrics; {error}. Free some space") from error


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of a metrics file; a last line that was cut off by a crash is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]  # what has its end of line is whole


def board(folder: Path) -> Any:
    """A TensorBoard writer, or None where it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder))
