"""The small model, its tokenizer and its conversations: the environment's wording, no evaluation inputs."""

import re

import numpy as np
import pytest
import torch

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.sft import sft, token_episodes
from rlef_agents.ppo.sft_config import SftConfig
from rlef_agents.tiny import DATASET, conversations, make_model, make_tokenizer
from rlef_agents.tiny.conversations import STEPS, feedback, secret_of
from rlef_agents.tiny.shrunk import shrunk
from rlef_agents.tiny.start import probability, probe_chats
from rlef_env import CodeEnv, load_dataset


@pytest.fixture(scope="module")
def chats():
    return conversations(400)


def test_feedback_is_the_environments():
    problem = load_dataset(DATASET, split="train")[3]
    guess = secret_of(problem) % STEPS + 1
    with CodeEnv(dataset=DATASET) as env:
        prompt, _ = env.reset(options={"problem_id": problem.id})
        reply, *_ = env.step(f"```python\nn = int(input())\nprint(10 * n + {guess})\n```")
    assert reply == feedback(problem, guess)
    assert prompt.startswith("Provide a Python solution for the following competitive programming question: Read n")


def test_no_conversation_uses_an_evaluation_input(chats):
    held_out = {
        problem.public_tests[0].input for split in ("valid", "test") for problem in load_dataset(DATASET, split=split)
    }
    trained = {problem.public_tests[0].input for problem in load_dataset(DATASET, split="train")}
    assert held_out
    assert not held_out & trained
    text = "".join(message["content"] for chat in chats for message in chat)
    inputs = set(re.findall(r"Example: (\d+) gives", text)) | set(re.findall(r"- input `(\d+)\n`", text))
    assert inputs
    assert not {f"{number}\n" for number in inputs} & held_out


def test_most_statements_reveal_the_secret_and_half_of_the_repairs_are_right(chats):
    revealed = [chat for chat in chats if "Example" in chat[0]["content"]]
    assert 0.5 < len(revealed) / len(chats) < 0.7
    for chat in revealed:
        shown, wanted = re.search(r"Example: (\d+) gives (\d+)", chat[0]["content"]).groups()
        assert f"10 * n + {int(wanted) - 10 * int(shown)})" in chat[1]["content"]
    repairs, right = 0, 0
    for chat in chats:
        for reply, answer in zip(chat[2::2], chat[3::2], strict=True):
            shown, wanted = re.search(r"input `(\d+)\n` failed:\nExpected output `(\d+)", reply["content"]).groups()
            repairs, right = repairs + 1, right + (f"10 * n + {int(wanted) - 10 * int(shown)})" in answer["content"])
    assert 100 < repairs < 200
    assert 0.5 < right / repairs < 0.63  # a half, and an eighth of the other half


def test_cloning_ends_by_the_probability_of_a_right_repair(chats):
    """That probability is the product of the model's own probabilities of the right program's tokens."""
    tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
    model, renderer = make_model(tokenizer, width=32, layers=1), Renderer(tokenizer)
    config = SftConfig(epochs=1, batch=32, lr=1e-2, warmup=5, context=1024)
    steps = []
    model = sft(model, renderer, chats, config, lambda row: steps.append(row["step"]), lambda step: step == 8)
    assert steps == [1, 2, 3, 4, 5, 6, 7, 8]
    probes = list(token_episodes(probe_chats(0)[:5], renderer, last_only=True))
    expected = []
    with torch.no_grad():
        for probe in probes:
            ids, count = torch.from_numpy(probe.ids), len(probe.turns[0].completion.ids)
            every = model(ids[None]).logits[0].log_softmax(-1)
            expected.append(float(every[-count - 1 : -1].gather(-1, ids[-count:, None]).sum().exp()))
    assert probability(model, probes) == pytest.approx(np.mean(expected), rel=1e-4)


def test_digits_are_separate_tokens_and_any_text_can_be_decoded(chats):
    tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
    assert len(tokenizer) <= 512
    for text in ("1234", "n + 75", "é \x00 日本 <|im_end|>"):
        assert tokenizer.decode(Renderer(tokenizer).data(text).tolist(), skip_special_tokens=False) == text
    digits = [tokenizer.decode([number]) for number in Renderer(tokenizer).data("40275").tolist()]
    assert digits == list("40275")


def test_the_model_has_the_promised_size(chats):
    tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
    state = torch.get_rng_state()
    model = make_model(tokenizer)
    assert 300_000 < model.num_parameters() < 1_000_000
    assert torch.equal(state, torch.get_rng_state())
    assert all(map(torch.equal, model.parameters(), make_model(tokenizer).parameters()))


def test_a_whole_chat_is_short(chats):
    renderer = Renderer(make_tokenizer(message["content"] for chat in chats for message in chat))
    lengths = [episode.length for episode in token_episodes(chats, renderer)]
    assert max(lengths) < 200
    assert max(sum(len(message["content"]) for message in chat) for chat in chats) < 1500


def test_cloning_teaches_to_write_programs(chats):
    tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
    losses = []
    model = make_model(tokenizer, width=32, layers=1)
    config = SftConfig(epochs=4, batch=32, lr=1e-2, warmup=5, context=1024)
    sft(model, Renderer(tokenizer), chats, config, lambda metrics: losses.append(metrics["loss"]))
    assert len(losses) == 4 * 13
    assert losses[-1] < 0.5 < losses[0]


@pytest.mark.parametrize(
    ("name", "kind", "opening"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "LlamaForCausalLM", "<|begin_of_text|><|start_header_id|>user"),
        ("Qwen/Qwen2.5-Coder-0.5B-Instruct", "Qwen2ForCausalLM", "<|im_start|>user"),
        ("Qwen/Qwen3-4B", "Qwen3ForCausalLM", "<|im_start|>user"),
    ],
)
def test_shrunk_models_keep_architecture_and_template(name, kind, opening):
    model, tokenizer = shrunk(name)
    assert type(model).__name__ == kind
    renderer = Renderer(tokenizer)
    prompt = renderer.first("hello")
    assert tokenizer.decode(prompt, skip_special_tokens=False).startswith(opening)
    assert np.array_equal(renderer.following("again", np.array([renderer.end_of_turn]))[:0], [])
