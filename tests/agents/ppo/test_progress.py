"""Progress inside of an update: one line, seldom, on a terminal in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rlef_agents.ppo import run_log
from rlef_agents.ppo.progress import Watch
from rlef_agents.ppo.rollout import Progress
from rlef_agents.ppo.run_log import Log
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk
from tests.agents.ppo.test_trainer import CONFIG

BATCH = Progress(finished=20, episodes=100, tokens=3000, pending=7)


def test_the_line_by_hand() -> None:
    watch = Watch("update 3/40", 400, began=1000.0)
    assert watch.line(1010.0, BATCH) == (
        "update 3/40: 20 of 400 episodes, 300 tokens/s, 7 at the judge, time left 3:10"
    )
    watch.add(80, 12_000)
    assert watch.line(1050.0, BATCH._replace(pending=0)) == (
        "update 3/40: 100 of 400 episodes, 300 tokens/s, time left 2:30"
    )
    assert watch.line(99_000.0, BATCH).endswith("time left 81:40:00")
    assert (
        Watch("evaluation", 9, 0.0)
        .line(1.0, Progress(0, 9, 0, 0))
        .endswith("0 of 9 episodes, 0 tokens/s, time left unknown")
    )


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(run_log, "time", made)
    return made


def test_without_a_table_there_is_a_line_a_minute_at_most(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    log, watch = Log(tmp_path, 40, live=False), Watch("update 1/40", 100, 0.0)
    for clock.now in (1.0, 59.0, 61.0, 62.0, 120.0, 122.0):
        log.progress(watch, BATCH)
    log.write("train", 1, {})
    clock.now = 181.0
    log.progress(watch, BATCH)
    said = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0][:26] for line in said] == ["update 1/40: 20 of 100 epi"] * 2 + ["update 1/40"]


def test_the_time_left_is_that_until_the_last_update_or_the_stated_end(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    log = Log(tmp_path, 40, live=False)
    clock.now = 60.0
    log.write("train", 1, {"explained_variance": -1061.2, "solve_rate": 0.5})
    log.until = 200.0
    clock.now = 120.0
    log.write("train", 2, {})
    clock.now = 230.0
    log.write("train", 3, {})
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "update 1/40  solved 0.500  value EV < -9  left 39:00",
        "update 2/40  left 1:20",
        "update 3/40  left 0:00",
    ]


def test_a_quiet_log_says_nothing(tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(tmp_path, 40, quiet=True)
    clock.now = 100.0
    log.progress(Watch("update 1/40", 100, 0.0), BATCH)
    assert not capsys.readouterr().out


def test_a_terminal_shows_it_below_the_table(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    log = Log(tmp_path, 40)
    log.write("train", 1, {"solve_rate": 0.5})
    clock.now = 10.0
    log.progress(Watch("update 2/40", 100, 0.0), BATCH)
    log.close()
    shown = capsys.readouterr().out
    assert "0.500" in shown
    assert "update 2/40: 20 of 100 episodes" in shown


def test_a_run_says_how_far_its_updates_and_evaluations_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_log, "SECONDS_BETWEEN_LINES", 0.0)
    config = replace(
        CONFIG, out=str(tmp_path), updates=1, evaluate_every=1, evaluate_episodes=3, deterministic=False, max_new=4
    )
    model, tokenizer = shrunk("llama")
    with Trainer(config, model, tokenizer, workers=1, live=False) as trainer:
        trainer.train()
    said = capsys.readouterr().out
    assert "evaluation after 0 updates: 0 of 3 episodes" in said
    assert "update 1/1: 0 of 4 episodes, " in said
    assert "evaluation after 1 updates: 0 of 3 episodes" in said
