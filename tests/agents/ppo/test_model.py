"""Policy, critic and reference, on real architectures with random weights."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
    SeedOssConfig,
    SeedOssForCausalLM,
)

from rlef_agents.ppo import token_scores
from rlef_agents.ppo.architecture import prepare
from rlef_agents.ppo.lora import add_lora
from rlef_agents.ppo.model import ActorCritic, Reference
from rlef_agents.ppo.network import policy_logprobs
from rlef_agents.ppo.packing import PACKED_ATTENTION, PackedBatch, pack
from rlef_env.errors import UsageError
from tests.agents.ppo.small import ARCHITECTURES, SMALL, VOCABULARY, episode, model, random_episodes, turn


def row(count: int = 3, seed: int = 0) -> PackedBatch:
    (packed,) = pack(random_episodes(count, seed), budget=1000)
    return packed


def counting(lm: Any) -> Any:
    """Return a model whose features are the position of each token, in every channel."""

    class Positions(nn.Module):
        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return torch.arange(hidden.shape[1], dtype=torch.float32)[None, :, None].expand_as(hidden)

    lm.model.norm = Positions()
    return lm


def test_row_16_the_value_is_read_at_the_last_prompt_token() -> None:
    actor = ActorCritic(model(), critic="shared")
    counting(actor.lm)
    with torch.no_grad():
        actor.value_head.weight.fill_(1.0 / 16)
    (packed,) = pack([episode(turn([1, 2, 3], [4, 5]), turn([6, 7], [8]))], budget=100)
    # Prompts end at places 2 and 6; the responses begin at 3 and 7.
    assert actor(packed).values.tolist() == [2.0, 6.0]


def test_token_level_values_are_read_before_each_token() -> None:
    actor = ActorCritic(model(), critic="shared", token_values=True)
    counting(actor.lm)
    with torch.no_grad():
        actor.value_head.weight.fill_(1.0 / 16)
    (packed,) = pack([episode(turn([1, 2, 3], [4, 5]), turn([6, 7], [8]))], budget=100)
    assert actor(packed).values.tolist() == [2.0, 3.0, 6.0]


@pytest.mark.parametrize("critic", ["separate", "shared"])
def test_row_23_the_value_is_zero_at_first_or_random_as_the_seed_says(critic: str) -> None:
    assert ActorCritic(model(), critic=critic)(row()).values.abs().max() == 0.0
    values = [ActorCritic(model(), critic=critic, value_init="random", seed=seed)(row()).values for seed in (1, 1, 2)]
    assert torch.equal(values[0], values[1])
    assert not torch.equal(values[0], values[2])


def test_row_24_the_value_loss_reaches_the_policy_only_where_it_may() -> None:
    for critic, detach, reached in (("shared", True, False), ("shared", False, True), ("separate", True, False)):
        actor = ActorCritic(model(), critic=critic, detach=detach, value_init="random")
        actor(row()).values.sum().backward()
        touched = any(parameter.grad is not None and parameter.grad.any() for parameter in actor.lm.parameters())
        assert touched is reached, (critic, detach)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_row_6_dropout_is_off_even_in_training(name: str) -> None:
    changes = (
        {"attention_dropout": 0.5}
        if name == "llama"
        else {f"{where}_pdrop": 0.5 for where in ("attn", "embd", "resid")}
    )
    actor = ActorCritic(model(name, **changes))
    actor.train()
    assert torch.equal(actor(row()).logprobs, actor(row()).logprobs)


def test_row_6_dropout_is_off_under_any_attribute_name() -> None:
    """Seed-OSS has a dropout rate for the residual stream that belongs to no dropout module."""
    actor = ActorCritic(SeedOssForCausalLM(SeedOssConfig(**SMALL, head_dim=4, residual_dropout=0.5)))
    actor.train()
    assert torch.equal(actor(row()).logprobs, actor(row()).logprobs)


def test_row_6_other_noise_in_training_is_refused() -> None:
    lm = MixtralForCausalLM(MixtralConfig(**SMALL, num_local_experts=2, router_jitter_noise=0.5))
    with torch.no_grad():
        for parameter in lm.parameters():
            parameter.mul_(20.0)  # random weights make logits near 0
    with pytest.raises(UsageError, match="computes in training what it computes in sampling"):
        ActorCritic(lm)


def test_an_architecture_that_cannot_be_packed_is_refused_with_a_reason() -> None:
    lm = Gemma2ForCausalLM(Gemma2Config(**SMALL, head_dim=4))
    with pytest.raises(UsageError, match=r"Gemma2ForCausalLM cannot be: packed attention: .*softcap"):
        ActorCritic(lm)


def test_row_5_weights_and_logits_are_float32_and_tied_weights_stay_tied(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = model("qwen3").to(torch.bfloat16)
    actor = ActorCritic(lm, dtype="bfloat16")
    assert lm.lm_head.weight is lm.model.embed_tokens.weight
    assert {parameter.dtype for parameter in actor.parameters()} == {torch.float32}
    seen = []
    original = token_scores._powers
    monkeypatch.setattr(token_scores, "_powers", lambda *arguments: seen.append(original(*arguments)) or seen[-1])
    scores = actor(row())
    assert {part.dtype for found in seen for part in found} == {torch.float32}
    assert {part.dtype for part in scores} == {torch.float32}
    # The layers computed in bfloat16.
    assert not torch.equal(scores.logprobs, ActorCritic(model("qwen3").to(torch.bfloat16))(row()).logprobs)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_row_4_scores_do_not_depend_on_the_shape_of_the_micro_batch(dtype: str) -> None:
    actor = ActorCritic(model(), dtype=dtype)
    episodes = random_episodes(8)
    found = []
    for budget in (1, 1000):
        scores = np.zeros(sum(len(each.completion.ids) for one in episodes for each in one.turns))
        for packed in pack(episodes, budget):
            scores[packed.tokens] = actor(packed).logprobs.detach().numpy()
        found.append(scores)
    gap = np.abs(found[0] - found[1])
    assert np.quantile(gap, 0.99) < (1e-5 if dtype == "float32" else 0.05)


def test_row_2_the_temperature_divides_logits_not_log_probabilities() -> None:
    lm = model()
    one = episode(turn([1, 2], [3]))
    logits = lm(input_ids=torch.from_numpy(one.ids)[None]).logits[0, 1]
    (packed,) = pack([one], budget=10)
    actor = ActorCritic(lm)
    for temperature in (0.7, 1.0, 2.0):
        expected = (logits / temperature).log_softmax(-1)[3]
        assert float(actor(packed, temperature).logprobs.detach()) == pytest.approx(float(expected.detach()), abs=1e-5)


def test_entropy_is_that_of_the_policy() -> None:
    actor = ActorCritic(model())
    with torch.no_grad():
        actor.lm.lm_head.weight.zero_()
    entropy = actor(row()).entropy
    torch.testing.assert_close(entropy, torch.full_like(entropy, float(np.log(VOCABULARY))))


def test_logits_in_pieces_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    actor = ActorCritic(model())
    found = []
    for chunk in (1000, 3):
        monkeypatch.setattr(token_scores, "HEAD_CHUNK", chunk)
        actor.zero_grad()
        scores = actor(row(), entropy_gradient=True)
        (scores.logprobs.sum() + scores.entropy.sum()).backward()
        found.append(
            [scores.logprobs, scores.entropy, *(p.grad.clone() for p in actor.lm.parameters() if p.grad is not None)]
        )
    for whole, pieces in zip(*found, strict=True):
        torch.testing.assert_close(whole, pieces, atol=1e-5, rtol=1e-4)


def test_row_36_gradient_checkpointing_changes_nothing_and_is_on() -> None:
    found = []
    for on in (False, True):
        actor = ActorCritic(model(), gradient_checkpointing=on, value_init="random")
        actor.train()
        ran = []
        actor.lm.model.layers[0].self_attn.register_forward_pre_hook(lambda *_, ran=ran: ran.append(1))
        scores = actor(row())
        (scores.logprobs.sum() + scores.values.sum()).backward()
        assert len(ran) == (2 if on else 1), "a layer runs again in the backward pass, or does not"
        found.append([p.grad.clone() for p in actor.parameters() if p.grad is not None])
    for plain, again in zip(*found, strict=True):
        torch.testing.assert_close(plain, again)


def test_row_36_no_cache_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    actor = ActorCritic(model())
    seen: list[Any] = []
    actor.lm.model.layers[0].register_forward_pre_hook(
        lambda _, args, kwargs: seen.append((kwargs.get("use_cache"), kwargs.get("past_key_values"))), with_kwargs=True
    )
    actor(row())
    assert seen == [(False, None)]


def test_row_22_the_reference_is_a_copy_that_nothing_trains() -> None:
    actor = ActorCritic(model())
    reference = Reference(actor)
    assert not any(parameter.requires_grad for parameter in reference.parameters())
    before = reference(row())
    assert torch.equal(before, actor(row()).logprobs), "KL is 0 at first"
    with torch.no_grad():
        for parameter in actor.parameters():
            parameter.add_(0.1)
    assert torch.equal(before, reference(row()))
    assert not torch.equal(before, actor(row()).logprobs)


def adapted(**changes: Any) -> ActorCritic:
    pytest.importorskip("peft")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ActorCritic(add_lora(model(), 2, 4), **changes)


def test_with_lora_only_adapters_and_the_head_are_trained_and_the_reference_is_the_model_without() -> None:
    actor = adapted(critic="shared")
    names = [name for name, _ in (*actor.policy_parameters(), *actor.critic_parameters())]
    assert all("lora_" in name or name.startswith("value_head") for name in names)
    reference = Reference(actor)
    assert not list(reference.parameters()), "no second copy of the weights"
    start = actor(row()).logprobs
    assert torch.equal(start, reference(row()))
    with torch.no_grad():
        for _, parameter in actor.policy_parameters():
            parameter.add_(0.3)
    assert torch.equal(start, reference(row()))
    assert not torch.equal(start, actor(row()).logprobs)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_frozen_weights_in_bfloat16_change_no_result(name: str) -> None:
    """Autocast rounds the same matrices before each product, so log-probabilities are equal to the bit."""
    pytest.importorskip("peft")
    warnings.simplefilter("ignore")
    lm, whole = (add_lora(model(name), 2, 4, seed=1) for _ in range(2))
    for adapted in (lm, whole):
        for number, parameter in enumerate(p for p in adapted.parameters() if p.requires_grad):
            parameter.data += 1e-3 * number  # the second matrix of an adapter is zero at first
    actor = ActorCritic(lm, critic="shared", dtype="bfloat16")
    frozen = {name: p.dtype for name, p in actor.lm.named_parameters() if not p.requires_grad}
    assert set(frozen.values()) == {torch.float32, torch.bfloat16}
    assert all(dtype == torch.float32 for name, dtype in frozen.items() if "embed" in name or "norm" in name)
    prepare(whole)
    expected = policy_logprobs(whole, row(), dtype=torch.bfloat16)
    assert torch.equal(actor(row()).logprobs, expected)
    full = ActorCritic(model(name), critic="none", dtype="bfloat16")
    reference = Reference(full)
    assert {p.dtype for p in reference.lm.parameters()} == {torch.float32, torch.bfloat16}
    assert {p.dtype for p in full.parameters()} == {torch.float32}
    assert torch.equal(reference(row()), full(row()).logprobs)


def test_with_lora_a_separate_critic_has_adapters_of_its_own() -> None:
    actor = adapted()
    policy, critic = ({name for name, _ in each} for each in (actor.policy_parameters(), actor.critic_parameters()))
    assert any("lora_" in name for name in critic)
    assert not policy & critic
    actor(row()).values.sum().backward()
    assert not any(p.grad is not None and p.grad.any() for _, p in actor.policy_parameters())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_trained_model_is_an_ordinary_one_to_transformers(name: str, tmp_path: Path) -> None:
    lm = model(name)
    prompt = torch.tensor([[1, 2, 3], [4, 5, 6]])
    before = lm.generate(prompt, max_new_tokens=4, do_sample=False, pad_token_id=0)
    ActorCritic(lm)
    assert torch.equal(before, lm.generate(prompt, max_new_tokens=4, do_sample=False, pad_token_id=0))
    lm.save_pretrained(tmp_path)
    again = type(lm).from_pretrained(tmp_path)
    assert again.config._attn_implementation != PACKED_ATTENTION
    torch.testing.assert_close(again(prompt).logits, lm(prompt).logits)


def test_packed_sequences_are_refused_where_attention_would_see_all_of_them() -> None:
    actor = ActorCritic(model())
    actor.lm.set_attn_implementation("sdpa")
    with pytest.raises(RuntimeError, match="attend to each other"):
        actor(row())


def test_architectures_that_change_their_logits_are_refused() -> None:
    lm = model()
    plain = lm.forward
    lm.forward = lambda *args, **kwargs: (lambda out: out.__class__(logits=out.logits * 0.5))(plain(*args, **kwargs))
    with pytest.raises(UsageError, match="logits that are the head's output"):
        ActorCritic(lm)


@pytest.mark.parametrize("kind", ["dynamic", "longrope"])
def test_rotations_that_depend_on_the_longest_neighbour_are_refused(kind: str) -> None:
    """With Phi-3 and Phi-4-mini at 128k, and NTK scaling, a short sequence beside a long one would change."""
    small = {
        "vocab_size": 64, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2,
        "num_key_value_heads": 2, "max_position_embeddings": 64, "pad_token_id": None,
    }  # fmt: skip
    rope: dict[str, Any] = {"rope_type": kind, "rope_theta": 10000.0, "factor": 4.0}
    if kind == "longrope":
        rope |= {"short_factor": [1.0] * 4, "long_factor": [4.0] * 4, "original_max_position_embeddings": 16}
        del rope["factor"]
        lm: Any = Phi3ForCausalLM(Phi3Config(**small, rope_parameters=rope, original_max_position_embeddings=16))
    else:
        lm = LlamaForCausalLM(LlamaConfig(**small, rope_parameters=rope))
    with pytest.raises(UsageError, match=f"do not change with the length, got '{kind}'"):
        ActorCritic(lm)


def test_a_sequence_that_changes_beside_high_positions_is_refused_whatever_its_rope_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rope = {
        "rope_type": "longrope", "rope_theta": 10000.0, "original_max_position_embeddings": 16,
        "short_factor": [1.0] * 4, "long_factor": [4.0] * 4,
    }  # fmt: skip
    small = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "pad_token_id": None}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 64}
    lm = Phi3ForCausalLM(Phi3Config(**small, **heads, rope_parameters=rope, original_max_position_embeddings=16))
    with torch.no_grad():
        for parameter in lm.parameters():
            parameter.mul_(20.0 if parameter.dim() > 1 else 1.0)  # random weights make logits near 0
    monkeypatch.setattr("rlef_agents.ppo.architecture.unsupported_rope", lambda config: None)
    with pytest.raises(UsageError, match="sequences that can be packed"):
        ActorCritic(lm)
    plain = Phi3ForCausalLM(Phi3Config(**small, **heads))
    ActorCritic(plain)
