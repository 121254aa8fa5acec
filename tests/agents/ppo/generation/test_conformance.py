"""Conformance tests that every generator must pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rlef_agents.ppo.generation import Request
from tests.agents.ppo.generation.implementations import IMPLEMENTATIONS, opened
from tests.agents.ppo.generation.models import (
    STOP,
    VOCABULARY,
    assert_true_logprobs,
    full_logprobs,
    model,
    prompts,
    sample_all,
    shake,
)

Make = Callable[..., Any]


@pytest.fixture(params=IMPLEMENTATIONS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lm(name: str) -> Any:
    return model(IMPLEMENTATIONS[name].architecture)


@pytest.fixture
def make(name: str, lm: Any, tmp_path: Path) -> Iterator[Make]:
    """Return ``make(temperature)``, which creates a generator that samples from ``lm``."""
    with ExitStack() as stack:
        yield lambda temperature=1.0: stack.enter_context(opened(name, lm, temperature, tmp_path))


def test_three_turns_at_a_temperature(make: Make, lm: Any) -> None:
    """Log-probabilities are those of a full forward pass, and ``finished`` matches the last token."""
    generator = make(0.7)
    contexts = dict(enumerate(prompts(7)))
    ends = set()
    for turn in range(3):
        answered = sample_all(
            generator, [Request(number, context, 12, 100 * turn + number) for number, context in contexts.items()]
        )
        for number, completion in answered.items():
            assert_true_logprobs(lm, contexts[number], completion, 0.7)
            assert completion.versions.tolist() == [0] * len(completion.ids)
            assert completion.ids.dtype == completion.versions.dtype == np.int64
            assert completion.logprobs.dtype == np.float32
            assert STOP not in completion.ids[:-1]
            assert completion.finished == (completion.ids[-1] == STOP)
            assert completion.finished or len(completion.ids) == 12
            ends.add(completion.finished)
            more = prompts(1, seed=10 * turn + number)[0]
            contexts[number] = np.concatenate([contexts[number], completion.ids, more])
        if turn == 1:
            generator.forget(2)  # its prefix must be computed again
            generator.forget(99)
    assert ends == {True, False}
    assert generator.poll() == []


def test_the_most_likely_tokens_are_those_of_generate(make: Make, lm: Any) -> None:
    contexts = prompts(5, seed=1)
    answered = sample_all(make(0.0), [Request(number, context, 10, 0) for number, context in enumerate(contexts)])
    for number, context in enumerate(contexts):
        whole = torch.as_tensor(context)[None]
        expected = lm.generate(
            whole,
            attention_mask=torch.ones_like(whole),
            do_sample=False,
            max_new_tokens=10,
            eos_token_id=STOP,
            pad_token_id=0,
        )
        assert answered[number].ids.tolist() == expected[0, len(context) :].tolist()
        assert_true_logprobs(lm, context, answered[number])


def test_seeds(make: Make, name: str) -> None:
    contexts = prompts(6, seed=2)
    first = sample_all(make(), [Request(number, context, 8, number) for number, context in enumerate(contexts)])
    again = sample_all(make(), [Request(number, context, 8, number) for number, context in enumerate(contexts)])
    other = sample_all(make(), [Request(number, context, 8, 50 + number) for number, context in enumerate(contexts)])
    assert [first[n].ids.tolist() for n in range(6)] == [again[n].ids.tolist() for n in range(6)]
    assert [first[n].ids.tolist() for n in range(6)] != [other[n].ids.tolist() for n in range(6)]
    if IMPLEMENTATIONS[name].seeded:
        generator = make()
        for number in (4, 1, 5):
            alone = sample_all(generator, [Request(number, contexts[number], 8, number)])[number]
            assert alone.ids.tolist() == first[number].ids.tolist()
            np.testing.assert_allclose(alone.logprobs, first[number].logprobs, rtol=0, atol=1e-5)


def test_tokens_are_drawn_with_the_models_probabilities(make: Make, lm: Any, name: str) -> None:
    if name == "vllm":
        pytest.skip("the server draws the tokens")
    context, count = np.array([5, 6, 7]), 600
    answered = sample_all(make(0.8), [Request(number, context, 1, number) for number in range(count)])
    drawn = np.bincount([completion.ids[0] for completion in answered.values()], minlength=VOCABULARY)
    expected = np.exp([full_logprobs(lm, context, np.array([token]), 0.8)[0] for token in range(VOCABULARY)]) * count
    common = expected >= 5
    assert common.sum() >= 5
    drawn = np.append(drawn[common], drawn[~common].sum())
    expected = np.append(expected[common], expected[~common].sum())
    surprise = ((drawn - expected) ** 2 / expected).sum()
    assert surprise < len(drawn) + 5 * np.sqrt(2 * len(drawn))  # mean and deviation of chi squared


def test_nothing_of_older_weights_is_used_after_an_update(make: Make, lm: Any) -> None:
    generator = make()
    context = prompts(1, seed=3)[0]
    first = sample_all(generator, [Request(0, context, 8, 0)])[0]
    shake(lm, 1, 0.05)
    generator.update(7)
    context = np.concatenate([context, first.ids, [9, 10]])
    second = sample_all(generator, [Request(0, context, 8, 1)])[0]
    assert second.versions.tolist() == [7] * len(second.ids)
    assert_true_logprobs(lm, context, second)


def test_an_update_while_responses_are_under_way(make: Make, lm: Any, name: str) -> None:
    generator = make()
    before = copy_of(lm)
    contexts = [np.array([5, 6, 7 + number]) for number in range(4)]
    for number, context in enumerate(contexts):
        generator.submit(Request(number, context, 40 if number else 2, number + 20))
    answered = dict(generator.poll())
    shake(lm, 1, 0.05)
    generator.update(1)
    while completions := generator.poll():
        answered.update(completions)
    assert len(answered) == 4
    for number, completion in answered.items():
        old, new = (full_logprobs(weights, contexts[number], completion.ids, 1.0) for weights in (before, lm))
        expected = np.where(completion.versions == 0, old, new)
        np.testing.assert_allclose(completion.logprobs, expected, rtol=0, atol=1e-5)
        assert sorted(completion.versions) == completion.versions.tolist()


@pytest.mark.parametrize(
    ("ids", "max_new", "message"),
    [
        ([], 5, "shape"),
        ([[1, 2]], 5, "shape"),
        ([0.5], 5, "float64"),
        ([1, VOCABULARY], 5, "got 1 to 48"),
        ([-1], 5, "got -1 to -1"),
        ([1], 0, "max_new 0"),
        ([1] * 100, 61, "160 tokens|130 tokens"),
    ],
)
def test_an_invalid_request_is_refused_and_the_others_are_answered(
    make: Make, ids: Any, max_new: int, message: str, name: str
) -> None:
    if name == "batching" and message != "shape":
        pytest.skip("the same function as in the other cases, and slow to start")
    generator = make()
    generator.submit(Request(0, np.array([5]), 3, 0))
    with pytest.raises(ValueError, match=message):
        generator.submit(Request(1, np.array(ids), max_new, 0))
    with pytest.raises(ValueError, match="one request at a time"):
        generator.submit(Request(0, np.array([5, 6]), 3, 0))
    assert [conversation for conversation, _ in generator.poll()] == [0]
    assert generator.poll() == []


def test_a_request_that_cannot_be_sampled_is_an_error_and_not_a_missing_response(make: Make, lm: Any) -> None:
    generator = make()
    with torch.no_grad():
        lm.get_output_embeddings().weight.fill_(torch.nan)
    generator.update(1)
    generator.submit(Request(0, np.array([5]), 3, 0))
    with pytest.raises((FloatingPointError, RuntimeError)):
        generator.poll()


def copy_of(lm: Any) -> Any:
    copy = type(lm)(lm.config).eval()
    copy.load_state_dict(lm.state_dict())
    return copy
