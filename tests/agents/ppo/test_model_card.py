"""Model cards: what the hub reads, the evaluations with intervals, and settings that train the same policy again."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import AutoTokenizer

from rlef_agents.cli import main
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import load_config
from rlef_agents.ppo.model_card import NOT_OF_THE_POLICY, card_of, model_card
from tests.agents.ppo.test_trainer import CONFIG, run

ROWS: list[dict[str, Any]] = [
    {"kind": "evaluate", "update": 0, "solve_rate": 0.25, "solve_rate_low": 0.2, "solve_rate_high": 0.31,
     "episodes": 80},
    {"kind": "train", "update": 7, "solve_rate": 0.9},
    {"kind": "evaluate", "update": 7, "solve_rate": 0.5, "solve_rate_low": 0.44, "solve_rate_high": 0.5625,
     "solved_at_1": 0.3, "episodes": 80},
]  # fmt: skip


def parsed(card: str) -> tuple[dict[str, Any], str]:
    _, header, text = card.split("---\n", 2)
    return yaml.safe_load(header), text


def test_the_header_is_what_the_hub_reads() -> None:
    config = TrainConfig(model="Qwen/Qwen2.5-Coder-0.5B", dataset="deepmind/code_contests", lora_rank=4)
    tags = ["code", "reinforcement-learning", "rlef"]
    common = {
        "pipeline_tag": "text-generation", "base_model": "Qwen/Qwen2.5-Coder-0.5B",
        "datasets": ["deepmind/code_contests"], "tags": tags,
    }  # fmt: skip
    assert parsed(model_card(config, [], 0))[0] == {"library_name": "transformers", **common}
    assert parsed(model_card(config, [], 0, merged=False))[0] == {"library_name": "peft", **common}
    assert parsed(model_card(TrainConfig(model=str(Path.cwd())), [], 0))[0] == {
        "library_name": "transformers", "pipeline_tag": "text-generation", "tags": tags,
    }, "a folder of this machine is no name on the hub"  # fmt: skip


def test_evaluations_before_and_after_have_intervals() -> None:
    text = parsed(model_card(TrainConfig(episodes=384, out="runs/mine"), ROWS, 7))[1]
    assert text.startswith("\n# mine\n")
    assert "7 updates, 2,688 episodes" in text
    assert "| validation | 0 | 0.250 (0.200 to 0.310) | unknown | 3 | public | 0.2, 1 | 80 |" in text
    assert "| validation | 7 | 0.500 (0.440 to 0.562) | 0.300 | 3 | public | 0.2, 1 | 80 |" in text
    assert "It was not evaluated after 3 updates." in model_card(TrainConfig(evaluate_every=0), [], 3)


def test_sets_have_their_own_lines() -> None:
    config = TrainConfig(evaluations=[{"name": "a", "turns": 1}, {"name": "b", "feedback": "none"}])  # type: ignore[list-item]
    text = model_card(config, [{**row, "evaluation": "b"} for row in ROWS], 7)
    assert "| b | 7 | 0.500 (0.440 to 0.562) | 0.300 | 3 | none |" in text
    assert "| a |" not in text


def test_its_settings_train_the_same_policy_again(tmp_path: Path) -> None:
    config = load_config(
        "small",
        [
            "few_shot=[{user = 'a', assistant = 'b'}]", "prefill='<think>\\n'", "system=Be brief.", "schedule=cosine",
            "reward={outcome = 1, compile_error = 0.5}", "evaluations=[{name = 'a', temperature = 0}]",
        ],
    )  # fmt: skip
    text = model_card(config, [], 0)
    assert 'Every conversation began with the system message "Be brief."' in text
    assert r'Every response began with "<think>\\n"' in text
    (tmp_path / "settings.toml").write_text(text.split("```toml\n")[1].split("```")[0])
    again = load_config(tmp_path / "settings.toml")
    for field in dataclasses.fields(config):
        if field.name not in NOT_OF_THE_POLICY:
            assert getattr(again, field.name) == getattr(config, field.name), field.name


def test_runs_and_exports_have_cards_and_the_template_that_was_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    config = replace(
        CONFIG, out=str(out), updates=2, evaluate_every=1, evaluate_episodes=2, chat_template="chatml", max_new=4,
    )  # fmt: skip
    run(config, "Qwen/Qwen3-4B")
    best = (out / "best" / "README.md").read_text()
    assert "0 updates, 0 episodes" in best, "a rate of 0 is not better than 0"
    assert main(["export", str(out), str(tmp_path / "model")]) == 0
    assert "hf upload NAME" in capsys.readouterr().out
    assert (tmp_path / "model" / "README.md").read_text() == best
    assert "im_start" in str(AutoTokenizer.from_pretrained(tmp_path / "model").chat_template)
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    last = out / "checkpoints" / "update-00000002" / "policy"
    assert card_of(last) == model_card(load_config(out / "config.toml"), rows, 2)
    assert "| validation | 2 | 0.000 (" in card_of(last)
    assert card_of(tmp_path / "model") == ""
