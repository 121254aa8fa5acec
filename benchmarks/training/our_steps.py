"""Run our trainer as one side of the comparison of whole steps.

This is a separate program: ``python -m benchmarks.training.our_steps WORKLOAD SETTINGS`` (see ``step``). For each input
line it does one update and answers with its cost: a batch of responses sampled and judged, and its optimiser steps.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.training.cpu_account import CPUAccount, answer_stream, send_answer
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.rollout import Batch, Plan
from rlef_agents.ppo.trainer import Trainer


def main() -> None:
    stream = answer_stream()
    torch.set_num_threads(1)
    work: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    settings: dict[str, Any] = json.loads(sys.argv[2])
    model = AutoModelForCausalLM.from_pretrained(work["start"], dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(work["start"])
    context = min(2048, model.config.max_position_embeddings)
    folder = tempfile.TemporaryDirectory()
    config = TrainConfig(
        **{
            "dataset": work["dataset"], "turns": 1, "estimator": "group", "beta": 0.0, "context": context,
            "lora_rank": work["lora_rank"], "lora_alpha": work["lora_alpha"],
            "episodes": work["episodes"], "samples_per_problem": work["samples"],
            "max_new": work["max_new"], "lr": work["lr"], "warmup": 0, "weight_decay": 0.0, "updates": 1_000_000,
            "save_every": 0, "evaluate_every": 0, "seed": work["seed"], "out": folder.name,
        }
        | settings
    )  # fmt: skip
    account = CPUAccount()
    with folder, Trainer(config, model, tokenizer, workers=work["workers"], quiet=True) as trainer:
        play = trainer.rollout.play

        def accounted(wanted: Plan) -> Batch:
            with account.phase("rollout"):
                batch = play(wanted)
            account.lengths += [len(turn.completion.ids) for episode in batch.tokens for turn in episode.turns]
            account.without_verdict += sum(not episode.has_verdict for episode in batch.tokens)
            account.solved += [episode.solved for episode in batch.tokens]
            return batch

        def after() -> bool:
            send_answer(stream, account.report())
            account.restart()
            return False

        trainer.rollout.play = accounted  # type: ignore[method-assign]
        learner: Any = trainer.learner
        learner.model.forward = account.timed("forward", learner.model.forward)
        torch.Tensor.backward = account.timed("backward", torch.Tensor.backward)  # type: ignore[method-assign]
        learner._sum_and_clip_gradients = account.timed("optimiser", learner._sum_and_clip_gradients)
        learner._take_step = account.timed("optimiser", learner._take_step)
        drawn = trainer.rollout.renderer.first(work["prompts"][0]["text"]).tolist()
        send_answer(stream, {"first_prompt": drawn})
        account.restart()
        trainer.train(after)


if __name__ == "__main__":
    main()
