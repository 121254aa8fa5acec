"""Signals: a run that gets SIGTERM or SIGUSR1 saves what it has and ends with exit code 0."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rlef_agents.ppo.checkpoint import checkpoints
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.tiny.shrunk import shrunk
from rlef_env.runs import RunFolder, read_records
from tests.agents.ppo.test_torchrun import SETTINGS

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import os, sys, time
from dataclasses import replace
import torch
from rlef_agents.ppo import parallel
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk
from tests.agents.ppo.test_trainer import CONFIG

torch.set_num_threads(1)
out, updates, where, resume = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] == "resume"
model, tokenizer = shrunk("llama")
config = replace(CONFIG, out=out, updates=updates, save_every=0, evaluate_every=0)

def hold(trainer):
    print("here", os.getpid(), flush=True)
    while not trainer.stopping.name:
        time.sleep(0.01)
    if where == "forever":
        print("and here", flush=True)
        while True:
            time.sleep(0.01)

def patched(trainer, owner, name):
    real = getattr(owner, name)
    def call(*arguments):
        wanted = where == "anywhere" or where == f"rank{parallel.rank()}" or "rank" not in where
        if trainer.learner.version == 1 and not trainer.stopping.name and wanted:
            hold(trainer)
        return real(*arguments)
    setattr(owner, name, call)

with Trainer(config, model, tokenizer, workers=1, resume=resume, live=False) as trainer:
    if where == "update":
        patched(trainer, trainer.learner, "update")
    elif where != "nowhere":
        patched(trainer, trainer.rollout.generator, "poll")
    trainer.train()
parallel.leave()
"""


def started(*arguments: object, processes: int = 1) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", SCRIPT]
    if processes > 1:
        script = Path(str(arguments[0])).with_suffix(".py")
        script.write_text(SCRIPT)
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
        command = [sys.executable, *launcher, str(script)]
    return subprocess.Popen(
        [*command, *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def wait_for(process: subprocess.Popen[str], word: str) -> str:
    """Read lines until one begins with a word; return it."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if line.startswith(word):
            return line
    raise AssertionError(f"no line begins with {word!r}:\n{''.join(seen)}")


@pytest.mark.parametrize(
    ("number", "where", "update"),
    [(signal.SIGUSR1, "rollout", 1), (signal.SIGTERM, "update", 2)],
)
def test_a_signal_saves_a_checkpoint_and_ends_with_0(
    number: signal.Signals, where: str, update: int, tmp_path: Path
) -> None:
    """In a rollout the episodes are dropped; an update is finished first."""
    out = tmp_path / "run"
    with started(out, 1000, where, "new") as process:
        wait_for(process, "here")
        process.send_signal(number)
        said, _ = process.communicate(timeout=280)
    assert process.returncode == 0, said
    assert f"stopped by {number.name} after {update} updates; resume from {out}" in said
    assert [path.name for path in checkpoints(out / "checkpoints")] == [f"update-{update:08d}"]
    assert [row["update"] for row in read_metrics(out / "metrics.jsonl")] == list(range(1, update + 1))
    with started(out, update + 1, "nowhere", "resume") as process:
        said, _ = process.communicate(timeout=280)
    assert process.returncode == 0, said
    kept = Counter(record.key.step for record in read_records(RunFolder.open(out)))
    assert kept == dict.fromkeys(range(update + 1), 4)


def test_a_second_signal_ends_a_run_that_does_not_stop(tmp_path: Path) -> None:
    with started(tmp_path / "run", 1000, "forever", "new") as process:
        wait_for(process, "here")
        process.terminate()
        wait_for(process, "and here")
        process.terminate()
        process.communicate(timeout=280)
    assert process.returncode == -signal.SIGTERM


def test_the_command_ends_with_0_before_anything_was_trained(tmp_path: Path) -> None:
    model, tokenizer = shrunk("qwen")
    for each in (model, tokenizer):
        each.save_pretrained(tmp_path / "model")
    changes = {**SETTINGS, "model": tmp_path / "model", "out": tmp_path / "run", "updates": 1000, "episodes": 2000}
    settings = [part for name, value in changes.items() for part in ("--set", f"{name}={value}")]
    path = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, "-m", "rlef_agents.cli", "train", "tiny", *settings, "--plain", "--workers", "1"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    ) as process:  # fmt: skip
        wait_for(process, "evaluated after 0 updates")
        process.terminate()
        said, _ = process.communicate(timeout=280)
    assert process.returncode == 0, said
    assert "stopped by SIGTERM after 0 updates; there is no checkpoint yet" in said


@pytest.mark.slow
@pytest.mark.parametrize("where", ["anywhere", "rank1"])
def test_processes_agree_to_stop(where: str, tmp_path: Path) -> None:
    """torchrun passes SIGTERM on to all processes; a signal to one of them stops all, too."""
    out = tmp_path / "run"
    with started(out, 1000, where, "new", processes=2) as process:
        lines = [wait_for(process, "here") for _ in range(2 if where == "anywhere" else 1)]
        if where == "anywhere":
            process.terminate()
        else:
            os.kill(int(lines[0].split()[1]), signal.SIGUSR1)
        said, _ = process.communicate(timeout=280)
    assert [path.name for path in checkpoints(out / "checkpoints")] == ["update-00000001"], said
    if where == "rank1":  # after its own SIGTERM torchrun itself reports an error
        assert process.returncode == 0, said
        assert "stopped by a signal to another process after 1 updates" in said
