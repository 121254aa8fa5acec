"""Several evaluation sets: settings, metrics and episodes by name, and the one that selects the best policy."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rlef_agents.cli import main
from rlef_agents.ppo.config_file import dump_config, load_config
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk
from rlef_env.analysis.forecast.sources import read_run
from rlef_env.errors import UsageError
from rlef_env.runs import RunFolder, read_records
from tests.agents.ppo.test_trainer import CONFIG

TOML = """
dataset = "procedural/hidden_step?short=true&steps=2&count=20"
feedback = "none"
evaluate_temperature = 0.5
evaluate_samples = 2
best_by = "repair"

[[evaluations]]
name = "as-trained"
episodes = 3
samples = 1

[[evaluations]]
name = "repair"
feedback = "public"
turns = 5
temperature = 0
split = "test"
n_at_k = "2@10"

[[evaluations]]
name = "other"
dataset = "starter"
top_p = 0.95
"""


def test_a_set_has_its_own_settings_and_otherwise_those_of_evaluations_and_training(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TOML)
    config = load_config(path, ["evaluate_episodes=7", "turns=2"])
    shown = {
        name: (
            each.evaluate_dataset, each.evaluate_split, each.feedback, each.turns, each.evaluate_episodes,
            each.evaluate_samples, each.evaluate_temperature, each.evaluate_top_p, each.evaluate_n_at_k,
        )
        for name, each in config.evaluation_configs().items()
    }  # fmt: skip
    assert shown == {
        "as-trained": ("", "", "none", 2, 3, 1, 0.5, 1.0, ""),
        "repair": ("", "test", "public", 5, 7, 2, 0.0, 1.0, "2@10"),
        "other": ("starter", "", "none", 2, 7, 2, 0.5, 0.95, ""),
    }
    assert config.evaluation_config().feedback == "public", "best_by"
    assert config.evaluation_config("other").evaluate_dataset == "starter"
    (tmp_path / "written.toml").write_text(dump_config(config), encoding="utf-8")
    assert load_config(tmp_path / "written.toml") == config


def test_the_single_set_is_set_by_evaluate() -> None:
    config = load_config("tiny", ["feedback=none", "evaluate_feedback=public", "evaluate_turns=7"])
    (name,) = config.evaluation_configs()
    assert name == ""
    assert (config.evaluation_config().feedback, config.evaluation_config().turns) == ("public", 7)
    assert (config.feedback, config.turns) == ("none", 3)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("evaluations=valid", "evaluations: expected tables"),
        ("evaluations=[{turns = 1}]", "evaluations: name: expected a value, got none"),
        ("evaluations=[{name = 'a b'}]", "evaluations: name: expected letters, digits, '_', '-' and '.', got 'a b'"),
        ("evaluations=[{name = 'a', turns = -1}]", "evaluations: turns: expected 0 or more, got -1"),
        ("evaluations=[{name = 'a', feedback = 'all'}]", "evaluations: feedback: expected"),
        ("evaluations=[{name = 'a', sample = 2}]", "evaluations: no setting 'sample'; did you mean 'samples'"),
        ("evaluations=[{name = 'a'}, {name = 'a'}]", "evaluations: expected different names, got a, a"),
        ("evaluations=[{name = 'a', n_at_k = '10@100'}]", "evaluations: a: "),
        ("best_by=a", "best_by: expected one of the evaluations, none, got 'a'"),
        ("evaluate_feedback=all", "evaluate_feedback: expected"),
        ("evaluate_turns=-1", "evaluate_turns: expected 0 or more"),
    ],
)
def test_wrong_sets_are_refused_in_one_line(override: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load_config("tiny", [override])
    assert "\n" not in str(caught.value)


def test_eval_and_play_take_the_set_that_selects_or_the_one_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TOML)
    assert main(["eval", "nowhere", str(path), "--evaluation", "others"]) == 2
    assert "evaluation: expected one of as-trained, repair, other, got 'others'" in capsys.readouterr().err


def trained(config: Any, evaluate: Any = None) -> Trainer:
    model, tokenizer = shrunk("llama")
    with Trainer(config, model, tokenizer, workers=1, quiet=True) as trainer:
        trainer.train()
    return trainer


def test_a_run_evaluates_every_set_and_names_it_in_metrics_and_episodes(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(TOML)
    sets = load_config(tmp_path / "mine.toml").evaluations
    config = replace(
        CONFIG, out=str(tmp_path / "run"), feedback="none", turns=1, updates=1, evaluate_every=1, evaluate_episodes=2,
        deterministic=False, evaluations=sets[:2], best_by="repair", evaluate_temperature=1.0, evaluate_samples=2,
    )  # fmt: skip
    trainer = trained(config)
    rows = read_metrics(tmp_path / "run" / "metrics.jsonl")
    assert [(row["kind"], row["update"], row.get("evaluation")) for row in rows] == [
        ("evaluate", 0, "repair"), ("evaluate", 0, "as-trained"), ("train", 1, None),
        ("evaluate", 1, "repair"), ("evaluate", 1, "as-trained"),
    ]  # fmt: skip
    assert [(row["temperature"], row["episodes"]) for row in rows[:2]] == [(0.0, 2.0), (1.0, 3.0)]
    assert "2@10" in rows[0]
    records = list(read_records(RunFolder.open(tmp_path / "run")))
    played = Counter((each.evaluation, each.step, each.episode.settings["max_turns"]) for each in records)
    assert played == {
        ("", 0, 1): 4, ("repair", 0, 5): 2, ("as-trained", 0, 1): 3, ("repair", 1, 5): 2, ("as-trained", 1, 1): 3,
    }  # fmt: skip
    assert any(turn.feedback for each in records if each.evaluation == "repair" for turn in each.episode.turns)
    assert read_run(tmp_path / "run").evaluations() == {"repair": 2, "as-trained": 2, "train": 1}
    assert trainer.sets[0].label == "repair"


def test_the_best_policy_is_that_of_the_set_that_selects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {"a": iter((0.9, 0.1, 0.9)), "b": iter((0.2, 0.5, 0.4))}
    monkeypatch.setattr(
        "rlef_agents.ppo.trainer.play_evaluation", lambda chosen, *_: {"solve_rate": next(rates[chosen.name])}
    )
    saved: list[int] = []
    monkeypatch.setattr("rlef_agents.ppo.trainer.keep_best", lambda _, learner, *rest: saved.append(learner.version))
    (tmp_path / "mine.toml").write_text('[[evaluations]]\nname = "a"\n[[evaluations]]\nname = "b"\n')
    sets = load_config(tmp_path / "mine.toml").evaluations
    trainer = trained(
        replace(CONFIG, out=str(tmp_path / "run"), evaluate_every=1, evaluations=sets, best_by="b", max_new=2)
    )
    assert saved == [0, 1]
    assert trainer.best == 0.5
