"""Log-probabilities and entropies from features, and their gradients, against those of autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rlef_agents.ppo import token_scores
from rlef_agents.ppo.token_scores import logits_at_once, score_tokens

TOKENS, WIDTH, VOCABULARY = 11, 6, 13


def inputs(trained: bool, bias: bool = False) -> tuple[nn.Linear, Tensor, Tensor, Tensor]:
    """Return a head, features, labels, and the gradient that the loss has for each log-probability."""
    random = torch.Generator().manual_seed(0)
    head = nn.Linear(WIDTH, VOCABULARY, bias=bias).requires_grad_(trained)
    with torch.no_grad():
        head.weight.copy_(torch.randn(VOCABULARY, WIDTH, generator=random))
    features = (3.0 * torch.randn(TOKENS, WIDTH, generator=random)).requires_grad_()
    labels = torch.randint(0, VOCABULARY, (TOKENS,), generator=random)
    return head, features, labels, torch.randn(TOKENS, generator=random)


@pytest.mark.parametrize("trained", [True, False], ids=["trained", "frozen"])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize(("kept", "at_once"), [(100, 10**6), (100, 3 * VOCABULARY), (2, 3 * VOCABULARY)])
def test_scores_and_gradients_are_those_of_autograd(
    trained: bool, temperature: float, kept: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_scores, "HEAD_CHUNK", kept)
    monkeypatch.setattr(token_scores, "LOGITS_AT_ONCE", at_once)
    head, features, labels, slopes = inputs(trained)
    every = (head(features) / temperature).log_softmax(-1)
    expected = every[torch.arange(TOKENS), labels]
    logprobs, entropy = score_tokens(head, features, labels, temperature)
    torch.testing.assert_close(logprobs, expected)
    torch.testing.assert_close(entropy, -(every.exp() * every).sum(-1).detach())
    assert not entropy.requires_grad
    wanted = [features, *([head.weight] if trained else [])]
    found = torch.autograd.grad((logprobs * slopes).sum(), wanted)
    for ours, theirs in zip(found, torch.autograd.grad((expected * slopes).sum(), wanted), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        again, _ = score_tokens(head, features, labels, temperature)
    assert torch.equal(again, logprobs)


def test_a_head_with_a_bias_and_an_entropy_with_a_gradient_are_computed_by_autograd() -> None:
    head, features, labels, _ = inputs(trained=True, bias=True)
    every = head(features).log_softmax(-1)
    logprobs, entropy = score_tokens(head, features, labels, 1.0, entropy_gradient=True)
    torch.testing.assert_close(logprobs, every[torch.arange(TOKENS), labels])
    (found,) = torch.autograd.grad(entropy.sum(), head.bias)
    (expected,) = torch.autograd.grad(-(every.exp() * every).sum(), head.bias)
    torch.testing.assert_close(found, expected)


def test_logits_of_any_size_do_not_overflow() -> None:
    head, features, labels, _ = inputs(trained=False)
    logprobs, entropy = score_tokens(head, features.detach() * 1e4, labels, 1.0)
    assert torch.isfinite(logprobs).all()
    assert torch.isfinite(entropy).all()
    assert float(entropy.min()) >= -1e-6


def test_logits_are_kept_only_for_a_trained_head_and_few_tokens() -> None:
    assert logits_at_once(10, 100, trained=True) == 4 * 1000
    assert logits_at_once(10, 100, trained=False) == 3 * 1000
    assert logits_at_once(1 << 20, 1 << 10, trained=True) == 3 * (1 << 23)
