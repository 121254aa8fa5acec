"""Problems of training and of evaluation: disjoint, unless the settings ask for the same, which is reported."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.problems import evaluation_problems, is_downloaded, training_problems
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk
from rlef_env import load_dataset
from rlef_env.errors import UsageError
from rlef_env.files import cache_folder
from rlef_env.problems import write_jsonl

STARTER = load_dataset("starter")


def stored(path: Path, count: int, first: int = 0) -> str:
    write_jsonl(path, [STARTER[place] for place in range(first, first + count)])
    return str(path)


def chosen(**settings: Any) -> tuple[list[str], list[str], str, str]:
    config = TrainConfig(**settings)
    evaluated = evaluation_problems(config)
    train = training_problems(config, evaluated)
    return list(train.dataset.ids), list(evaluated.dataset.ids), evaluated.label, evaluated.note


def test_every_tenth_problem_of_a_data_set_without_splits_is_held_out() -> None:
    train, held, label, note = chosen()
    assert held == list(STARTER.ids)[9::10]
    assert sorted(train + held) == sorted(STARTER.ids)
    assert label == "held out"
    assert "6 of its 66 problems are held out" in note


@pytest.mark.parametrize(("count", "trained", "held"), [(25, 23, 2), (10, 9, 1), (3, 2, 1)])
def test_a_file_can_be_trained_on_with_evaluation(count: int, trained: int, held: int, tmp_path: Path) -> None:
    train, evaluated, _, note = chosen(dataset=stored(tmp_path / "mine.jsonl", count))
    assert (len(train), len(evaluated)) == (trained, held)
    assert not set(train) & set(evaluated)
    assert "has no split 'valid'" in note


def test_a_single_problem_is_used_for_training_and_evaluation_and_reported(tmp_path: Path) -> None:
    train, evaluated, _, note = chosen(dataset=stored(tmp_path / "mine.jsonl", 1))
    assert train == evaluated == list(STARTER.ids)[:1]
    assert "has one problem, which is used for training and evaluation" in note


def test_a_split_for_evaluation_is_taken_where_there_is_one(tmp_path: Path) -> None:
    train, evaluated, label, note = chosen(dataset="procedural/hidden_step?count=20")
    assert (len(train), len(evaluated), label, note) == (20, 20, "valid", "")
    stored(tmp_path / "train.jsonl", 4)
    stored(tmp_path / "valid.jsonl", 3, first=4)
    stored(tmp_path / "test.jsonl", 2, first=7)
    folder = str(tmp_path)
    assert [len(each) for each in chosen(dataset=folder)[:2]] == [4, 3]
    train, evaluated, label, _ = chosen(dataset=folder, evaluate_split="test")
    assert (len(train), len(evaluated), label) == (4, 2, "test")
    assert len(evaluation_problems(TrainConfig(dataset=folder), "test").dataset) == 2


@pytest.mark.parametrize("name", ["validation", "dev"])
def test_a_split_for_evaluation_may_have_another_usual_name(name: str, tmp_path: Path) -> None:
    stored(tmp_path / "train-00000-of-00001.jsonl", 4)
    stored(tmp_path / f"{name}-00000-of-00001.jsonl", 3, first=4)
    train, evaluated, label, note = chosen(dataset=str(tmp_path))
    assert (len(train), len(evaluated), label, note) == (4, 3, name, "")


def test_a_split_of_the_hub_that_cannot_be_reached_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its split train may be cached on this machine; that is no reason to evaluate on a part of it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "datasets", None)  # the package that downloads is missing
    train = cache_folder() / "hub" / "deepmind--code_contests" / "default" / "train.jsonl"
    train.parent.mkdir(parents=True)
    stored(train, 20)
    assert len(load_dataset("deepmind/code_contests")) == 20
    with pytest.raises(UsageError, match="expected the library `datasets`"):
        chosen(dataset="deepmind/code_contests")
    assert len(chosen(dataset="deepmind/code_contests", evaluate_dataset="starter")[0]) == 20


def test_another_data_set_may_be_for_evaluation(tmp_path: Path) -> None:
    other = stored(tmp_path / "other.jsonl", 20)
    train, evaluated, label, note = chosen(evaluate_dataset=other)
    assert (len(train), len(evaluated), label, note) == (66, 20, "all problems", "")
    assert len(chosen(evaluate_dataset="procedural?count=7")[1]) == 7
    train, evaluated, label, note = chosen(evaluate_split="train")
    assert (train == evaluated, label, note) == (True, "train", "these are the problems that are trained on")


@pytest.mark.parametrize("settings", [{"dataset": "codecontests"}, {"evaluate_dataset": "codecontests"}], ids=str)
def test_a_data_set_that_is_not_there_is_refused_by_name(settings: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"data set: expected one of 'starter'.*got 'codecontests'"):
        chosen(**settings)
    with pytest.raises(UsageError, match="split"):
        chosen(evaluate_split="valid")


def test_names_of_the_hub_are_recognised_without_it(tmp_path: Path) -> None:
    assert is_downloaded("deepmind/code_contests")
    assert not any(map(is_downloaded, ("procedural/clock", "starter", "codecontests", "mine.jsonl")))


def test_a_run_with_the_default_data_set_and_evaluation_starts(tmp_path: Path) -> None:
    """Only the size of the run differs from the defaults."""
    config = TrainConfig(out=str(tmp_path), device="cpu")
    small = replace(config, episodes=2, minibatches=1, updates=1, max_new=4, evaluate_episodes=2)
    assert (small.dataset, small.evaluate_every, small.evaluate_dataset) == ("starter", 200, "")
    model, tokenizer = shrunk("llama")
    with Trainer(small, model, tokenizer, workers=1, quiet=True) as trainer:
        trainer.train()
    assert [row["kind"] for row in read_metrics(tmp_path / "metrics.jsonl")] == ["evaluate", "train", "evaluate"]
