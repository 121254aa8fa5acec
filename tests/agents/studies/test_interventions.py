"""The messages of each intervention: their text by hand, and what they describe, for every family with a secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.studies import interventions
from rlef_agents.studies.cases import Played, all_told, distinct_problems, play_cases
from rlef_agents.studies.interventions import INTERVENTIONS, Mode
from rlef_env import JudgePool, Problem, load_dataset, score_all
from rlef_env.agents import Conversation
from rlef_env.envs import extract_program, fenced
from rlef_env.judge import BaseJudgePool, CachedPool, Judgement, TestResult, Verdict, VerdictCache
from rlef_env.problems import Test
from rlef_env.problems.procedural import variants_of

FAMILIES = ("hidden_step", "two_dials", "format_from_trace", "which_rule", "half_told", "hidden_rule")
RETRY = (
    "Give it another try.\nYour code should be enclosed in triple backticks like so: ```python YOUR CODE HERE ```. "
    "Use the backticks for your code only."
)
PROBLEM = Problem("p", "Add c.", (Test("34\n", "42\n"),), (Test("1\n", "9\n"),))
OTHERS = tuple(replace(PROBLEM, public_tests=(Test("34\n", f"{34 + c}\n"),)) for c in (1, 2, 3))
WRONG = Judgement(Verdict.WRONG_ANSWER, (TestResult("public", 0, Verdict.WRONG_ANSWER, stdout="37\n"),), 2)


@pytest.fixture(scope="module")
def pool() -> Iterator[BaseJudgePool]:
    with CachedPool(JudgePool(1), VerdictCache()) as pool:
        yield pool


class Wrong:
    """Answers with the right program of a problem under another secret: number ``turn`` after its own."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        return [self.answer(conversation) for conversation in conversations]

    def answer(self, conversation: Conversation) -> str:
        (own,) = [problem for problem in self.problems if problem.id == conversation.problem_id]
        return fenced(self.program(own, conversation.turn))

    def program(self, own: Problem, turn: int) -> str:
        every = [each.solutions[0].source for each in variants_of(own.id)]
        return every[(every.index(own.solutions[0].source) + 1 + turn) % len(every)]


def played(family: str, pool: BaseJudgePool, count: int = 3, mode: Mode = "public") -> Played:
    dataset = load_dataset(f"procedural/{family}?difficulty=3", split="test")
    problems = [dataset[place] for place in range(count)]
    return play_cases(Wrong(problems), problems, pool, mode=mode)


def test_each_message_by_hand() -> None:
    true = interventions.failed_with(PROBLEM, WRONG)
    assert true.text == (
        "Your code failed the following tests:\n\n- input `34\n` failed:\nExpected output `42\n` but got `37\n`\n\n"
        + RETRY
    )
    assert true.described is PROBLEM
    assert interventions.failed_with(OTHERS[0], WRONG).text == true.text.replace("42", "35")
    assert interventions.try_again().text == RETRY
    assert interventions.verdict_only(PROBLEM, WRONG).text == (
        f"Your code failed the following tests:\n\n- test 1 failed: Wrong answer.\n\n{RETRY}"
    )
    raised = TestResult("public", 0, Verdict.RUNTIME_ERROR, "ValueError", "", "Traceback (most recent call last):\nX\n")
    assert interventions.exception(PROBLEM, Judgement(Verdict.RUNTIME_ERROR, (raised,), 2)).text == (
        "Your code failed the following tests:\n\n- input `34\n` failed:\nTraceback (most recent call last):\nX\n\n"
        + RETRY
    )


@given(st.integers())
def test_an_unrelated_number_is_the_output_of_no_secret(seed: int) -> None:
    true = interventions.failed_with(PROBLEM, WRONG)
    told = interventions.unrelated_number(PROBLEM, WRONG, OTHERS, Random(seed))
    assert told is not None
    assert told.described is not None
    number = told.described.public_tests[0].output.strip()
    assert told.text == true.text.replace("42", number)
    assert len(number) == 2
    assert number not in {"42", "35", "36", "37"}


@given(st.integers())
def test_it_has_more_digits_where_every_number_of_as_many_is_an_output(seed: int) -> None:
    problem, *others = (replace(PROBLEM, public_tests=(Test("34\n", f"{digit}\n"),)) for digit in range(1, 10))
    told = interventions.unrelated_number(problem, WRONG, others, Random(seed))
    assert told is not None
    assert told.described is not None
    assert len(told.described.public_tests[0].output.strip()) == 2


