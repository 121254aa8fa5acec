"""Examples before the first prompt, and a text that responses begin with: the same in training, evaluation and play."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rlef_agents.cli.model_agent import model_agent
from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import dump_config, load_config
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk
from rlef_env.agents import Conversation
from rlef_env.errors import UsageError
from rlef_env.runs import RunFolder, read_records
from tests.agents.ppo.small import tokenizer
from tests.agents.ppo.test_chat_template import rendered
from tests.agents.ppo.test_trainer import CONFIG

PREFILL = "```python\n"
EXAMPLES = [("How?", "So."), ("And this?", "Thus <|im_end|>")]
TABLES = [{"user": user, "assistant": answer} for user, answer in EXAMPLES]


@pytest.mark.parametrize("template", ["chatml", "llama3"])
def test_examples_are_what_transformers_renders(template: str) -> None:
    made = tokenizer(template)
    renderer = Renderer(made, examples=EXAMPLES[:1])
    assert renderer.first("Question").tolist() == rendered(made, "plain", "How?", "So.", "Question")


def test_an_example_cannot_end_its_turn() -> None:
    made = tokenizer("chatml")
    first = Renderer(made, examples=EXAMPLES).first("Question")
    ends = int((first == Renderer(made).end_of_turn).sum())
    assert ends == 5, "three of users, two of the assistant; the one written in an answer is text"


def test_a_prefill_is_in_prompts_and_responses_and_is_not_sampled() -> None:
    made = tokenizer("chatml")
    plain, renderer = Renderer(made), Renderer(made, prefill=PREFILL)
    begin = made.encode(PREFILL, add_special_tokens=False)
    sampled = np.array([*made.encode("print(1)"), renderer.end_of_turn])
    assert renderer.first("a").tolist() == [*plain.first("a"), *begin]
    assert renderer.following("b", sampled).tolist() == [*plain.following("b", sampled), *begin]
    assert renderer.text(sampled) == "```python\nprint(1)"
    assert renderer.response(renderer.text(sampled)).tolist() == sampled[:-1].tolist()
    with pytest.raises(UsageError, match=r"prefill: expected a text that does not end the response, got 'a<.im_end.>'"):
        Renderer(made, prefill="a<|im_end|>")


def test_examples_of_a_file_are_written_into_the_configuration(tmp_path: Path) -> None:
    messages = [
        {"role": role, "content": text}
        for pair in EXAMPLES
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
    file = tmp_path / "examples.jsonl"
    file.write_text("\n".join(json.dumps({"messages": part}) for part in (messages[:2], messages[2:])) + "\n\n")
    loaded = load_config("small", [f"few_shot={file}", "prefill=a\x7f"])
    assert loaded.few_shot == TABLES
    (tmp_path / "written.toml").write_text(dump_config(loaded), encoding="utf-8")
    file.unlink()
    assert load_config(tmp_path / "written.toml") == loaded


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nowhere.jsonl", "few_shot: expected a file of JSON lines that can be read .*No such file"),
        (3, "few_shot: expected a list of tables"),
        ([{"user": "a"}], "few_shot: expected example 0 to be a table with the texts user and assistant"),
        ([*TABLES, {"user": "a", "assistant": 1}], "few_shot: expected example 2 to be a table"),
    ],
)
def test_wrong_examples_are_refused_in_one_line(value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TrainConfig(few_shot=value)


@pytest.mark.parametrize("line", ["{", "[]", '{"messages": []}', '{"messages": [{"role": "user", "content": "a"}]}'])
def test_wrong_lines_of_a_file_are_refused_by_number(line: str, tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(UsageError, match=r"few_shot: expected line 1 to be .*messages"):
        TrainConfig(few_shot=str(file))  # type: ignore[arg-type]


def test_training_evaluation_and_play_begin_alike(tmp_path: Path, monkeypatch: Any) -> None:
    model, made = shrunk("Qwen/Qwen2.5-Coder-0.5B-Instruct")
    config = replace(
        CONFIG, out=str(tmp_path / "run"), few_shot=TABLES, prefill=PREFILL, updates=1, evaluate_every=1,
        evaluate_episodes=2, turns=2, deterministic=False,
    )  # fmt: skip
    prompts: list[list[int]] = []
    monkeypatch.setattr(Renderer, "first", recorded(Renderer.first, prompts))
    with Trainer(config, model, made, workers=1, quiet=True) as trainer:
        trainer.train()
        want = trainer.renderer.first("Question").tolist()
        bare = Renderer(made).first("Question").tolist()
        trainer.learner.model.lm.save_pretrained(tmp_path / "model")
        made.save_pretrained(tmp_path / "model")
    assert len(want) > len(bare)
    rows = read_metrics(tmp_path / "run" / "metrics.jsonl")
    assert all(row["sampler_gap_max"] < 1e-4 for row in rows if row["kind"] == "train")
    texts = [turn.response for each in read_records(RunFolder.open(tmp_path / "run")) for turn in each.episode.turns]
    assert len(texts) > 8
    assert all(text.startswith(PREFILL) for text in texts)
    prompts.clear()
    named, _ = model_agent(str(tmp_path / "model"), config, 1.0, 1.0, 0, 1)
    (answer,) = named.agent.act([Conversation(({"role": "user", "content": "Question"},), "p")])
    assert made.decode(prompts[-1]) == made.decode(want)  # transformers may cut a text otherwise after it is loaded
    assert answer.startswith(PREFILL)


def recorded(first: Any, prompts: list[list[int]]) -> Any:
    def call(self: Renderer, message: str) -> Any:
        ids = first(self, message)
        prompts.append(ids.tolist())
        return ids

    return call
