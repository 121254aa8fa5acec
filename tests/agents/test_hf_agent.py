"""HFAgent: chat template, reuse of sampled tokens, full context, seeds, models by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from rlef_agents.hf_agent import HFAgent
from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.loading import read_model
from rlef_env import load_dataset
from rlef_env.agents import AgentOptions, Conversation, SampledText, load_agent
from rlef_env.analysis import Run
from rlef_env.cli.command import main
from rlef_env.errors import UsageError
from tests.agents.ppo.small import model, tokenizer


def conversation(*contents: str) -> Conversation:
    roles = ("user", "assistant")
    return Conversation(
        tuple({"role": roles[n % 2], "content": content} for n, content in enumerate(contents)), "problem"
    )


def small(name: str = "llama", **changes: Any) -> tuple[Any, Any]:
    words = tokenizer()
    longest = {"n_positions": 400} if name == "gpt2" else {"max_position_embeddings": 400}
    return model(name, vocab_size=len(words), **{**longest, **changes}), words


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_the_most_likely_answer_is_what_transformers_gives(name: str) -> None:
    lm, words = small(name)
    answers = HFAgent(lm, words, temperature=0, max_new=12).act([conversation("def main"), conversation("solution?")])
    for content, answer in zip(("def main", "solution?"), answers, strict=True):
        prompt = words.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        stop = [words.convert_tokens_to_ids("<|im_end|>"), words.eos_token_id]
        ids = lm.generate(**prompt, do_sample=False, max_new_tokens=12, eos_token_id=stop, pad_token_id=0)
        new = ids[0, prompt["input_ids"].shape[1] :]
        assert answer == words.decode(new[:-1] if new[-1] in torch.tensor(stop) else new)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_a_tiny_top_p_gives_the_most_likely_answer(name: str) -> None:
    lm, words = small(name)
    conversations = [conversation("def main"), conversation("solution?")]
    likely = HFAgent(lm, words, temperature=0, max_new=8).act(conversations)
    assert HFAgent(lm, words, temperature=1.0, max_new=8, top_p=1e-6).act(conversations) == likely


def test_sampled_tokens_are_reused_and_computed_once() -> None:
    lm, words = small()
    agent = HFAgent(lm, words, temperature=1.0, max_new=10)
    # Equal texts, but two conversations.
    conversations = [conversation("def main"), replace(conversation("def main"), seed=1)]
    first = agent.act(conversations)
    assert first[0] != first[1]
    seen = []
    truth = agent._generator.submit
    agent._generator.submit = lambda request: (seen.append(request), truth(request))  # type: ignore[assignment]
    before = agent._generator.prefilled  # type: ignore[attr-defined]
    agent.act([conversation("def main", answer, "wrong") for answer in first])
    own = [agent._responses["def main", answer][1] for answer in first]
    for request, sampled in zip(seen, own, strict=True):
        opening = len(agent._renderer.first("def main"))
        assert request.ids[opening : opening + len(sampled)].tolist() == sampled.tolist()
    new = sum(len(request.ids) - opening - len(sampled) + 1 for request, sampled in zip(seen, own, strict=True))
    assert agent._generator.prefilled - before == new  # type: ignore[attr-defined]


def test_a_conversation_that_another_agent_began() -> None:
    lm, words = small()
    agent = HFAgent(lm, words, temperature=0, max_new=5)
    [answer] = agent.act([conversation("a", "said by another", "b")])
    assert isinstance(answer, str)
    with pytest.raises(ValueError, match="got \\['user', 'assistant'\\]"):
        agent.act([conversation("a", "b")])


def test_a_full_context_gives_an_empty_answer() -> None:
    lm, words = small()
    answers = HFAgent(lm, words, max_new=1000).act([conversation("x" * 500), conversation("a")])
    assert answers[0] == ""
    assert answers[1] != ""


def test_seeds_and_checkpoints(tmp_path: Path) -> None:
    lm, words = small()
    lm.save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    conversations = [conversation("a"), conversation("b")]
    one, same, other = (
        HFAgent(*made, temperature=1.0, max_new=8, seed=seed).act(conversations)
        for made, seed in (((lm, words), 0), ((str(tmp_path),), 0), ((lm, words), 1))
    )
    assert one == same != other


def test_a_model_by_name_is_loaded_as_in_training_and_evaluation(tmp_path: Path) -> None:
    """It is loaded in float32, whatever its stored dtype, with all its stop ids; it computes in bfloat16 on request."""
    lm, words = small()
    lm.generation_config.eos_token_id = [words.eos_token_id, 40]
    folder = tmp_path / "stored"
    lm.to(torch.bfloat16).save_pretrained(folder)
    words.save_pretrained(folder)
    read, _ = read_model(str(folder))
    assert {parameter.dtype for parameter in read.parameters()} == {torch.float32}
    by_name, in_memory = HFAgent(str(folder), temperature=0, max_new=12), HFAgent(read, words, 0.0, 12)
    assert by_name.act([conversation("def main")]) == in_memory.act([conversation("def main")])
    assert 40 in by_name._renderer.stop_ids
    rounded = HFAgent(str(folder), temperature=0, max_new=12, dtype="bfloat16")
    assert rounded.act([conversation("def main")])
    with pytest.raises(
        UsageError, match="expected a folder, a GGUF file or a name on the Hugging Face hub, got '/no/such/model'"
    ):
        HFAgent("/no/such/model")


def test_tokens_and_settings(tmp_path: Path) -> None:
    lm, words = small()
    agent = HFAgent(lm, words, temperature=0, max_new=5, system="Be brief.")
    [response] = agent.act([conversation("def main")])
    prompt = len(Renderer(words).first("Be brief.\n\ndef main"))
    assert isinstance(response, SampledText)
    assert (response.prompt_tokens, response.completion_tokens) == (prompt, 5)
    lm.to(torch.bfloat16).to(torch.float32).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    options = AgentOptions(seed=2, temperature=1.0, max_new_tokens=8)
    stored, again = (load_agent(f"hf:{tmp_path}", load_dataset("starter"), options) for _ in range(2))
    assert stored.settings == again.settings
    assert stored.settings["max_new"] == 8
    before = stored.settings["model"]
    assert agent.settings["model"] != before, "the weights were rounded"
    with pytest.raises(
        UsageError, match=f"agent hf:{tmp_path}: expected the options dtype, slots and template, got size"
    ):
        load_agent(f"hf:{tmp_path}", load_dataset("starter"), AgentOptions(others={"size": 1}))


def test_a_folder_is_evaluated_by_its_name(tmp_path: Path) -> None:
    lm, words = small(max_position_embeddings=4000)
    lm.save_pretrained(tmp_path / "model")
    words.save_pretrained(tmp_path / "model")
    options = [
        "--max-new-tokens",
        "5",
        "--option",
        "slots=2",
        "--option",
        "dtype=bfloat16",
        "--option",
        "template=qwen3",
    ]
    out = tmp_path / "run"
    assert (
        main(
            ["eval", f"hf:{tmp_path / 'model'}", "--limit", "2", "--turns", "2", "--out", str(out), "--plain", *options]
        )
        == 0
    )
    records = list(Run(out).records())
    assert len(records) == 2
    for record in records:
        assert [turn.completion_tokens for turn in record.turns] == [5, 5]
        first, second = (turn.prompt_tokens or 0 for turn in record.turns)
        assert second > first + 5, "the second turn reads the first one, its response and the feedback"
    settings = Run(out).folder.identity.agent
    assert (settings["dtype"], settings["max_new"], settings["top_p"]) == ("bfloat16", 5, 0.95)


def test_a_conversation_does_not_exceed_its_context() -> None:
    lm, words = small()
    prompt = len(Renderer(words).first("def main"))
    assert HFAgent(lm, words, max_new=50, context=prompt).act([conversation("def main")]) == [""]
    cut, short = (
        HFAgent(lm, words, temperature=0, **limits).act([conversation("def main")])
        for limits in ({"max_new": 50, "context": prompt + 3}, {"max_new": 3})
    )
    assert cut == short != [""]
