"""The run folder of a training run has each episode once, as it was played and trained on."""

from __future__ import annotations

import json
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rlef_agents.ppo import parallel
from rlef_agents.ppo.episode_log import EpisodeLog, sample_numbers
from rlef_agents.ppo.play_metrics import evaluation_metrics, training_metrics
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk
from rlef_env import load_dataset
from rlef_env.errors import RLEFError, UsageError
from rlef_env.runs import EpisodeWriter, RunFolder, connect, problem_facts, problem_list, read_facts, read_records
from tests.agents.ppo.test_trainer import CONFIG, run

EVALUATED = replace(CONFIG, evaluate_every=1, evaluate_episodes=4, evaluate_samples=2)


@pytest.fixture(autouse=True)
def _kernels_as_before() -> Iterator[None]:
    yield
    torch.use_deterministic_algorithms(False)


def test_the_episodes_are_those_that_were_trained_on(tmp_path: Path) -> None:
    config = replace(EVALUATED, out=str(tmp_path), samples_per_problem=2, final_invalid_penalty=-0.2)
    model, tokenizer = shrunk("llama")
    batches: list[Any] = []
    with Trainer(config, model, tokenizer, workers=1, quiet=True) as trainer:
        update = trainer.learner.update
        trainer.learner.update = lambda episodes: batches.append(episodes) or update(episodes)  # type: ignore[method-assign, func-returns-value]
        trainer.train()
    records = list(read_records(RunFolder.open(tmp_path)))
    rows = read_metrics(tmp_path / "metrics.jsonl")
    for step, batch in enumerate(batches):
        kept = [record for record in records if (record.phase, record.step) == ("train", step)]
        assert [(record.episode.problem_id, record.sample) for record in kept] == [
            (episode.problem_id, place % 2) for place, episode in enumerate(batch)
        ]
        for record, episode in zip(kept, batch, strict=True):
            assert record.episode.solved == episode.solved
            assert [turn.completion_tokens for turn in record.turns] == [
                len(turn.completion.ids) for turn in episode.turns
            ]
            last = episode.turns[-1]
            assert record.turns[-1].prompt_tokens == episode.length - len(last.completion.ids)
            assert [turn.values["reward"] for turn in record.turns] == pytest.approx(
                [turn.reward for turn in episode.turns]
            )
            assert record.turns[-1].values["reward"] == pytest.approx(record.episode.turns[-1].reward - 0.2)
            assert [turn.values["return"] for turn in record.turns][-1] == pytest.approx(
                last.reward - config.beta * record.turns[-1].values["kl"], abs=1e-5
            )
        (metrics,) = (row for row in rows if (row["kind"], row["update"]) == ("train", step + 1))
        turns = [turn for record in kept for turn in record.turns]
        means = {name: np.mean([turn.values[name] for turn in turns]) for name in turns[0].values}
        assert means["advantage"] == pytest.approx(0.0, abs=1e-5)
        assert np.std([turn.values["advantage"] for turn in turns]) == pytest.approx(1.0, abs=1e-4)
        for name, metric in (("kl", "reference_kl_turn"), ("value", "value"), ("return", "return")):
            assert means[name] == pytest.approx(metrics[metric], abs=1e-5), name
        facts = [each for each in read_facts(RunFolder.open(tmp_path)) if (each.phase, each.step) == ("train", step)]
        assert training_metrics(facts).items() <= metrics.items()
        assert metrics["episode_reward"] == pytest.approx(means["reward"] * len(turns) / len(kept))
        assert metrics["response_tokens"] == pytest.approx(np.mean([turn.completion_tokens for turn in turns]))


def test_evaluations_play_the_same_problems_whose_hash_is_in_the_run(tmp_path: Path) -> None:
    run(replace(EVALUATED, out=str(tmp_path)))
    folder = RunFolder.open(tmp_path)
    played = [
        [
            (facts.problem, facts.sample)
            for facts in read_facts(folder)
            if (facts.phase, facts.step) == ("evaluate", step)
        ]
        for step in range(3)
    ]
    assert played[0] == played[1] == played[2]
    assert {facts.evaluation for facts in read_facts(folder) if facts.phase == "evaluate"} == {"valid"}
    valid = [problem_facts(problem) for problem in load_dataset(CONFIG.dataset, split="valid")][:2]
    assert played[0] == [(valid[0], 0), (valid[1], 0), (valid[0], 1), (valid[1], 1)]
    assert folder.identity.problems == problem_list(valid, CONFIG.dataset, "valid")
    assert (folder.identity.agent["lr"], folder.identity.episodes["max_turns"]) == (1e-3, 3)
    assert folder.kind == "training"
    for rate in (row for row in read_metrics(tmp_path / "metrics.jsonl") if row["kind"] == "evaluate"):
        own = [facts for facts in read_facts(folder) if (facts.phase, facts.step) == ("evaluate", rate["update"])]
        assert evaluation_metrics(own).items() <= rate.items()
        assert {turn.category for facts in own for turn in facts.turns} <= {"no_program", "empty_response"}


