"""The share of prefixes that were kept between turns, by hand and with our own generator."""

from __future__ import annotations

import time

import numpy as np
import pytest

from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.rollout import Batch
from rlef_agents.ppo.timings import kept_prefixes, timings
from rlef_agents.ppo.trajectory import TokenEpisode, TokenTurn
from tests.agents.ppo.generation.models import model, prompts, sample_all
from tests.agents.ppo.small import episode, turn


def row(*episodes: TokenEpisode) -> dict[str, float]:
    now = time.monotonic()
    return timings(Batch(tokens=list(episodes)), now - 2, now - 1, workers=1)


def test_a_prefix_is_all_before_the_new_prompt_but_for_the_last_sampled_token() -> None:
    """Contexts of 3 + 2 and 5 + 1 + 4 tokens: of 4 + 9 tokens that were inputs, 4 + 5 were kept."""
    whole = episode(turn([1] * 3, [2] * 2, kept=0), turn([1], [2] * 4, kept=4), turn([1] * 7, [2], kept=5))
    assert kept_prefixes([whole]) == (9, 13)
    assert row(whole)["prefix_kept"] == pytest.approx(9 / 13)
    assert row(whole, episode(turn([1] * 9, [2], kept=0)))["prefix_kept"] == pytest.approx(9 / 13), "first turns aside"


def test_there_is_no_share_without_a_second_turn_or_a_generator_that_knows() -> None:
    assert "prefix_kept" not in row(episode(turn([1] * 3, [2] * 2, kept=0)))
    assert "prefix_kept" not in row(episode(turn([1] * 3, [2] * 2), turn([1], [2])))


@pytest.mark.parametrize("lost", ["nothing", "one of two", "all by an update"])
def test_our_generator_says_what_it_kept(lost: str) -> None:
    generator = LocalGenerator(model(), [])
    contexts = [np.append(ids, [5, 6]) for ids in prompts(2)]
    first = sample_all(generator, [Request(number, ids, 6, number) for number, ids in enumerate(contexts)])
    if lost == "one of two":
        generator.forget(0)
    elif lost == "all by an update":
        generator.update(1)
    longer = [np.concatenate([ids, first[number].ids, [7, 8]]) for number, ids in enumerate(contexts)]
    second = sample_all(generator, [Request(number, ids, 6, 9) for number, ids in enumerate(longer)])
    episodes = [
        episode(TokenTurn(ids, first[number], 0.0), TokenTurn(np.array([7, 8]), second[number], 0.0))
        for number, ids in enumerate(contexts)
    ]
    sizes = [len(ids) + 5 for ids in contexts]
    kept = {"nothing": sum(sizes), "one of two": sizes[1], "all by an update": 0}[lost]
    assert kept_prefixes(episodes) == (kept, sum(sizes))


def test_what_an_update_in_the_middle_of_a_response_drops_was_not_kept() -> None:
    generator = LocalGenerator(model(), [])
    ids = np.arange(5, 15)
    first = sample_all(generator, [Request(0, ids, 4, 0)])[0]
    generator.submit(Request(0, np.concatenate([ids, first.ids, [7]]), 8, 1))
    generator.poll(timeout=0.0)
    generator.update(1)
    [(_, second)] = generator.poll()
    assert len(set(second.versions.tolist())) == 2
    assert second.kept == 0
