"""A run that is killed at any moment loses at most one update, and continues to the bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agents.ppo.killed_runs import POINTS, SERVER_POINTS

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
        assert result["kept"] >= result["done"] - 1, (point, result)
        assert result["equal"], point
        assert result["left"] == [], point
    assert any(result["kept"] for result in found.values())


def test_kill_9_loses_at_most_one_update(tmp_path: Path) -> None:
    check(list(QUICK), tmp_path)


@pytest.mark.slow
def test_kill_9_anywhere_loses_at_most_one_update(tmp_path: Path) -> None:
    check([point for point in (*POINTS, *SERVER_POINTS) if point not in QUICK], tmp_path)
