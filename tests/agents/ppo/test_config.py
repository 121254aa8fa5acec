"""Settings of a run: read, overridden, refused, written."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import PRESETS, dump_config, field_docs, load_config
from rlef_env.errors import UsageError

PAPER = {
    "episodes": 1024, "minibatches": 4, "epochs": 1, "turns": 3, "beta": 0.05, "policy_clip": 0.2, "value_clip": 0.2,
    "lr": 2e-7, "lr_final": None, "warmup": 50, "weight_decay": 0.1, "temperature": 1.0, "critic": "separate",
    "adam_eps": 1e-8, "value_init": "random",
    "estimator": "turn_value", "importance": "theta", "feedback": "public", "reward": "rlef",
}  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_load_and_survive_being_written(preset: str, tmp_path: Path) -> None:
    loaded = load_config(preset)
    (tmp_path / "written.toml").write_text(dump_config(loaded), encoding="utf-8")
    assert load_config(tmp_path / "written.toml") == loaded


@pytest.mark.parametrize(("preset", "updates"), [("llama-3.1-8b", 12_000), ("llama-3.1-70b", 8_000)])
def test_the_large_presets_have_the_numbers_of_the_paper(preset: str, updates: int) -> None:
    loaded = dataclasses.asdict(load_config(preset))
    assert {name: loaded[name] for name in PAPER} == PAPER
    assert loaded["updates"] * loaded["minibatches"] == updates
    assert loaded["evaluate_every"] * loaded["minibatches"] == 800
    assert preset.removeprefix("llama-3.1-") in loaded["model"].lower()


def test_every_field_is_documented() -> None:
    docs = field_docs()
    assert list(docs) == [field.name for field in dataclasses.fields(TrainConfig)]
    assert all(len(text) > 10 for text in docs.values())
    text = dump_config(TrainConfig())
    assert "# Weight of the KL term in the reward. Paper: 0.05. 0 needs no reference model.\nbeta = 0.05\n" in text


def test_overrides_come_last(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('lr = 1e-3\nmodel = "a"\n')
    loaded = load_config(path, ["lr=2", "model=some/name", "deterministic = true", "lr_final=1"])
    assert (loaded.lr, loaded.model, loaded.deterministic, loaded.lr_final) == (2.0, "some/name", True, 1.0)
    assert isinstance(loaded.lr, float)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("learning_rate=1", "no setting 'learning_rate'"),
        ("minibatch=1", "did you mean 'minibatches'"),
        ("lr=fast", "lr: expected a number, got 'fast'"),
        ("lr=nan", "lr: expected a finite number"),
        ("turns=0", "turns: expected 1 or more, got 0"),
        ("seed=-1", "seed: expected 0 or more, got -1"),
        ("seed=99999999999999999999", "seed: expected at most 2147483647"),
        ("lora_alpha=0", "lora_alpha: expected 1 or more"),
        ("evaluate_episodes=-1", "evaluate_episodes: expected 0 or more"),
        ("adam_beta1=1", "adam_beta1: expected less than 1, got 1"),
        ("adam_beta2=-0.1", "adam_beta2: expected 0 or more, got -0.1"),
        ("adam_eps=0", "adam_eps: expected 1e-16 or more"),
        ("turns=true", "turns: expected a whole number, got True"),
        ("turns=1.5", "turns: expected a whole number, got 1.5"),
        ("deterministic=1", "deterministic: expected true or false, got 1"),
        ("estimator=gae", "estimator: expected 'turn_value', 'token_value', 'group' or 'reinforce', got 'gae'"),
        ("temperature=0", "temperature: expected more than 0, got 0"),
        ("normalise=group", "needs estimator = 'group'"),
        ("estimator=group", "samples_per_problem: expected 2 or more with estimator = 'group'"),
        ("top_p=0.9", "no setting 'top_p'"),
        ("evaluate_top_p=0.0", "evaluate_top_p: expected more than 0, got 0.0"),
        ("evaluate_top_p=1.5", "evaluate_top_p: expected at most 1, got 1.5"),
        ("evaluate_samples=0", "evaluate_samples: expected 1 or more"),
        ("evaluate_n_at_k=5@2", "n@k: expected words such as 10@100"),
        ("judge=kubernetes", "judge: expected 'local' or 'ray', got 'kubernetes'"),
        ("chat_template_options=thinking", "chat_template_options: expected a table, got 'thinking'"),
        ("policy_clip=0", "policy_clip: expected more than 0, got 0"),
        ("value_clip=0.0", "value_clip: expected more than 0"),
        ("date=today", "date: expected YYYY-MM-DD, got 'today'"),
        ("reward=rlefs", "reward: expected one of rlef"),
        ("reward=1", "reward: expected a name or a table of numbers, got 1"),
        ("reward={outcome = 'much'}", "reward: expected a name or a table of numbers"),
        ("reward={outcomes = 1}", "reward: expected weights for one or more of outcome"),
        ("prompt_cap=-1", "prompt_cap: expected 0 or more, got -1"),
        ("feedback_cap=big", "feedback_cap: expected a whole number, got 'big'"),
        ("sampling=hard", "sampling: expected 'uniform', 'difficulty' or 'curriculum', got 'hard'"),
        ("difficulty_weights={easy = 1}", "difficulty_weights: expected sampling = 'difficulty', got 'uniform'"),
        ("difficulty_weights=easy", "difficulty_weights: expected a table, got 'easy'"),
        ("equal_groups=drop", "equal_groups: expected 'keep' or 'skip', got 'drop'"),
        ("equal_groups=skip", "equal_groups: 'skip' needs estimator = 'group'"),
        ("replace_groups=1", "replace_groups: expected equal_groups = 'skip' and max_lag = 0"),
        ("lr", "expected key=value"),
    ],
)
def test_row_3_and_others_wrong_settings_are_refused(override: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_config("small", [override])


def test_template_options_are_a_table_and_survive_being_written(tmp_path: Path) -> None:
    loaded = load_config(
        "small",
        [
            "chat_template_options={enable_thinking = false, names = ['a'], n = 2}",
            "system=Be brief.",
            "date=2026-11-29",
        ],
    )
    assert loaded.chat_template_options == {"enable_thinking": False, "names": ["a"], "n": 2}
    (tmp_path / "written.toml").write_text(dump_config(loaded), encoding="utf-8")
    assert load_config(tmp_path / "written.toml") == loaded


def test_weights_of_a_reward_are_a_table_and_survive_being_written(tmp_path: Path) -> None:
    loaded = load_config(
        "small",
        [
            "reward={outcome = 1, compile_error = 0.5}",
            "sampling=difficulty",
            "difficulty_weights={easy = 2, unknown = 1}",
        ],
    )
    assert loaded.reward == {"outcome": 1.0, "compile_error": 0.5}
    assert loaded.difficulty_weights == {"easy": 2.0, "unknown": 1.0}
    (tmp_path / "written.toml").write_text(dump_config(loaded), encoding="utf-8")
    assert load_config(tmp_path / "written.toml") == loaded


def test_missing_and_malformed_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tiny, small"):
        load_config("large")
    (tmp_path / "broken.toml").write_text("lr = = 1")
    with pytest.raises(UsageError, match=r"broken.toml: expected TOML"):
        load_config(tmp_path / "broken.toml")
