"""Packed sequences: every token is in its place, and no sequence attends to another."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.ppo.model import ActorCritic
from rlef_agents.ppo.packing import ALONE, first_fit_decreasing, flatten, pack
from rlef_agents.ppo.trajectory import TokenEpisode
from tests.agents.ppo.small import ARCHITECTURES, VOCABULARY, episode, model, random_episodes, turn


def test_row_29_golden_places_of_two_episodes() -> None:
    long = episode(turn([10, 11, 12], [13, 14]), turn([15], [16]))
    short = episode(turn([20], [21, 22]))
    (row,) = pack([short, long], budget=100)
    assert row.ids.tolist() == [10, 11, 12, 13, 14, 15, 16, 20, 21, 22], "the longest first"
    assert row.positions.tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]
    assert row.segments == (7, 3)
    assert row.labels.tolist() == [13, 14, 16, 21, 22]
    # Token 13 is predicted where 12 stands, and so on; V(c) is read where the prompt ends.
    assert row.predictors.tolist() == [2, 3, 5, 7, 8]
    assert row.states.tolist() == [2, 5, 7]
    # In the batch the short episode is first: its two tokens are 0 and 1, its turn is 0.
    assert row.tokens.tolist() == [2, 3, 4, 0, 1]
    assert row.turns.tolist() == [1, 2, 0]


def sharing(episodes: Sequence[TokenEpisode], prompts: int = 2) -> list[TokenEpisode]:
    """Give episode n the first prompt of episode n modulo ``prompts``."""
    shared = []
    for number, one in enumerate(episodes):
        prompt = episodes[number % prompts].turns[0].prompt_ids
        shared.append(
            dataclasses.replace(one, turns=(dataclasses.replace(one.turns[0], prompt_ids=prompt), *one.turns[1:]))
        )
    return shared


def test_golden_places_of_episodes_with_a_common_prompt() -> None:
    first = episode(turn([10, 11, 12], [13, 14]), turn([15], [16]))
    other = episode(turn([20], [21]))
    second = episode(turn([10, 11, 12], [17]))
    (row,) = pack([first, other, second], budget=100)
    assert row.ids.tolist() == [10, 11, 12, 13, 14, 15, 16, 17, 20, 21]
    assert row.positions.tolist() == [0, 1, 2, 3, 4, 5, 6, 3, 0, 1]
    assert row.segments == (3, 4, 1, 2)
    assert row.continues == (ALONE, 0, 0, ALONE)
    assert row.labels.tolist() == [13, 14, 16, 17, 21]
    # Tokens 13 and 17 are both predicted where 12 stands, the end of their prompt.
    assert row.predictors.tolist() == [2, 3, 5, 2, 8]
    assert row.states.tolist() == [2, 5, 2, 8]
    assert row.tokens.tolist() == [0, 1, 2, 4, 3]
    assert row.turns.tolist() == [0, 1, 3, 2]


def test_a_shared_prompt_counts_once_and_is_repeated_where_the_budget_ends() -> None:
    episodes = [episode(turn([1, 2, 3, 4], [5, 6])) for _ in range(5)]
    assert [(len(row.ids), row.segments) for row in pack(episodes, budget=8)] == [
        (8, (4, 2, 2)), (8, (4, 2, 2)), (6, (6,))
    ]  # fmt: skip
    assert [row.segments for row in pack(episodes, budget=5)] == [(6,)] * 5, "each is longer than the budget"


def test_flatten() -> None:
    flat = flatten([
        episode(turn([1], [2, 3], reward=-0.2, finished=False, version=4), turn([5], [6], reward=1.0, version=5)),
        episode(turn([7], [8, 9, 10], reward=-1.0)),
    ])  # fmt: skip
    assert flat.lengths.tolist() == [2, 1, 3]
    assert flat.episodes.tolist() == [0, 0, 1]
    assert flat.last.tolist() == [False, True, True]
    assert flat.truncated.tolist() == [True, False, False]
    assert flat.rewards.tolist() == [-0.2, 1.0, -1.0]
    assert flat.versions.tolist() == [4, 4, 5, 0, 0, 0]
    assert len(flatten([]).lengths) == 0


@pytest.mark.parametrize(
    "broken",
    [episode(), episode(turn([], [1])), episode(turn([1], [])), episode(turn([1], [2, 3], logprobs=[-1.0]))],
    ids=["no turns", "no prompt", "no response", "a log-probability too few"],
)
def test_episodes_that_do_not_add_up_are_refused(broken: TokenEpisode) -> None:
    with pytest.raises(ValueError, match="expected"):
        flatten([broken])


@given(st.dictionaries(st.integers(0, 99), st.integers(1, 30)), st.integers(1, 40))
def test_every_episode_is_in_one_bin_and_no_bin_is_too_full(sizes: dict[int, int], budget: int) -> None:
    bins = first_fit_decreasing(sizes, budget)
    assert sorted(key for each in bins for key in each) == sorted(sizes)
    assert all(sum(sizes[key] for key in each) <= budget or len(each) == 1 for each in bins)


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 5))
def test_packs_hold_every_token_once(seed: int, budget: int, prompts: int) -> None:
    episodes = sharing(random_episodes(5, seed), prompts)
    rows = pack(episodes, budget)
    labels = np.zeros(sum(len(row.tokens) for row in rows), np.int64)
    befores = np.concatenate([one.ids[place] for one in episodes for place in predicting(one)])
    for row in rows:
        labels[row.tokens] = row.labels.numpy()
        assert row.ids[row.predictors].tolist() == befores[row.tokens].tolist()
        assert sum(row.segments) == len(row.ids) <= max(budget, *(one.length for one in episodes))
    assert labels.tolist() == [int(i) for one in episodes for each in one.turns for i in each.completion.ids]


def predicting(one: TokenEpisode) -> list[slice]:
    """Return the places before the tokens of each response."""
    found, end = [], 0
    for each in one.turns:
        start = end + len(each.prompt_ids)
        end = start + len(each.completion.ids)
        found.append(slice(start - 1, end - 1))
    return found


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_row_8_no_sequence_sees_another(name: str) -> None:
    """With other tokens in one sequence, scores and gradients of the others stay the same to the bit."""
    episodes = random_episodes(4, seed=1)
    actor = ActorCritic(model(name), value_init="random")
    victim = max(range(4), key=lambda place: episodes[place].length)  # the first in the row: all others come after it
    other = dataclasses.replace(
        episodes[victim],
        turns=tuple(
            dataclasses.replace(each, prompt_ids=(each.prompt_ids + 7) % VOCABULARY) for each in episodes[victim].turns
        ),
    )
    rest = [place for place in range(4) if place != victim]
    found = []
    for one in (episodes[victim], other):
        (row,) = pack([one, *(episodes[place] for place in rest)], budget=1000)
        keep = torch.from_numpy(row.tokens >= sum(len(each.completion.ids) for each in one.turns))
        turns = torch.from_numpy(row.turns >= len(one.turns))
        scores = actor(row)
        embedding = actor.lm.get_input_embeddings().weight
        (gradient,) = torch.autograd.grad(scores.logprobs[keep].sum() + scores.values[turns].sum(), embedding)
        found.append((scores.logprobs[keep], scores.values[turns], gradient))
    for before, after in zip(*found, strict=True):
        assert torch.equal(before, after)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_row_8_no_response_sees_another_to_the_same_prompt(name: str) -> None:
    """With other tokens in one of three responses, scores of the others stay the same to the bit."""
    actor = ActorCritic(model(name), value_init="random")
    found = []
    for token in (10, 11):
        episodes = [episode(turn([1, 2, 3, 4, 5], answer)) for answer in ([6, 7], [token, 8, 9], [12])]
        (row,) = pack(episodes, budget=100)
        assert row.continues == (ALONE, 0, 0, 0)
        others = torch.tensor([0, 1, 5])
        scores = actor(row)
        embedding = actor.lm.get_input_embeddings().weight
        (gradient,) = torch.autograd.grad(scores.logprobs[others].sum(), embedding)
        found.append((scores.logprobs[others], gradient[:10] if name == "llama" else gradient[:0]))  # rest: tied heads
    for before, after in zip(*found, strict=True):
        assert torch.equal(before, after)


@pytest.mark.parametrize("prompts", [4, 1], ids=["prompts differ", "one prompt"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_row_7_and_8_packed_scores_are_those_of_each_sequence_alone(name: str, prompts: int) -> None:
    """GPT-2 has absolute positions, so positions that do not restart would change its scores."""
    episodes = sharing(random_episodes(4, seed=2), prompts)
    lm = model(name)
    alone = []
    for one in episodes:  # transformers' own attention, one sequence at a time
        every = lm(input_ids=torch.from_numpy(one.ids)[None]).logits[0].log_softmax(-1).detach()
        place = 0
        for each in one.turns:
            place += len(each.prompt_ids)
            for token in each.completion.ids:
                alone.append(float(every[place - 1, token]))
                place += 1
    actor = ActorCritic(lm)
    for budget in (1, 40, 1000):
        ours = np.zeros(len(alone))
        for row in pack(episodes, budget):
            ours[row.tokens] = actor(row).logprobs.detach().numpy()
        np.testing.assert_allclose(ours, alone, atol=2e-5)


@pytest.mark.parametrize("prompts", [3, 1], ids=["prompts differ", "one prompt"])
def test_packed_gradient_is_the_padded_gradient(prompts: int) -> None:
    episodes = sharing(random_episodes(3, seed=3), prompts)
    lm = model("qwen3")
    longest = max(one.length for one in episodes)
    padded = torch.zeros(3, longest, dtype=torch.long)
    mask = torch.zeros(3, longest, dtype=torch.long)
    for place, one in enumerate(episodes):
        padded[place, : one.length], mask[place, : one.length] = torch.from_numpy(one.ids), 1
    every = lm(input_ids=padded, attention_mask=mask).logits.log_softmax(-1)
    total = torch.zeros(())
    for place, one in enumerate(episodes):
        at = 0
        for each in one.turns:
            at += len(each.prompt_ids)
            for token in each.completion.ids:
                total = total + every[place, at - 1, token]
                at += 1
    expected = torch.autograd.grad(total, list(lm.parameters()))
    actor = ActorCritic(lm)
    (row,) = pack(episodes, budget=1000)
    found = torch.autograd.grad(actor(row).logprobs.sum(), list(lm.parameters()))
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_row_11_and_12_the_stop_token_is_trained_and_none_is_searched_for() -> None:
    """Token 1 ends a response; it is also in the prompts, and would be the padding if there were any."""
    one = episode(turn([1, 1, 5], [6, 1]), turn([1], [1]))
    (row,) = pack([one], budget=100)
    assert row.labels.tolist() == [6, 1, 1]
    assert row.predictors.tolist() == [2, 3, 5]
    assert flatten([one]).lengths.tolist() == [2, 1]
    assert flatten([one]).truncated.tolist() == [False, False], "as the generator reported, whatever the last token is"
    actor = ActorCritic(model())
    (gradient,) = torch.autograd.grad(actor(row).logprobs[1], actor.lm.lm_head.weight)
    assert gradient[1].abs().max() > 0.0
