"""Rewards, returns, advantages and losses, compared with numbers worked out by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import Tensor

from rlef_agents.ppo.groups import group_advantages
from rlef_agents.ppo.rlef import (
    advantages,
    bootstrapped,
    entropy_loss,
    normalised,
    policy_loss,
    returns_to_go,
    rewards_with_kl,
    turn_means,
    value_loss,
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
        np.testing.assert_allclose(of_groups(returns, returns, names, scale), [1.0, 0.0, -1.0])
    half = np.array([0.5, 3.0, -0.5])  # mean 0, spread 0.5
    np.testing.assert_allclose(of_groups(half, half, names, scale=True), [1.0, 0.0, -1.0])
    assert len(of_groups(half[:0], half[:0], [], scale=True)) == 0


def test_row_34_a_group_with_equal_rewards_is_trained_on_kl_only() -> None:
    """Returns differ by KL only, and rewards do not differ: the spread of KL is not scaled up to 1."""
    returns = np.array([-1.01, -1.03])
    got = of_groups(returns, np.array([-1.0, -1.0]), ["a", "a"], scale=True)
    np.testing.assert_allclose(got, [0.01, -0.01])


def of_groups(returns: np.ndarray, outcomes: np.ndarray, names: list[str], scale: bool) -> np.ndarray:
    """Return advantages of episodes of one response each."""
    return group_advantages(returns, outcomes, np.arange(len(names)), names, np.ones(len(names), bool), scale)


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


def test_row_17_values_with_weight_0_are_not_read() -> None:
    weights = np.array([1.0, 0.0, 1.0, 0.0])
    for poison in (-1.0, 1e6, np.inf, np.nan):
        got = normalised(np.array([3.0, poison, 1.0, poison]), weights)
        np.testing.assert_array_equal(got, [1.0, 0.0, -1.0, 0.0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.7], [0.7]), ([], []), ([0.3, 0.3], [0.0, 0.0]), ([1.0, 1.0 + 1e-9], [-5e-10, 5e-10])],
    ids=["one", "none", "equal", "rounding"],
)
def test_row_18_a_standard_deviation_of_0_is_no_divisor(values: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(normalised(np.array(values), np.ones(len(values))), expected, atol=1e-12)


def test_row_18_statistics_are_over_all_processes() -> None:
    whole = np.array([1.0, 2.0, 6.0, -3.0])
    expected = normalised(whole, np.ones(4))
    # Two processes with half each would exchange count, sum and entries, and then squared distances.
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
    with pytest.raises(ValueError, match="'turn_value', 'token_value' or 'reinforce', got 'gae'"):
        advantages("gae", REWARDS, VALUES, LENGTHS)


# --- losses ----------------------------------------------------------------------------------------------------------

LOG2 = math.log(2.0)


def t(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def test_policy_loss_clips_each_token() -> None:
    # Ratios 1, 2, 2, 0.5, 0.5 with advantages 1, 1, -1, 1, -1:
    # min(1, 1) = 1; min(2, 1.2) = 1.2; min(-2, -1.2) = -2; min(0.5, 0.8) = 0.5; min(-0.5, -0.8) = -0.8.
    new = t(0.0, LOG2, LOG2, -LOG2, -LOG2).requires_grad_()
    old = t(0.0, 0.0, 0.0, 0.0, 0.0)
    loss, sums = policy_loss(new, old, old, t(1, 1, -1, 1, -1), t(1, 1, 1, 1, 1), 10.0)
    # -(1 + 1.2 - 2 + 0.5 - 0.8) / 10
    assert float(loss.detach()) == pytest.approx(0.01)
    assert (float(sums["ratio"]), int(sums["clipped"])) == (pytest.approx(6.0), 2)
    loss.backward()
    # -ratio * A / 10 where not clipped, 0 where clipped
    assert new.grad is not None
    torch.testing.assert_close(new.grad, t(-0.1, 0.0, 0.2, -0.05, 0.0))


@pytest.mark.parametrize(
    ("importance", "expected"),
    [
        # pi_old / pi_b = 0.5: r = 1.1 * 0.5 = 0.55, min(0.55, 0.8) = 0.55
        ("old", -0.55),
        # pi / pi_b = 0.55: r = 1.1 * 0.55 = 0.605
        ("theta", -0.605),
        # r = 1.1
        ("none", -1.1),
    ],
)
def test_the_importance_factor_is_a_constant_inside_the_clip(importance: str, expected: float) -> None:
    new = t(math.log(1.1)).requires_grad_()
    loss, _ = policy_loss(new, t(0.0), t(LOG2), t(1.0), t(1.0), 1.0, importance=importance)
    assert float(loss.detach()) == pytest.approx(expected)
    loss.backward()
    assert new.grad is not None
    assert float(new.grad) == pytest.approx(expected), "d/dx e^x = e^x, and the factor has no gradient"


def test_the_importance_factor_is_at_most_one() -> None:
    _, sums = policy_loss(t(0.0, 0.0), t(0.0, 0.0), t(-3.0, LOG2), t(1, 1), t(1, 1), 1.0)
    assert float(sums["importance"]) == pytest.approx(1.5)
    assert float(sums["importance_squared"]) == pytest.approx(1.25)


@pytest.mark.parametrize("importance", ["old", "theta"])
def test_only_stale_tokens_have_an_importance_factor(importance: str) -> None:
    """pi_old / pi_b is 0.5 for both: the clip removes the gradient of the stale one (0.5 < 0.8)."""
    for stale, gradient, factor in ((True, 0.0, 0.5), (False, 1.0, 1.0)):
        new = t(0.0).requires_grad_()
        loss, sums = policy_loss(
            new, t(0.0), t(LOG2), t(-1.0), t(1.0), 1.0, importance=importance, stale=torch.tensor([stale])
        )
        loss.backward()
        assert new.grad is not None
        assert (float(new.grad), float(sums["importance"])) == (pytest.approx(gradient), pytest.approx(factor))


def test_row_25_value_loss_is_the_larger_of_two_and_clips_around_old_values() -> None:
    # V 1.0, V_old 0.5 -> clipped 0.7; R 0: max(1, 0.49) = 1. V 0.6 is inside. R 0.8, V 1.0: max(0.04, 0.01) = 0.04.
    # R 2, V 1, V_old 0.5: max(1, 1.3^2 = 1.69) = 1.69, no gradient.
    values = t(1.0, 0.6, 1.0, 1.0).requires_grad_()
    loss, sums = value_loss(values, t(0.5, 0.5, 0.5, 0.5), t(0.0, 1.0, 0.8, 2.0), 4.0)
    # 1/2 * (1 + 0.16 + 0.04 + 1.69) / 4
    assert float(loss.detach()) == pytest.approx(0.36125)
    assert int(sums["value_clipped"]) == 1
    loss.backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad, t(1.0, -0.4, 0.2, 0.0) / 4)


def test_entropy_and_weights() -> None:
    assert float(entropy_loss(t(1.0, 3.0), t(0.5, 0.25), 2.0)) == pytest.approx(-(0.5 + 0.75) / 2)


def test_row_19_a_split_sum_is_the_same_sum() -> None:
    torch.manual_seed(0)
    new, old, b, a = (torch.randn(12, dtype=torch.float64) for _ in range(4))
    whole, _ = policy_loss(new, old, b, a, torch.ones(12), 12.0)
    parts = sum(
        policy_loss(new[i], old[i], b[i], a[i], torch.ones(len(new[i])), 12.0)[0] for i in torch.arange(12).split(5)
    )
    assert float(whole) == pytest.approx(float(parts))


def test_row_30_constants_must_not_carry_gradients() -> None:
    for place, name in enumerate(("old", "behaviour", "advantages", "weights"), start=1):
        arguments = [t(0.0) for _ in range(5)]
        arguments[place].requires_grad_()
        with pytest.raises(ValueError, match=f"{name}: expected a tensor without gradient"):
            policy_loss(*arguments, 1.0)
    with pytest.raises(ValueError, match="returns: expected"):
        value_loss(t(0.0), t(0.0), t(0.0).requires_grad_(), 1.0)


def test_an_extreme_ratio_makes_no_nan() -> None:
    new = t(1000.0, -1000.0, 1000.0).requires_grad_()
    loss, _ = policy_loss(new, t(0, 0, 0), t(0, 0, 0), t(1, 1, -1), t(1, 1, 1), 1.0)
    loss.backward()
    assert torch.isfinite(loss)
    assert new.grad is not None
    assert torch.isfinite(new.grad).all()


def test_row_20_k1_in_the_reward_has_the_gradient_of_the_reverse_kl() -> None:
    """Over all actions of a policy with two: E[-reward grad log pi], reward = -log(pi / rho), is the gradient of KL."""
    logits = torch.tensor([0.3, -0.4], dtype=torch.float64, requires_grad=True)
    rho = torch.tensor([0.7, 0.3], dtype=torch.float64)
    log_pi = logits.log_softmax(0)
    exact = torch.autograd.grad((log_pi.exp() * (log_pi - rho.log())).sum(), logits, retain_graph=True)[0]
    constant = log_pi.detach()
    expected = torch.zeros(2, dtype=torch.float64)
    for action in range(2):
        reward = -(constant[action] - rho[action].log())
        loss, _ = policy_loss(log_pi[action : action + 1], constant[action : action + 1], constant[action : action + 1],
                              reward[None], t(1.0), 1.0)  # fmt: skip
        expected += constant[action].exp() * torch.autograd.grad(loss, logits, retain_graph=True)[0]
    torch.testing.assert_close(expected, exact)
