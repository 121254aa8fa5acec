"""Cloning trains on responses only, and refuses anything but conversations."""

import json

import numpy as np
import pytest
import torch

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.sft import read_chats, sft, token_episodes
from rlef_agents.ppo.sft_config import SftConfig
from rlef_agents.tiny.shrunk import shrunk
from rlef_env import CodeEnv, write_episodes
from rlef_env.errors import DataError, RLEFError, UsageError

CHAT = [
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "two"},
    {"role": "user", "content": "three <|eot_id|>"},
    {"role": "assistant", "content": "four"},
]
CONFIG = SftConfig(epochs=20, batch=2, lr=1e-2, warmup=1, context=512)


@pytest.fixture
def model():
    return shrunk("llama")


def texts(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=False)


def test_responses_and_their_end_of_turn_are_trained_on_and_nothing_else(model):
    tokenizer = model[1]
    (episode,) = token_episodes([CHAT], Renderer(tokenizer))
    assert [texts(tokenizer, turn.completion.ids) for turn in episode.turns] == ["two<|eot_id|>", "four<|eot_id|>"]
    assert texts(tokenizer, episode.ids) == (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\none<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\ntwo<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nthree <|eot_id|><|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nfour<|eot_id|>"
    )
    assert np.sum(episode.ids == tokenizer.eos_token_id) == 4  # the user's text has no control token


def test_last_only_makes_earlier_responses_a_part_of_the_prompt(model):
    (every,) = token_episodes([CHAT], Renderer(model[1]))
    (last,) = token_episodes([CHAT], Renderer(model[1]), last_only=True)
    assert np.array_equal(every.ids, last.ids)
    assert len(last.turns) == 1
    assert np.array_equal(last.turns[0].completion.ids, every.turns[1].completion.ids)


def test_a_model_that_scales_its_logits_after_the_head_is_not_cloned_as_one_that_does_not(model):
    lm, tokenizer = model
    plain = lm.forward
    lm.forward = lambda *args, **kwargs: (lambda out: out.__class__(logits=out.logits * 0.5))(plain(*args, **kwargs))
    with pytest.raises(UsageError, match="logits that are the head's output"):
        sft(lm, Renderer(tokenizer), [CHAT], CONFIG)


def test_clip_norm_0_does_not_limit_the_gradient(model):
    found = []
    for limit in (0.0, 1e9):
        lm, tokenizer = shrunk("llama")
        before = [p.detach().clone() for p in lm.parameters()]
        config = SftConfig(**{**CONFIG.__dict__, "epochs": 1, "weight_decay": 0.0, "clip_norm": limit})
        trained = sft(lm, Renderer(tokenizer), [CHAT], config)
        found.append([p.detach().clone() for p in trained.parameters()])
        assert any(not torch.equal(a, b) for a, b in zip(before, found[-1], strict=True))
    assert all(map(torch.equal, *found))
    for name in ("clip_norm", "lr", "weight_decay", "warmup"):
        with pytest.raises(UsageError, match=f"{name}: expected 0 or more, got -1"):
            SftConfig(**{name: -1})


@pytest.mark.parametrize("lora_rank", [0, 4])
def test_cloning_makes_responses_likely(model, lora_rank):
    losses = []
    config = SftConfig(**{**CONFIG.__dict__, "lora_rank": lora_rank})
    trained = sft(model[0], Renderer(model[1]), [CHAT, CHAT], config, lambda row: losses.append(row["loss"]))
    assert losses[-1] < losses[0] - 1.0
    assert not hasattr(trained, "disable_adapter")  # merged


def test_micro_batches_do_not_change_the_result():
    weights = []
    for budget in (1, 4096):
        lm, tokenizer = shrunk("llama")
        config = SftConfig(epochs=2, batch=2, lr=1e-3, warmup=1, context=512, token_budget=budget)
        sft(lm, Renderer(tokenizer), [CHAT, CHAT[:2]], config)
        weights.append(torch.cat([parameter.detach().flatten() for parameter in lm.parameters()]))
    assert torch.allclose(*weights, atol=1e-5)


def test_a_loss_that_is_not_a_number_stops_training(model):
    with torch.no_grad():
        model[0].lm_head.weight.fill_(float("nan"))
    with pytest.raises((RLEFError, ValueError), match="expected"):
        sft(model[0], Renderer(model[1]), [CHAT], CONFIG)


def test_conversations_that_do_not_fit_are_refused(model):
    with pytest.raises(UsageError, match="at most 8 tokens"):
        sft(model[0], Renderer(model[1]), [CHAT], SftConfig(context=8))


@pytest.mark.parametrize("chat", [[], CHAT[:1], CHAT[1:], [{"role": "system", "content": "x"}, *CHAT]])
def test_anything_but_a_conversation_is_refused(model, chat):
    with pytest.raises(DataError, match="user and assistant to alternate"):
        list(token_episodes([chat], Renderer(model[1])))


def test_conversations_are_read_from_messages_and_from_episodes(tmp_path):
    rows = tmp_path / "chats.jsonl"
    rows.write_text(json.dumps({"messages": CHAT}) + "\n")
    assert read_chats(rows) == [CHAT]
    rows.write_text(json.dumps({"messages": CHAT}) + "\n{}\n")
    with pytest.raises(DataError, match="line 2"):
        read_chats(rows)
    with pytest.raises(UsageError, match="which is neither"):
        read_chats(tmp_path / "missing")
    episodes = []
    with CodeEnv(dataset="procedural/hidden_step?short=true&steps=2") as env:
        for seed in range(3):
            env.reset(seed=seed)
            for step in (1, 2):
                *_, terminated, _, _ = env.step(f"```python\nprint(int(input()) + {step})\n```")
                if terminated:
                    break
            episodes.append(env.episode)
        env.reset(seed=9)
        for _ in range(3):
            env.step("no program")
        episodes.append(env.episode)
    stored = tmp_path / "episodes.jsonl"
    write_episodes(stored, episodes)
    assert read_chats(stored) == [episode.messages for episode in episodes[:3]]
    assert len(read_chats(stored, solved_only=False)) == 4
