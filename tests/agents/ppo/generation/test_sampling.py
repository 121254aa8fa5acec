"""Random numbers are uniform and reproducible; tokens are drawn with the right probabilities."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.ppo.generation.local.sampling import BLOCK, likeliest, sample, uniforms


def test_numbers_are_uniform_and_belong_to_their_seed_and_place() -> None:
    drawn = np.stack([uniforms(seed, 20) for seed in range(2000)])
    assert 0 <= drawn.min() < drawn.max() < 1
    for share in (0.01, 0.25, 0.5, 0.99):
        assert (drawn < share).mean() == pytest.approx(share, abs=0.01)
    between = np.corrcoef(drawn.T) - np.eye(20)
    assert np.abs(between).max() < 5 / np.sqrt(len(drawn))
    assert uniforms(3, 20)[:8].tolist() == uniforms(3, 8).tolist()


def test_positive_and_negative_seeds_differ() -> None:
    firsts = {float(uniforms(seed, 1)[0]) for seed in (-2, -1, 0, 1, 2, 1 << 40, -(1 << 40))}
    assert len(firsts) == 7


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_frequencies_and_log_probabilities_of_drawn_tokens(temperature: float) -> None:
    logits = torch.tensor([2.0, 0.0, -torch.inf, 1.0, -1.0])
    count = 20_000
    shares = seeded(count)
    tokens, logprobs = sample(logits.expand(count, -1), temperature, shares)
    expected = (logits / temperature).log_softmax(-1)
    torch.testing.assert_close(logprobs, expected[tokens])
    frequencies = torch.bincount(tokens, minlength=5) / count
    torch.testing.assert_close(frequencies, expected.exp(), rtol=0, atol=4 * 0.5 / np.sqrt(count))
    assert frequencies[2] == 0


def test_temperature_zero_takes_the_most_likely_token_and_scores_it_at_one() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 3.0, 1.0]])
    tokens, logprobs = sample(logits, 0, torch.zeros(2))
    assert tokens.tolist() == [1, 0]
    torch.testing.assert_close(logprobs, logits.log_softmax(-1)[[0, 1], [1, 0]])


@pytest.mark.parametrize("vocabulary", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK, 49_152])
def test_the_token_is_the_first_at_which_the_sum_of_probabilities_exceeds_the_number(vocabulary: int) -> None:
    random = np.random.default_rng(vocabulary)
    logits = random.normal(0, 3, (40, vocabulary)).astype(np.float32)
    logits[:, random.random(vocabulary) < 0.3] = -np.inf
    logits[:, random.integers(vocabulary)] = 1.0
    shares = random.random(40)
    weights = np.exp(logits.astype(np.float64))
    running = weights.cumsum(1) / weights.sum(1, keepdims=True)
    tokens, logprobs = sample(torch.from_numpy(logits), 1.0, torch.from_numpy(shares))
    for row, token in enumerate(tokens.tolist()):
        assert weights[row, token] > 0
        assert running[row, token] - weights[row, token] / weights[row].sum() <= shares[row] + 1e-6
        assert shares[row] <= running[row, token] + 1e-6
    expected = np.log(weights[np.arange(40), tokens] / weights.sum(1))
    np.testing.assert_allclose(logprobs, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("top_p", [1.0, 0.9])
@pytest.mark.parametrize("share", [0.0, float(np.nextafter(1.0, 0.0))])
def test_the_ends_of_the_range_never_draw_an_impossible_token(share: float, top_p: float) -> None:
    """The first and the last possible token are drawn, though others lie beyond them, in other blocks, too."""
    logits = torch.full((1, 3 * BLOCK), -torch.inf)
    logits[0, BLOCK + 3 : 2 * BLOCK - 3] = torch.linspace(0, 1e-3, BLOCK - 6)
    [token], [logprob] = sample(logits, 1.0, torch.tensor([share], dtype=torch.float64), top_p)
    assert torch.isfinite(logprob)
    if top_p == 1.0:
        assert token == (BLOCK + 3 if share == 0.0 else 2 * BLOCK - 4)


@given(st.integers(0, 1000), st.sampled_from([1.0, 0.7]), st.sampled_from([1.0, 0.9]))
def test_a_row_is_drawn_as_if_it_were_alone(seed: int, temperature: float, top_p: float) -> None:
    logits = torch.randn(5, 600, generator=torch.Generator().manual_seed(seed)) * 4
    together = sample(logits, temperature, seeded(5), top_p)
    for row in range(5):
        alone = sample(logits[row : row + 1], temperature, seeded(5)[row : row + 1], top_p)
        assert [each[row].item() for each in together] == [each[0].item() for each in alone]


@pytest.mark.parametrize("top_p", [1.0, 0.9])
def test_what_is_not_a_number_has_no_log_probability(top_p: float) -> None:
    logits = torch.zeros(3, BLOCK + 8)
    logits[1, 7] = torch.nan
    tokens, logprobs = sample(logits, 1.0, seeded(3), top_p)
    assert torch.isfinite(logprobs).tolist() == [True, False, True]
    assert ((tokens >= 0) & (tokens < BLOCK + 8)).all()


def kept(weights: torch.Tensor, top_p: float) -> torch.Tensor:
    """Return the selected weights at their tokens' places, scaled to a sum of 1."""
    some, tokens = likeliest(weights, top_p)
    return torch.zeros_like(weights).scatter_add_(1, tokens, some / some.sum(1, keepdim=True))


