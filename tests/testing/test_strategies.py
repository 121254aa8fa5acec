"""What the strategies draw is what they claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from rlef_env.envs import extract_program
from rlef_env.episodes import Episode, episode_from_row, episode_to_row
from rlef_env.judge import Judge, Judgement, Verdict
from rlef_env.problems import Problem, Test
from rlef_env.problems.writing import problem_to_row
from rlef_env.sandbox import Program
from rlef_env.testing import (
    ADD,
    KnownProgram,
    ScriptedJudge,
    actions,
    episodes,
    judgements,
    outputs,
    problem_tests,
    problems,
    programs,
    responses,
)
from rlef_env.testing.known_programs import KNOWN

FIRST = settings(phases=[Phase.generate], max_examples=2000, database=None)
"""Take the first one that is found."""


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: f"{known.kind}: {known.source[:30]!r}")
def test_every_known_program_gets_its_verdict(judge: Judge, known: KnownProgram) -> None:
    assert judge.judge(ADD, Program(known.source)).verdict in known.verdicts


@settings(max_examples=15, deadline=None)
@given(programs(("accepted", "wrong", "crash", "syntax", "odd bytes")))
def test_padding_changes_no_verdict(judge: Judge, program: KnownProgram) -> None:
    assert judge.judge(ADD, Program(program.source)).verdict in program.verdicts


@given(responses())
def test_a_response_holds_its_program(pair: tuple[str, str | None]) -> None:
    response, program = pair
    assert extract_program(response) == program


@given(episodes())
def test_episodes_are_those_that_an_environment_plays(episode: Episode) -> None:
    """Reading checks all invariants."""
    assert episode_from_row(episode_to_row(episode)) == episode


@given(problems())
def test_problems_can_be_written(problem: Problem) -> None:
    assert sum(1 for _ in problem.tests()) >= 1
    problem_to_row(problem)


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.NO_PROGRAM])
def test_judgements_have_every_verdict(verdict: Verdict) -> None:
    found: Judgement = find(judgements(), lambda judgement: judgement.verdict is verdict, settings=FIRST)
    assert found.total >= len(found.results) >= 1


def test_outputs_tests_and_actions_are_drawn() -> None:
    assert find(outputs(), lambda text: "e" in text and text.endswith("\r\n"), settings=FIRST)
    assert isinstance(find(problem_tests(), lambda test: bool(test.input), settings=FIRST), Test)
    assert len(find(actions(min_size=2), lambda texts: len(set(texts)) == 2, settings=FIRST)) == 2


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.from_type(Problem), st.from_type(Judgement), st.from_type(Episode), st.from_type(Test))
def test_hypothesis_knows_the_types(problem: Problem, judgement: Judgement, episode: Episode, test: Test) -> None:
    """By the entry point, as soon as hypothesis is imported."""
    assert isinstance(problem, Problem)
    assert isinstance(judgement, Judgement)
    assert isinstance(episode, Episode)
    assert isinstance(test, Test)


def test_a_script_gives_verdicts_in_order_and_repeats_the_last() -> None:
    judge = ScriptedJudge([Verdict.WRONG_ANSWER, Verdict.NO_VERDICT, Verdict.ACCEPTED])
    verdicts = [judge.judge(ADD, Program(f"print({number})")).verdict for number in range(5)]
    assert verdicts == [Verdict.WRONG_ANSWER, Verdict.NO_VERDICT, *[Verdict.ACCEPTED] * 3]
    assert [job.program.source for job in judge.jobs] == [f"print({number})" for number in range(5)]
    assert Counter(judge.judged)[ADD.public_tests[0]] == 5
