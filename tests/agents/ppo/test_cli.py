"""Command line: each subcommand as a user types it, and one line for each mistake."""

import json
import re
import shutil

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, MistralConfig

from rlef_agents.cli import main
from rlef_agents.ppo.config_file import load_config
from rlef_agents.tiny.shrunk import shrunk
from rlef_env import load_dataset
from rlef_env.cli import main as rlef
from rlef_env.runs import RunFolder, read_facts

TINY = ("--set", "dataset=procedural/hidden_step?short=true&steps=2&count=10", "--set", "max_new=8")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "qwen"
    model, tokenizer = shrunk("qwen")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_clone_train_evaluate_and_export(tmp_path, stored, capsys):
    chat = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    data = tmp_path / "chats.jsonl"
    data.write_text(json.dumps({"messages": chat}) + "\n")
    cloned, run, out = tmp_path / "cloned", tmp_path / "run", tmp_path / "out"
    assert main(["sft", str(stored), "--data", str(data), "--out", str(cloned), "--epochs", "2", "--lr", "1e-3"]) == 0
    settings = [
        *("--set", f"model={cloned}", "--set", f"out={run}", "--set", "updates=1", "--set", "episodes=4"),
        *("--set", "minibatches=2", "--set", "evaluate_episodes=4", "--set", "device=cpu", *TINY),
    ]
    assert main(["train", "tiny", *settings, "--workers", "1", "--plain"]) == 0
    assert "update 1/1" in capsys.readouterr().out
    assert main(["train", "tiny", *settings]) == 2
    assert "--resume" in capsys.readouterr().err
    played, numbers = tmp_path / "played", tmp_path / "numbers.json"
    evaluate = [
        "eval",
        str(run),
        "tiny",
        *TINY,
        "--limit",
        "2",
        "--samples",
        "2",
        "--n-at-k",
        "1@3,2@6",
        "--workers",
        "1",
    ]
    evaluate += ["--verdicts", str(tmp_path / "verdicts.db"), "--out", str(played), "--json", str(numbers)]
    assert main(evaluate) == 0
    assert "1@3" in capsys.readouterr().out
    found = json.loads(numbers.read_text())
    assert (found["episodes"], found["problems"], found["no_verdict"]) == (4, 2, 0)
    assert {"solve_rate", "solved_at_3", "1@3", "2@6"} <= set(found["metrics"])
    opened, trained = RunFolder.open(played), RunFolder.open(run)
    assert opened.kind == "evaluation"
    limits = ("max_turns", "feedback", "reward", "prompt_cap", "feedback_cap", "tokenizer", "split")
    assert [opened.identity.episodes[name] for name in limits] == [trained.identity.episodes[name] for name in limits]
    ids = [problem.id for problem in load_dataset(TINY[1].removeprefix("dataset="), split="valid")][:2]
    assert {(facts.problem.problem_id, facts.sample) for facts in read_facts(opened)} == {
        (name, sample) for name in ids for sample in range(2)
    }
    assert main([*evaluate, "--resume"]) == 0
    assert len(read_facts(opened)) == 4, "nothing was missing"
    assert main([*evaluate, "--resume", "--temperature", "0.5"]) == 2
    assert "agent.temperature: 0.5, other 1.0" in capsys.readouterr().err
    assert main(["export", str(run), str(out)]) == 0
    kept, exported = (AutoModelForCausalLM.from_pretrained(path) for path in (run / "best", out))
    assert all(map(torch.equal, kept.parameters(), exported.parameters()))
    assert AutoTokenizer.from_pretrained(out).chat_template == AutoTokenizer.from_pretrained(stored).chat_template
    assert main(["export", str(run), str(out)]) == 2
    assert "does not exist yet" in capsys.readouterr().err


