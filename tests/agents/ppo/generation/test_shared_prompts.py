"""Contexts that begin alike are computed once, and what is sampled does not change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.local import generator as generator_module
from rlef_agents.ppo.generation.local import kv_memory
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.generation.local.shared_beginnings import Beginnings
from rlef_agents.ppo.trajectory import Completion
from tests.agents.ppo.generation.models import LLAMA_LIKE, STOP, assert_true_logprobs, model, sample_all


@pytest.mark.parametrize("name", LLAMA_LIKE)
def test_a_group_is_sampled_as_if_each_computed_its_own_prompt(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two problems, four samples of each, two turns."""
    lm = model(name)
    contexts = [np.arange(start, start + length) for start, length in ((5, 30), (12, 17)) for _ in range(4)]
    shared = LocalGenerator(lm, [STOP], slots=8)
    monkeypatch.setattr(generator_module, "SHARED_SHARE", 2.0)
    apart = LocalGenerator(lm, [STOP], slots=8)
    for turn in range(2):
        requests = [Request(number, ids, 12, turn * 10 + number) for number, ids in enumerate(contexts)]
        monkeypatch.setattr(generator_module, "SHARED_SHARE", 0.25)
        ours = sample_all(shared, requests)
        monkeypatch.setattr(generator_module, "SHARED_SHARE", 2.0)
        others = sample_all(apart, requests)
        if turn == 0:
            assert (shared.copied, apart.copied) == (3 * 29 + 3 * 16, 0)
            assert shared.prefilled == 30 + 17 + 6, "the last token of a prompt is an input of each row"
            assert apart.prefilled == 4 * 30 + 4 * 17
        assert len({tuple(ours[number].ids) for number in range(4)}) == 4, "each has random numbers of its own"
        for number, ids in enumerate(contexts):
            assert ours[number].ids.tolist() == others[number].ids.tolist()
            np.testing.assert_allclose(ours[number].logprobs, others[number].logprobs, rtol=0, atol=1e-5)
            assert_true_logprobs(lm, ids, ours[number])
            contexts[number] = np.concatenate([ids, ours[number].ids, [5, 6]])
    assert shared._memory.held == apart._memory.held


def test_a_beginning_is_copied_from_a_response_that_is_being_sampled() -> None:
    lm = model()
    generator = LocalGenerator(lm, [], slots=2)
    first, longer = np.arange(5, 25), np.append(np.arange(5, 22), [1, 1, 1])
    generator.submit(Request(0, first, 20, 0))
    generator.poll(timeout=0.0)
    generator.submit(Request(1, longer, 20, 1))
    done: dict[int, Completion] = {}
    while completions := generator.poll():
        done.update(completions)
    assert (generator.copied, generator.prefilled) == (17, 20 + 3)
    assert_true_logprobs(lm, first, done[0])
    assert_true_logprobs(lm, longer, done[1])


def test_what_was_sampled_is_copied_only_as_far_as_it_was_an_input() -> None:
    lm = model()
    generator = LocalGenerator(lm, [], slots=2)
    context = np.arange(5, 25)
    generator.submit(Request(0, context, 20, 0))
    for _ in range(4):
        generator.poll(timeout=0.0)
    [partial] = generator._memory.items()
    longer = np.append(partial.tokens(), [7, 8])
    generator.submit(Request(1, longer, 5, 1))
    done: dict[int, Completion] = {}
    while completions := generator.poll():
        done.update(completions)
    assert generator.copied == len(longer) - 3
    assert_true_logprobs(lm, longer, done[1])


def test_little_is_not_copied() -> None:
    generator = LocalGenerator(model(), [], slots=2)
    sample_all(
        generator, [Request(0, np.arange(5, 25), 3, 0), Request(1, np.append([5, 6, 7, 8], np.ones(20, int)), 3, 1)]
    )
    assert generator.copied == 0


def test_memory_stays_bounded_where_groups_share_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Responses outgrow their rows, wait, and are computed again, beside samples of the same problem."""
    monkeypatch.setattr(kv_memory, "MIN_CAPACITY", 16)
    monkeypatch.setattr(kv_memory, "TENSOR_TOKENS", 64)
    lm = model()
    generator = LocalGenerator(lm, [STOP], slots=8, kv_tokens=300)
    requests = [Request(number, np.arange(4, 14 + 10 * (number // 4)), 50, number) for number in range(12)]
    for request in requests:
        generator.submit(request)
    answered: dict[int, Completion] = {}
    while generator._waiting or generator._memory.rows:
        answered.update(generator.poll(timeout=0.0))
        assert generator._memory.held <= 300
    assert generator.copied > 0
    for request in requests:
        assert_true_logprobs(lm, request.ids, answered[request.conversation])
        alone = sample_all(LocalGenerator(lm, [STOP]), [request])[request.conversation]
        assert alone.ids.tolist() == answered[request.conversation].ids.tolist()


@given(st.lists(st.lists(st.integers(0, 3) | st.just(70_000), max_size=6), max_size=12), st.lists(st.integers(0, 3)))
def test_the_longest_common_beginning_is_found(others: list[list[int]], ids: list[int]) -> None:
    beginnings: Beginnings[int] = Beginnings()
    for number, other in enumerate(others):
        beginnings.add(np.array(other, np.int64), number)

    def common(other: list[int]) -> int:
        return next((n for n, (a, b) in enumerate(zip(other, ids, strict=False)) if a != b), min(len(other), len(ids)))

    found, length = beginnings.longest(np.array(ids, np.int64))
    assert length == max(map(common, others), default=0)
    assert found is None if length == 0 else common(others[found]) == length  # type: ignore[index]
