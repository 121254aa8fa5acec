"""Clocks are exponential, independent and reproducible; tokens are drawn with the right probabilities."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rlef_agents.ppo.generation.local.sampling import clocks, likeliest, sample, token_keys


def test_clocks_are_exponential_and_independent() -> None:
    keys = torch.as_tensor(np.concatenate([token_keys(seed, 20) for seed in range(1000)]))
    times = clocks(keys, 30).double()
    assert times.min() > 0
    for power, moment in ((1, 1.0), (2, 2.0), (3, 6.0)):
        assert times.pow(power).mean() == pytest.approx(moment, rel=0.03)
    for quantile in (1e-3, 0.1, 0.5, 0.9, 0.999):
        assert (times < -np.log1p(-quantile)).double().mean() == pytest.approx(quantile, rel=0.15, abs=1e-3)
    between_tokens = torch.corrcoef(times.T).fill_diagonal_(0).abs().max()
    from_one_to_the_next = torch.corrcoef(torch.stack([times[:-1].flatten(), times[1:].flatten()]))[0, 1].abs()
    assert between_tokens < 5 / np.sqrt(len(times))
    assert from_one_to_the_next < 5 / np.sqrt(times.numel())


def test_clocks_depend_on_their_own_key_alone() -> None:
    keys = torch.as_tensor(token_keys(3, 8))
    assert torch.equal(clocks(keys, 100)[5:6], clocks(keys[5:6], 100))
    assert torch.equal(clocks(keys, 100), clocks(keys, 50_000)[:, :100])
    assert torch.equal(torch.as_tensor(token_keys(3, 20))[:8], keys)


def test_no_two_tokens_share_a_clock() -> None:
    """This holds for a large vocabulary, too: of two tokens with the same clock, the less likely is never drawn."""
    times = clocks(torch.as_tensor(token_keys(0, 2)), 200_000)
    assert torch.unique(times, dim=1).shape == (2, 200_000)  # pairs, because 31 bits alone collide by chance


def test_positive_and_negative_seeds_differ() -> None:
    firsts = {tuple(token_keys(seed, 1)[0]) for seed in (-2, -1, 0, 1, 2, 1 << 40, -(1 << 40))}
    assert len(firsts) == 7


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_frequencies_and_log_probabilities_of_drawn_tokens(temperature: float) -> None:
    logits = torch.tensor([2.0, 0.0, -torch.inf, 1.0, -1.0])
    count = 20_000
    keys = torch.as_tensor(np.concatenate([token_keys(seed, 1) for seed in range(count)]))
    tokens, logprobs = sample(logits.expand(count, -1), temperature, keys)
    expected = (logits / temperature).log_softmax(-1)
    torch.testing.assert_close(logprobs, expected[tokens])
    shares = torch.bincount(tokens, minlength=5) / count
    torch.testing.assert_close(shares, expected.exp(), rtol=0, atol=4 * 0.5 / np.sqrt(count))
    assert shares[2] == 0


def test_temperature_zero_takes_the_most_likely_token_and_scores_it_at_one() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 3.0, 1.0]])
    tokens, logprobs = sample(logits, 0, torch.zeros(2, 2, dtype=torch.int32))
    assert tokens.tolist() == [1, 0]
    torch.testing.assert_close(logprobs, logits.log_softmax(-1)[[0, 1], [1, 0]])


def test_top_p_keeps_the_fewest_likeliest_tokens_that_reach_it() -> None:
    probabilities = torch.tensor([[0.1, 0.5, 0.15, 0.25], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 1.0, 0.0]])
    kept = likeliest(probabilities, 0.7)
    torch.testing.assert_close(
        kept, torch.tensor([[0, 2 / 3, 0, 1 / 3], [1 / 3, 1 / 3, 1 / 3, 0], [0.0, 0.0, 1.0, 0.0]])
    )
    assert torch.equal(likeliest(probabilities, 1e-9) > 0, torch.eye(4)[[1, 0, 2]] > 0)  # never none


def test_top_p_draws_the_kept_tokens_with_the_right_frequencies() -> None:
    logits = torch.tensor([2.0, 0.0, 1.0, -1.0])
    count = 20_000
    keys = torch.as_tensor(np.concatenate([token_keys(seed, 1) for seed in range(count)]))
    tokens, logprobs = sample(logits.expand(count, -1), 0.8, keys, 0.9)
    expected = likeliest((logits / 0.8).softmax(-1)[None], 0.9)[0]
    assert expected.tolist() == [pytest.approx(0.777, abs=1e-3), 0, pytest.approx(0.223, abs=1e-3), 0]
    shares = torch.bincount(tokens, minlength=4) / count
    torch.testing.assert_close(shares, expected, rtol=0, atol=4 * 0.5 / np.sqrt(count))
    torch.testing.assert_close(logprobs, expected[tokens].log())
    whole, _ = sample(logits.expand(count, -1), 0.8, keys)
    assert torch.equal(whole, sample(logits.expand(count, -1), 0.8, keys, 1.0)[0])