def test_a_model_is_trained_without_a_configuration(tmp_path, stored, capsys):
    run, family = tmp_path / "run", "procedural/hidden_step?short=true&steps=2&count=10"
    small = ["--set", "episodes=2", "--set", "minibatches=1", "--set", "max_new=8", "--set", "evaluate_episodes=2"]
    command = ["train", f"hf:{stored}", "--data", family, "--out", str(run), *small, "--plain", "--workers", "1"]
    assert main([*command, "--set", "updates=1"]) == 0
    output = capsys.readouterr().out
    assert re.search(r"^context +\d+ +prompt of \d+ tokens, 3 responses", output, re.MULTILINE), "chosen, with a reason"
    assert "update 1/1" in output
    assert not re.search(r"^max_new", output, re.MULTILINE), "what was given is not chosen"
    chosen = load_config(run / "config.toml")
    assert (chosen.dataset, chosen.max_new, chosen.critic) == (family, 8, "shared")
    assert main([*command, "--set", "updates=2", "--resume"]) == 0
    output = capsys.readouterr().out
    assert "update 2/2" in output
    assert "prompt of" not in output, "a resumed run has its own settings"
    other = tmp_path / "other"
    shutil.copytree(stored, other)
    assert main(["train", str(other), *command[2:], "--resume"]) == 2
    assert f"--resume: expected hf:{stored}, the model of the run" in capsys.readouterr().err
    assert main(["play", str(run), "--episodes", "1"]) == 0, "with the run's settings"
    assert "Read n and print n + c" in capsys.readouterr().out


def test_a_plan_needs_no_weights(tmp_path, stored, capsys):
    model = tmp_path / "model"
    shutil.copytree(stored, model)
    (model / "model.safetensors").unlink()
    family = "procedural/hidden_step?short=true&steps=2&count=10"
    assert main(["train", str(model), "--data", family, "--plan"]) == 0
    output = capsys.readouterr().out
    for words in ("lora_rank", "peak (", "it fits: ", "seconds of an update", "(max_new)"):
        assert words in output
    assert main(["train", "small", "--plan"]) == 0
    assert "keys and values" in capsys.readouterr().out


def test_the_plan_of_a_model_is_for_the_gpus_that_are_named(tmp_path, stored, capsys):
    """With the settings that ``train`` would choose there, for the problems; a setting that is given is not chosen."""
    model = tmp_path / "model"
    shutil.copytree(stored, model)
    (model / "model.safetensors").unlink()
    weights = AutoModelForCausalLM.from_pretrained(stored).num_parameters()
    assert main(["plan", str(model)]) == 0
    whole = capsys.readouterr().out
    assert re.search(r"^lora_rank +0 +all weights", whole, re.MULTILINE)
    assert f"{model}: {weights:,} weights, bfloat16, 1 process\n" in whole
    assert "it fits: " in whole
    assert "80 GB a GPU" in whole
    family = "procedural/hidden_step?short=true&steps=2&count=10"
    several = ["plan", f"hf:{model}", "--gpus", "4", "--data", family, "--set", "lora_rank=8"]
    assert main(several) == 0
    adapters = capsys.readouterr().out
    assert not re.search(r"^lora_rank", adapters, re.MULTILINE)
    assert "4 processes" in adapters
    lengths = [re.search(r"^context +(\d+)", text, re.MULTILINE)[1] for text in (whole, adapters)]
    assert int(lengths[1]) < int(lengths[0]), "the problems of a family are shorter than those of the starter set"
    with pytest.raises(SystemExit, match="1"):
        main([*several, "--memory", "0.001"])
    assert "it does not fit: " in capsys.readouterr().out
    assert main(["plan", "no such model"]) == 2
    error = capsys.readouterr().err
    assert "model: expected one of tiny, small" in error
    assert error.count("\n") == 1
    assert main(["plan", "small", "--data", family]) == 0
    assert main(["plan", "small", "--set", "episodez=1"]) == 2
    assert list(tmp_path.iterdir()) == [model], "nothing is written"


def test_the_plan_of_a_configuration_says_whether_it_fits(capsys):
    assert main(["train", "llama-3.1-8b", "--plan"]) == 0
    assert re.search(r"^it does not fit: \d+\.\d GB at most in a process", capsys.readouterr().out, re.MULTILINE)


