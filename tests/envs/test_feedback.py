"""The texts of the paper, and where they are cut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs import feedback_text, prompt_text
from rlef_env.envs.feedback import SPARE, token_count
from rlef_env.judge import Judge, Judgement, TestResult, Verdict
from rlef_env.problems import FunctionSpec, Problem, Test
from rlef_env.sandbox import Program, installed_languages
from tests.envs.samples import SUM, judged

# Copied from the paper's prompt strings, not from the code.
FORMAT = (
    "Your code should be enclosed in triple backticks like so: ```python YOUR CODE HERE ```. "
    "Use the backticks for your code only."
)
RETRY = "Give it another try.\n" + FORMAT
TRACE = 'Traceback (most recent call last):\n  File "solution.py", line 1, in <module>\n    1 / 0\nZeroDivisionError: x'


def test_the_first_prompt() -> None:
    assert prompt_text("Print $1$") == (
        "Provide a Python solution for the following competitive programming question: Print $1$.\n\n"
        "Your code should be enclosed in triple backticks like so: ```python YOUR CODE HERE ```. "
        "Use the backticks for your code only."
    )


def test_a_message_with_the_four_classes_of_the_paper() -> None:
    problem = Problem("p", "s", tuple(Test(f"{i}\n", f"{i}{i}\n") for i in range(5)))
    results = (
        TestResult("public", 0, Verdict.WRONG_ANSWER, stdout="oops\n"),
        TestResult("public", 1, Verdict.RUNTIME_ERROR, "ZeroDivisionError", stdout="partial", stderr=TRACE + "\n"),
        TestResult("public", 2, Verdict.ACCEPTED),
        TestResult("public", 3, Verdict.TIME_LIMIT),
        TestResult("public", 4, Verdict.MEMORY_LIMIT, "MemoryError", stderr=TRACE),
    )
    assert feedback_text(Judgement(Verdict.WRONG_ANSWER, results, 5), problem) == (
        "Your code failed the following tests:\n\n"
        "- input `0\n` failed:\n"
        "Expected output `00\n` but got `oops\n`\n"
        "- input `1\n` failed:\n"
        f"{TRACE}\n"
        "- input `3\n` failed: Execution took too long.\n"
        "- input `4\n` failed: Out of memory.\n"
        "\n"
        "Give it another try.\n"
        "Your code should be enclosed in triple backticks like so: ```python YOUR CODE HERE ```. "
        "Use the backticks for your code only."
    )


@pytest.mark.parametrize(
    ("verdict", "stderr", "bullet"),
    [
        (Verdict.OUTPUT_LIMIT, "", "- input `1 2\n` failed: Too much output."),
        (Verdict.SECURITY_VIOLATION, "", "- input `1 2\n` failed: Forbidden operation."),
        (Verdict.COMPILE_ERROR, "SyntaxError: no\n", "- input `1 2\n` failed:\nSyntaxError: no"),
        (Verdict.RUNTIME_ERROR, "", "- input `1 2\n` failed:\nThe program ended with an error."),
        (Verdict.RUNTIME_ERROR, f"debugging\n{TRACE}\n", f"- input `1 2\n` failed:\n{TRACE}"),
        (
            Verdict.RUNTIME_ERROR,
            "x\n  + Exception Group Traceback (most recent call last):\n  | E",
            "- input `1 2\n` failed:\n  + Exception Group Traceback (most recent call last):\n  | E",
        ),
    ],
)
def test_classes_that_the_paper_lacks(verdict: Verdict, stderr: str, bullet: str) -> None:
    message = feedback_text(judged(verdict, stderr=stderr), SUM)
    assert message == f"Your code failed the following tests:\n\n{bullet}\n\n{RETRY}"


def test_an_exit_status_is_named() -> None:
    result = TestResult("public", 0, Verdict.RUNTIME_ERROR, "exit status 3")
    message = feedback_text(Judgement(Verdict.RUNTIME_ERROR, (result,), 1), SUM, retry=False)
    assert message.endswith("failed:\nThe program ended with exit status 3.")


def test_no_program() -> None:
    judgement = Judgement(Verdict.NO_PROGRAM)
    assert feedback_text(judgement, SUM) == f"Could not parse your code.\n{RETRY}"
    assert feedback_text(judgement, SUM, retry=False) == "Could not parse your code."


def test_without_feedback_the_message_is_the_invitation() -> None:
    for verdict in Verdict:
        assert feedback_text(judged(verdict), SUM, feedback="none") == RETRY


def test_the_last_message_is_only_the_report() -> None:
    judgement = judged(Verdict.TIME_LIMIT)
    report = "Your code failed the following tests:\n\n- input `1 2\n` failed: Execution took too long."
    assert feedback_text(judgement, SUM, retry=False) == report
    assert feedback_text(judged(Verdict.ACCEPTED), SUM, retry=False) == ""


def test_hidden_tests_are_reported_only_with_private_feedback() -> None:
    judgement = judged(Verdict.WRONG_ANSWER, role="private", index=1, stdout="1")
    assert feedback_text(judgement, SUM, retry=False) == ""
    assert "- input `-7 2\n` failed:" in feedback_text(judgement, SUM, feedback="private", retry=False)


def test_a_maximum_number_of_failures() -> None:
    problem = replace(SUM, private_tests=tuple(Test(f"{i}", "") for i in range(20)))
    results = tuple(TestResult("private", i, Verdict.TIME_LIMIT) for i in range(20))
    judgement = Judgement(Verdict.TIME_LIMIT, results, 20)
    message = feedback_text(judgement, problem, feedback="private", max_failures=8)
    assert message.count("- input `") == 8


def test_long_items_are_cut_at_512_characters() -> None:
    problem = replace(SUM, public_tests=(Test("i" * 513, "e" * 512),))
    message = feedback_text(judged(Verdict.WRONG_ANSWER, stdout="o" * 10_000), problem, retry=False)
    assert message == (
        "Your code failed the following tests:\n\n"
        f"- input `{'i' * 512}[...]` failed:\nExpected output `{'e' * 512}` but got `{'o' * 512}[...]`"
    )


def test_a_long_stack_trace_keeps_its_first_and_last_lines() -> None:
    frames = "".join(f'  File "solution.py", line {i}, in f\n    f()\n' for i in range(100))
    trace = f"Traceback (most recent call last):\n{frames}RecursionError: too deep"
    message = feedback_text(judged(Verdict.RUNTIME_ERROR, stderr=trace), SUM, retry=False)
    shown = message.partition("failed:\n")[2]
    assert shown.startswith("Traceback (most recent call last):\n[...]\n")
    assert shown.endswith('  File "solution.py", line 99, in f\n    f()\nRecursionError: too deep')
    assert 450 < len(shown.replace("[...]\n", "")) <= 512


def test_a_huge_exception_message_keeps_its_type() -> None:
    trace = "Traceback (most recent call last):\n    f()\nValueError: " + "x" * 5000
    shown = feedback_text(judged(Verdict.RUNTIME_ERROR, stderr=trace), SUM, retry=False).partition("failed:\n")[2]
    assert shown.startswith("Traceback (most recent call last):\n[...]\nValueError: xxx")
    assert shown.endswith("xxx[...]")
    assert len(shown) < 530


def test_the_prompt_is_cut_on_the_left_and_feedback_on_the_right() -> None:
    prompt = prompt_text("start " + "x" * 10_000 + " end", cap=100)
    assert prompt.startswith("[...]xxx")
    assert prompt.endswith(f"xxx end.\n\n{FORMAT}")
    assert len(prompt) == 400
    problem = replace(SUM, public_tests=tuple(Test("y" * 500, "") for _ in range(20)))
    results = tuple(TestResult("public", i, Verdict.TIME_LIMIT) for i in range(20))
    message = feedback_text(Judgement(Verdict.TIME_LIMIT, results, 20), problem, cap=1024)
    assert message.startswith("Your code failed the following tests:\n\n- input `yyy")
    assert message.endswith(f"yyy[...]\n\n{RETRY}")
    assert len(message) == 4096


class Words:
    """A tokenizer that adds a token at the start, as many tokenizers do."""

    def encode(self, text: str, /) -> list[str]:
        return ["<s>", *text.replace("\n", " ").split(" ")]


@given(st.text(max_size=2000), st.integers(60, 400), st.sampled_from([None, Words()]))
def test_a_cap_holds_and_the_format_line_stays(text: str, cap: int, tokenizer: Words | None) -> None:
    prompt = prompt_text(text, cap=cap, tokenizer=tokenizer)
    assert token_count(prompt, tokenizer) <= cap
    assert prompt.endswith(FORMAT)
    problem = replace(SUM, public_tests=(Test(text, text),))
    message = feedback_text(judged(Verdict.WRONG_ANSWER, stdout=text), problem, cap=cap, tokenizer=tokenizer)
    assert token_count(message, tokenizer) <= cap
    assert message.endswith(RETRY)


class Counting(Words):
    """Counts the calls of ``encode``."""

    calls = 0

    def encode(self, text: str, /) -> list[str]:
        self.calls += 1
        return super().encode(text)


@given(st.lists(st.integers(1, 40).map(lambda length: "x" * length), min_size=500, max_size=1500))
def test_a_cut_loses_few_tokens_and_takes_few_counts(words: list[str]) -> None:
    tokenizer = Counting()
    prompt = prompt_text(" ".join(words), cap=400, tokenizer=tokenizer)
    assert tokenizer.calls <= 8
    assert 400 - SPARE < token_count(prompt, tokenizer) <= 400


def test_no_cap() -> None:
    assert len(prompt_text("x" * 100_000)) > 100_000


@pytest.mark.parametrize(
    ("category", "stderr", "bullet"),
    [
        ("AssertionError", f"{TRACE}\n", "- test `assert abs(f(1) - 0.5) < 1e-6` failed. The function returned `1`."),
        ("TypeError", f"{TRACE}\n", f"- input `assert abs(f(1) - 0.5) < 1e-6` failed:\n{TRACE}"),
    ],
)
def test_a_failed_test_that_is_code_expects_no_output(category: str, stderr: str, bullet: str) -> None:
    problem = Problem("f", "", (Test("assert abs(f(1) - 0.5) < 1e-6", ""),), function=FunctionSpec("f"))
    result = TestResult("public", 0, Verdict.WRONG_ANSWER, category, stdout="1", stderr=stderr)
    message = feedback_text(Judgement(Verdict.WRONG_ANSWER, (result,), 1), problem, retry=False)
    assert message == f"Your code failed the following tests:\n\n{bullet}"


@pytest.mark.parametrize("language", ["python", "java"])
def test_an_exception_in_a_thread_is_shown(language: str, judge: Judge) -> None:
    """The program exits with 0 and has printed nothing, so its verdict is a wrong answer."""
    if language not in installed_languages():
        pytest.skip(f"no {language} here")
    judgement = judge.judge(SUM, Program(IN_A_THREAD[language], language))
    assert judgement.verdict is Verdict.WRONG_ANSWER
    message = feedback_text(judgement, SUM, retry=False)
    assert "but got" not in message
    assert RAISED[language] in message


RAISED = {"python": "ZeroDivisionError: ", "java": "ArithmeticException: / by zero"}
IN_A_THREAD = {
    "python": "import threading\nthreading.stack_size(2**26)\nthreading.Thread(target=lambda: print(1 // 0)).start()",
    "java": """
public class Main implements Runnable {
    public void run() { System.out.println(1 / (System.in == null ? 1 : 0)); }
    public static void main(String[] words) { new Thread(null, new Main(), "", 1 << 26).start(); }
}
""",
}
