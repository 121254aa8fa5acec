"""Sizes of a training set in a model's own tokens, from a sample of its problems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from rlef_env.envs import feedback_text, prompt_text
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.problems import Dataset, Problem

__all__ = ["Task", "measure_task"]

SAMPLED: Final = 200
"""Problems whose texts are counted, evenly spaced."""

TRACE: Final = 160
"""Tokens by which feedback may be longer than after a wrong answer: a stack trace of 512 characters."""


@dataclass(frozen=True, slots=True)
class Task:
    """Sizes of a training set.

    Attributes:
        problems: number of problems.
        prompt: tokens of the longest prompt, with what the chat template adds.
        program: tokens of the longest stored right program, of each problem the shortest; 0 where none is stored.
        feedback: tokens of the longest feedback.
    """

    problems: int
    prompt: int
    program: int
    feedback: int


def measure_task(problems: Dataset, renderer: Any, prompt_cap: int = 2048, feedback_cap: int = 1024) -> Task:
    """Measure a sample of the problems.

    Args:
        problems: the training set.
        renderer: ``Renderer`` of the model.
        prompt_cap: tokens to which the environment cuts a prompt.
        feedback_cap: tokens to which the environment cuts feedback.
    """
    count = min(len(problems), SAMPLED)
    prompts, programs, replies = [1], [0], [0]
    for place in range(count):
        problem = problems[place * len(problems) // count]
        prompts.append(len(renderer.first(prompt_text(problem.statement))))
        right = [len(renderer.data(each.source)) for each in problem.solutions if each.language == "python"]
        programs.append(min(right, default=0))
        replies.append(len(renderer.data(wrong_answer(problem))))
    template = len(renderer.first(""))
    return Task(
        problems=len(problems),
        prompt=min(max(prompts), prompt_cap + template),
        program=max(programs),
        feedback=min(max(replies) + TRACE, feedback_cap) + template,
    )


def wrong_answer(problem: Problem) -> str:
    """Return feedback as long as after a wrong answer: an output as long as the expected one."""
    tests = problem.public_tests
    if not tests:
        return ""
    result = TestResult("public", 0, Verdict.WRONG_ANSWER, stdout=tests[0].output)
    return feedback_text(Judgement(Verdict.WRONG_ANSWER, (result,), 1), problem)
