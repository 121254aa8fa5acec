"""Episodes of ``CodeEnv``, on the real judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gymnasium.error import InvalidAction, ResetNeeded

from rlef_env.envs import CodeEnv, make_reward
from rlef_env.episodes import Turn
from rlef_env.episodes.render import GRID_LETTERS, verdict_grid, verdict_words
from rlef_env.errors import NoVerdictError, ProblemNotFound, UsageError
from rlef_env.judge import Judge, Judgement, TestResult, Verdict
from rlef_env.problems import Dataset, Test, load_dataset
from tests.envs.samples import (
    BROKEN,
    DOUBLE,
    NO_PUBLIC,
    NO_TESTS,
    SUM,
    SUM_CRASHES,
    SUM_PASSES_PUBLIC,
    SUM_RIGHT,
    SUM_WRONG,
    TINY,
    fenced,
)

MakeEnv = Callable[..., CodeEnv]
RETRY = (
    "Give it another try.\nYour code should be enclosed in triple backticks like so: ```python YOUR CODE HERE ```. "
    "Use the backticks for your code only."
)
FAILED = "Your code failed the following tests:\n\n"
TESTS_OF_SUM = 5


def started(env: CodeEnv, problem_id: str = "sum", seed: int = 0) -> CodeEnv:
    env.reset(seed=seed, options={"problem_id": problem_id})
    return env


# The course of an episode


def test_solved_at_once(make_env: MakeEnv) -> None:
    observation, reward, terminated, truncated, info = started(make_env()).step(SUM_RIGHT)
    assert (observation, reward, terminated, truncated) == ("", 1.0, True, False)
    assert (info["solved"], info["verdict"], info["passed"], info["total"]) == (True, "accepted", 5, TESTS_OF_SUM)
    assert [len(info[role]) for role in ("public", "private", "generated")] == [2, 2, 1]


def test_passing_public_tests_ends_the_episode_and_hidden_tests_decide(make_env: MakeEnv) -> None:
    observation, reward, terminated, truncated, info = started(make_env()).step(SUM_PASSES_PUBLIC)
    assert (observation, reward, terminated, truncated) == ("", -1.0, True, False)
    assert (info["solved"], info["verdict"], info["turn"]) == (False, "wrong_answer", 1)
    # Judging stopped at the first failing test, private 1; info does not show its content.
    assert info["private"] == [
        {"index": 0, "verdict": "accepted", "category": None},
        {"index": 1, "verdict": "wrong_answer", "category": None},
    ]
    assert info["generated"] == []
    assert "-7" not in str(info)


def test_three_failures_terminate_and_never_truncate(make_env: MakeEnv) -> None:
    env = started(make_env())
    for number in (1, 2, 3):
        observation, reward, terminated, truncated, info = env.step(SUM_WRONG)
        assert (terminated, truncated) == (number == 3, False)
        assert reward == (-1.0 if number == 3 else 0.0)
        assert info["turn"] == number
    report = (
        f"{FAILED}- input `1 2\n` failed:\nExpected output `3\n` but got `-1\n`\n"
        "- input `10 5\n` failed:\nExpected output `15\n` but got `5\n`"
    )
    assert observation == report
    assert (info["solved"], info["passed"], info["total"], info["private"]) == (False, 0, TESTS_OF_SUM, [])
    first = info["messages"][2]["content"]
    assert first == f"{report}\n\n{RETRY}"


def test_a_single_turn_terminates(make_env: MakeEnv) -> None:
    _, reward, terminated, truncated, _ = started(make_env(max_turns=1)).step("no program")
    assert (reward, terminated, truncated) == (-1.0, True, False)


def test_no_program(make_env: MakeEnv) -> None:
    env = started(make_env())
    observation, reward, terminated, _, info = env.step("I do not know.")
    assert (observation, reward, terminated) == (f"Could not parse your code.\n{RETRY}", -0.2, False)
    assert (info["verdict"], info["public"], info["has_verdict"]) == ("no_program", [], True)
    env.step("Still not.")
    observation, reward, terminated, _, info = env.step("Sorry.")
    assert (observation, reward, terminated) == ("Could not parse your code.", -1.0, True)
    assert (info["passed"], info["total"]) == (0, TESTS_OF_SUM)


SLOW = fenced("while True:\n    pass")
GREEDY = fenced("x = bytearray(200 * 2**20)\nx[::4096] = b'x' * len(x[::4096])")
BROKEN_SYNTAX = fenced("print((")


@pytest.mark.parametrize(
    ("response", "verdict", "bullet"),
    [
        (SUM_WRONG, "wrong_answer", "- input `1 2\n` failed:\nExpected output `3\n` but got `-1\n`"),
        (
            SUM_CRASHES,
            "runtime_error",
            '- input `1 2\n` failed:\nTraceback (most recent call last):\n  File "solution.py", line 2, in <module>\n',
        ),
        (SLOW, "time_limit", "- input `1 2\n` failed: Execution took too long."),
        (GREEDY, "memory_limit", "- input `1 2\n` failed: Out of memory."),
        (BROKEN_SYNTAX, "compile_error", '- input `1 2\n` failed:\n  File "solution.py", line 1\n'),
        (fenced("import os; os.chroot('/')"), "security_violation", "- input `1 2\n` failed: Forbidden operation."),
        (fenced("exit(3)"), "runtime_error", "- input `1 2\n` failed:\nThe program ended with exit status 3."),
    ],
)
def test_feedback_by_class(make_env: MakeEnv, response: str, verdict: str, bullet: str) -> None:
    problem = replace(SUM, time_limit=0.5) if verdict == "time_limit" else SUM
    env = make_env(dataset=Dataset("tiny", "Tiny", (problem,)))
    observation, _, _, _, info = started(env).step(response)
    assert info["verdict"] == verdict
    assert observation.startswith(FAILED + bullet)
    assert observation.endswith("\n\n" + RETRY)


# The problems


def test_a_problem_without_public_tests_runs_to_the_limit(make_env: MakeEnv) -> None:
    env = started(make_env(max_turns=2), NO_PUBLIC.id)
    observation, reward, terminated, _, info = env.step(fenced("print(1)"))
    assert (observation, reward, terminated) == (RETRY, 0.0, False)
    assert (info["verdict"], info["has_verdict"], info["public"]) == (None, True, [])
    _, reward, terminated, _, info = env.step(fenced("print(1)"))
    assert (reward, terminated, info["solved"], info["total"]) == (1.0, True, True, 1)
    observation, _, _, _, info = started(env, NO_PUBLIC.id).step("nothing")
    assert info["verdict"] == "no_program"


def test_problems_are_drawn_by_the_seed(make_env: MakeEnv) -> None:
    def drawn(seed: int) -> list[str]:
        env = make_env()
        first = env.reset(seed=seed)[1]["problem_id"]
        return [first, *(env.reset()[1]["problem_id"] for _ in range(20))]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert set(drawn(1)) == {SUM.id, DOUBLE.id, NO_PUBLIC.id}  # never the problem without tests


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"problem": "sum"}, UsageError, "options: expected one of 'problem_id', 'feedback_seed'; got 'problem'"),
        ({"problem_id": 3}, UsageError, "expected a text, got 3"),
        ([1], UsageError, r"options: expected None or a dict with problem_id or feedback_seed, got \[1\]"),
        ([], UsageError, r"options: expected None or a dict with problem_id or feedback_seed, got \[\]"),
        ("abc", UsageError, "options: expected None or a dict with problem_id or feedback_seed, got 'abc'"),
        ({"problem_id": "summ"}, ProblemNotFound, "summ"),
        ({"problem_id": NO_TESTS.id}, UsageError, "has none"),
    ],
)
def test_bad_options(make_env: MakeEnv, options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make_env().reset(options=options)


# The judge fails


def test_no_verdict_is_never_a_wrong_answer(make_env: MakeEnv) -> None:
    env = started(make_env(dataset=Dataset("b", "B", (BROKEN,)), reward=lambda turn, final: -5.0), BROKEN.id)
    observation, reward, terminated, truncated, info = env.step(fenced("print(1)"))
    assert (observation, reward, terminated, truncated) == ("", 0.0, False, True)
    assert (info["has_verdict"], info["verdict"], info["solved"]) == (False, "no_verdict", False)
    with pytest.raises(ResetNeeded):
        env.step(SUM_RIGHT)
    assert (env.episode.truncated, env.episode.solved) == (True, False)


def test_no_verdict_can_raise_and_the_step_can_be_tried_again(make_env: MakeEnv) -> None:
    env = started(make_env(dataset=Dataset("b", "B", (BROKEN,)), on_no_verdict="raise"), BROKEN.id)
    for _ in range(2):
        with pytest.raises(NoVerdictError, match="broken checker"):
            env.step(fenced("print(1)"))
    assert env.episode.turns == ()


# The ablations


def test_without_feedback_the_episode_never_ends_early(make_env: MakeEnv) -> None:
    env = started(make_env(feedback="none"))
    for response in (SUM_RIGHT, "nothing"):
        observation, _, terminated, _, _ = env.step(response)
        assert (observation, terminated) == (RETRY, False)
    observation, reward, terminated, _, info = env.step(SUM_WRONG)
    assert (observation, reward, terminated) == ("", -1.0, True)
    assert info["public"]  # info still has the true results


def test_random_feedback_is_about_another_problem(make_env: MakeEnv) -> None:
    # The stored wrong solution of "double" passes its public test, so the paper's trace is shown.
    env = started(make_env(feedback="random"))
    observation, _, terminated, _, info = env.step(SUM_WRONG)
    assert observation == (
        f"{FAILED}- input `21\n` failed:\nTraceback (most recent call last):\n"
        '  File "solution.py", line 1, in <module>\n'
        f"    raise NotImplementedError()\nNotImplementedError\n\n{RETRY}"
    )
    assert (terminated, info["verdict"]) == (False, "wrong_answer")
    # The true public tests still end the episode.
    observation, reward, terminated, _, _ = env.step(SUM_RIGHT)
    assert (observation, reward, terminated) == ("", 1.0, True)
    env = started(env, "double")
    observation, *_ = env.step(fenced("print(0)"))
    assert observation.startswith(f"{FAILED}- input `1 2\n` failed:\nExpected output `3\n` but got `ü\n`")


def test_random_feedback_needs_two_problems(make_env: MakeEnv) -> None:
    with pytest.raises(UsageError, match="feedback='random': expected a data set with two"):
        make_env(feedback="random", dataset=Dataset("one", "One", (SUM,)))


def test_private_feedback_shows_hidden_tests(make_env: MakeEnv) -> None:
    env = started(make_env(feedback="private"))
    observation, reward, terminated, _, info = env.step(SUM_PASSES_PUBLIC)
    assert observation == f"{FAILED}- input `-7 2\n` failed:\nExpected output `-5\n` but got `5\n`\n\n{RETRY}"
    assert (reward, terminated) == (0.0, False)
    assert "private" not in info
    _, reward, terminated, _, info = env.step(SUM_RIGHT)
    assert (reward, terminated, info["passed"], info["total"]) == (1.0, True, TESTS_OF_SUM, TESTS_OF_SUM)


# Rewards that need every test


def test_a_fraction_runs_every_test(make_env: MakeEnv) -> None:
    env = started(make_env(reward="pass_fraction"))
    _, reward, _, _, info = env.step(SUM_PASSES_PUBLIC)
    assert (reward, info["passed"], len(info["generated"])) == (pytest.approx(4 / 5), 4, 1)


def test_a_reward_function_sees_the_turn(make_env: MakeEnv) -> None:
    seen: list[tuple[Turn, bool]] = []

    def reward(turn: Turn, final: bool) -> float:
        seen.append((turn, final))
        return 0.5

    env = started(make_env(reward=reward))
    assert env.step(SUM_WRONG)[1] == 0.5
    env.step(SUM_RIGHT)
    assert [final for _, final in seen] == [False, True]
    assert seen[0][0] == replace(env.episode.turns[0], reward=0.0)
    assert make_reward(reward)(seen[0][0], False) == 0.5


# Info, render, arguments, order of method calls


def test_info_is_new_and_equal_for_equal_episodes(make_env: MakeEnv) -> None:
    def infos() -> list[dict[str, Any]]:
        env = make_env()
        first = env.reset(seed=5, options={"problem_id": "sum"})[1]
        return [first, *(env.step(response)[4] for response in (SUM_CRASHES, "none", SUM_PASSES_PUBLIC))]

    assert infos() == infos()
    for before, after in zip(infos(), infos()[1:], strict=False):
        for key, value in after.items():
            assert not isinstance(value, (list, dict)) or value is not before.get(key)
    start = infos()[0]
    assert (start["turn"], start["verdict"], start["has_verdict"], start["isolation"]) == (0, None, True, "locked")
    assert (start["dataset"], start["problem_id"]) == ("Tiny", "sum")


def test_the_chat_in_info(make_env: MakeEnv) -> None:
    env = make_env()
    prompt, info = env.reset(options={"problem_id": "sum"})
    assert info["messages"] == [{"role": "user", "content": prompt}]
    assert "ä and ß, and print their sum.\n\nYour code should" in prompt
    observation, *_, info = env.step(SUM_WRONG)
    assert info["messages"][1:] == [
        {"role": "assistant", "content": SUM_WRONG},
        {"role": "user", "content": observation},
    ]
    *_, info = env.step(SUM_RIGHT)
    assert info["messages"][-1] == {"role": "assistant", "content": SUM_RIGHT}


def test_render(make_env: MakeEnv, capsys: pytest.CaptureFixture[str]) -> None:
    env = started(make_env(render_mode="ansi"))
    assert "Tiny" in (env.render() or "")
    env.step(SUM_WRONG)
    env.step(SUM_PASSES_PUBLIC)
    assert env.render() == (
        "sum (Tiny)\n"
        "turn 2: wrong answer, reward -1\n"
        "  public    ..\n"
        "  private   .W\n"
        "  not run   1\n"
        "  (. accepted, W wrong answer)\n"
        "\n"
        "end of the episode: not solved\n"
    )
    assert capsys.readouterr().out == ""
    human = started(make_env(render_mode="human"))
    human.step(SUM_RIGHT)
    printed = capsys.readouterr().out
    assert "Provide a Python solution" in printed
    assert "end of the episode: solved" in printed


def test_the_verdict_grid_alone() -> None:
    results = (TestResult("public", 0, Verdict.ACCEPTED), TestResult("private", 0, Verdict.TIME_LIMIT))
    assert verdict_grid(Judgement(Verdict.TIME_LIMIT, results, 5)) == [
        "  public    .",
        "  private   T",
        "  not run   3",
        "  (. accepted, T time limit)",
    ]
    assert verdict_grid(Judgement(Verdict.NO_PROGRAM, total=5)) == []
    assert set(GRID_LETTERS) == set(Verdict)
    assert verdict_words(Verdict.NO_PROGRAM) == "no program"


def test_render_without_a_mode_warns(make_env: MakeEnv) -> None:
    env = started(make_env())
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


class CountsNothing:
    """A tokenizer that returns a number instead of tokens."""

    def encode(self, text: str) -> int:
        return 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"feedback": "all"}, "feedback: expected one of 'public', 'first', 'none', 'random', 'private', 'verdict'"),
        ({"on_no_verdict": "skip"}, "on_no_verdict: expected one of 'truncate', 'raise'"),
        ({"isolation": "docker"}, "isolation: expected one of 'locked', 'none'"),
        ({"render_mode": "rgb_array"}, "render_mode: expected one of None, 'ansi', 'human'"),
        ({"max_turns": 0}, "max_turns: expected a whole number of at least 1, got 0"),
        ({"max_turns": 2.0}, "max_turns: expected a whole number"),
        ({"feedback_cap": 10}, "feedback_cap: expected a whole number of at least"),
        ({"reward": "best"}, "reward: expected one of rlef"),
        ({"split": 5}, "split: expected the name of a split, e.g. 'train', got 5"),
        ({"tokenizer": 5}, r"tokenizer: expected None or an object with a method encode\(text\), got 5"),
        ({"tokenizer": "gpt2"}, r"tokenizer: expected None or an object with a method encode\(text\), got 'gpt2'"),
        ({"tokenizer": CountsNothing()}, r"tokenizer: expected encode\(text\) to return tokens with a len\(\), got 3"),
        ({"judge": 5}, "judge: expected None or a Judge, got 5"),
        ({"judge": Judge}, "judge: expected None or a Judge, got <class"),
        ({"dataset": 3}, "dataset: expected a name, a path or a Dataset, got int"),
        ({"dataset": Dataset("e", "E", (NO_TESTS,))}, "dataset: expected a problem with a test"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        CodeEnv(**{"dataset": TINY, **arguments})


def test_methods_before_reset_and_after_the_end(make_env: MakeEnv) -> None:
    env = make_env()
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step(SUM_RIGHT)
    with pytest.raises(ResetNeeded, match="call reset"):
        _ = env.episode
    started(env).step(SUM_RIGHT)
    with pytest.raises(ResetNeeded, match="ended; call reset"):
        env.step(SUM_RIGHT)


@pytest.mark.parametrize("action", [3, None, b"x", ["x"], "\ud800", "x" * (2**20 + 1)])
def test_an_action_that_is_not_a_response_is_refused(make_env: MakeEnv, action: Any) -> None:
    env = started(make_env())
    with pytest.raises(InvalidAction, match="action: expected"):
        env.step(action)
    assert env.episode.turns == ()


def test_observations_fit_the_space_whatever_the_caps_and_the_data(make_env: MakeEnv) -> None:
    huge = replace(SUM, statement="\ud800" + "ü" * (2**20 + 5))
    for caps in ({}, {"prompt_cap": None, "feedback_cap": None}):
        env = make_env(dataset=Dataset("h", "H", (huge,)), **caps)
        prompt, _ = env.reset()
        assert prompt in env.observation_space
        assert prompt.startswith("[...]üüü")


def test_without_a_cap_only_the_judge_cuts(make_env: MakeEnv) -> None:
    wordy = replace(SUM, public_tests=(Test("1 2" + " " * 3000 + "\n", "3" * 2000 + "\n"),))
    says = fenced("print('y' * 5000)")
    dataset = Dataset("w", "W", (wordy,))
    capped, *_ = started(make_env(dataset=dataset)).step(says)
    assert "1 2" + " " * 509 + "[...]" in capped
    assert "3" * 512 + "[...]" in capped
    assert "y" * 512 + "[...]" in capped
    whole, *_ = started(make_env(dataset=dataset, feedback_cap=None)).step(says)
    assert f"`{wordy.public_tests[0].input}`" in whole
    assert f"`{wordy.public_tests[0].output}`" in whole
    assert f"`{'y' * 4096}[...]`" in whole
    assert "512 characters" in (CodeEnv.__doc__ or "")
    assert "4,096 characters" in (CodeEnv.__doc__ or "")


def test_close_twice_and_a_shared_judge_stays_open(judge: Judge) -> None:
    own = started(CodeEnv(TINY))
    own.step(SUM_WRONG)
    own.close()
    own.close()
    shared = started(CodeEnv(TINY, judge=judge))
    shared.step(SUM_WRONG)
    shared.close()
    assert started(CodeEnv(TINY, judge=judge)).step(SUM_RIGHT)[1] == 1.0


# Real problems


@pytest.mark.shared
def test_an_episode_on_a_real_problem(shared_data: Path, judge: Judge) -> None:
    dataset = load_dataset(shared_data / "codecontests.jsonl")
    problem = next(
        problem
        for problem in dataset
        if problem.public_tests and problem.solutions and problem.incorrect_solutions and problem.private_tests
    )
    env = CodeEnv(dataset, judge=judge)
    prompt, info = env.reset(options={"problem_id": problem.id})
    assert info["dataset"] == "codecontests"
    assert prompt.startswith(("Provide a Python solution", "[...]"))
    wrong = next(solution for solution in problem.incorrect_solutions if solution.language == "python")
    right = next(solution for solution in problem.solutions if solution.language == "python")
    observation, reward, terminated, _, info = env.step(fenced(wrong.source))
    if not terminated:
        assert observation.startswith(FAILED)
        assert reward == 0.0
        _, reward, terminated, _, info = env.step(fenced(right.source))
        assert (reward, terminated, info["solved"]) == (1.0, True, True)
    else:
        assert (reward, info["solved"]) == (-1.0, False)
