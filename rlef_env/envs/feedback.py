"""Observations as text: the first prompt and the execution feedback, cut to a length.

The judgement holds which tests failed and how. This module makes text of it, with the wording of ``prompts.py``.

The paper states no lengths. The caps follow the same lab's later release: 2,048 tokens for the prompt (cut on the
left), 1,024 for a feedback message (cut on the right), 512 characters for a stack trace (its first and last lines are
kept) and for any other item; ``[...]`` marks a cut. Two things differ, so that a message keeps its form: input,
expected output and observed output are cut one by one; and the report is cut instead of the invitation to try again,
which names the format of an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sized
from typing import Final, Protocol

from rlef_env.envs import prompts
from rlef_env.episodes.settings import ActionProtocol, Feedback, shown_roles
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.judge.judgement import UNDECIDED
from rlef_env.problems import Problem, Test

__all__ = [
    "CHARACTERS_PER_TOKEN",
    "ITEM_CAP",
    "MARK",
    "Tokenizer",
    "cut_item",
    "cut_trace",
    "feedback_text",
    "prompt_text",
    "retry_tokens",
    "token_count",
]

CHARACTERS_PER_TOKEN: Final = 4
"""Characters that count as one token if there is no tokenizer (a usual rule of thumb for English and code)."""

ITEM_CAP: Final = 512
"""Characters kept of one input, output or stack trace."""

MARK: Final = "[...]"
"""Marks where text was cut."""

IN_THREAD: Final = re.compile("^Exception in thread ", re.MULTILINE)
"""Python and Java print this if an exception ends a thread that is not the main one; the program still exits with 0."""

SPARE: Final = 8
"""Tokens by which a cut text may be shorter than its cap, if a tokenizer counts."""


class Tokenizer(Protocol):
    """Any object that turns text into tokens, such as a tokenizer of ``transformers`` or ``tokenizers``."""

    def encode(self, text: str, /) -> Sized:
        """Return the tokens of a text. Only their number is used."""


def prompt_text(
    statement: str,
    *,
    cap: int | None = None,
    tokenizer: Tokenizer | None = None,
    protocol: ActionProtocol = "chat",
) -> str:
    """Return the first prompt, cut on the left to at most ``cap`` tokens (None: not cut)."""
    prompt = prompts.initial_prompt(statement, protocol)
    return _capped(len(prompt), lambda kept: MARK + prompt[len(prompt) - kept :], prompt, cap, tokenizer)


def feedback_text(
    judgement: Judgement,
    problem: Problem,
    *,
    feedback: Feedback = "public",
    retry: bool = True,
    max_failures: int | None = None,
    cap: int | None = None,
    item_cap: int | None = ITEM_CAP,
    tokenizer: Tokenizer | None = None,
    protocol: ActionProtocol = "chat",
) -> str:
    """Return the feedback on a response.

    Args:
        judgement: the response's judgement. Results of roles that ``feedback`` hides are left out.
        problem: the problem whose tests were judged.
        feedback: ``"public"`` reports failing public tests, ``"first"`` the same (the caller limits
            ``max_failures``), ``"private"`` failing tests of any role, ``"random"`` the same as ``"public"`` (the
            caller passes another program's judgement), ``"verdict"`` only the numbers of failing public tests and how
            they failed, ``"none"`` reports nothing.
        retry: whether to end with the invitation to try again. False for the last response of an episode.
        max_failures: maximum number of failing tests to list, the first ones; None for all.
        cap: maximum length in tokens; the report is cut on the right, the invitation never. None: not cut.
        item_cap: characters kept of one input, output or stack trace. None: not cut, though the judge itself keeps
            no more than 4,096 characters of a failing test's output and of its errors.
        tokenizer: counts tokens; None counts four characters as one.
        protocol: as in ``CodeEnv``.

    Returns:
        The message. It is empty if there is neither a failure to report nor ``retry``.
    """
    report = "" if feedback == "none" else _report(judgement, problem, feedback, max_failures, item_cap)
    ending = prompts.retry(protocol) if retry else ""
    if not report:
        return ending
    # An empty line follows a list of bullets, but not the sentence about missing code.
    gap = ("\n" if judgement.verdict is Verdict.NO_PROGRAM else "\n\n") if retry else ""
    whole = report + gap + ending
    return _capped(len(report), lambda kept: report[:kept] + MARK + gap + ending, whole, cap, tokenizer)


def token_count(text: str, tokenizer: Tokenizer | None = None) -> int:
    """Return a text's length in tokens, including special tokens if the tokenizer adds them."""
    if tokenizer is not None:
        return len(tokenizer.encode(text))
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def retry_tokens(tokenizer: Tokenizer | None = None) -> int:
    """Return the length in tokens of the part that is never cut: the smallest cap that is accepted."""
    return token_count(f"{MARK}\n\n{prompts.RETRY}", tokenizer)


def _report(
    judgement: Judgement, problem: Problem, feedback: Feedback, max_failures: int | None, cap: int | None
) -> str:
    """Return the header and bullets, the sentence about missing code, or an empty text if no test failed."""
    if judgement.verdict is Verdict.NO_PROGRAM:
        return prompts.NO_PROGRAM
    roles = shown_roles(feedback)
    failing = [result for result in judgement.results if result.verdict not in UNDECIDED and result.role in roles]
    if not failing:
        return ""
    if feedback == "verdict":
        bullets = [prompts.verdict_only(result.index + 1, _HOW[result.verdict]) for result in failing[:max_failures]]
        return prompts.FEEDBACK_HEADER + "\n".join(bullets)
    tests = {role: getattr(problem, f"{role}_tests") for role in roles}
    is_function = problem.function is not None
    bullets = [_bullet(each, tests[each.role][each.index], cap, is_function) for each in failing[:max_failures]]
    return prompts.FEEDBACK_HEADER + "\n".join(bullets)


_HOW: Final = {
    Verdict.WRONG_ANSWER: "Wrong answer.",
    Verdict.RUNTIME_ERROR: "Runtime error.",
    Verdict.TIME_LIMIT: "Execution took too long.",
    Verdict.MEMORY_LIMIT: "Out of memory.",
    Verdict.OUTPUT_LIMIT: "Too much output.",
    Verdict.COMPILE_ERROR: "Compile error.",
    Verdict.SECURITY_VIOLATION: "Forbidden operation.",
}
"""How a test failed, where nothing else is shown."""


def _bullet(result: TestResult, test: Test, cap: int | None, is_function: bool) -> str:
    """Return the bullet of one failing test; ``is_function``: the problem asks for a function."""
    shown_input = cut_item(test.input, cap)
    match result.verdict:
        case Verdict.WRONG_ANSWER if not test.output and is_function:  # the test is code
            if result.category in (None, "AssertionError"):
                return prompts.assertion(shown_input, cut_item(result.stdout, cap))
            return prompts.exception(shown_input, _stack_trace(result, cap))
        case Verdict.WRONG_ANSWER if IN_THREAD.search(result.stderr):
            return prompts.exception(shown_input, _stack_trace(result, cap))
        case Verdict.WRONG_ANSWER:
            return prompts.wrong_answer(shown_input, cut_item(test.output, cap), cut_item(result.stdout, cap))
        case Verdict.TIME_LIMIT:
            return prompts.time_limit(shown_input)
        case Verdict.MEMORY_LIMIT:
            return prompts.memory_limit(shown_input)
        case Verdict.OUTPUT_LIMIT:
            return prompts.output_limit(shown_input)
        case Verdict.SECURITY_VIOLATION:
            return prompts.security_violation(shown_input)
        case _:  # an exception, or a compile error, whose trace is the compiler's message
            return prompts.exception(shown_input, _stack_trace(result, cap))


def _stack_trace(result: TestResult, cap: int | None) -> str:
    """Return the trace on standard error, without other text that the program wrote there before it."""
    stderr = result.stderr.strip("\n")
    start = stderr.find("Traceback (most recent call last):")
    trace = stderr[stderr.rfind("\n", 0, start) + 1 :] if start >= 0 else stderr
    if trace:
        return cut_trace(trace, cap)
    # A program that exits with a status or is killed by a signal leaves no trace.
    return f"The program ended with {result.category}." if result.category else "The program ended with an error."


def cut_item(text: str, cap: int | None) -> str:
    """Keep the first ``cap`` characters."""
    return text if cap is None or len(text) <= cap else text[:cap] + MARK


def cut_trace(trace: str, cap: int | None) -> str:
    """Keep the first line and as many of the last lines as fit into ``cap`` characters."""
    if cap is None or len(trace) <= cap:
        return trace
    first, *rest = trace.split("\n")
    if not rest or len(first) > cap // 2:
        return cut_item(trace, cap)
    room = cap - len(first)
    last: list[str] = []
    for line in reversed(rest):
        if len(line) + 1 > room:
            break
        last.append(line)
        room -= len(line) + 1
    if not last:  # one huge line: its start names the exception
        last = [rest[-1][: room - 1] + MARK]
    return "\n".join([first, MARK, *reversed(last)])


def _capped(length: int, cut: Callable[[int], str], whole: str, cap: int | None, tokenizer: Tokenizer | None) -> str:
    """Return ``whole`` if it fits into ``cap`` tokens, else ``cut(kept)`` for the greatest ``kept`` that fits.

    The text is cut between characters and counted again, because cutting between tokens could split a character.
    Counting with a tokenizer takes as long as reading the text, so the search stops within ``SPARE`` tokens of the cap.
    """
    if cap is None or (high_count := token_count(whole, tokenizer)) <= cap:
        return whole
    spare = 0 if tokenizer is None else SPARE
    low, high = 0, length
    low_count, rounds = token_count(cut(0), tokenizer), 0
    while high - low > 1 and low_count <= cap - spare:
        rounds += 1  # interpolate between the counts; bisect every fourth round, because counts may be uneven
        share = (cap - spare / 2 - low_count) / (high_count - low_count) if rounds % 4 else 0.5
        middle = min(max(low + int((high - low) * share), low + 1), high - 1)
        if (count := token_count(cut(middle), tokenizer)) <= cap:
            low, low_count = middle, count
        else:
            high, high_count = middle, count
    return cut(low)
