"""A judge that is made to err: which outcomes training is told, and that nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.equal_groups import merged
from rlef_agents.ppo.play_metrics import training_metrics
from rlef_agents.ppo.rollout import Batch, Plan, Rollout, plan
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.ppo.verdict_noise import FLIPPED, errs, with_other_outcome
from rlef_agents.tiny.shrunk import shrunk
from rlef_env import CodeVectorEnv, Judgement, Turn, Verdict
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeRecord, RunFolder, facts_of, read_records
from tests.agents.ppo.test_rollout import DATASET, Scripted
from tests.agents.ppo.test_trainer import CONFIG

JUDGED = [verdict for verdict in Verdict if verdict not in (Verdict.NO_VERDICT, Verdict.NO_PROGRAM)]
MANY = 400


@pytest.fixture(autouse=True)
def _kernels_as_before() -> Iterator[None]:
    yield
    torch.use_deterministic_algorithms(False)


def turn(verdict: Verdict, response: str = "") -> Turn:
    return Turn(response, None if verdict is Verdict.NO_PROGRAM else response, Judgement(verdict, total=1))


@given(st.sampled_from(JUDGED), st.sampled_from(JUDGED), st.text(), st.floats(0, 1), st.integers(0, 2**31 - 1))
def test_an_error_depends_on_the_episode_alone(
    one: Verdict, other: Verdict, program: str, noise: float, seed: int
) -> None:
    assert errs(noise, seed, turn(one)) is errs(noise, seed, turn(other, program))
    assert not errs(0.0, seed, turn(one))
    assert errs(1.0, seed, turn(one))
    assert errs(noise, seed, turn(one)) <= errs(noise + (1 - noise) / 2, seed, turn(one)), "more noise, the same errors"


@given(st.sampled_from((Verdict.NO_VERDICT, Verdict.NO_PROGRAM)), st.integers(0, 2**31 - 1))
def test_where_no_judge_decided_nothing_is_flipped(verdict: Verdict, seed: int) -> None:
    assert not errs(1.0, seed, turn(verdict))


@pytest.mark.parametrize("verdict", JUDGED)
def test_accepted_becomes_wrong_answer_and_every_failure_accepted(verdict: Verdict) -> None:
    told = with_other_outcome(turn(verdict))
    assert told.judgement.verdict is (Verdict.WRONG_ANSWER if verdict is Verdict.ACCEPTED else Verdict.ACCEPTED)
    assert replace(told, judgement=turn(verdict).judgement) == turn(verdict), "only the verdict differs"


def test_so_many_episodes_are_flipped_as_the_probability_says() -> None:
    """The seeds are those of a run: ten updates of it. Bounds: four standard deviations of a binomial count."""
    seeds = [seed for update in range(10) for seed in plan(3, update, MANY, samples=4).seeds]
    found = sum(errs(0.05, seed, turn(Verdict.ACCEPTED)) for seed in seeds)
    assert 0.05 * len(seeds) == 200
    assert abs(found - 200) < 4 * (200 * 0.95) ** 0.5


class ParityPool:
    """A pool without processes, in which a program that holds an even number is right. The newest job is done first."""

    isolation = "locked"
    workers = 1

    def submit(self, job: Any, priority: int = 0, owner: object = None) -> Future[Judgement]:
        number = int("".join(filter(str.isdigit, job.program.source)))
        verdict = Verdict.WRONG_ANSWER if number % 2 else Verdict.ACCEPTED
        future: Future[Judgement] = Future()
        future.set_result(Judgement(verdict, total=1))
        return future


class Numbered(Scripted):
    """Writes the request's own seed: half of the programs are right."""

    def poll(self, timeout: float | None = None) -> Any:
        if self.waiting:
            self.script = lambda _, seed=self.waiting[-1].seed: f"```python\nprint({seed})\n```"
        return super().poll(timeout)  # type: ignore[no-untyped-call]


def play(wanted: Plan, noise: float) -> Batch:
    renderer = Renderer(shrunk("llama")[1])
    pool: Any = ParityPool()
    env = CodeVectorEnv(len(wanted.seeds), pool=pool, autoreset_mode="Disabled", dataset=DATASET, max_turns=1)
    generator = Numbered(renderer, None)  # type: ignore[no-untyped-call]
    return Rollout(generator, renderer, [env], 64, 4096, verdict_noise=noise).play(wanted)


def told(batch: Batch) -> list[tuple[str, float, bool]]:
    return [
        (tokens.problem_id, tokens.turns[-1].reward, place in batch.flipped)
        for place, tokens in enumerate(batch.tokens)
    ]


def test_only_the_reward_of_flipped_episodes_changes() -> None:
    true, noisy = (play(plan(0, 0, 40, 2), noise) for noise in (0.0, 0.3))
    assert noisy.episodes == true.episodes, "the environment's episodes have the true verdicts and rewards"
    assert [each.solved for each in noisy.tokens] == [each.solved for each in true.tokens]
    assert true.flipped == []
    assert 4 <= len(noisy.flipped) <= 20
    rewards = [episode.turns[-1].reward for episode in true.episodes]
    assert {1.0, -1.0} == {rewards[place] for place in noisy.flipped}, "errors in both directions"
    assert [each.turns[-1].reward for each in noisy.tokens] == [
        -reward if place in noisy.flipped else reward for place, reward in enumerate(rewards)
    ]
    assert all(
        each.turns[-1].reward == -whole.turns[-1].reward
        for each, whole in zip(play(plan(0, 0, 40, 2), 1.0).tokens, true.episodes, strict=True)
    )


