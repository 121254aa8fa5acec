"""Groups that fare alike are left out, counted and replaced; in a run, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from rlef_agents.ppo.equal_groups import equal_problems, play_groups
from rlef_agents.ppo.planner import Planner
from rlef_agents.ppo.rollout import Batch, Plan
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.ppo.trajectory import TokenEpisode
from rlef_agents.tiny.shrunk import shrunk
from rlef_env import load_dataset
from rlef_env.runs import RunFolder, read_records
from tests.agents.ppo.small import config, episode, turn
from tests.agents.ppo.test_trainer import CONFIG

DATASET = load_dataset("procedural/hidden_step?short=true&steps=2&count=20")


def played(name: str, *rewards: float) -> list[TokenEpisode]:
    return [episode(turn([1], [2], -0.2), turn([1], [2], reward), problem=name) for reward in rewards]


class Named:
    """An episode of the environment, of which only the problem is read."""

    def __init__(self, problem_id: str) -> None:
        self.problem_id = problem_id


def test_only_groups_whose_episodes_all_have_the_same_reward_are_equal() -> None:
    lost = replace(played("mixed", 5.0)[0], problem_id="lost", has_verdict=False)
    episodes = [*played("failed", -1, -1), *played("mixed", -1, 1), *played("solved", 1, 1), lost]
    assert equal_problems(episodes) == {"failed", "solved"}
    assert equal_problems([*played("failed", -1, -1), *played("failed", 1)]) == set(), "groups are made by problem"


class Scripted:
    """Plays plans: the rewards of each round's problems, in order, are given."""

    def __init__(self, *rounds: Sequence[Sequence[float]]) -> None:
        self.rounds, self.plans = list(rounds), list[Plan]()

    def __call__(self, wanted: Plan) -> Batch:
        self.plans.append(wanted)
        names = list(dict.fromkeys(map(str, wanted.problems)))
        groups = self.rounds.pop(0)
        assert len(names) == len(groups)
        tokens = [each for name, rewards in zip(names, groups, strict=True) for each in played(name, *rewards)]
        return Batch(tokens, [Named(each.problem_id) for each in tokens], decode_seconds=1.0)  # type: ignore[misc]


def groups(play: Scripted, replacements: int) -> Any:
    made = config(episodes=6, samples_per_problem=2, estimator="group", equal_groups="skip")
    return play_groups(play, Planner(made, DATASET), 0, replacements)


def test_equal_groups_are_left_out_and_counted() -> None:
    chosen = groups(Scripted([(-1, -1), (-1, 1), (1, 1)]), 0)
    assert (chosen.equal, chosen.replaced) == (2, 0)
    assert list(chosen.trained) == [False, False, True, True, False, False]
    assert [each.turns[-1].reward for each in chosen.tokens] == [-1, 1]


def test_equal_groups_are_replaced_at_most_so_many_times() -> None:
    play = Scripted([(-1, -1), (-1, 1), (1, 1)], [(-1, -1), (1, -1)], [(-1, -1)])
    chosen = groups(play, 2)
    assert [len(each.seeds) for each in play.plans] == [6, 4, 2]
    assert play.plans[0].seeds[:2] + play.plans[0].seeds[4:] != play.plans[1].seeds
    assert (chosen.equal, chosen.replaced) == (4, 3)
    assert len(chosen.batch.tokens) == 12
    assert chosen.batch.decode_seconds == 3.0
    assert [each.turns[-1].reward for each in chosen.tokens] == [-1, 1, 1, -1]


def test_replacement_ends_when_no_group_is_equal() -> None:
    play = Scripted([(-1, 1), (-1, -1), (-1, 1)], [(1, -1)])
    assert groups(play, 9).replaced == 1
    assert not play.rounds


def test_an_update_in_which_all_groups_are_equal_trains_on_all() -> None:
    chosen = groups(Scripted([(-1, -1), (-1, -1), (1, 1)]), 0)
    assert all(chosen.trained)
    assert chosen.equal == 3


@pytest.mark.parametrize("replaced", [0, 1])
def test_a_run_leaves_equal_groups_out_and_keeps_their_episodes(replaced: int, tmp_path: Path) -> None:
    made = replace(
        CONFIG, out=str(tmp_path), episodes=4, samples_per_problem=2, estimator="group", normalise="group",
        equal_groups="skip", replace_groups=replaced, reward={"outcome": 1.0, "no_program": 3.0}, deterministic=False,
        updates=1, turns=2,
    )  # fmt: skip
    model, tokenizer = shrunk("llama")
    with Trainer(made, model, tokenizer, workers=1, quiet=True) as trainer:
        real = trainer.rollout.play

        def play(*plans: Any) -> Batch:  # the shrunk model writes no program: one problem's episodes are told apart
            batch = real(*plans)
            first = batch.tokens[0]
            if len(trainer.planner._plans) == 1:
                better = replace(first.turns[-1], reward=1.0)
                batch.tokens[0] = replace(first, turns=(*first.turns[:-1], better))
            return batch

        trainer.rollout.play = play  # type: ignore[method-assign]
        trainer.train()
    (row,) = read_metrics(tmp_path / "metrics.jsonl")
    assert (row["episodes"], row["equal_groups"], row["replaced_groups"]) == (2, 1 + replaced, replaced)
    kept = list(read_records(RunFolder.open(tmp_path)))
    assert len(kept) == 4 + 2 * replaced
    learned = [bool(each.extras()[0].values) for each in kept]
    assert learned.count(True) == 2
    assert {round(each.episode.turns[0].reward, 9) for each in kept} == {-0.6}, "3 x -0.2 for no program"
    torch.use_deterministic_algorithms(False)
