"""Plans and metrics of evaluations during training, and of the episodes of an update."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from rlef_agents.ppo.evaluate import evaluation_plans
from rlef_agents.ppo.play_metrics import evaluation_metrics, training_metrics
from rlef_env import Verdict, load_dataset
from rlef_env.analysis.metrics import NAtK
from tests.analysis.metrics.tables import episode

PLAYED = [
    episode("a", "a"), episode("a", "www"), episode("a", "wwp"), episode("a", "wwa"),
    episode("b", "ncw"), episode("b", "p"), episode("b", "wa"), episode("c", "?"),
]  # fmt: skip


def test_metrics_of_an_evaluation_by_hand() -> None:
    found = evaluation_metrics(PLAYED, [NAtK(1, 6), NAtK(1, 12)])
    assert found["solve_rate"] == pytest.approx((2 / 4 + 1 / 3) / 2)  # over problems, not over episodes
    assert [found[f"solved_at_{turn}"] for turn in (1, 2, 3)] == pytest.approx(
        [(1 / 4 + 0) / 2, (1 / 4 + 1 / 3) / 2, (2 / 4 + 1 / 3) / 2]
    )
    assert found["solve_rate_low"] < found["solve_rate"] < found["solve_rate_high"]
    assert found["repair_rate"] == pytest.approx(2 / 6)
    assert found["valid_programs"] == pytest.approx(14 / 16)
    assert (found["1@3"], found["pass@1"]) == pytest.approx((found["solve_rate"], found["solve_rate"]))
    # Of a: 6 pairs, 1 of them solves with both, 2 with the only one that passed, 2 in one of two choices, 1 not at all.
    a, b = (1 + 2 + 2 / 2) / 6, (0 + 1 + 1 / 2) / 3
    assert found["1@6"] == pytest.approx((a + b) / 2)
    assert found["1@12"] == pytest.approx(2 / 3)  # b has too few
    assert (found["episodes"], found["no_verdict"], found["starved"]) == (7, 1, 1)


def test_without_a_verdict_only_counts_are_known() -> None:
    lost = PLAYED[-1]
    other = replace(lost, turns=(replace(lost.turns[0], category=None),))
    assert evaluation_metrics([lost, other]) == {"episodes": 0.0, "no_verdict": 2.0, "starved": 1.0}


def test_metrics_of_an_update_by_hand() -> None:
    played = [*PLAYED[:-1], episode("d", "www", programs="xyx")]
    found = training_metrics(played)
    assert (found["solve_rate"], found["solved_at_3"]) == pytest.approx(((2 / 4 + 1 / 3 + 0) / 3,) * 2)
    assert found["repair_rate"] == pytest.approx(2 / 7)
    assert found["repeated_programs"] == pytest.approx(1 / 11)  # 11 programs after a first turn
    verdicts = {name.removeprefix("verdict_"): count for name, count in found.items() if name.startswith("verdict_")}
    assert verdicts == {
        **dict.fromkeys((verdict.value for verdict in Verdict), 0.0),
        "accepted": 3.0, "wrong_answer": 14.0, "no_program": 1.0, "compile_error": 1.0,
    }  # fmt: skip
    assert training_metrics([PLAYED[-1]])["verdict_no_verdict"] == 1.0


@pytest.mark.parametrize(("episodes", "samples"), [(0, 1), (0, 3), (7, 1), (7, 3), (250, 1), (6, 2)])
def test_plans_have_each_problem_as_often_and_processes_share_them(episodes: int, samples: int) -> None:
    dataset = load_dataset("procedural/hidden_step?short=true&count=12", split="valid")
    problems = len(dataset)
    alone = evaluation_plans(dataset, episodes, 4, 1, samples)
    assert all(len(plan.problems) <= 4 for plan in alone)
    every = [pair for plan in alone for pair in zip(plan.problems, plan.seeds, strict=True)]
    counts = Counter(name for name, _ in every)
    assert min(counts.values()) >= samples
    assert max(counts.values()) - min(counts.values()) <= 1
    assert len(every) == (problems * samples if not episodes else max(episodes, len(counts) * samples))
    assert len({seed for _, seed in every}) == len(every)
    shares = [evaluation_plans(dataset, episodes, 4, 1, samples, process, 3) for process in range(3)]
    shared = [pair for share in shares for plan in share for pair in zip(plan.problems, plan.seeds, strict=True)]
    assert sorted(shared) == sorted(every)
