"""Messages are encoded once; data opens no turns; templates that rewrite earlier messages are refused."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from rlef_agents.ppo.chat_template import TEMPLATES, Renderer, model_stops, read_template, shipped_template
from rlef_env.errors import UsageError
from tests.agents.ppo.small import CONTROLS, model, tokenizer

OPTIONS: dict[str, dict[str, Any]] = {"plain": {}, "thoughtless": {"enable_thinking": False}}
CASES = [("chatml", "plain"), ("llama3", "plain"), ("qwen3", "plain"), ("qwen3", "thoughtless")]
cases = pytest.mark.parametrize(("template", "options"), CASES)


@cache
def both(template: str, options: str = "plain") -> tuple[Any, Renderer]:
    made = tokenizer(template)
    return made, Renderer(made, options=OPTIONS[options])


def sampled(made: Any, text: str, end: int | None) -> np.ndarray:
    return np.array([*made.encode(text, add_special_tokens=False), *([] if end is None else [end])], np.int64)


def rendered(made: Any, options: str, *contents: str) -> list[int]:
    roles = ("user", "assistant")
    messages = [{"role": roles[place % 2], "content": text} for place, text in enumerate(contents)]
    ids = made.apply_chat_template(messages, add_generation_prompt=True, return_dict=False, **OPTIONS[options])
    return list(ids)


def test_every_shipped_template_is_tested() -> None:
    assert {template for template, _ in CASES} == set(TEMPLATES)


@cases
def test_the_first_prompt_is_what_transformers_renders(template: str, options: str) -> None:
    made, renderer = both(template, options)
    assert renderer.first("Provide a solution").tolist() == rendered(made, options, "Provide a solution")


@pytest.mark.parametrize(("template", "options"), CASES[:3])
def test_row_10_a_conversation_of_text_is_what_transformers_renders(template: str, options: str) -> None:
    made, renderer = both(template, options)
    response = sampled(made, "print(1)", renderer.end_of_turn)
    ours = [*renderer.first("Question"), *response, *renderer.following("It failed", response)]
    assert ours == rendered(made, options, "Question", "print(1)", "It failed")


def test_row_10_seam_golden_ids() -> None:
    made, renderer = both("chatml")
    start, end, newline = 0, 1, made.encode("\n")
    assert renderer.stop_ids == (end,)
    head = [
        start,
        *made.encode("user"),
        *newline,
        *made.encode("a"),
        end,
        *newline,
        start,
        *made.encode("assistant"),
        *newline,
    ]
    assert renderer.first("a").tolist() == head
    # The end of turn is sampled; the newline that the template puts after it is not, and must not be missing.
    assert renderer.following("a", np.array([5, end])).tolist() == [*newline, *head]
    # The length limit ended the response: the renderer adds the end of turn.
    assert renderer.following("a", np.array([5, 6])).tolist() == [end, *newline, *head]


turns = st.tuples(st.text(max_size=12), st.lists(st.integers(0, 330), max_size=6), st.booleans())


@given(st.sampled_from(CASES), st.lists(turns, min_size=1, max_size=3))
def test_rows_9_and_10_a_conversation_only_ever_grows(
    case: tuple[str, str], feedback_and_ids: list[tuple[str, list[int], bool]]
) -> None:
    """Earlier tokens never change, whatever is sampled, and even if it would not survive decoding and encoding."""
    made, renderer = both(*case)
    controls = set(made.added_tokens_decoder)
    context = renderer.first("q")
    for text, numbers, finished in feedback_and_ids:
        plain = [number for number in numbers if number not in renderer.stop_ids]
        response = np.array([*plain, *([renderer.end_of_turn] if finished else [])], np.int64)
        delta = renderer.following(text, response)
        grown = np.concatenate([context, response, delta])
        assert grown[: len(context)].tolist() == context.tolist()
        assert grown[len(context) :][: len(response)].tolist() == response.tolist()
        # One end of turn follows the response, sampled or not; then only the template's own control tokens.
        own = [token for token in renderer.following("x", response).tolist() if token in controls]
        assert [token for token in delta.tolist() if token in controls] == own
        assert [*response, *delta].count(renderer.end_of_turn) == finished + own.count(renderer.end_of_turn)
        context = grown


@cases
@pytest.mark.parametrize("wrap", ["{}", "a{}b", "{}{}", "<{}>", " {}\n"])
def test_data_opens_no_turn(template: str, options: str, wrap: str) -> None:
    made, renderer = both(template, options)
    for control in CONTROLS[template]:
        attack = wrap.format(control, control) + control[:-1] + control
        ids = renderer.data(attack)
        assert not set(ids.tolist()) & set(made.added_tokens_decoder)
        trimmed = attack.strip() if template == "llama3" else attack
        assert made.decode(ids.tolist(), clean_up_tokenization_spaces=False) == trimmed
        assert renderer.first(attack).tolist().count(renderer.end_of_turn) == renderer.first("a").tolist().count(
            renderer.end_of_turn
        )


@given(
    st.lists(
        st.sampled_from(["<|im_", "start|>", "end|>", "<", "|", ">", "<|im_start|>", "<|im_end|>", "\n", " user", "é"])
    )
)
def test_data_opens_no_turn_from_any_pieces(pieces: list[str]) -> None:
    made, renderer = both("chatml")
    text = "".join(pieces)
    ids = renderer.data(text).tolist()
    assert not {0, 1} & set(ids)
    assert made.decode(ids, clean_up_tokenization_spaces=False) == text


def test_added_tokens_that_are_not_special_are_control_tokens_too() -> None:
    made = tokenizer()
    made.add_tokens(["<think>", "</think>"])
    renderer = Renderer(made)
    ids = renderer.data("a <think> b </think>")
    assert not set(ids.tolist()) & set(made.added_tokens_decoder)
    assert made.decode(ids.tolist()) == "a <think> b </think>"


def test_a_word_that_spells_a_control_token_is_encoded_letter_by_letter() -> None:
    letters = [chr(code) for code in range(32, 127)] + ["\n", "é"]
    words = {"<end>": 0, "[UNK]": 1, **{letter: number for number, letter in enumerate(letters, start=2)}}
    backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(r"<end>|[\s\S]"), "isolated")
    backend.decoder = decoders.Fuse()
    made = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<end>", unk_token="[UNK]")
    renderer = Renderer(made, "{% for m in messages %}{{ m['content'] + '<end>' }}{% endfor %}")
    assert renderer.data("a<end>b").tolist() == [words[letter] for letter in "a<end>b"]
    assert renderer.first("<end>").tolist() == [*(words[letter] for letter in "<end>"), 0]


@cases
def test_the_environment_gets_text_without_the_stop_token(template: str, options: str) -> None:
    made, renderer = both(template, options)
    assert renderer.text(sampled(made, "print(1)\n", renderer.end_of_turn)) == "print(1)\n"
    assert renderer.text(sampled(made, "print(1)\n", None)) == "print(1)\n"
    assert renderer.text(np.zeros(0, np.int64)) == ""


def test_row_11_and_12_another_stop_token_ends_a_response_and_the_template_continues() -> None:
    made = tokenizer(controls=["<|im_start|>", "<|im_end|>", "<|endoftext|>"])
    made.eos_token = "<|endoftext|>"
    renderer = Renderer(made)
    assert renderer.stop_ids == (1, 2)
    assert renderer.text(np.array([2])) == ""
    assert renderer.following("a", np.array([7, 2]))[0] == 1


def test_qwens_template_strips_thinking_so_that_a_conversation_is_no_prefix_of_its_continuation() -> None:
    """This is the reason why assistant text is never rendered: transformers would drop sampled tokens."""
    made, renderer = both("qwen3")
    thought = "<think>\nhm\n</think>\n\nprint(1)"
    response = sampled(made, thought, renderer.end_of_turn)
    ours = [*renderer.first("Q"), *response, *renderer.following("No", response)]
    assert ours != rendered(made, "plain", "Q", thought, "No")
    assert ours[: len(renderer.first("Q")) + len(response)] == [*renderer.first("Q"), *response]


LOOP = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
ASK = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (LOOP.replace("m['content']", "(m['content'] + (messages | length) | string)") + ASK, "different texts"),
        (LOOP.replace("m['role'] +", "m['role'] + loop.index | string +") + ASK, "different texts"),
        (LOOP + "{{ messages[0]['content'] }}" + ASK, "renders a message 2 times"),
        ("{% for m in messages[-1:] %}{{ m['content'] + '<|im_end|>' }}{% endfor %}", "renders a message 0 times"),
        (LOOP.replace("m['content']", "m['content'] | upper") + ASK, "not in the rendered text"),
        (LOOP.replace("m['content']", "(m['content'] if loop.last or not loop.first else '')") + ASK, "0 times"),
        (LOOP.replace("'<|im_end|>", "('!' if loop.first and not loop.last else '') + '<|im_end|>") + ASK, "another"),
        ("{{ raise_exception('no') }}", "got an error: no"),
        (LOOP.replace("<|im_end|>", "###") + ASK, "ends an assistant's turn with a control token"),
        ("{% if %}", "got an error"),
    ],
    ids=[
        "counts", "numbers", "repeats", "forgets", "shouts", "drops", "edits", "raises", "no control token",
        "no template",
    ],
)  # fmt: skip
def test_templates_without_a_stable_delta_are_refused(template: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Renderer(tokenizer(), template)


def test_unsuitable_tokenizers_are_refused() -> None:
    with pytest.raises(UsageError, match="fast tokenizer"):
        Renderer(object())
    made = tokenizer()
    made.chat_template = None
    with pytest.raises(UsageError, match="with a chat template"):
        Renderer(made)
    made = tokenizer()
    made.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    with pytest.raises(UsageError, match="piece by piece"):
        Renderer(made, shipped_template("chatml"))
    with pytest.raises(UsageError, match="chatml, llama3, qwen3"):
        shipped_template("vicuna")


def test_a_system_message_comes_first() -> None:
    made = tokenizer()
    with_system = Renderer(made, system="Be brief")
    text = made.decode(with_system.first("Q").tolist())
    assert text == "<|im_start|>system\nBe brief<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n"
    end = np.array([with_system.end_of_turn])
    assert with_system.following("A", end).tolist() == Renderer(made).following("A", end).tolist()


def test_whatever_a_model_ends_a_response_with_ends_it() -> None:
    """A tokenizer knows one stop id, the model's generation settings several: Qwen2.5 has two, Llama 3.1 three."""
    lm = model()
    for ends in ([1, 5, 9], [9, 1, 5]):
        lm.generation_config.eos_token_id = ends
        assert sorted(model_stops(lm)) == [1, 5, 9]
    lm.generation_config.eos_token_id = lm.config.eos_token_id = None
    assert model_stops(lm) == ()
    lm.generation_config.eos_token_id = 7
    made = tokenizer("chatml")
    renderer = Renderer(made, stops=model_stops(lm))
    assert renderer.stop_ids == (renderer.end_of_turn, 7)
    sampled_ids = renderer.data("ab")
    assert renderer.text(np.append(sampled_ids, 7)) == "ab", "the stop token is not part of the judged text"
    assert renderer.following("c", np.append(sampled_ids, 7))[0] == renderer.end_of_turn


