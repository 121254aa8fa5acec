"""Create an initial model whose responses have a long tail of lengths and contain programs that run.

A model with random weights samples noise, which the judge never has to run. So the small model is cloned for a minute
from programs that solve one problem in eight and have a log-normal number of lines without effect. Both sides of a
comparison sample from this model; the lengths are measured, not assumed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.sft import sft
from rlef_agents.ppo.sft_config import SftConfig
from rlef_agents.tiny import DATASET, make_model, make_tokenizer
from rlef_env.envs import prompt_text
from rlef_env.problems import load_dataset

__all__ = ["DATASET", "SHAPES", "lengths_in_words", "make_long_tailed"]

SHAPES = {"0.4 M parameters": (96, 3), "6 M parameters": (288, 6)}
"""Width and layers of the models that are compared."""

CLONED = 1600
LINES, SPREAD, MAX_LINES = 1.6, 1.1, 60  # log-normal number of lines: mean and deviation of its logarithm; maximum
CLONING = SftConfig(epochs=1, batch=16, lr=2e-3, warmup=10, context=1024)
STEPS = 8  # number of secrets


def make_long_tailed(folder: Path, size: str) -> Path:
    """Clone a model and save it with its tokenizer; an existing model is returned unchanged.

    Args:
        folder: folder for the model; ``from_pretrained`` reads it.
        size: one of ``SHAPES``.
    """
    if (folder / "config.json").exists():
        return folder
    chats = _chats(np.random.default_rng(0))
    tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
    width, layers = SHAPES[size]
    model = sft(make_model(tokenizer, width, layers), Renderer(tokenizer), chats, CLONING)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def lengths_in_words(lengths: list[int]) -> str:
    """Describe lengths by mean, quartiles and tail."""
    low, middle, high, most = np.percentile(lengths, (25, 50, 75, 95))
    return (
        f"mean {np.mean(lengths):.1f}, quartiles {low:.0f} / {middle:.0f} / {high:.0f}, 95 % below {most:.0f}, "
        f"longest {max(lengths)} ({len(lengths)} responses)"
    )


def _chats(random: np.random.Generator) -> list[list[dict[str, str]]]:
    problems = load_dataset(DATASET, split="train")
    chats = []
    for _ in range(CLONED):
        problem = problems[int(random.integers(len(problems)))]
        idle = min(int(random.lognormal(LINES, SPREAD)), MAX_LINES)
        lines = [f"{random.choice(list('abc'))} = {random.integers(100)}" for _ in range(idle)]
        program = "\n".join(["n = int(input())", *lines, f"print(n + {random.integers(1, STEPS + 1)})"])
        chats.append(
            [
                {"role": "user", "content": prompt_text(problem.statement)},
                {"role": "assistant", "content": f"```python\n{program}\n```"},
            ]
        )
    return chats
