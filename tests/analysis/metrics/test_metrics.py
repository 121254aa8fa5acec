"""Metrics of hand-made episodes, against numbers computed by hand and by enumeration."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.analysis.metrics import METRICS, NAtK, metric_named, metrics_by, metrics_of, pass_at_k
from rlef_env.analysis.statistics.interval import ratio_interval
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, ProblemFacts
from tests.analysis.metrics.tables import episode

TABLE = [
    episode("x", "a", 0, "A", tokens=10),
    episode("x", "wa", 1, "BA", tokens=10),
    episode("x", "wwa", 2, "BBA", tokens=10),
    episode("x", "p", 3, "C", tokens=10),
    episode("y", "www", 0, "DDD", tokens=10),
    episode("y", "ncw", 1, "-EF", tokens=10),
    episode("y", "?", 2),
]
"""Two problems: x is solved in three of four episodes, y in none of two; one of y has no verdict."""


def values(facts: list[EpisodeFacts], *wanted: NAtK) -> dict[str, float]:
    return {name: each.value for name, each in metrics_of(facts, wanted, max_no_verdict=1).items()}


def test_metrics_of_a_table_by_hand() -> None:
    found = values(TABLE, NAtK(1, 3), NAtK(2, 6))
    assert found == pytest.approx(
        {
            "solve_rate": 3 / 8,  # (3/4 + 0) / 2
            "solved_at_1": 1 / 8,
            "solved_at_2": 2 / 8,
            "solved_at_3": 3 / 8,
            "repair_rate": 2 / 5,  # first turns that failed: three of x, two of y; the one that passed is among them
            "1@3": 3 / 8,
            # Two episodes of x, both submitted: one of C(4, 2) = 6 draws... has no solved one only if there were two
            # unsolved ones, and there is one. Of y: never.
            "2@6": 1 / 2,
            "pass@1": 3 / 8,
            "pass@4": 1.0,  # y has too few episodes
            "valid_programs": 11 / 13,
            "repeated_programs": 3 / 7,  # later programs: A, B A, D D, E F; repeated: B, D, D
            "distinct_programs": 6 / 12,  # x: A B C of 7, y: D E F of 5
            "turns": ((1 + 2 + 3 + 1) / 4 + 3) / 2,
            "prompt_tokens": (17.5 + 30) / 2,
            "completion_tokens": (17.5 + 30) / 2,
            "tokens_per_solved": 130 / 3,
            "executions": ((2 + 6 + 12 + 2) / 4 + 12) / 2,  # 2 in the first turn, 4 in the second, 6 in the third
            "cpu_seconds": (0.875 + 1.5) / 2,
        }
    )
    whole = metrics_of(TABLE, max_no_verdict=1)
    assert (whole.episodes, whole.problems, whole.no_verdict, dict(whole.reasons)) == (7, 2, 1, {"starved": 1})
    assert whole.sentence() == "7 episodes of 2 problems; 1 has no verdict and does not count (1 starved)."


def enumerated(episodes: list[EpisodeFacts], n: int, k: int) -> float:
    """All draws of as many episodes as are k samples, and all choices of n that prefer what passed the public tests."""
    chances = []
    for draw in combinations(episodes, k // 3):
        passed = [each for each in draw if each.turns[-1].passed_public]
        choices = list(combinations(passed, min(n, len(passed))))
        chances.append(sum(any(each.solved for each in choice) for choice in choices) / len(choices))
    return sum(chances) / len(chances)


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "wa", "nca", "p", "wp", "www"]), min_size=4, max_size=6), min_size=1, max_size=3
    ),
    st.sampled_from([NAtK(1, 3), NAtK(1, 9), NAtK(2, 6), NAtK(3, 12), NAtK(2, 11)]),
)
def test_n_at_k_is_the_mean_over_every_draw_and_choice(words: list[list[str]], wanted: NAtK) -> None:
    problems = [[episode(f"p{p}", word, s) for s, word in enumerate(each)] for p, each in enumerate(words)]
    by_hand = sum(enumerated(each, wanted.n, wanted.k) for each in problems) / len(problems)
    found = metrics_of([each for problem in problems for each in problem], [wanted])
    assert found[str(wanted)].value == pytest.approx(by_hand, abs=1e-12)


@given(st.integers(1, 7), st.data())
def test_pass_at_k_is_the_share_of_draws_with_a_solved_episode(count: int, data: st.DataObject) -> None:
    solved, k = data.draw(st.integers(0, count)), data.draw(st.integers(1, count))
    draws = list(combinations([True] * solved + [False] * (count - solved), k))
    assert pass_at_k(count, solved, k) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_intervals_are_of_problems_and_problems_of_a_contest_are_one_cluster() -> None:
    contests = [ProblemFacts(f"p{n}", cluster=f"contest {n // 2}") for n in range(6)]
    facts = [episode(each, "a" if n in (0, 1, 2) else "w", s) for n, each in enumerate(contests) for s in range(3)]
    found = metrics_of(facts)["solve_rate"]
    rates = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    assert found == ratio_interval(rates, [1.0] * 6, [each.cluster for each in contests])
    assert found != ratio_interval(rates, [1.0] * 6)


def test_problems_that_are_all_of_one_family_are_draws_of_it() -> None:
    family = [ProblemFacts(str(number), cluster="family") for number in range(20)]
    alone = [ProblemFacts(str(number), cluster=str(number)) for number in range(20)]
    of_family, of_others = (
        metrics_of([episode(problem, "a" if number % 2 else "w") for number, problem in enumerate(problems)])
        for problems in (family, alone)
    )
    assert of_family["solve_rate"] == of_others["solve_rate"]


def test_tokens_of_problems_that_nobody_solved_count() -> None:
    facts = [episode("x", "a", tokens=5), episode("y", "www", tokens=5), episode("z", "wa", tokens=5)]
    assert metrics_of(facts)["tokens_per_solved"].value == pytest.approx((5 + 15 + 10) / 2)
    unknown = [episode("x", "a"), episode("y", "www", tokens=5)]
    assert math.isnan(metrics_of([episode("y", "www", tokens=5)])["tokens_per_solved"].value), "nothing is solved"
    assert metrics_of(unknown).tokens is None
    assert metrics_of(facts).tokens == 60


def test_too_many_episodes_without_a_verdict_say_nothing_about_the_agent() -> None:
    facts = [episode(f"p{n}", "a") for n in range(99)] + [episode("lost", "?")]
    assert metrics_of(facts)["solve_rate"].value == 1.0
    refused = metrics_of([*facts, episode("lost", "?", 1)])
    assert all(math.isnan(each.value) for each in refused.values())
    assert refused.rows() == []
    assert "2.0% without a verdict are more than 1.0%" in refused.sentence()
    row = json.loads(json.dumps(refused.to_json(), allow_nan=False))
    assert (row["episodes"], row["problems"], row["no_verdict"]) == (101, 100, 2)
    assert row["metrics"]["solve_rate"] == {"value": None, "low": 0.0, "high": 1.0}
    assert "so nothing is said" in metrics_of([]).refusal


def test_a_single_turn_has_no_repair_rate() -> None:
    found = metrics_of([episode("x", "w", turns=1), episode("y", "a", turns=1)])
    assert math.isnan(found["repair_rate"].value)
    assert [name for name in found if name.startswith("solved_at")] == ["solved_at_1"]
    assert found["1@1"].value == 0.5


def test_groups_of_problems() -> None:
    facts = [
        episode(ProblemFacts("x", tags=("dp", "graphs"), difficulty="10", published="2024-01-05"), "a"),
        episode(ProblemFacts("y", tags=("dp",), difficulty="9", published="2024-01-31"), "w"),
        episode(ProblemFacts("z"), "a"),
    ]
    rates = {
        group: {name: each["solve_rate"].value for name, each in metrics_by(facts, group).items()}
        for group in ("tag", "difficulty", "month", "source")
    }
    assert rates == {
        "tag": {"dp": 0.5, "graphs": 1.0, "unknown": 1.0},
        "difficulty": {"9": 0.0, "10": 1.0, "unknown": 1.0},
        "month": {"2024-01": 0.5, "unknown": 1.0},
        "source": {"unknown": pytest.approx(2 / 3)},
    }
    assert list(rates["difficulty"]) == ["9", "10", "unknown"]
    with pytest.raises(UsageError, match="expected one of tag, difficulty, source, month, got 'colour'"):
        metrics_by(facts, "colour")


def test_the_page_about_evaluation_has_every_metric(root: Path) -> None:
    """In the words of the code."""
    text = (root / "docs" / "evaluation.md").read_text(encoding="utf-8")
    for name, metric in METRICS.items():
        assert f"| `{name}` | {metric.meaning} |\n" in text


def test_metrics_by_name() -> None:
    for name in ("solve_rate", "solved_at_2", "1@3", "pass@2", "repair_rate"):
        assert metric_named(name).name == name
        assert metric_named(name).interval(TABLE).value >= 0
    of_problems = metric_named("solve_rate").of_problems(TABLE)
    assert [(each.problem.problem_id, each.numerator, each.denominator) for each in of_problems] == [
        ("x", 0.75, 1.0), ("y", 0.0, 1.0)
    ]  # fmt: skip
    for name in ("3@1", "0@3", "pass@0", "solved_at_", "accuracy"):
        with pytest.raises(UsageError, match=r"metric: expected .* got"):
            metric_named(name)