def test_errors_depend_neither_on_processes_nor_on_other_episodes_of_the_update() -> None:
    whole = told(play(plan(0, 3, 12, 2), 0.4))
    parts = [play(plan(0, 3, 12, 2, process, 3), 0.4) for process in range(3)]
    assert [each for part in parts for each in told(part)] == whole
    assert told(merged(parts)) == whole, "places of flipped episodes are those in the merged batch"
    assert whole != told(play(plan(1, 3, 12, 2), 0.4))


def test_samples_of_a_problem_have_errors_of_their_own() -> None:
    flipped = play(plan(0, 0, 32, samples=32), 0.5).flipped
    assert 4 < len(flipped) < 28


def trained(config: TrainConfig, stop_after: int = 2, resume: bool = False) -> list[EpisodeRecord]:
    """Train until so many updates, and return what the run kept of its training."""
    model, tokenizer = shrunk("llama")
    with Trainer(config, model, tokenizer, workers=1, quiet=True, resume=resume) as trainer:
        trainer.train(lambda: trainer.learner.version >= stop_after)
    return [each for each in read_records(RunFolder.open(config.out)) if each.phase == "train"]


def test_a_run_trains_on_wrong_outcomes_and_keeps_the_true_ones(tmp_path: Path) -> None:
    """Also a run that is resumed in the middle. Responses begin with a program that solves half of the problems."""
    program = "```python\nprint(int(input()) + 1)\n```\n"
    config = replace(CONFIG, verdict_noise=0.5, episodes=12, turns=2, prefill=program)
    whole = trained(replace(config, out=str(tmp_path / "whole")))
    parts = replace(config, out=str(tmp_path / "parts"))
    trained(parts, stop_after=1)
    assert [(each.key, each.episode, [turn.values for turn in each.turns]) for each in whole] == [
        (each.key, each.episode, [turn.values for turn in each.turns]) for each in trained(parts, resume=True)
    ]
    pairs = set()
    for record in whole:
        *others, (turn, extra) = zip(record.episode.turns, record.turns, strict=True)
        assert all(each.values["reward"] == played.reward for played, each in others)
        assert all(FLIPPED not in each.values for _, each in others)
        assert turn.reward == (1.0 if record.episode.solved else -1.0), "the environment's reward is the true one"
        pairs.add((turn.reward, extra.values["reward"]))
        assert (extra.values["reward"] != turn.reward) == (FLIPPED in extra.values)
    assert pairs == {(1.0, 1.0), (1.0, -1.0), (-1.0, -1.0), (-1.0, 1.0)}
    rows = [row for row in read_metrics(tmp_path / "whole" / "metrics.jsonl") if row["kind"] == "train"]
    for row in rows:
        own = [each for each in whole if each.step == row["update"] - 1]
        assert row["verdicts_flipped"] == sum(FLIPPED in each.turns[-1].values for each in own) > 0
        assert row["solve_rate"] == pytest.approx(training_metrics([*map(facts_of, own)])["solve_rate"])
        assert row["episode_reward"] == pytest.approx(
            np.mean([sum(turn.values["reward"] for turn in each.turns) for each in own])
        )


def test_evaluations_are_told_the_truth(tmp_path: Path) -> None:
    """The rewards that an evaluation's rollout hands on are those of the environment, even at a noise of 1."""
    config = replace(CONFIG, verdict_noise=1.0, evaluate_every=1, evaluate_episodes=4, out=str(tmp_path))
    config = replace(config, prefill="```python\nprint(int(input()) + 1)\n```\n")
    model, tokenizer = shrunk("llama")
    seen: list[Batch] = []
    with Trainer(config, model, tokenizer, workers=1, quiet=True) as trainer:
        keep = trainer.episodes.evaluated

        def evaluated(batch: Batch, *others: Any) -> Any:
            seen.append(batch)
            return keep(batch, *others)

        trainer.episodes.evaluated = evaluated  # type: ignore[method-assign, assignment]
        trainer.evaluate()
        played = trainer.rollout.play(trainer.plan(0))
    (batch,) = seen
    assert len(batch.episodes) == len(played.episodes) == len(played.flipped) == 4
    assert batch.flipped == []
    for each, tokens in zip(batch.episodes, batch.tokens, strict=True):
        assert tokens.turns[-1].reward == each.turns[-1].reward == (1.0 if each.solved else -1.0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"verdict_noise": 1.5}, "verdict_noise: expected at most 1"),
        ({"verdict_noise": -0.1}, "verdict_noise: expected 0 or more"),
        ({"verdict_noise": 0.1, "reward": "pass_fraction"}, "in which no outcome is flipped"),
        ({"verdict_noise": 0.1, "reward": {"outcome": 0, "public_fraction": 1}}, "in which no outcome is flipped"),
        ({"verdict_noise": 0.1, "sampling": "curriculum"}, "which is told the true outcomes"),
    ],
)
def test_noise_that_would_do_nothing_or_not_all_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        TrainConfig(**settings)