def test_top_p_keeps_the_fewest_likeliest_tokens_that_reach_it() -> None:
    weights = torch.tensor([[0.1, 0.5, 0.15, 0.25], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 1.0, 0.0]]) * 3
    torch.testing.assert_close(
        kept(weights, 0.7), torch.tensor([[0, 2 / 3, 0, 1 / 3], [1 / 3, 1 / 3, 1 / 3, 0], [0.0, 0.0, 1.0, 0.0]])
    )
    assert torch.equal(kept(weights, 1e-9) > 0, torch.eye(4)[[1, 0, 2]] > 0)  # never none


@given(st.integers(0, 1000), st.sampled_from([0.1, 1.0, 5.0]), st.floats(0.01, 0.999))
def test_top_p_keeps_what_a_sort_of_the_whole_vocabulary_keeps(seed: int, spread: float, top_p: float) -> None:
    random = np.random.default_rng(seed)
    weights = np.exp(random.normal(0, spread, (3, 700)).round(1)).astype(np.float32)  # rounded: some are equal
    found = kept(torch.from_numpy(weights), top_p)
    for row, mine in zip(weights.astype(np.float64), found.numpy(), strict=True):
        order = np.argsort(-row, kind="stable")
        before = row[order].cumsum() - row[order]
        count = int((before < top_p * row.sum() * (1 - 1e-12)).sum())
        assert (mine > 0).sum() in (count, count + 1)
        assert (mine[order[:count]] > 0).all()


def test_top_p_draws_the_kept_tokens_with_the_right_frequencies() -> None:
    logits = torch.tensor([2.0, 0.0, 1.0, -1.0])
    count = 20_000
    tokens, logprobs = sample(logits.expand(count, -1), 0.8, seeded(count), 0.9)
    expected = kept((logits / 0.8).softmax(-1)[None], 0.9)[0]
    assert expected.tolist() == [pytest.approx(0.777, abs=1e-3), 0, pytest.approx(0.223, abs=1e-3), 0]
    shares = torch.bincount(tokens, minlength=4) / count
    torch.testing.assert_close(shares, expected, rtol=0, atol=4 * 0.5 / np.sqrt(count))
    torch.testing.assert_close(logprobs, expected[tokens].log())


def seeded(count: int) -> torch.Tensor:
    """Return the first number of each of so many seeds."""
    return torch.as_tensor(np.concatenate([uniforms(seed, 1) for seed in range(count)]))
