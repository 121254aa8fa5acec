"""Run TRL's GRPO, with our judge as its reward function, as the other side of the comparison of whole steps.

This is a separate program, run in the repository's root by an interpreter that has TRL and the dependencies of
``rlef_env``: ``python -m benchmarks.training.trl_steps WORKLOAD SETTINGS`` (see ``step``). Like ``our_steps``, it does
one update per input line and answers with its cost. SETTINGS are changes of TRL's own settings.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, TaskType
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from benchmarks.training.cpu_account import CPUAccount, answer_stream, send_answer
from rlef_env.envs import extract_program
from rlef_env.judge import CachedPool, JudgeJob, JudgePool, Verdict, VerdictCache
from rlef_env.problems import load_dataset
from rlef_env.sandbox import Program


def main() -> None:
    stream = answer_stream()
    torch.set_num_threads(1)
    work: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    settings: dict[str, Any] = json.loads(sys.argv[2])
    account, problems = CPUAccount(), load_dataset(work["dataset"], split="train")
    steps = settings.pop("optimiser_steps")
    pool, folder = CachedPool(JudgePool(work["workers"]), VerdictCache()), tempfile.TemporaryDirectory()

    def rewards(completions: list[Any], completion_ids: list[list[int]], problem: list[str], **_: Any) -> list[Any]:
        judged = []
        for messages, name in zip(completions, problem, strict=True):
            program = extract_program(messages[0]["content"])
            judged.append(program and pool.submit(JudgeJob(problems.get(name), Program(program))))
        verdicts = [each and each.result().verdict for each in judged]
        account.lengths += [len(ids) for ids in completion_ids]
        account.without_verdict += sum(verdict is Verdict.NO_VERDICT for verdict in verdicts)
        account.solved += [verdict is Verdict.ACCEPTED for verdict in verdicts]
        return [None if each is Verdict.NO_VERDICT else 2.0 * (each is Verdict.ACCEPTED) - 1.0 for each in verdicts]

    class Accounted(GRPOTrainer):  # type: ignore[misc, no-any-unimported, unused-ignore]
        def _generate(self, prompts: Any) -> Any:
            with account.phase("rollout"):
                return super()._generate(prompts)

        def _calculate_rewards(self, *arguments: Any) -> Any:
            with account.phase("judge"):
                return super()._calculate_rewards(*arguments)

    class Steps(TrainerCallback):  # type: ignore[misc, no-any-unimported, unused-ignore]
        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            del args, control
            if state.global_step % steps == 0:
                if state.global_step:
                    send_answer(stream, account.report())
                else:
                    first = trainer.processing_class.apply_chat_template(
                        trainer.train_dataset[0]["prompt"], add_generation_prompt=True, return_dict=False
                    )
                    send_answer(stream, {"first_prompt": first})
                account.restart()

    rows = [
        {"prompt": [{"role": "user", "content": each["text"]}], "problem": each["problem"]} for each in work["prompts"]
    ]
    config = GRPOConfig(
        **{
            "output_dir": folder.name, "use_cpu": True, "bf16": False, "gradient_checkpointing": False,
            "num_generations": work["samples"], "max_completion_length": work["max_new"], "beta": 0.0,
            "learning_rate": work["lr"], "lr_scheduler_type": "constant", "weight_decay": 0.0, "max_grad_norm": 1.0,
            "shuffle_dataset": False, "max_steps": 1_000_000, "seed": work["seed"], "report_to": "none",
            "logging_strategy": "no", "save_strategy": "no", "disable_tqdm": True, "temperature": 1.0, "top_k": 0,
            "top_p": 1.0,
        }
        | settings
    )  # fmt: skip
    adapters = None
    if work["lora_rank"]:  # as in ``rlef_agents.ppo.lora.add_lora``
        adapters = LoraConfig(
            r=work["lora_rank"], lora_alpha=work["lora_alpha"], lora_dropout=0.0, target_modules="all-linear",
            task_type=TaskType.CAUSAL_LM,
        )  # fmt: skip
    trainer = Accounted(
        model=AutoModelForCausalLM.from_pretrained(work["start"], dtype=torch.float32),
        reward_funcs=rewards,
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(work["start"]),
        callbacks=[Steps()],
        peft_config=adapters,
    )
    with folder, pool:
        trainer.train()


if __name__ == "__main__":
    main()
