"""What the small model is cloned from before it learns by itself: right programs, and repairs, half of them guesses.

In 60 % of the conversations an example in the statement tells the secret, and the program is right. In the others
nothing tells it: the first program is a guess, and half of the repairs after a failing test are right, the others
guesses again. Cloning is stopped long before it is done (``start``): the clone writes valid programs, but hardly ever
repairs; that is left to reinforcement learning.

Feedback is worded by the environment's own functions. No conversation is about an input that a public test of the
validation or test problems has, so that what is measured there was never cloned.
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
"""What is trained and measured on: no statement tells the secret, a failing test does.

The program wanted prints 10 * n + c, so what is expected ends with the secret: to repair is to find and copy it. To
subtract n, with ``scale=1``, is out of reach of so small a model in minutes, but for numbers that it has seen."""

STEPS: Final = 8
SCALE: Final = 10
TOLD: Final = 0.6
RIGHT: Final = 0.5  # were all right, cloning would have taught to repair before it has taught to write programs

Chat: TypeAlias = list[dict[str, str]]


def conversations(count: int, seed: int = 0) -> list[Chat]:
    """Make conversations that end with an assistant's turn.

    Args:
        count: how many.
        seed: of what is drawn.
    """
    random = np.random.default_rng((seed, 1))
    told = load_dataset(DATASET.replace("count=1000", "example=true&count=5000"), split="train")
    hidden = load_dataset(DATASET, split="train")
    held_out = {
        test.input
        for split in ("valid", "test")
        for problem in load_dataset(DATASET, split=split)
        for test in problem.public_tests
    }
    examples = [problem for problem in told if problem.public_tests[0].input not in held_out]
    return list(_conversations(count, random, examples, hidden))


def _conversations(count: int, random: np.random.Generator, examples: list[Problem], hidden: Dataset) -> Iterator[Chat]:
    for _ in range(count):
        if random.random() < TOLD:
            problem = examples[int(random.integers(len(examples)))]
            yield [*_asked(problem), _said(secret_of(problem))]
        else:
            yield _blind(hidden[int(random.integers(len(hidden)))], random)


def _blind(problem: Problem, random: np.random.Generator) -> Chat:
    secret, guess = secret_of(problem), int(random.integers(1, STEPS + 1))
    if guess == secret:
        return [*_asked(problem), _said(guess)]
    answer = secret if random.random() < RIGHT else int(random.integers(1, STEPS + 1))
    return [*repair(problem, guess)[:-1], _said(answer)]


def repair(problem: Problem, guess: int) -> Chat:
    """A wrong program, what is said to it, and the right one."""
    told = {"role": "user", "content": feedback(problem, guess)}
    return [*_asked(problem), _said(guess), told, _said(secret_of(problem))]


def secret_of(problem: Problem) -> int:
    """What a problem of this family wants added."""
    test = problem.public_tests[0]
    return int(test.output) - SCALE * int(test.input)


def feedback(problem: Problem, guess: int) -> str:
    """What the environment says to a program that adds the wrong number."""
    printed = f"{SCALE * int(problem.public_tests[0].input) + guess}\n"
    result = TestResult("public", 0, Verdict.WRONG_ANSWER, stdout=printed)
    return feedback_text(Judgement(Verdict.WRONG_ANSWER, (result,), 1), problem)


def _asked(problem: Problem) -> Chat:
    return [{"role": "user", "content": prompt_text(problem.statement)}]


def _said(step: int) -> dict[str, str]:
    return {"role": "assistant", "content": f"```python\nn = int(input())\nprint({SCALE} * n + {step})\n```"}
