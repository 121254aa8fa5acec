"""Training processes use as much memory as the plan says, measured by the kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.agents.ppo.memory_use import made
from tests.ports import lasting_port

ROOT = Path(__file__).resolve().parents[3]
ALLOWED = 0.15
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""The C library returns freed tensors to the kernel at once, so that memory in use is what tensors use."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "llama"
    made(path)
    return path


def used(processes: int, folder: Path, out: Path, **changes: Any) -> list[dict[str, int]]:
    """Return what each process measured."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    shared = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(lasting_port())}
    command = [sys.executable, "-m", "tests.agents.ppo.memory_use", str(folder), json.dumps(changes), str(out)]
    started = [
        subprocess.Popen(
            command,
            env={**os.environ, **shared, **MALLOC, "PYTHONPATH": path, "RANK": str(rank), "OMP_NUM_THREADS": "1"},
            cwd=ROOT,
        )
        for rank in range(processes)
    ]
    try:
        assert [process.wait(timeout=850) for process in started] == [0] * processes
    finally:
        for process in started:
            process.kill()
    return [json.loads((out / f"{rank}.json").read_text()) for rank in range(processes)]


def assert_as_planned(found: list[dict[str, int]]) -> None:
    for process in found:
        assert process["peak"] == pytest.approx(process["planned"], rel=ALLOWED), found


@pytest.mark.slow
def test_two_processes_use_what_the_plan_says(folder: Path, tmp_path: Path) -> None:
    assert_as_planned(used(2, folder, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("processes", "changes"),
    [
        (4, {}),
        (2, {"gradient_checkpointing": True, "critic": "shared"}),
        (1, {"parallel": "ddp"}),
        (2, {"async_save": True}),
    ],
    ids=["four", "checkpointing", "one", "a checkpoint being written"],
)
def test_other_settings_use_what_the_plan_says(
    processes: int, changes: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    assert_as_planned(used(processes, folder, tmp_path, **changes))
