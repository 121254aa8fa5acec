"""``Episodes`` and ``Play``: the episodes that a ``CodeEnv`` plays, without an environment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from gymnasium.error import InvalidAction, ResetNeeded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlef_env import CodeEnv, Episodes, JudgePool, Verdict
from rlef_env.envs import fenced
from rlef_env.episodes.settings import ActionProtocol, Feedback
from rlef_env.errors import NoVerdictError, ProblemNotFound, UsageError
from rlef_env.problems import Dataset
from tests.asynchronous import run
from tests.envs.samples import BROKEN, SUM, SUM_CRASHES, SUM_PASSES_PUBLIC, SUM_RIGHT, SUM_WRONG, TINY

RESPONSES = [SUM_RIGHT, SUM_WRONG, SUM_CRASHES, SUM_PASSES_PUBLIC, "no program", fenced("print(1")]


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2) as pool:
        yield pool


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    feedback=st.sampled_from(get_args(Feedback)),
    protocol=st.sampled_from(get_args(ActionProtocol)),
    responses=st.lists(st.sampled_from(RESPONSES), min_size=3, max_size=3),
    seed=st.integers(0, 5),
    named=st.booleans(),
    asynchronous=st.booleans(),
)
def test_a_play_is_an_episode_of_an_environment(
    pool: JudgePool,
    feedback: Feedback,
    protocol: ActionProtocol,
    responses: list[str],
    seed: int,
    named: bool,
    asynchronous: bool,
) -> None:
    arguments: dict[str, Any] = {"feedback": feedback, "protocol": protocol}
    problem_id = "sum" if named else None
    play = Episodes(TINY, pool=pool, **arguments).begin(problem_id, seed=seed)
    with CodeEnv(TINY, judge=pool, **arguments) as env:
        prompt, info = env.reset(seed=seed, options={"problem_id": "sum"} if named else None)
        assert (play.messages[0]["content"], play.info, play.problem) == (prompt, info, env.problem)
        for response in responses:
            observation, reward, terminated, truncated, info = env.step(response)
            turn = run(play.respond_async(response)) if asynchronous else play.respond(response)
            assert (turn.feedback, turn.reward) == (observation, reward)
            assert (play.info, play.episode, play.ended) == (info, env.episode, terminated or truncated)
            assert play.messages == info["messages"]
            if play.ended:
                break
        assert play.total_reward == sum(turn.reward for turn in env.episode.turns)
    with pytest.raises(ResetNeeded, match="begin"):
        play.respond(SUM_RIGHT)


def test_without_a_verdict_there_is_no_total_reward(pool: JudgePool) -> None:
    broken = Dataset("broken", "Broken", (BROKEN,))
    play = Episodes(broken, pool=pool).begin()
    turn = play.respond(SUM_RIGHT)
    assert turn.judgement.verdict is Verdict.NO_VERDICT
    assert (play.ended, play.total_reward, play.info["has_verdict"]) == (True, None, False)
    play = Episodes(broken, pool=pool, on_no_verdict="raise").begin()
    with pytest.raises(NoVerdictError):
        play.respond(SUM_RIGHT)
    assert (play.ended, play.episode.turns) == (False, ())


def test_episodes_are_played_from_many_threads_and_tasks(pool: JudgePool) -> None:
    episodes = Episodes(TINY, pool=pool, sampling="curriculum")
    rewards: list[float | None] = []

    def work() -> None:
        for _ in range(5):
            play = episodes.begin("sum")
            play.respond(SUM_WRONG)
            play.respond(SUM_RIGHT)
            rewards.append(play.total_reward)

    async def tasks() -> list[float | None]:
        async def one() -> float | None:
            play = episodes.begin("sum")
            await play.respond_async(SUM_WRONG)
            await play.respond_async(SUM_RIGHT)
            return play.total_reward

        return await asyncio.gather(*(one() for _ in range(20)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rewards + run(tasks()) == [1.0] * 40


def test_a_second_response_while_the_first_is_judged_is_refused(pool: JudgePool) -> None:
    async def play() -> None:
        one = Episodes(TINY, pool=pool).begin("sum")
        first = asyncio.create_task(one.respond_async(SUM_WRONG))
        await asyncio.sleep(0)  # the task runs until it waits for the judgement
        with pytest.raises(UsageError, match="one response of an episode at a time"):
            one.respond(SUM_RIGHT)
        assert (await first).judgement.verdict is Verdict.WRONG_ANSWER
        assert len(one.episode.turns) == 1

    run(play())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"feedbak": "none"}, "expected those of CodeEnv, got feedbak"),
        ({"pool": 5}, "expected None or a JudgePool"),
        ({"protocol": "mail"}, "protocol: expected one of 'chat', 'tool'; got 'mail'"),
    ],
)
def test_bad_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Episodes(TINY, **arguments)


def test_unknown_problems_and_responses_that_are_no_text(pool: JudgePool) -> None:
    episodes = Episodes(TINY, pool=pool)
    with pytest.raises(ProblemNotFound, match="similar: 'sum'"):
        episodes.begin("summ")
    play = episodes.begin("sum")
    with pytest.raises(InvalidAction, match="expected a response as a str"):
        play.respond(None)  # type: ignore[arg-type]
    assert play.respond(SUM_RIGHT).reward == 1.0


# --- protocol "tool" and feedback "verdict" --------------------------------------------------------------------------


def test_with_a_tool_the_action_is_the_program_and_nothing_speaks_of_backticks(pool: JudgePool) -> None:
    play = Episodes(TINY, pool=pool, protocol="tool").begin("sum")
    turn = play.respond("a, b = map(int, input().split())\nprint(a - b)")
    assert turn.program == "a, b = map(int, input().split())\nprint(a - b)"
    assert turn.feedback.endswith("\n\nGive it another try: submit a whole program.")
    assert "backtick" not in play.messages[0]["content"] + turn.feedback
    assert play.respond("print(sum(map(int, input().split())))").reward == 1.0


@pytest.mark.parametrize(
    ("action", "program"),
    [
        ("print(1)", "print(1)"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("\n```\nprint(1)\n```\n", "print(1)"),
        ("    print(1)\r\n", "print(1)"),
        ('"""Doc:\n```python\nprint(2)\n```\n"""\nprint(1)', '"""Doc:\n```python\nprint(2)\n```\n"""\nprint(1)'),
        ("I think\nprint(1)", "I think\nprint(1)"),
        (" \n", None),
    ],
)
def test_the_program_of_a_tool_is_its_argument(pool: JudgePool, action: str, program: str | None) -> None:
    assert Episodes(TINY, pool=pool, protocol="tool").begin("sum").respond(action).program == program


def test_feedback_by_verdict_shows_no_test(pool: JudgePool) -> None:
    play = Episodes(TINY, pool=pool, feedback="verdict").begin("sum")
    turn = play.respond(SUM_CRASHES)
    assert turn.feedback.startswith(
        "Your code failed the following tests:\n\n- test 1 failed: Runtime error.\n- test 2 failed: Runtime error.\n\n"
    )
    assert play.info["public"] == [
        {"index": index, "verdict": "runtime_error", "category": "TypeError"} for index in (0, 1)
    ]
    assert play.respond(SUM_RIGHT).reward == 1.0


def test_first_feedback_shows_the_first_failing_test_only(pool: JudgePool) -> None:
    play = Episodes(TINY, pool=pool, feedback="first").begin("sum")
    turn = play.respond(SUM_CRASHES)
    assert turn.feedback.count("failed:") == 1
    assert turn.feedback.startswith("Your code failed the following tests:\n\n- input `1 2\n` failed:")
    assert ["input" in row for row in play.info["public"]] == [True, False]
    assert [row["verdict"] for row in play.info["public"]] == ["runtime_error", "runtime_error"]
    turn = play.respond(fenced("print(3)"))  # passes the first test
    assert "- input `10 5\n` failed:" in turn.feedback
    assert ["input" in row for row in play.info["public"]] == [False, True]


def test_info_has_the_content_of_failing_public_tests_only(pool: JudgePool) -> None:
    play = Episodes(TINY, pool=pool).begin("sum")
    play.respond(fenced("print(3)"))
    first, second = play.info["public"]
    assert first == {"index": 0, "verdict": "accepted", "category": None}
    assert second == {
        "index": 1, "verdict": "wrong_answer", "category": None,
        "input": "10 5\n", "expected": "15\n", "got": "3\n", "stderr": "",
    }  # fmt: skip
    play.respond(SUM_CRASHES)
    assert "TypeError" in play.info["public"][0]["stderr"]
    play.respond(SUM_PASSES_PUBLIC)
    assert play.info["private"] == [
        {"index": 0, "verdict": "accepted", "category": None},
        {"index": 1, "verdict": "wrong_answer", "category": None},
    ]
    assert "-5" not in str(play.info)


@pytest.mark.parametrize("feedback", ["none", "random", "verdict"])
def test_info_has_no_content_that_the_feedback_hides(pool: JudgePool, feedback: Feedback) -> None:
    play = Episodes(TINY, pool=pool, feedback=feedback).begin("sum")
    play.respond(SUM_WRONG)
    assert all(set(each) == {"index", "verdict", "category"} for each in play.info["public"])


def test_the_environment_names_its_problem() -> None:
    with CodeEnv(TINY) as env:
        with pytest.raises(ResetNeeded):
            _ = env.problem
        env.reset(options={"problem_id": "sum"})
        assert env.problem == SUM