REWRITING = (
    "{% for m in messages %}<|im_start|>{{ m.role }} of {{ messages | length }}\n{{ m.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (REWRITING, "chat template: expected one that continues a conversation without rewriting it"),
        ("llama3", "chat template: expected one that ends an assistant's turn with a control token of the tokenizer"),
    ],
    ids=["rewrites the history", "control tokens that are missing"],
)
@pytest.mark.parametrize("command", ["train", "play", "eval"])
def test_a_template_is_refused_before_the_weights_are_loaded(tmp_path, stored, template, words, command, capsys):
    model, file = tmp_path / "model", tmp_path / "template.jinja"
    shutil.copytree(stored, model)
    (model / "model.safetensors").unlink()
    file.write_text(template)
    name = template if template == "llama3" else str(file)
    assert main([command, str(model), "--data", "starter", "--set", f"chat_template={name}"]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_run_is_cloned_with_chosen_settings(tmp_path, stored, capsys):
    run, out = tmp_path / "oracle", tmp_path / "start"
    assert rlef(["eval", "oracle", "--data", TINY[1].removeprefix("dataset="), "--out", str(run)]) == 0
    assert main(["sft", f"hf:{stored}", "--data", str(run), "--out", str(out), "--epochs", "1"]) == 0
    output = capsys.readouterr().out
    assert re.search(r"^context +\d+ +the longest conversation has \d+ tokens", output, re.MULTILINE)
    assert "cloning: step" in output
    assert AutoModelForCausalLM.from_pretrained(out).num_parameters() > 0


def test_a_model_larger_than_memory_is_refused_before_it_is_loaded(tmp_path, stored, capsys, monkeypatch):
    monkeypatch.setattr("rlef_agents.ppo.machine.free_memory", lambda: 1_000_000)
    command = ["train", str(stored), "--data", "starter", "--out", str(tmp_path / "run")]
    assert main([*command, "--plan"]) == 0
    assert "it does not fit: " in capsys.readouterr().out
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "memory: expected a run that fits" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_an_episode_is_shown_in_full(stored, capsys):
    assert main(["play", str(stored), "tiny", *TINY, "--episodes", "2"]) == 0
    output = capsys.readouterr().out
    assert "Read n and print n + c" in output
    for words in ("response 3: no program", "feedback", "solved 0 of 2 episodes"):
        assert words in output
    assert output.count("response ") == 3


def test_an_adapter_is_merged_by_export(tmp_path, stored, capsys):
    run, out = tmp_path / "run", tmp_path / "out"
    settings = [
        *("--set", f"model={stored}", "--set", f"out={run}", "--set", "updates=1", "--set", "episodes=2"),
        *("--set", "minibatches=1", "--set", "evaluate_every=0", "--set", "device=cpu", "--set", "lora_rank=2", *TINY),
    ]
    assert main(["train", "tiny", *settings, "--workers", "1", "--plain"]) == 0
    assert main(["export", str(run), str(out), "--dtype", "bfloat16"]) == 0
    assert AutoModelForCausalLM.from_pretrained(out).dtype is torch.bfloat16
    assert not (out / "adapter_config.json").exists()


@pytest.mark.parametrize("preset", ["small", "llama-3.1-8b"])
def test_a_dry_run_does_one_whole_update(preset, capsys):
    assert main(["train", preset, "--dry-run"]) == 0
    assert "one update, one evaluation and one checkpoint were done" in capsys.readouterr().out


def test_a_dry_run_of_a_folder_has_its_architecture_and_tokenizer(tmp_path, capsys):
    folder = tmp_path / "mine"
    _, tokenizer = shrunk("Qwen/Qwen3-4B")
    tokenizer.save_pretrained(folder)
    MistralConfig(vocab_size=len(tokenizer), hidden_size=96, num_hidden_layers=5).save_pretrained(folder)
    assert main(["train", "small", "--dry-run", "--set", f"model={folder}", "--set", "lora_rank=0"]) == 0
    output = capsys.readouterr().out
    assert "MistralForCausalLM with random weights" in output
    assert "deepmind/code_contests is on the Hugging Face hub and is not downloaded; procedural?count=20 repl" in output


def test_a_dry_run_reads_the_data_set_of_its_configuration(capsys):
    dataset = "procedural/hidden_step?short=true&steps=2&count=10"
    assert main(["train", "small", "--dry-run", "--set", f"dataset={dataset}"]) == 0
    assert f"problems of {dataset}" in capsys.readouterr().out
    for setting in ("dataset", "evaluate_dataset"):
        assert main(["train", "small", "--dry-run", "--set", f"{setting}=codecontests"]) == 2
        assert "got 'codecontests'" in capsys.readouterr().err


def test_ctrl_c_mentions_resume_only_for_training(monkeypatch, capsys, tmp_path):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rlef_agents.ppo.config_file.load_config", stopped)
    monkeypatch.chdir(tmp_path)
    assert main(["train", "tiny"]) == main(["play", "x", "tiny"]) == main(["eval", "x", "tiny"]) == 130
    lines = capsys.readouterr().err.splitlines()
    assert ["--resume" in line for line in lines] == [True, False, False]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "huge"], "expected one of tiny, small"),
        (["train", "hf:some/model"], "--data: expected the problems to train on"),
        (["play", "mistyped"], "if it is on the hub, write hf:mistyped"),
        (["eval", "./mistyped"], "'./mistyped', which does not exist; correct the path"),
        (["train", "tiny", "--set", "lr"], "expected key=value"),
        (
            ["train", "llama-3.1-8b", "--set", "evaluate_n_at_k=10@100"],
            "evaluate_samples: expected 33 or more",
        ),
        (["eval", "model", "tiny", "--n-at-k", "10@100", "--samples", "5"], "--samples: expected 33 or more episodes"),
        (["eval", "model", "tiny", "--top-p", "0"], "0 < top-p <= 1"),
        (["eval", "model", "tiny", "--resume"], "--resume: expected --out"),
        (["play", "model", "tiny", "--set", "chat_template=chinook"], "chat template: expected"),
        (["play", "model", "tiny", "--episodes", "0"], "--episodes: expected 1 or more, got 0"),
        (["train", "tiny", "--set", "rate=1"], "no setting 'rate'"),
        (["train", "tiny", "--set", "model=/no/such/model"], "expected a folder, a GGUF file"),
        (
            ["eval", "/no/such/model", "tiny"],
            "model: expected a folder, a GGUF file or a name on the Hugging Face hub, got '/no/such/model'",
        ),
        (
            ["play", "/no/such/model", "tiny"],
            "model: expected a folder, a GGUF file or a name on the Hugging Face hub, got '/no/such/model'",
        ),
        (["train", "tiny", "--set", "model=x", "--set", "device=cuda"], "device: expected 'auto' or 'cpu'"),
        (["train", "small", "--set", "dataset=no.jsonl"], "no.jsonl"),
        (["sft", "tiny", "--out", "x", "--lr", "1"], "expected no options except"),
        (["sft", "model", "--out", "x"], "--data: expected a file"),
        (["export", "/no/such/run", "x"], "expected a folder, a GGUF file or a name"),
    ],
)
def test_mistakes_are_one_line(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    output = capsys.readouterr().err
    assert words in output
    assert output.count("\n") <= 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "tiny", "--workers", "0"], "argument --workers: expected a whole number >= 1, got '0'"),
        (["train", "tiny", "--workers", "two"], "argument --workers: expected a whole number >= 1, got 'two'"),
        (["train", "tiny", "--minutes", "nan"], "argument --minutes: expected a number > 0, got 'nan'"),
        (["eval", "x", "tiny", "--limit", "-1"], "argument --limit: expected a whole number >= 0, got '-1'"),
        (["eval", "x", "tiny", "--temperature", "nan"], "--temperature: expected a number >= 0, got 'nan'"),
        (["play", "x", "tiny", "--temperature", "-1"], "--temperature: expected a number >= 0, got '-1'"),
    ],
)
def test_numbers_out_of_range_are_refused(arguments, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert words in capsys.readouterr().err
