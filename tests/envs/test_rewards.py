"""Rewards, compared with values computed by hand."""

from __future__ import annotations

import pytest

from rlef_env.envs import REWARDS, make_reward
from rlef_env.envs.rewards import COMPONENTS
from rlef_env.episodes import Turn
from rlef_env.errors import UsageError
from rlef_env.judge import Judgement, TestResult, Verdict

HALF = Judgement(
    Verdict.WRONG_ANSWER,
    (
        TestResult("public", 0, Verdict.ACCEPTED),
        TestResult("public", 1, Verdict.WRONG_ANSWER),
        TestResult("private", 0, Verdict.ACCEPTED),
        TestResult("generated", 0, Verdict.TIME_LIMIT),
    ),
    8,
)


def turn(judgement: Judgement | Verdict) -> Turn:
    return Turn("response", None, Judgement(judgement) if isinstance(judgement, Verdict) else judgement)


@pytest.mark.parametrize(
    ("spec", "judgement", "final", "reward"),
    [
        ("rlef", Verdict.ACCEPTED, True, 1.0),
        ("rlef", Verdict.ACCEPTED, False, 0.0),
        ("rlef", Verdict.WRONG_ANSWER, True, -1.0),
        ("rlef", Verdict.WRONG_ANSWER, False, 0.0),
        ("rlef", Verdict.COMPILE_ERROR, False, 0.0),
        ("rlef", Verdict.NO_PROGRAM, False, -0.2),
        ("rlef", Verdict.NO_PROGRAM, True, -1.0),
        ("rlef", Verdict.NO_VERDICT, True, 0.0),
        ("rlef_single_turn", Verdict.NO_PROGRAM, False, 0.0),
        ("rlef_single_turn", Verdict.NO_PROGRAM, True, -1.0),
        ("solved", Verdict.ACCEPTED, True, 1.0),
        ("solved", Verdict.WRONG_ANSWER, True, 0.0),
        ({"compile_error": 1}, Verdict.COMPILE_ERROR, False, -0.2),
        ("pass_fraction", HALF, True, 0.25),
        ("pass_fraction", HALF, False, 0.0),
        ("public_fraction", HALF, True, 0.5),
        ("public_fraction", HALF, False, -0.5),
        ("public_fraction", Verdict.NO_PROGRAM, False, -1.0),
        ("public_fraction", Verdict.NO_PROGRAM, True, 0.0),
        ("public_fraction", Verdict.ACCEPTED, False, 0.0),  # the problem has no public test
        ({"outcome": 0.5, "no_program": 5}, Verdict.NO_PROGRAM, False, -1.0),
        ({"outcome": 0.5, "public_fraction": 0.1}, HALF, True, -0.45),
        (lambda turn, final: 7, HALF, False, 7.0),
    ],
)
def test_a_reward(spec: object, judgement: Judgement | Verdict, final: bool, reward: float) -> None:
    assert make_reward(spec)(turn(judgement), final) == pytest.approx(reward, abs=1e-12)  # type: ignore[arg-type]


def test_no_verdict_gives_zero_whatever_the_reward() -> None:
    specs = [*REWARDS, lambda turn, final: 99.0, dict.fromkeys(COMPONENTS, 3.0)]
    for spec in specs:
        for final in (False, True):
            assert make_reward(spec)(turn(Verdict.NO_VERDICT), final) == 0.0  # type: ignore[arg-type]


@pytest.mark.parametrize("spec", ["reward", {"outcom": 1.0}, {}, {"outcome": float("nan")}, {"outcome": "1"}, 3, None])
def test_wrong_rewards_are_refused(spec: object) -> None:
    with pytest.raises(UsageError, match="reward: expected"):
        make_reward(spec)  # type: ignore[arg-type]


def test_the_message_lists_the_names() -> None:
    with pytest.raises(UsageError, match="rlef, rlef_single_turn"):
        make_reward("rlhf")


def test_a_reward_that_is_not_a_number_is_refused() -> None:
    reward = make_reward(lambda turn, final: float("nan"))
    with pytest.raises(UsageError, match="expected a finite number"):
        reward(turn(Verdict.ACCEPTED), True)


def test_only_rewards_that_count_tests_run_all_of_them() -> None:
    assert not make_reward("rlef").run_all_tests
    assert make_reward({"outcome": 1.0, "pass_fraction": 0.1}).run_all_tests

    def mine(turn: Turn, final: bool) -> float:
        return 0.0

    assert not make_reward(mine).run_all_tests
    mine.run_all_tests = True  # type: ignore[attr-defined]
    assert make_reward(mine).run_all_tests
