"""What a frozen policy is told about its wrong programs, in place of the environment's own feedback.

Where it wrote several, the messages about all of them are changed: the first one alone may tell everything.
Each intervention makes one feedback message in the wording of the environment, from real judgements. Comparing what the
policy does next under each shows whether it reads: see ``INTERVENTIONS`` for what a policy that reads does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Literal

from rlef_env.envs import feedback_text
from rlef_env.judge import Judgement, Verdict
from rlef_env.problems import Problem, Test

__all__ = [
    "INTERVENTIONS",
    "RAISES",
    "Intervention",
    "Mode",
    "Told",
    "exception",
    "failed_tests",
    "failed_with",
    "try_again",
    "unrelated_number",
    "verdict_only",
]

Mode = Literal["public", "first"]
"""Which failing public tests the feedback shows, as ``feedback=`` of ``CodeEnv``: all, or the first one."""

RAISES: Final = "raise NotImplementedError()\n"
"""Program whose judgement is shown by ``exception``."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """A way to change the feedback.

    Attributes:
        name: name in results.
        shows: what the policy is shown.
        reader: what a policy that reads the feedback does next.
    """

    name: str
    shows: str
    reader: str


INTERVENTIONS: Final = (
    Intervention(
        "true",
        "the environment's own feedback",
        "is right, as far as the feedback determines the secret",
    ),
    Intervention(
        "counterfactual",
        "what the environment would say of the same programs if another secret held",
        "follows: writes the program of that other secret, so it is not right",
    ),
    Intervention(
        "other_problem",
        "the feedback that another problem gave to its own wrong programs",
        "follows: writes the program of the other problem's secret, so it is not right; it may also notice that the "
        "shown input or output is not its program's, and guess",
    ),
    Intervention(
        "unrelated_number",
        "its own feedback, with a number in place of the expected output that no secret explains",
        "cannot be right but by a guess; a policy that copies a part of the number follows that part, and none of the "
        "listed programs prints the whole",
    ),
    Intervention(
        "try_again",
        "nothing but the invitation to try again",
        "guesses one of the secrets that it has not tried",
    ),
    Intervention(
        "verdict_only",
        "which tests gave a wrong answer, without input, expected output or printed output",
        "guesses one of the secrets that it has not tried",
    ),
    Intervention(
        "exception",
        "the input, and the trace of an exception in place of the outputs",
        "guesses one of the secrets that it has not tried; where the input shows the secret (format_from_trace), it is "
        "right",
    ),
)
"""All interventions, in the order of tables."""


@dataclass(frozen=True, slots=True)
class Told:
    """A feedback message.

    Attributes:
        text: the message.
        described: the problem that the message describes: a program that solves it has followed the message. None
            where the message describes none.
        tests: places of the public tests of that problem which the message shows as failing.
        before: the messages about the programs before, as the intervention changes them.
    """

    text: str
    described: Problem | None = None
    tests: tuple[int, ...] = ()
    before: tuple[str, ...] = ()


def failed_tests(judgement: Judgement, mode: Mode = "public") -> tuple[int, ...]:
    """Return the places of the failing public tests that feedback shows; empty where none failed for certain."""
    undecided = (Verdict.ACCEPTED, Verdict.NO_VERDICT)
    failing = tuple(
        result.index for result in judgement.results if result.role == "public" and result.verdict not in undecided
    )
    return failing[:1] if mode == "first" else failing


def failed_with(problem: Problem, judgement: Judgement, mode: Mode = "public") -> Told:
    """Return the environment's feedback for a program that failed a public test of a problem.

    With the policy's own problem this is the true feedback; with its problem under another secret, and the judgement of
    the same program there, it is the counterfactual; with another problem and its wrong program, that one's.

    Args:
        problem: the problem that the program was judged on.
        judgement: the program's judgement.
        mode: which failures are shown.

    Raises:
        ValueError: no public test failed, so the environment gives no feedback.
    """
    failing = failed_tests(judgement, mode)
    if not failing:
        raise ValueError(f"{problem.id}: expected a judgement with a failed public test, got {judgement.verdict.value}")
    return Told(_text(problem, judgement, mode), problem, failing)


def unrelated_number(
    problem: Problem, judgement: Judgement, others: Sequence[Problem], random: Random, mode: Mode = "public"
) -> Told | None:
    """Return the true feedback with a number in place of each expected output.

    The number has as many digits as the output where there is such a number, and is neither what the program printed
    nor the output of the problem under any secret.

    Args:
        problem: the policy's problem.
        judgement: the judgement of its wrong program.
        others: the problem under each other secret.
        random: draws the numbers.
        mode: which failures are shown.

    Returns:
        The message, which describes a problem that has no tests but the public ones: a program that prints the number
        follows it. None where no expected output is shown, because the program failed in another way.
    """
    wrong = [
        result for result in judgement.results if result.role == "public" and result.verdict is Verdict.WRONG_ANSWER
    ]
    if not {result.index for result in wrong} & set(failed_tests(judgement, mode)):
        return None
    tests = list(problem.public_tests)
    for result in wrong:
        test = tests[result.index]
        excluded = {result.stdout.strip()} | {
            each.output.strip()
            for other in (problem, *others)
            for each in other.public_tests
            if each.input == test.input
        }
        tests[result.index] = Test(test.input, f"{_number(len(test.output.strip()), excluded, random)}\n")
    changed = replace(problem, public_tests=tuple(tests), private_tests=(), generated_tests=())
    return failed_with(changed, judgement, mode)


def try_again() -> Told:
    """Return the invitation to try again alone, as in the paper's ablation without feedback."""
    return Told(feedback_text(Judgement(Verdict.WRONG_ANSWER), Problem("", ""), feedback="none"))


def verdict_only(problem: Problem, judgement: Judgement, mode: Mode = "public") -> Told:
    """Return which public tests failed and how, without their content."""
    shown = 1 if mode == "first" else None
    return Told(feedback_text(judgement, problem, feedback="verdict", max_failures=shown))


def exception(problem: Problem, raised: Judgement, mode: Mode = "public") -> Told:
    """Return the feedback for a program that raises an exception.

    Args:
        problem: the policy's problem.
        raised: the judgement of ``RAISES`` on it.
        mode: which failures are shown.
    """
    return Told(_text(problem, raised, mode))


def _text(problem: Problem, judgement: Judgement, mode: Mode) -> str:
    return feedback_text(judgement, problem, feedback=mode, max_failures=1 if mode == "first" else None)


def _number(digits: int, excluded: set[str], random: Random) -> int:
    """Draw a number of so many digits, or of more where all of them are excluded."""
    low = 10 ** (digits - 1)
    free = range(low, 10 * low) if digits > 3 else [n for n in range(low, 10 * low) if str(n) not in excluded]
    if not free:
        return _number(digits + 1, excluded, random)
    while str(number := random.choice(free)) in excluded:
        pass
    return number
