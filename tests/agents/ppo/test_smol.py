"""SmolLM2, a pretrained model with its own tokenizer and template, through renderer, generator, packing and learner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rlef_agents.ppo.architecture import prepare
from rlef_agents.ppo.chat_template import Renderer, model_stops
from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.loading import read_model
from rlef_agents.ppo.network import policy_logprobs
from rlef_agents.ppo.packing import pack
from rlef_agents.ppo.trajectory import TokenEpisode, TokenTurn
from tests.agents.ppo.small import episode, turn

SYSTEM = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"


@pytest.fixture(scope="module")
def loaded(smol: Path) -> tuple[Any, Any]:
    return read_model(str(smol), "cpu")


@pytest.fixture
def lm(loaded: tuple[Any, Any]) -> Iterator[Any]:
    yield loaded[0]
    loaded[0].set_attn_implementation("sdpa")  # a test may have prepared it for packs


@pytest.fixture(scope="module")
def words(loaded: tuple[Any, Any]) -> Any:
    return loaded[1]


@pytest.fixture(scope="module")
def renderer(loaded: tuple[Any, Any]) -> Renderer:
    return Renderer(loaded[1], stops=model_stops(loaded[0]))


def test_the_vocabulary_is_the_models(lm: Any, words: Any) -> None:
    assert len(words) == lm.config.vocab_size == lm.get_input_embeddings().num_embeddings == 49_152


def test_the_first_prompt_has_the_default_system_turn(renderer: Renderer, words: Any) -> None:
    prompt = renderer.first("Read n and print n + 1.")
    assert (
        words.decode(prompt) == f"{SYSTEM}<|im_start|>user\nRead n and print n + 1.<|im_end|>\n<|im_start|>assistant\n"
    )
    own = words.apply_chat_template(
        [{"role": "user", "content": "Read n and print n + 1."}], add_generation_prompt=True, return_dict=True
    )
    assert prompt.tolist() == own["input_ids"]


def test_a_system_message_replaces_the_default_one(words: Any) -> None:
    text = words.decode(Renderer(words, system="Write Python.").first("Read n."))
    assert text.startswith("<|im_start|>system\nWrite Python.<|im_end|>\n")
    assert "SmolLM" not in text


def test_digits_are_a_token_each(renderer: Renderer, words: Any) -> None:
    assert [words.decode(each) for each in renderer.data("print(20478)")] == ["print", "(", *"20478", ")"]


def test_control_tokens_in_data_are_letters(renderer: Renderer, words: Any) -> None:
    text = "<|im_end|>\n<|im_start|>assistant\nsolved<|endoftext|>"
    ids = renderer.data(text)
    assert words.decode(ids, clean_up_tokenization_spaces=False) == text
    assert not {words.convert_tokens_to_ids(each) for each in ("<|im_start|>", "<|im_end|>", "<|endoftext|>")} & set(
        ids.tolist()
    )


def test_a_conversation_in_pieces_is_the_template_of_the_whole(renderer: Renderer, words: Any) -> None:
    """The history is kept token for token: no turn is rendered or encoded again."""
    first, second = "```python\nprint(11)\n```", "```python\nprint(12)\n```"
    sampled = np.append(renderer.data(first), renderer.end_of_turn)
    pieces = [
        renderer.first("Print 12."), sampled, renderer.following("failed: 11", sampled),
        np.append(renderer.data(second), renderer.end_of_turn),
    ]  # fmt: skip
    chat = [
        {"role": role, "content": text}
        for role, text in (("user", "Print 12."), ("assistant", first), ("user", "failed: 11"), ("assistant", second))
    ]
    whole = words.apply_chat_template(chat, return_dict=True)["input_ids"]
    assert np.concatenate(pieces).tolist() == whole[:-1], "without the line end behind the last turn"


def test_the_most_likely_response_is_what_generate_gives(lm: Any, words: Any, renderer: Renderer) -> None:
    """Two rows of different lengths, decoded together by our loop and each alone by transformers."""
    prompts = [renderer.first(text) for text in ("What is the capital of France?", "Count: 1 2 3")]
    generator = LocalGenerator(lm, renderer.stop_ids, 0.0, 2, kv_tokens=256)
    for number, ids in enumerate(prompts):
        generator.submit(Request(number, ids, 6, number))
    ours = {}
    while done := generator.poll():
        ours.update({number: completion.ids.tolist() for number, completion in done})
    for number, ids in enumerate(prompts):
        row = torch.from_numpy(ids)[None]
        theirs = lm.generate(row, attention_mask=torch.ones_like(row), do_sample=False, max_new_tokens=6)
        assert ours[number] == theirs[0, len(ids) :].tolist()
    assert words.decode(ours[0]) == "The capital of France is Paris"


def test_samples_of_a_problem_share_its_prompt_and_are_what_each_alone_gives(lm: Any, renderer: Renderer) -> None:
    prompts = [renderer.first("Say a number.")] * 3 + [renderer.first("Say a word.")]
    requests = [Request(number, ids, 5, number) for number, ids in enumerate(prompts)]

    def sampled(slots: int) -> tuple[LocalGenerator, dict[int, Any]]:
        generator = LocalGenerator(lm, renderer.stop_ids, 1.0, slots)
        for request in requests:
            generator.submit(request)
        found = {}
        while done := generator.poll():
            found.update(done)
        return generator, found

    (shared, together), (single, alone) = sampled(4), sampled(1)
    first, last = len(prompts[0]), len(prompts[3])
    assert shared.copied >= 2 * (first - 1) + 20, "the other problem has the system turn in common"
    assert shared.prefilled == 3 * first + last - shared.copied
    assert single.prefilled == 3 * first + last
    for number in range(4):
        assert together[number].ids.tolist() == alone[number].ids.tolist()
        assert together[number].logprobs == pytest.approx(alone[number].logprobs, abs=2e-4)


def plain(lm: Any, ids: list[int]) -> torch.Tensor:
    """Return the log-probabilities of all tokens after each position, by a plain forward pass of transformers."""
    with torch.no_grad():
        return lm(torch.tensor([ids])).logits[0].log_softmax(-1)


def sampled_logprobs(lm: Any, each: TokenEpisode) -> list[float]:
    """Return log-probabilities of an episode's sampled tokens by a plain forward pass over it alone."""
    ids: list[int] = []
    places: list[int] = []
    for part in each.turns:
        ids += part.prompt_ids.tolist()
        places += range(len(ids), len(ids) + len(part.completion.ids))
        ids += part.completion.ids.tolist()
    every = plain(lm, ids)
    return [float(every[place - 1, ids[place]]) for place in places]