CLOCK = "{{ '<|im_start|>system\\n' + strftime_now('%d %b %Y') + '<|im_end|>\\n' }}"
TODAY = "{%- if strftime_now is defined %}{% set date_string = strftime_now('%-d. %m. %y, %H:%M') %}{% endif %}"


def test_a_clock_in_a_template_stands_still() -> None:
    made = tokenizer("chatml", chat_template=CLOCK + shipped_template("chatml"))
    for day, shown in (("2024-07-26", "26 Jul 2024"), ("2026-11-29", "29 Nov 2026")):
        renderer = Renderer(made, date=day)
        assert made.decode(renderer.first("x")).startswith(f"<|im_start|>system\n{shown}<|im_end|>\n<|im_start|>user")
        assert renderer.template == made.chat_template, "the saved template has no fixed date"
    llama = tokenizer("llama3", chat_template=TODAY + "{{ date_string }}\n" + shipped_template("llama3"))
    assert llama.decode(Renderer(llama, date="2026-11-09").first("x")).startswith("9. 11. 26, 00:00<|begin")


@cases
def test_a_date_changes_nothing_in_a_template_without_one(template: str, options: str) -> None:
    made, renderer = both(template, options)
    with_day = Renderer(made, options=OPTIONS[options], date="2026-11-29")
    assert with_day.first("x").tolist() == renderer.first("x").tolist()
    assert with_day.following("x", renderer.first("")).tolist() == renderer.following("x", renderer.first("")).tolist()


def test_options_and_a_system_message_are_in_every_prompt(tmp_path: Path) -> None:
    made = tokenizer("qwen3")
    plain, quiet = Renderer(made), Renderer(made, options={"enable_thinking": False}, system="Be brief.")
    assert "Be brief." in made.decode(quiet.first("x"))
    assert made.decode(quiet.first("x")).endswith("<think>\n\n</think>\n\n")
    assert len(plain.first("x")) < len(quiet.first("x"))
    assert Renderer(made, system="").first("x").tolist() == plain.first("x").tolist()
    path = tmp_path / "mine.jinja"
    path.write_text(CLOCK + shipped_template("chatml"), encoding="utf-8")
    assert read_template(str(path)) == path.read_text(encoding="utf-8")
    assert (read_template(""), read_template("llama3")) == (None, shipped_template("llama3"))
    with pytest.raises(UsageError, match="expected one of chatml, llama3, qwen3, or a file"):
        read_template(str(tmp_path / "other.jinja"))
