"""Rewards, returns and advantages, by numbers worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rlef_agents.ppo.rlef import (
    advantages,
    bootstrapped,
    group_advantages,
    groups_of,
    normalised,
    returns_to_go,
    rewards_with_kl,
    turn_means,
)

# An episode of two responses, of 2 and 3 tokens, and one of a single response of 1 token.
LENGTHS = np.array([2, 3, 1])
EPISODES = np.array([0, 0, 1])
LOG_RATIOS = np.array([0.1, 0.3, -0.3, 0.6, 0.6, 1.0])
REWARDS = np.array([-0.2, 1.0, -1.0])
VALUES = np.array([0.5, 0.25, -0.5])


def test_row_21_kl_is_averaged_over_a_response_not_summed() -> None:
    # (0.1 + 0.3) / 2, (-0.3 + 0.6 + 0.6) / 3, 1.0 / 1
    np.testing.assert_allclose(turn_means(LOG_RATIOS, LENGTHS), [0.2, 0.3, 1.0])


def test_rewards_returns_and_advantages_of_two_episodes() -> None:
    rewards = rewards_with_kl(REWARDS, turn_means(LOG_RATIOS, LENGTHS), 0.05)
    # -0.2 - 0.05 * 0.2, 1 - 0.05 * 0.3, -1 - 0.05 * 1
    np.testing.assert_allclose(rewards, [-0.21, 0.985, -1.05])
    returns = returns_to_go(rewards, EPISODES)
    # -0.21 + 0.985; 0.985; and nothing of the second episode reaches the first
    np.testing.assert_allclose(returns, [0.775, 0.985, -1.05])
    # 0.775 - 0.5, 0.985 - 0.25, -1.05 + 0.5
    np.testing.assert_allclose(advantages("turn_value", returns, VALUES, LENGTHS), [0.275, 0.735, -0.55])
    np.testing.assert_allclose(advantages("reinforce", returns, VALUES, LENGTHS), returns)


def test_token_level_values_are_subtracted_token_by_token() -> None:
    values = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    got = advantages("token_value", np.array([1.0, 2.0, -1.0]), values, LENGTHS)
    # 1 - 0, 1 - 0.1, 2 - 0.2, 2 - 0.3, 2 - 0.4, -1 - 0.5
    np.testing.assert_allclose(got, [1.0, 0.9, 1.8, 1.7, 1.6, -1.5])


def test_group_advantages_compare_whole_episodes_of_one_problem() -> None:
    # Episodes 0 and 2 are of one problem with returns 1 and -1 (mean 0, spread 1), episode 1 is alone.
    names = ["a", "b", "a"]
    returns = np.array([1.0, 3.0, -1.0])
    for scale in (False, True):
        got = group_advantages(returns, names, groups_of(zip(names, returns, returns, strict=True)), scale)
        np.testing.assert_allclose(got, [1.0, 0.0, -1.0])
    half = np.array([0.5, 3.0, -0.5])  # mean 0, spread 0.5
    got = group_advantages(half, names, groups_of(zip(names, half, half, strict=True)), scale=True)
    np.testing.assert_allclose(got, [1.0, 0.0, -1.0])
    assert len(group_advantages(half[:0], [], {}, scale=True)) == 0


def test_row_34_a_group_that_fares_alike_teaches_nothing_but_kl() -> None:
    """Returns differ by KL alone, rewards not at all: the spread of KL is not blown up to 1."""
    returns = np.array([-1.01, -1.03])
    got = group_advantages(returns, ["a", "a"], groups_of([("a", -1.01, -1.0), ("a", -1.03, -1.0)]), scale=True)
    np.testing.assert_allclose(got, [0.01, -0.01])


def test_row_13_only_a_cut_last_response_is_bootstrapped() -> None:
    truncated, last = np.array([True, True, False]), np.array([False, True, True])
    np.testing.assert_array_equal(bootstrapped(REWARDS, VALUES, truncated, last), [-0.2, 0.25, -1.0])


def test_normalised_over_turns_and_over_tokens() -> None:
    # Mean of 1, 2, 6 is 3, variance (4 + 1 + 9) / 3.
    np.testing.assert_allclose(
        normalised(np.array([1.0, 2.0, 6.0]), np.ones(3)), np.array([-2.0, -1.0, 3.0]) / np.sqrt(14 / 3)
    )
    # With weights 2, 3, 1: mean (2 + 6 + 6) / 6 = 7/3, variance (2 * 16/9 + 3 * 1/9 + 1 * 121/9) / 6 = 26/9.
    np.testing.assert_allclose(
        normalised(np.array([1.0, 2.0, 6.0]), LENGTHS.astype(float)), np.array([-4.0, -1.0, 11.0]) / 3 / np.sqrt(26 / 9)
    )


def test_row_17_what_weighs_nothing_is_not_looked_at() -> None:
    weights = np.array([1.0, 0.0, 1.0, 0.0])
    for poison in (-1.0, 1e6, np.inf, np.nan):
        got = normalised(np.array([3.0, poison, 1.0, poison]), weights)
        np.testing.assert_array_equal(got, [1.0, 0.0, -1.0, 0.0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.7], [0.7]), ([], []), ([0.3, 0.3], [0.0, 0.0]), ([1.0, 1.0 + 1e-9], [-5e-10, 5e-10])],
    ids=["one", "none", "equal", "rounding"],
)
def test_row_18_nothing_is_divided_by_a_spread_that_is_none(values: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(normalised(np.array(values), np.ones(len(values))), expected, atol=1e-12)


def test_row_18_statistics_are_over_all_processes() -> None:
    whole = np.array([1.0, 2.0, 6.0, -3.0])
    expected = normalised(whole, np.ones(4))
    # What two processes with half each would exchange: count, sum and entries; then the squared distances.
    mean, sums = (
        whole.mean(),
        iter([np.array([4.0, whole.sum(), 4.0]), np.array([((whole - whole.mean()) ** 2).sum()])]),
    )
    np.testing.assert_allclose(normalised(whole[:2], np.ones(2), lambda _: next(sums)), expected[:2])
    assert mean == 1.5


@given(
    arrays.arrays(np.float64, st.integers(1, 30), elements=st.floats(-10, 10)),
    st.lists(st.integers(0, 5), min_size=30, max_size=30),
)
def test_returns_to_go_add_up(rewards: np.ndarray, numbers: list[int]) -> None:
    episodes = np.sort(np.array(numbers[: len(rewards)]))
    got = returns_to_go(rewards, episodes)
    for place in range(len(rewards)):
        rest = [
            reward
            for reward, number in zip(rewards[place:], episodes[place:], strict=True)
            if number == episodes[place]
        ]
        assert abs(got[place] - float(sum(map(Fraction, rest)))) < 1e-9


def test_an_unknown_estimator_is_refused() -> None:
    with pytest.raises(ValueError, match="turn_value, token_value, group, reinforce"):
        advantages("gae", REWARDS, VALUES, LENGTHS)
