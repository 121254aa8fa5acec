"""Where metrics go beside the terminal: ``metrics.jsonl`` always; TensorBoard, W&B and trackio where installed."""

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

__all__ = ["JSONLines", "Sink", "read_metrics", "sinks"]


class Sink(Protocol):
    """Takes the metrics of a run."""

    def write(self, kind: str, update: int, metrics: Mapping[str, float]) -> None:
        """Take the metrics of an update: kind ``train`` or ``evaluate``."""
        ...

    def close(self) -> None:
        """The run has ended."""
        ...


class JSONLines:
    """A file with a JSON object in each line.

    Args:
        path: of the file.
        done: updates that are done already. Lines of later ones, from before a crash, are dropped.

    Raises:
        RLEFError: it cannot be written, here or in ``write``.
    """

    def __init__(self, path: Path, done: int = 0) -> None:
        self.path = path
        kept = [row for row in read_metrics(path) if row["update"] <= done] if done else []

        def replace() -> None:
            writing = path.with_name(f".writing-{path.name}")
            with writing.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in kept)
                file.flush()
                os.fsync(file.fileno())
            writing.replace(path)  # a full disk, or a crash, leaves what was there

        self._written(replace)

    def write(self, kind: str, update: int, metrics: Mapping[str, float]) -> None:
        """See `Sink`."""

        def append() -> None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"kind": kind, "update": update, **metrics}) + "\n")
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

    def write(self, kind: str, update: int, metrics: Mapping[str, float]) -> None:
        """See `Sink`."""
        for name, value in metrics.items():
            self._writer.add_scalar(f"{kind}/{name}", value, update)

    def close(self) -> None:
        """See `Sink`."""
        self._writer.close()


class WeightsAndBiases:
    """A run of W&B: online if ``WANDB_API_KEY`` is set, else under ``wandb/`` in the run's folder for ``wandb sync``.

    W&B's own variables go before that: ``WANDB_MODE``, ``WANDB_PROJECT``, ``WANDB_ENTITY`` and the others.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        wandb: Any = import_module("wandb")
        known = folder / "wandb-id"  # a resumed run goes on as the same one
        name = known.read_text(encoding="utf-8") if known.exists() else f"{time.time_ns():x}"
        known.write_text(name, encoding="utf-8")
        online = "online" if os.environ.get("WANDB_API_KEY") else "offline"
        self._run: Any = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "rlef"),
            name=os.environ.get("WANDB_NAME", folder.name),
            dir=os.environ.get("WANDB_DIR", str(folder)),
            mode=os.environ.get("WANDB_MODE", online),
            id=name,
            resume="allow",
            config=dict(settings),
            settings=wandb.Settings(silent=True),
        )
        self._run.define_metric("*", step_metric="update")

    def write(self, kind: str, update: int, metrics: Mapping[str, float]) -> None:
        """See `Sink`."""
        self._run.log({"update": update, **{f"{kind}/{name}": value for name, value in metrics.items()}})

    def close(self) -> None:
        """See `Sink`."""
        self._run.finish()


class Trackio:
    """A run of trackio, in its own folder on this machine; its own variables (``TRACKIO_DIR``, ...) hold."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self._trackio: Any = import_module("trackio")
        self._trackio.init(
            project=os.environ.get("TRACKIO_PROJECT", "rlef"),
            name=folder.resolve().name,
            config=dict(settings),
            resume="allow",
            embed=False,
        )

    def write(self, kind: str, update: int, metrics: Mapping[str, float]) -> None:
        """See `Sink`."""
        self._trackio.log({f"{kind}/{name}": value for name, value in metrics.items()}, step=update)

    def close(self) -> None:
        """See `Sink`."""
        self._trackio.finish()


class Guarded:
    """A sink whose troubles are said once and do not stop the run: the metrics are in ``metrics.jsonl``, too."""

    def __init__(self, make: Callable[[], Sink], name: str, say: Callable[[str], object]) -> None:
        self._name, self._say = name, say
        self._sink: Sink | None = None
        self._try(lambda: setattr(self, "_sink", make()))

    def write(self, kind: str, update: int, metrics: Mapping[str, float]) -> None:
        """See `Sink`."""
        if (sink := self._sink) is not None:
            self._try(lambda: sink.write(kind, update, metrics))

    def close(self) -> None:
        """See `Sink`."""
        if (sink := self._sink) is not None:
            self._try(sink.close)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever a tracker raises, it is not worth the run
            self._sink = None
            self._say(f"{self._name}: no longer written to ({type(error).__name__}: {error}); metrics.jsonl goes on")


def sinks(
    folder: Path, done: int, settings: Mapping[str, Any], say: Callable[[str], object]
) -> tuple[JSONLines, list[Sink]]:
    """The file of a run's metrics, and every other sink whose package is installed.

    Args:
        folder: of the run.
        done: updates that are done already.
        settings: of the run, to be shown with it.
        say: told, once for each, about a sink that fails; nothing is said of one that is not installed.
    """
    file = JSONLines(folder / "metrics.jsonl", done)
    others: list[Sink] = []
    kinds: tuple[tuple[str, Callable[[Path, Mapping[str, Any]], Sink]], ...] = (
        ("tensorboard", TensorBoard),
        ("wandb", WeightsAndBiases),
        ("trackio", Trackio),
    )
    for package, kind in kinds:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:  # W&B leaves folders of its name behind, which are no package
            others.append(Guarded(partial(kind, folder, settings), package, say))
    return file, others


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of a metrics file; a last line that was cut off by a crash is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]  # what has its end of line is whole
