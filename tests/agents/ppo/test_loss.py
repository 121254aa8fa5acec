"""The losses, by numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rlef_agents.ppo.loss import entropy_loss, policy_loss, value_loss

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
def test_the_importance_factor_is_a_constant_inside_of_the_clip(importance: str, expected: float) -> None:
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
def test_the_importance_factor_is_of_stale_tokens_alone(importance: str) -> None:
    """pi_old / pi_b is 0.5 for both: the bad token loses its gradient to the clip where it is stale (0.5 < 0.8)."""
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


def test_an_absurd_ratio_makes_no_nan() -> None:
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
