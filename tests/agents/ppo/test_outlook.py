"""The forecast of a run in one line: only when it is allowed, and never a reason to stop."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rlef_agents.ppo.outlook import outlook
from rlef_agents.ppo.run_log import Log


def rows(evaluations: int) -> list[dict[str, Any]]:
    steps = range(0, 10 * evaluations, 10)
    return [
        {"kind": "evaluate", "update": step, "solve_rate": 0.9 - 0.6 * math.exp(-step / 20), "episodes": 250.0}
        for step in steps
    ] + [{"kind": "evaluate", "update": 999, "episodes": 0.0, "no_verdict": 250.0}, {"kind": "train", "update": 1}]


def test_a_forecast_is_one_line_once_it_is_allowed() -> None:
    assert outlook(rows(3), "valid") == ""
    line = outlook(rows(12), "valid")
    assert line.startswith("forecast: solve_rate 0.")
    assert "\n" not in line


def test_the_log_shows_it_after_an_evaluation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path, 200, live=False)
    for row in rows(12)[:12]:
        log.write("evaluate", row["update"], {name: row[name] for name in ("solve_rate", "episodes")})
        log.forecast("valid")
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("forecast: ")]
    assert 0 < len(said) < 12
    assert said[-1] == outlook(map(json.loads, log.path.read_text().splitlines()), "valid")

    def broken(*_: object) -> str:
        raise ArithmeticError("no fit")

    monkeypatch.setattr("rlef_agents.ppo.run_log.outlook", broken)
    log.forecast("valid")
    log.close()
    assert capsys.readouterr().out == "forecast: left out (ArithmeticError: no fit)\n"