def test_no_number_where_no_output_is_expected_and_no_message_where_no_public_test_failed() -> None:
    raised = replace(WRONG, results=(TestResult("public", 0, Verdict.RUNTIME_ERROR),))
    assert interventions.unrelated_number(PROBLEM, raised, OTHERS, Random(0)) is None
    hidden = replace(WRONG, results=(TestResult("public", 0, Verdict.ACCEPTED), *raised.results[:0]))
    with pytest.raises(ValueError, match="a failed public test"):
        interventions.failed_with(PROBLEM, hidden)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_the_messages_of_a_family_describe(family: str, pool: BaseJudgePool) -> None:
    """A program follows its own message, and under another secret it is told what the judge says there."""
    cases = played(family, pool).cases
    assert cases
    for case, told in zip(cases, all_told(cases, pool), strict=True):
        missing = {"unrelated_number"} if family == "format_from_trace" else set()
        if len(case.others) == 1:  # its statement names two formulas, one of which the program has
            missing.add("counterfactual")
        assert {each.name for each in INTERVENTIONS} - set(told) == missing
        assert told["true"].described == case.problem
        if "counterfactual" in missing:
            continue
        true, other = told["true"], told["counterfactual"]
        assert other.described in case.others
        assert other.text != true.text
        if family != "format_from_trace":  # there the input has the mark
            assert [each.input for each in other.described.public_tests] == [
                each.input for each in case.problem.public_tests
            ]
        right = fenced(other.described.solutions[0].source)
        first, second, third = score_all(
            [(other.described, right), (case.problem, right), (other.described, fenced(case.program))], pool=pool
        )
        assert (first.solved, second.solved, third.solved) == (True, False, False)
        assert interventions.failed_with(other.described, third.judgement) == other
        assert "input `" not in told["try_again"].text + told["verdict_only"].text
        assert "NotImplementedError" in told["exception"].text
        assert case.problem.public_tests[0].input in told["exception"].text


def test_messages_are_the_same_for_the_same_seed(pool: BaseJudgePool) -> None:
    cases = played("hidden_step", pool).cases
    assert all_told(cases, pool, seed=1) == all_told(cases, pool, seed=1) != all_told(cases, pool, seed=2)


def test_another_problems_message_has_another_secret_than_both_programs(pool: BaseJudgePool) -> None:
    cases = played("hidden_step", pool, count=8).cases
    for case, told in zip(cases, all_told(cases, pool), strict=True):
        described = told["other_problem"].described
        assert described is not None
        assert described.id in {each.problem.id for each in cases} - {case.problem.id}
        assert described.solutions[0].source.strip() not in (case.problem.solutions[0].source.strip(), case.program)


def test_the_first_failure_alone_is_shown_with_first(pool: BaseJudgePool) -> None:
    modes: tuple[tuple[Mode, int], ...] = (("public", 2), ("first", 1))
    for mode, failures in modes:
        cases = played("two_dials", pool, mode=mode).cases
        for case, told in zip(cases, all_told(cases, pool, mode=mode), strict=True):
            failed = min(failures, len(interventions.failed_tests(case.judgement)))
            for name in ("true", "exception", "verdict_only"):
                shown = told[name].text.count("failed:")
                assert shown == (failed if name != "exception" else failures)
            assert len(told["true"].tests) == failed


class RightSum(Wrong):
    """For ``two_dials``: first a program with another sum a + b, then one with the right sum, and another a."""

    def program(self, own: Problem, turn: int) -> str:
        every = [each for each in variants_of(own.id) if each.solutions != own.solutions]
        sums = [each.public_tests[0] == own.public_tests[0] for each in every]
        return every[sums.index(turn == 1 and True in sums)].solutions[0].source


def test_all_messages_describe_the_same_problem(pool: BaseJudgePool) -> None:
    """Two wrong programs of ``two_dials``: an intervention changes both messages; the true ones stay."""
    dataset = load_dataset("procedural/two_dials?factors=3&terms=3", split="test")
    problems = [dataset[place] for place in range(6)]
    played = play_cases(RightSum(problems), problems, pool, turn=2, mode="first")
    assert played.cases
    for case, told in zip(played.cases, all_told(played.cases, pool, mode="first"), strict=True):
        assert told["true"].before == case.told
        assert told["try_again"].before == (told["try_again"].text,)
        assert "Expected" not in told["verdict_only"].before[0]
        other = told["counterfactual"]
        assert other.described is not None
        assert other.described.public_tests != case.problem.public_tests
        expected = [f"Expected output `{test.output}`" for test in other.described.public_tests]
        assert len(other.before) == 1
        for message in (*other.before, other.text):
            assert sum(each in message for each in expected) == 1


def test_a_conversation_goes_on_with_the_message(pool: BaseJudgePool) -> None:
    (case,) = played("hidden_step", pool, count=1).cases
    conversation = case.conversation(["a message"])
    assert [each["role"] for each in conversation.messages] == ["user", "assistant", "user"]
    assert conversation.messages[0]["content"].startswith("Provide a Python solution")
    assert conversation.messages[1]["content"] == case.responses[0]
    assert conversation.messages[2]["content"] == "a message"
    assert extract_program(case.responses[0]) == case.program


def test_problems_that_are_one_to_a_policy_are_taken_once() -> None:
    dataset = load_dataset("procedural/hidden_step?steps=2", split="test")
    found = distinct_problems(dataset, len(dataset))
    every = {(each.statement, each.public_tests) for each in dataset}
    assert len(found) == len(every) < len(dataset)
    assert {(each.statement, each.public_tests) for each in found} == every
    assert found[:5] == distinct_problems(dataset, 5)