def test_sampled_log_probabilities_are_those_of_a_plain_forward_pass(lm: Any, renderer: Renderer) -> None:
    generator = LocalGenerator(lm, renderer.stop_ids, 1.0, 2, kv_tokens=256)
    prompts = [renderer.first("Say a number."), renderer.first("x")]
    for number, ids in enumerate(prompts):
        generator.submit(Request(number, ids, 4, 7 + number))
    while done := generator.poll():
        for number, completion in done:
            truth = sampled_logprobs(lm, TokenEpisode((TokenTurn(prompts[number], completion, 0.0),), "p", False))
            assert completion.logprobs == pytest.approx(truth, abs=2e-4)


def test_the_learners_log_probabilities_packed_and_alone(lm: Any, renderer: Renderer) -> None:
    """Three episodes in one pack, each in a pack of its own, and each in a plain forward pass: equal to rounding."""

    def made(*texts: str) -> TokenEpisode:
        turns, before = [], renderer.first(texts[0])
        for place in range(1, len(texts), 2):
            response = np.append(renderer.data(texts[place]), renderer.end_of_turn)
            turns.append(turn(before.tolist(), response.tolist()))
            if place + 1 < len(texts):
                before = renderer.following(texts[place + 1], response)
        return episode(*turns)

    episodes = [made("Print 12.", "print(11)", "failed", "print(12)"), made("a", "1"), made("Sum 7 and 8.", "15 é")]
    truth = [logprob for each in episodes for logprob in sampled_logprobs(lm, each)]
    prepare(lm)
    with torch.no_grad():
        [together] = pack(episodes, 4096)
        packed = np.empty(len(together.tokens))
        packed[together.tokens] = policy_logprobs(lm, together)
        alone = np.concatenate([policy_logprobs(lm, batch) for each in episodes for batch in pack([each], 4096)])
    assert packed.tolist() == pytest.approx(truth, abs=2e-4)
    assert alone.tolist() == pytest.approx(truth, abs=2e-4)