def test_updates_that_a_resumed_run_plays_again_count_once(tmp_path: Path) -> None:
    """The run dies after its second update, whose checkpoint is missing, and is continued."""
    stops = iter((False, True))

    def die() -> bool:
        if next(stops):
            raise KeyboardInterrupt
        return False

    config = replace(EVALUATED, out=str(tmp_path), updates=3, episodes=2)
    with pytest.raises(KeyboardInterrupt):
        run(config, stop=die)
    before = {record.key: record for record in read_records(RunFolder.open(tmp_path))}
    assert {key.step for key in before if key.phase == "train"} == {0, 1}
    run(config, resume=True)
    folder = RunFolder.open(tmp_path)
    records = list(read_records(folder))
    counts = Counter(record.key for record in records)
    assert set(counts.values()) == {1}
    assert Counter((key.phase, key.step) for key in counts) == {
        **{("train", step): 2 for step in range(3)}, **{("evaluate", step): 4 for step in range(4)}
    }  # fmt: skip
    assert {(record.phase, record.step, record.attempt) for record in records} == {
        ("train", 0, 0), ("evaluate", 0, 0), ("evaluate", 1, 0),
        ("train", 1, 1), ("train", 2, 1), ("evaluate", 2, 1), ("evaluate", 3, 1),
    }  # fmt: skip
    again = {record.key: record for record in records}
    for key, record in before.items():
        assert again[key].episode == record.episode, "a deterministic run plays the same again"
    with connect(folder) as tables:
        assert tables.execute("SELECT count(*), count(DISTINCT episode) FROM episodes").fetchone() == (22, 22)
    starts = [json.loads(line) for line in (tmp_path / "starts.jsonl").read_text().splitlines()]
    assert [(start["update"], start["changed"]) for start in starts] == [(0, []), (1, [])]


def test_a_run_without_a_checkpoint_is_not_mixed_with_another(tmp_path: Path) -> None:
    def die() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(replace(CONFIG, out=str(tmp_path)), stop=die)
    with pytest.raises(UsageError, match="expected a folder without a run"):
        run(replace(CONFIG, out=str(tmp_path)))
    run(replace(CONFIG, out=str(tmp_path)), resume=True)
    assert {record.attempt for record in read_records(RunFolder.open(tmp_path))} == {1}


def test_other_evaluation_problems_and_a_second_process_are_refused(tmp_path: Path) -> None:
    config = replace(EVALUATED, out=str(tmp_path), updates=1)
    run(config)
    settings = (tmp_path / "config.toml").read_text()
    with pytest.raises(UsageError, match=r"evaluation problems.*problems\.count: 1, other 2.*evaluate_episodes"):
        run(replace(config, evaluate_episodes=2), resume=True)
    assert (tmp_path / "config.toml").read_text() == settings
    with EpisodeWriter(RunFolder.open(tmp_path), "rank0"), pytest.raises(UsageError, match="no other process writes"):
        run(replace(config, updates=2), resume=True)


def test_a_setting_thins_the_episodes_of_training(tmp_path: Path) -> None:
    run(replace(EVALUATED, out=str(tmp_path), evaluate_every=2, keep_episodes_every=2))
    facts = read_facts(RunFolder.open(tmp_path))
    assert Counter((each.phase, each.step) for each in facts) == {
        ("evaluate", 0): 4, ("train", 0): 4, ("evaluate", 2): 4
    }  # fmt: skip
    with closing(EpisodeLog(RunFolder.open(tmp_path), attempt=1, every=0)) as log:
        assert not any(map(log.keeps, range(3)))


def test_an_episode_without_room_for_a_response_is_kept(tmp_path: Path) -> None:
    run(replace(CONFIG, out=str(tmp_path), updates=1, dataset="starter", context=300))
    (row,) = read_metrics(tmp_path / "metrics.jsonl")
    records = list(read_records(RunFolder.open(tmp_path)))
    assert 0 < row["skipped"] < 4
    assert sum(not record.episode.turns for record in records) == row["skipped"]
    assert sum(not record.episode.ended for record in records) == row["out_of_context"]


def test_a_full_disk_stops_the_run_with_one_line(tmp_path: Path) -> None:
    config = replace(CONFIG, out=str(tmp_path), updates=20, save_every=0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    model, tokenizer = shrunk("llama")
    with Trainer(config, model, tokenizer, workers=1, quiet=True) as trainer:
        try:  # a limit on the size of a file stands for a full disk
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
            with pytest.raises(RLEFError, match=r"episodes: expected to be able to write episodes; .*Free some space"):
                trainer.train()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    records = list(read_records(RunFolder.open(tmp_path)))
    assert {record.step for record in records} == set(range(max(record.step or 0 for record in records) + 1))


def test_samples_of_a_problem_are_counted_over_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = [["a", "b", "a"], ["a", "c"], ["c", "a"]]
    monkeypatch.setattr(parallel, "gathered", lambda mine: shares)
    found = []
    for rank, share in enumerate(shares):
        monkeypatch.setattr(parallel, "rank", lambda rank=rank: rank)
        found.append(sample_numbers(share))
    assert found == [[0, 0, 1], [2, 0], [1, 3]]
