"""Sinks for metrics: ``metrics.jsonl`` always; TensorBoard, W&B and trackio if they are installed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from rlef_env.errors import RLEFError
from rlef_env.files import written_whole

__all__ = ["JSONLines", "Sink", "read_metrics", "sinks"]


class Sink(Protocol):
    """Receives the metrics of a run."""

    def write(self, kind: str, update: int, metrics: Mapping[str, float], evaluation: str = "") -> None:
        """Write the metrics of an update.

        Args:
            kind: ``train`` or ``evaluate``.
            update: number of updates so far.
            metrics: numbers by name.
            evaluation: name of the evaluation set; empty where a run has one.
        """
        ...

    def close(self) -> None:
        """Finish after the last metrics of the run."""
        ...


class JSONLines:
    """File with one JSON object per line.

    Args:
        path: path of the file.
        done: number of finished updates. Lines of later updates, written before a crash, are dropped.

    Raises:
        RLEFError: the file cannot be written, here or in ``write``.
    """

    def __init__(self, path: Path, done: int = 0) -> None:
        self.path = path
        kept = [row for row in read_metrics(path) if row["update"] <= done] if done else []

        def replace() -> None:
            with written_whole(path) as file:
                file.writelines(json.dumps(row).encode() + b"\n" for row in kept)

        self._written(replace)

    def write(self, kind: str, update: int, metrics: Mapping[str, float], evaluation: str = "") -> None:
        """See `Sink`."""
        about = {"kind": kind, "update": update, **({"evaluation": evaluation} if evaluation else {})}

        def append() -> None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**about, **metrics}) + "\n")
                file.flush()
                os.fsync(file.fileno())

        self._written(append)

    def close(self) -> None:
        """See `Sink`."""

    def _written(self, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            raise RLEFError(f"{self.path}: expected to be able to write metrics; {error}. Free some space") from error


class TensorBoard:
    """Event files under ``tensorboard/`` in the run's folder."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder / "tensorboard"))
        self._writer.add_text("config", "\n".join(f"    {name} = {value!r}" for name, value in settings.items()))

    def write(self, kind: str, update: int, metrics: Mapping[str, float], evaluation: str = "") -> None:
        """See `Sink`."""
        for name, value in tagged(kind, metrics, evaluation).items():
            self._writer.add_scalar(name, value, update)

    def close(self) -> None:
        """See `Sink`."""
        self._writer.close()


class Tracker:
    """Run of W&B or trackio, whose interfaces are the same.

    W&B runs online if ``WANDB_API_KEY`` is set, else it writes to ``wandb/`` in the run's folder for ``wandb sync``.
    trackio writes to its own folder on this machine. Their environment variables (``WANDB_MODE``, ``WANDB_ENTITY``,
    ``TRACKIO_DIR``, ...) take precedence.

    Args:
        package: ``"wandb"`` or ``"trackio"``.
        folder: folder of the run.
        settings: settings of the run, shown with it.
    """

    def __init__(self, package: str, folder: Path, settings: Mapping[str, Any]) -> None:
        module: Any = import_module(package)
        self._is_wandb = package == "wandb"
        options = _wandb_options(module, folder) if self._is_wandb else {"name": folder.resolve().name, "embed": False}
        project = os.environ.get(f"{package.upper()}_PROJECT", "rlef")
        run = module.init(project=project, config=dict(settings), resume="allow", **options)
        self._run: Any = run if self._is_wandb else module  # only trackio.finish(), not run.finish(), resets trackio
        if self._is_wandb:
            run.define_metric("*", step_metric="update")

    def write(self, kind: str, update: int, metrics: Mapping[str, float], evaluation: str = "") -> None:
        """See `Sink`."""
        named = tagged(kind, metrics, evaluation)
        if self._is_wandb:  # W&B drops a step that is lower than the last one, as after a crash: log it as a metric
            self._run.log({"update": update, **named})
        else:
            self._run.log(named, step=update)

    def close(self) -> None:
        """See `Sink`."""
        self._run.finish()


def tagged(kind: str, metrics: Mapping[str, float], evaluation: str) -> dict[str, float]:
    """Return the metrics by the names of trackers: ``train/lr``, or ``evaluate/SET/solve_rate``."""
    prefix = f"{kind}/{evaluation}" if evaluation else kind
    return {f"{prefix}/{name}": value for name, value in metrics.items()}


def _wandb_options(wandb: Any, folder: Path) -> dict[str, Any]:
    stored = folder / "wandb-id"  # a resumed run continues the same W&B run
    run_id = stored.read_text(encoding="utf-8") if stored.exists() else f"{time.time_ns():x}"
    stored.write_text(run_id, encoding="utf-8")
    online = "online" if os.environ.get("WANDB_API_KEY") else "offline"
    return {
        "name": os.environ.get("WANDB_NAME", folder.name),
        "dir": os.environ.get("WANDB_DIR", str(folder)),
        "mode": os.environ.get("WANDB_MODE", online),
        "id": run_id,
        "settings": wandb.Settings(silent=True),
    }


class Guarded:
    """Wraps a sink: its first error is reported and disables it, but does not stop the run.

    Nothing is lost, because ``metrics.jsonl`` has all metrics.
    """

    def __init__(self, make: Callable[[], Sink], name: str, report: Callable[[str], object]) -> None:
        self._name, self._report = name, report
        self._sink: Sink | None = None
        self._try(lambda: setattr(self, "_sink", make()))

    def write(self, kind: str, update: int, metrics: Mapping[str, float], evaluation: str = "") -> None:
        """See `Sink`."""
        if (sink := self._sink) is not None:
            self._try(lambda: sink.write(kind, update, metrics, evaluation))

    def close(self) -> None:
        """See `Sink`."""
        if (sink := self._sink) is not None:
            self._try(sink.close)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - no error of a tracker is worth stopping the run
            self._sink = None
            self._report(f"{self._name}: disabled ({type(error).__name__}: {error}); metrics.jsonl is still written")


def sinks(
    folder: Path, done: int, settings: Mapping[str, Any], report: Callable[[str], object]
) -> tuple[JSONLines, list[Sink]]:
    """Return the file of a run's metrics, and one further sink per installed tracker.

    Args:
        folder: folder of the run.
        done: number of finished updates.
        settings: settings of the run, shown with it.
        report: called with one line for each sink that fails. A tracker that is not installed is not reported.
    """
    file = JSONLines(folder / "metrics.jsonl", done)
    others: list[Sink] = []
    kinds: dict[str, Callable[[Path, Mapping[str, Any]], Sink]] = {
        "tensorboard": TensorBoard,
        "wandb": partial(Tracker, "wandb"),
        "trackio": partial(Tracker, "trackio"),
    }
    for package, kind in kinds.items():
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:  # W&B leaves folders of its name behind; they are no package
            others.append(Guarded(partial(kind, folder, settings), package, report))
    return file, others


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a metrics file, without a last line that a crash cut off."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]  # only a complete line has its newline
