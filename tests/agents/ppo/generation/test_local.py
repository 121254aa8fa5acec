"""Our own decode loop: all architectures, kept prefixes, limited memory, updates, refused models and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.hf import HFGenerator
from rlef_agents.ppo.generation.local import generator as generator_module
from rlef_agents.ppo.generation.local import kv_memory
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from tests.agents.ppo.generation.models import (
    LLAMA_LIKE,
    STOP,
    assert_true_logprobs,
    full_logprobs,
    model,
    prompts,
    sample_all,
    shake,
)
from tests.agents.ppo.small import model as windowed_model


@pytest.mark.parametrize("name", LLAMA_LIKE)
def test_every_architecture_agrees_with_transformers(name: str) -> None:
    lm = model(name)
    generator = LocalGenerator(lm, [STOP], slots=2)
    contexts = prompts(4)
    for turn in range(2):
        requests = [Request(number, context, 9, turn * 10 + number) for number, context in enumerate(contexts)]
        ours, theirs = sample_all(generator, requests), sample_all(HFGenerator(lm, [STOP]), requests)
        for number, context in enumerate(contexts):
            assert_true_logprobs(lm, context, ours[number])
            assert ours[number].ids.tolist() == theirs[number].ids.tolist()
            contexts[number] = np.concatenate([context, ours[number].ids, [5, 6]])


def test_a_prefix_is_computed_once() -> None:
    lm = model()
    generator = LocalGenerator(lm, [STOP])
    context = prompts(1, seed=1)[0]
    first = sample_all(generator, [Request(0, context, 20, 0)])[0]
    assert generator.prefilled == len(context)
    longer = np.concatenate([context, first.ids, [8, 9, 10]])
    second = sample_all(generator, [Request(0, longer, 20, 1)])[0]
    assert generator.prefilled == len(context) + 1 + 3  # the last sampled token was never an input
    assert_true_logprobs(lm, longer, second)


@pytest.mark.parametrize("cut", [0, 1, 5, 12])
def test_a_rewritten_context_is_computed_from_the_first_difference_on(cut: int) -> None:
    lm = model()
    generator = LocalGenerator(lm, [], slots=1)
    context = np.arange(10, 20)
    response = sample_all(generator, [Request(0, context, 5, 0)])[0].ids
    rewritten = np.concatenate([context, response])[:cut]
    rewritten = np.append(rewritten, [(np.append(np.concatenate([context, response]), 0)[cut] + 1) % 40, 5, 6, 7])
    before = generator.prefilled
    again = sample_all(generator, [Request(0, rewritten, 5, 1)])[0]
    assert generator.prefilled - before == len(rewritten) - min(cut, 14)
    assert_true_logprobs(lm, rewritten, again)


def test_the_same_context_again() -> None:
    lm = model()
    generator = LocalGenerator(lm, [])
    request = Request(0, np.arange(10, 20), 5, 0)
    first, second = (sample_all(generator, [request])[0] for _ in range(2))
    assert first.ids.tolist() == second.ids.tolist()


def test_the_least_recently_used_prefix_is_dropped_first() -> None:
    generator = LocalGenerator(model(), [], slots=1, kv_tokens=64)
    context = np.arange(10, 26)  # 20 tokens are kept: 16, and 4 of the 5 sampled ones, which were inputs
    for number in (0, 1, 2):  # a row takes all memory, until it is free
        sample_all(generator, [Request(number, context, 5, number)])
    assert [generator._memory.keeps(number) for number in (0, 1, 2)] == [False, False, True]
    wide = LocalGenerator(model(), [], slots=1, kv_tokens=256 + 30)
    for number in (0, 1, 2):
        sample_all(wide, [Request(number, context, 5, number)])
    computed = {}
    for number in (2, 1, 0):
        before = wide.prefilled
        sample_all(wide, [Request(number, context, 5, number)])
        computed[number] = wide.prefilled - before
    assert computed == {2: 1, 1: 1, 0: 16}


def test_a_forgotten_prefix_is_computed_again_and_leaves_room() -> None:
    generator = LocalGenerator(model(), [], slots=1, kv_tokens=256 + 50)
    context = np.arange(10, 26)
    for number in (0, 1):
        sample_all(generator, [Request(number, context, 5, number)])
    generator.forget(0)
    sample_all(generator, [Request(2, context, 5, 2)])
    before = generator.prefilled
    for number in (1, 2):
        sample_all(generator, [Request(number, context, 5, number)])
    assert generator.prefilled - before == 2
    generator.forget(0)
    sample_all(generator, [Request(0, context, 5, 0)])
    assert generator.prefilled - before == 2 + 16


def test_memory_is_allocated_as_it_is_needed_and_given_back() -> None:
    generator = LocalGenerator(model(), [], slots=64)
    assert generator._memory.held == 0
    sample_all(generator, [Request(0, np.arange(10), 5, 0)])
    assert generator._memory.held == 14  # the kept prefix
    generator.forget(0)
    assert generator._memory.held == 0
    for number in range(5):
        generator.submit(Request(number, np.arange(10), 5, number))
    generator.poll(timeout=0.0)
    assert generator._memory.held == 5 * 256


@pytest.mark.parametrize("tokens", [160, 300, 600])
def test_memory_stays_bounded_and_every_request_is_sampled_as_if_it_were_alone(
    monkeypatch: pytest.MonkeyPatch, tokens: int
) -> None:
    """Rows are small here, so that responses outgrow them, wait for each other and are computed again."""
    monkeypatch.setattr(kv_memory, "MIN_CAPACITY", 16)
    monkeypatch.setattr(kv_memory, "TENSOR_TOKENS", 64)
    lm = model()
    generator = LocalGenerator(lm, [STOP], slots=8, kv_tokens=tokens)
    random = np.random.default_rng(0)
    requests = [
        Request(number, random.integers(4, 40, random.integers(1, 90)), int(random.integers(1, 60)), number)
        for number in range(16)
    ]
    for request in requests:
        generator.submit(request)
    answered = {}
    while generator._waiting or generator._memory.rows:
        answered.update(generator.poll(timeout=0.0))
        assert generator._memory.held <= tokens
    for request in requests:
        assert_true_logprobs(lm, request.ids, answered[request.conversation])
        alone = sample_all(LocalGenerator(lm, [STOP]), [request])[request.conversation]
        assert alone.ids.tolist() == answered[request.conversation].ids.tolist()
    computed = sum(len(request.ids) for request in requests)
    assert generator.prefilled > computed or tokens == 600, "some were computed again"


def test_a_long_request_neither_blocks_the_short_ones_nor_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kv_memory, "MIN_CAPACITY", 16)
    monkeypatch.setattr(generator_module, "MAX_OVERTAKEN", 5)
    generator = LocalGenerator(model(), [], slots=4, kv_tokens=100)
    generator.submit(Request(0, np.arange(10), 3, 0))
    generator.poll(timeout=0.0)
    generator.submit(Request(1, np.arange(40).repeat(2), 2, 1))  # needs all memory
    for number in range(2, 40):
        generator.submit(Request(number, np.arange(10), 3, number))
    order = []
    while completions := generator.poll():
        order += [conversation for conversation, _ in completions]
    assert order.index(1) in range(4, 12), "5 or a few more overtake it, and no more"
    assert sorted(order) == list(range(40))


def test_conversations_that_continue_come_first_and_find_their_prefix() -> None:
    """Three turns of 30 conversations in a memory of 4 rows; each turn is asked for once the one before is answered."""
    generator = LocalGenerator(model(), [], slots=30, kv_tokens=4 * 256)
    contexts = {number: np.arange(10, 40) for number in range(30)}
    turns = dict.fromkeys(contexts, 0)
    for number, context in contexts.items():
        generator.submit(Request(number, context, 8, number))
    prefixes = 0
    while completions := generator.poll():
        for number, completion in completions:
            contexts[number] = np.concatenate([contexts[number], completion.ids, [5, 6, 7]])
            turns[number] += 1
            if turns[number] == 3:
                generator.forget(number)
            else:
                prefixes += len(contexts[number]) - 4  # the last sampled token was never an input
                generator.submit(Request(number, contexts[number], 8, number))
    assert generator.restored / prefixes > 0.9


def test_a_poll_with_a_timeout_returns_in_the_middle_of_a_response() -> None:
    lm = model()
    generator = LocalGenerator(lm, [])
    generator.submit(Request(0, np.array([5]), 20, 0))
    polls = 1
    while not (completions := generator.poll(timeout=0.0)):
        polls += 1
    assert polls > 10
    assert_true_logprobs(lm, np.array([5]), completions[0][1])


def test_the_number_of_slots_does_not_change_responses() -> None:
    lm = model("qwen3")
    requests = [Request(number, ids, 15, number) for number, ids in enumerate(prompts(9))]
    one, many = (sample_all(LocalGenerator(lm, [STOP], 0.9, slots=slots), requests) for slots in (1, 9))
    backwards = sample_all(LocalGenerator(lm, [STOP], 0.9, slots=4), requests[::-1])
    for number in range(9):
        for other in (many, backwards):
            assert one[number].ids.tolist() == other[number].ids.tolist()
            np.testing.assert_allclose(one[number].logprobs, other[number].logprobs, rtol=0, atol=1e-5)


def test_changed_weights_are_refused_until_the_update() -> None:
    lm = model()
    generator = LocalGenerator(lm, [STOP])
    sample_all(generator, [Request(0, np.array([5]), 3, 0)])
    optimizer = torch.optim.AdamW(lm.parameters(), lr=1e-2)
    lm(torch.tensor([[5, 6]])).logits.sum().backward()
    optimizer.step()
    generator.submit(Request(0, np.array([5]), 3, 0))
    with pytest.raises(RuntimeError, match="call update first"):
        generator.poll()
    generator.update(1)
    [(_, completion)] = generator.poll()
    assert_true_logprobs(lm, np.array([5]), completion)


def test_updates_in_the_middle_of_a_second_turn() -> None:
    """No kept prefix, no pending row and no joint matrix survives an update; sampled tokens do."""
    lm = model()
    generator = LocalGenerator(lm, [], slots=2)
    contexts = prompts(3, seed=4)
    first = sample_all(generator, [Request(number, context, 6, number) for number, context in enumerate(contexts)])
    contexts = [np.concatenate([context, first[number].ids, [7]]) for number, context in enumerate(contexts)]
    weights = [lm]
    answered: dict[int, Any] = {}
    for number, context in enumerate(contexts):
        generator.submit(Request(number, context, 5 + 5 * number, 10 + number))
    while completions := generator.poll():
        answered.update(completions)
        weights[-1] = copy_of(lm)
        shake(lm, len(weights), 0.1)
        generator.update(len(weights))
        weights.append(lm)
    seen = set()
    for number, context in enumerate(contexts):
        completion = answered[number]
        by_version = [full_logprobs(each, context, completion.ids, 1.0) for each in weights]
        expected = [by_version[version][index] for index, version in enumerate(completion.versions)]
        np.testing.assert_allclose(completion.logprobs, expected, rtol=0, atol=1e-5)
        seen |= set(completion.versions.tolist())
    assert len(seen) >= 2


def test_layers_compute_in_bfloat16_and_the_head_in_float32() -> None:
    lm = model()
    context = prompts(1, seed=5)[0]
    half = sample_all(LocalGenerator(lm, [], dtype=torch.bfloat16), [Request(0, context, 20, 0)])[0]
    expected = full_logprobs(lm, context, half.ids, 1.0)
    assert 1e-5 < np.abs(half.logprobs - expected).max() < 0.3
    assert len(np.unique(half.logprobs)) > 15


@pytest.mark.parametrize("name", ["llama", "llama with biases and scaled positions"])
def test_adapters_are_part_of_the_weights_until_they_are_disabled(name: str) -> None:
    peft = pytest.importorskip("peft")
    plain = model(name)
    adapted = peft.get_peft_model(
        copy_of(plain), peft.LoraConfig(r=3, target_modules="all-linear", task_type="CAUSAL_LM")
    )
    generator = LocalGenerator(adapted, [])
    context = np.array([5, 6, 7])
    completions = []
    for version in (1, 2):
        shake_adapters(adapted, version)
        generator.update(version)
        completions.append(sample_all(generator, [Request(0, context, 12, 0)])[0])
        assert_true_logprobs(adapted, context, completions[-1])
    assert completions[0].logprobs.tolist() != completions[1].logprobs.tolist()
    with adapted.disable_adapter():
        generator.update(3)
        completion = sample_all(generator, [Request(0, context, 12, 0)])[0]
    assert_true_logprobs(plain, context, completion)
    adapted.merge_adapter()
    generator.update(4)
    assert_true_logprobs(adapted, context, sample_all(generator, [Request(0, context, 12, 0)])[0])


def test_adapters_of_another_kind_are_refused() -> None:
    peft = pytest.importorskip("peft")
    settings = peft.LoraConfig(r=3, target_modules="all-linear", task_type="CAUSAL_LM", use_dora=True)
    with pytest.raises(ValueError, match=r"plain LoRA, got peft.*; use HFGenerator"):
        LocalGenerator(peft.get_peft_model(model(), settings), [STOP])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: model("gpt2"), "got gpt2; use HFGenerator"),
        (lambda: windowed_model("qwen2"), "sliding window; use HFGenerator"),
        (lambda: replaced_layer(), "expected linear layers, plain or with plain LoRA, got .*Odd; use HFGenerator"),
        (lambda: rescaled("dynamic"), "do not change with the length, got 'dynamic'; use HFGenerator"),
    ],
)
def test_unsupported_models_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LocalGenerator(make(), [STOP])


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1.0}, {"temperature": float("nan")}, {"slots": 0}, {"kv_tokens": 0}]
)
def test_numbers_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected temperature >= 0"):
        LocalGenerator(model(), [STOP], **wrong)


class Odd(torch.nn.Linear):
    pass


def replaced_layer() -> Any:
    lm = model()
    lm.model.layers[1].mlp.down_proj = Odd(40, 24)
    return lm


def rescaled(kind: str) -> Any:
    lm = model()
    lm.config.rope_parameters = {**lm.config.rope_parameters, "rope_type": kind}
    return lm


def shake_adapters(lm: Any, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in lm.named_parameters():
            if "lora_" in name:
                parameter.add_(torch.randn(parameter.shape, generator=random) * 0.1)


def copy_of(lm: Any) -> Any:
    copied = type(lm)(lm.config).eval()
    copied.load_state_dict(lm.state_dict())
    return copied
