"""Conversations that the small model is cloned from before reinforcement learning: programs and repairs.

In 60 % of the conversations an example in the statement reveals the secret, and the program is right. In the others the
secret is hidden: the first program is a guess; after a failing test, half of the repairs are right and the others are
guesses again. Cloning stops early (``start``): the cloned model writes valid programs but rarely repairs them. Learning
to repair is left to reinforcement learning.

The environment's own functions write the feedback. No conversation uses an input of a public test of the validation or
test problems, so that evaluation inputs are never cloned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np

from rlef_env.envs import feedback_text, prompt_text
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.problems import Dataset, Problem, load_dataset

__all__ = ["DATASET", "STEPS", "Chat", "conversations", "repair", "secret_of"]

DATASET: Final = "procedural/hidden_step?short=true&steps=8&scale=10&digits=3&count=1000"
"""Data set for training and evaluation: no statement reveals the secret, but a failing test does.

The right program prints 10 * n + c, so the expected output ends with the secret, and a repair has to find and copy it.
With ``scale=1`` it would have to subtract n, which so small a model cannot learn in minutes, except for numbers that it
has seen."""

STEPS: Final = 8
SCALE: Final = 10
REVEALED_SHARE: Final = 0.6
RIGHT_REPAIR_SHARE: Final = 0.5  # with 1.0, cloning would teach repairing before it teaches writing programs

Chat: TypeAlias = list[dict[str, str]]


def conversations(count: int, seed: int = 0) -> list[Chat]:
    """Create conversations that end with an assistant's turn.

    Args:
        count: number of conversations.
        seed: seed of the random draws.
    """
    random = np.random.default_rng((seed, 1))
    revealed = load_dataset(DATASET.replace("count=1000", "example=true&count=5000"), split="train")
    hidden = load_dataset(DATASET, split="train")
    held_out = {
        test.input
        for split in ("valid", "test")
        for problem in load_dataset(DATASET, split=split)
        for test in problem.public_tests
    }
    examples = [problem for problem in revealed if problem.public_tests[0].input not in held_out]
    return list(_conversations(count, random, examples, hidden))


def _conversations(count: int, random: np.random.Generator, examples: list[Problem], hidden: Dataset) -> Iterator[Chat]:
    for _ in range(count):
        if random.random() < REVEALED_SHARE:
            problem = examples[int(random.integers(len(examples)))]
            yield [_prompt(problem), _program(secret_of(problem))]
        else:
            yield _guessed(hidden[int(random.integers(len(hidden)))], random)


def _guessed(problem: Problem, random: np.random.Generator) -> Chat:
    secret, guess = secret_of(problem), int(random.integers(1, STEPS + 1))
    if guess == secret:
        return [_prompt(problem), _program(guess)]
    answer = secret if random.random() < RIGHT_REPAIR_SHARE else int(random.integers(1, STEPS + 1))
    return [*repair(problem, guess)[:-1], _program(answer)]


def repair(problem: Problem, guess: int) -> Chat:
    """Return a conversation of a wrong program, its feedback, and the right program."""
    reply = {"role": "user", "content": feedback(problem, guess)}
    return [_prompt(problem), _program(guess), reply, _program(secret_of(problem))]


def secret_of(problem: Problem) -> int:
    """Return the number that the right program adds."""
    test = problem.public_tests[0]
    return int(test.output) - SCALE * int(test.input)


def feedback(problem: Problem, guess: int) -> str:
    """Return the environment's feedback to a program that adds the wrong number."""
    printed = f"{SCALE * int(problem.public_tests[0].input) + guess}\n"
    result = TestResult("public", 0, Verdict.WRONG_ANSWER, stdout=printed)
    return feedback_text(Judgement(Verdict.WRONG_ANSWER, (result,), 1), problem)


def _prompt(problem: Problem) -> dict[str, str]:
    return {"role": "user", "content": prompt_text(problem.statement)}


def _program(step: int) -> dict[str, str]:
    return {"role": "assistant", "content": f"```python\nn = int(input())\nprint({SCALE} * n + {step})\n```"}
