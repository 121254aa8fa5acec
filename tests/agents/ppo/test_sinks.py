"""Metrics always go to a file, and to each tracker that is installed. No tracker can stop a run."""

from __future__ import annotations

import json
import resource
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from rlef_agents.ppo import sinks as module
from rlef_agents.ppo.sinks import JSONLines, read_metrics, sinks
from rlef_env.errors import RLEFError

PACKAGES = ("tensorboard", "wandb", "trackio")


class StandIn(ModuleType):
    """Stands in for a tracker: records its calls; ``log`` raises if ``broken``."""

    def __init__(self, name: str, broken: bool = False) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None, origin="here")
        self.calls: list[tuple[str, Any]] = []
        self.broken = broken

    def Settings(self, **settings: Any) -> SimpleNamespace:  # noqa: N802 - as W&B calls it
        return SimpleNamespace(**settings)

    def init(self, **arguments: Any) -> StandIn:
        self.calls.append(("init", arguments))
        return self

    def define_metric(self, name: str, step_metric: str) -> None:
        self.calls.append(("define_metric", (name, step_metric)))

    def log(self, metrics: Any, step: int | None = None) -> None:
        if self.broken:
            raise ConnectionError("no network")
        self.calls.append(("log", (metrics, step)))

    def finish(self) -> None:
        self.calls.append(("finish", None))


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make only the given ones of these packages appear to be installed."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_PROJECT", "WANDB_NAME", "WANDB_DIR", "TRACKIO_PROJECT"):
        monkeypatch.delenv(name, raising=False)

    def install(**packages: StandIn) -> None:
        for name, package in packages.items():
            monkeypatch.setitem(sys.modules, name, package)
        specs = {name: package.__spec__ for name, package in packages.items()}
        monkeypatch.setattr(module, "find_spec", lambda name: specs.get(name))

    return install


def run(folder: Path, done: int, updates: int) -> list[str]:
    """Write updates to all sinks; return what they report."""
    reports: list[str] = []
    file, others = sinks(folder, done, {"lr": 0.5}, reports.append)
    for sink in (file, *others):
        for update in range(done + 1, updates + 1):
            sink.write("train", update, {"solve_rate": update / 4})
        sink.close()
    return reports


def test_without_trackers_nothing_is_reported_and_the_file_is_written(only: Any, tmp_path: Path) -> None:
    only()
    assert run(tmp_path, 0, 2) == []
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "train", "update": 3, "solve_rate": 0.9}\n{"kind": "tra')
    assert run(tmp_path, 2, 3) == []  # continues after the second update, as from its checkpoint
    assert [row["solve_rate"] for row in read_metrics(tmp_path / "metrics.jsonl")] == [0.25, 0.5, 0.75]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics.jsonl"]


def test_a_full_disk_on_resume_keeps_the_old_metrics(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    file = JSONLines(path)
    for update in range(1, 41):
        file.write("train", update, {"solve_rate": update / 64})
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 3, hard))
    try:
        with pytest.raises(RLEFError, match="Free some space"):
            JSONLines(path, done=30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    JSONLines(path, done=30)
    assert [row["update"] for row in read_metrics(path)] == list(range(1, 31))
    assert [each.name for each in tmp_path.iterdir()] == ["metrics.jsonl"]


def test_wandb_is_offline_without_a_key_and_a_resumed_run_is_the_same_run(
    only: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = StandIn("wandb")
    only(wandb=wandb)
    assert run(tmp_path, 0, 1) == []
    monkeypatch.setenv("WANDB_API_KEY", "key")
    assert run(tmp_path, 1, 2) == []
    first, second = (arguments for name, arguments in wandb.calls if name == "init")
    assert (first["mode"], second["mode"]) == ("offline", "online")
    assert first["id"] == second["id"]
    assert (first["resume"], first["config"], first["dir"]) == ("allow", {"lr": 0.5}, str(tmp_path))
    assert ("define_metric", ("*", "update")) in wandb.calls
    assert [call for call in wandb.calls if call[0] in ("log", "finish")] == [
        ("log", ({"update": 1, "train/solve_rate": 0.25}, None)),
        ("finish", None),
        ("log", ({"update": 2, "train/solve_rate": 0.5}, None)),
        ("finish", None),
    ]


def test_trackio_has_the_update_as_its_step(only: Any, tmp_path: Path) -> None:
    trackio = StandIn("trackio")
    only(trackio=trackio)
    assert run(tmp_path, 0, 1) == []
    assert [name for name, _ in trackio.calls] == ["init", "log", "finish"]
    assert trackio.calls[1][1] == ({"train/solve_rate": 0.25}, 1)


def test_a_tracker_that_fails_is_reported_once_and_disabled(only: Any, tmp_path: Path) -> None:
    only(wandb=StandIn("wandb", broken=True), trackio=(trackio := StandIn("trackio")))
    assert run(tmp_path, 0, 3) == ["wandb: disabled (ConnectionError: no network); metrics.jsonl is still written"]
    assert len(read_metrics(tmp_path / "metrics.jsonl")) == 3
    assert [name for name, _ in trackio.calls] == ["init", "log", "log", "log", "finish"]


def test_a_folder_named_like_a_tracker_is_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wandb").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, "find_spec", lambda name: REAL(name) if name == "wandb" else None)
    monkeypatch.delitem(sys.modules, "wandb", raising=False)
    if (spec := REAL("wandb")) is not None and spec.origin is not None:
        pytest.skip("W&B is installed here")
    assert run(tmp_path, 0, 1) == []


REAL = module.find_spec


def test_real_trackers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every installed tracker writes what was logged; TensorBoard's and trackio's files are read back."""
    installed = [name for name in PACKAGES if (spec := REAL(name)) is not None and spec.origin is not None]
    if not installed:
        pytest.skip("none of tensorboard, wandb and trackio is installed")
    for name, value in (("WANDB_MODE", "offline"), ("HOME", str(tmp_path)), ("TRACKIO_DIR", str(tmp_path / "trackio"))):
        monkeypatch.setenv(name, value)
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    assert run(run_folder, 0, 2) == []
    assert run(run_folder, 2, 4) == []
    if "tensorboard" in installed:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(run_folder / "tensorboard"))
        events.Reload()
        assert [(event.step, event.value) for event in events.Scalars("train/solve_rate")] == [
            (1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)
        ]  # fmt: skip
    if "wandb" in installed:
        runs = {path.name.split("-")[-1] for path in run_folder.glob("wandb/offline-run-*")}
        assert runs == {(run_folder / "wandb-id").read_text()}
    if "trackio" in installed:
        import sqlite3

        [database] = (tmp_path / "trackio").glob("*.db")
        with sqlite3.connect(database) as connection:
            rows = connection.execute("SELECT step, metrics FROM metrics ORDER BY step").fetchall()
        assert [(step, json.loads(metrics)["train/solve_rate"]) for step, metrics in rows] == [
            (1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)
        ]  # fmt: skip
