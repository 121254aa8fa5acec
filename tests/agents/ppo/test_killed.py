"""A run that is killed at any moment loses at most the updates between two checkpoints, and continues to the bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agents.ppo.killed_runs import BEHIND_POINTS, POINTS, SERVER_POINTS

ROOT = Path(__file__).resolve().parents[3]
QUICK = ("files go to disk", "weights go to the generator", "weights are sent, and not loaded", "rollout")


def check(points: list[str], out: Path) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "tests.agents.ppo.killed_runs", str(out), *points]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}, cwd=ROOT, check=True)
    found = json.loads((out / "found.json").read_text())
    assert found.keys() == set(points)
    for point, result in found.items():
        assert result["killed"], point
        assert result["kept"] >= result["done"] - result["every"], (point, result)
        assert result["equal"], point
        assert result["left"] == [], point
    assert any(result["kept"] for result in found.values())


def test_kill_9_loses_at_most_one_update(tmp_path: Path) -> None:
    check(list(QUICK), tmp_path)


def test_kill_9_during_a_write_behind_loses_one_update_more(tmp_path: Path) -> None:
    """Updates in the metrics beyond the last checkpoint are those between two; the one in progress comes on top."""
    check(["shards are written behind"], tmp_path)


@pytest.mark.slow
def test_kill_9_anywhere_loses_at_most_one_update(tmp_path: Path) -> None:
    check([point for point in (*POINTS, *BEHIND_POINTS, *SERVER_POINTS) if point not in QUICK], tmp_path)
