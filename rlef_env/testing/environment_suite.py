"""What every environment of coding problems must do, whatever judges its programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import gymnasium
from gymnasium.error import InvalidAction, ResetNeeded

from rlef_env.envs import fenced
from rlef_env.judge import Verdict
from rlef_env.problems import Dataset, Problem, Test
from rlef_env.testing.findings import Findings
from rlef_env.testing.scripted_judge import ScriptedJudge

__all__ = ["check_environment"]

SECRET: Final = "53724981"
"""Content of hidden tests that must never be shown."""
PROBLEMS: Final = Dataset(
    "suite",
    "Suite",
    tuple(
        Problem(
            id=f"problem {number}",
            statement=f"Print {number}",
            public_tests=(Test("1\n", f"{number}\n"), Test("2\n", f"{number}\n")),
            private_tests=(Test(SECRET, SECRET),),
        )
        for number in range(8)
    ),
)
PROGRAM: Final = fenced("print(1)")

MakeEnv = Callable[..., "gymnasium.Env[Any, Any]"]


def check_environment(make: MakeEnv) -> None:
    """Check an environment: seeds, turns, rewards, ends, missing verdicts, and that hidden tests stay hidden.

    ::

        check_environment(CodeEnv)
        check_environment(lambda **arguments: MyWrapper(CodeEnv(**arguments)))

    Args:
        make: makes an environment from ``CodeEnv``'s arguments ``dataset``, ``max_turns`` and ``judge``. Actions are
            responses, texts that hold a program; ``info`` is that of ``CodeEnv``.

    Raises:
        AssertionError: something was not as expected; the message lists everything.
    """
    findings = Findings("environment")
    for check in (_seeds, _solved, _not_solved, _no_verdict, _no_program, _misuse, _hidden_tests):
        with findings.check(check.__name__.strip("_").replace("_", " ")) as expect:
            check(make, expect)
    findings.report()


Expect = Callable[[bool, str], None]


def _made(make: MakeEnv, *verdicts: Verdict) -> gymnasium.Env[Any, Any]:
    return make(dataset=PROBLEMS, max_turns=3, judge=ScriptedJudge(verdicts or None))


def _seeds(make: MakeEnv, expect: Expect) -> None:
    env = _made(make)
    first = [env.reset(seed=seed) for seed in (1, 2, 3, 1)]
    expect(repr(first[0]) == repr(first[3]), "expected the same observation and info for the same seed")
    drawn = {info["problem_id"] for _, info in (env.reset() for _ in range(40))}
    expect(len(drawn) > 1, f"expected several problems in 40 episodes, got {drawn}")
    _, info = env.reset(options={"problem_id": "problem 5"})
    expect(info["problem_id"] == "problem 5", f"expected the problem that options name, got {info['problem_id']}")


def _solved(make: MakeEnv, expect: Expect) -> None:
    env = _made(make, Verdict.WRONG_ANSWER, Verdict.ACCEPTED)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(PROGRAM)
    expect((terminated, truncated) == (False, False), "expected the episode to go on after a wrong program")
    expect(info["verdict"] == "wrong_answer", f"expected the verdict wrong_answer, got {info['verdict']}")
    expect(len(info["messages"]) == 3, f"expected 3 messages after the first response, got {len(info['messages'])}")
    _, last, terminated, truncated, info = env.step(PROGRAM)
    expect((terminated, truncated) == (True, False), "expected a solved episode to terminate")
    expect(
        bool(info["solved"]) and float(last) > float(reward),
        f"expected solved, and more reward than before, got {last}",
    )


def _not_solved(make: MakeEnv, expect: Expect) -> None:
    env = _made(make, Verdict.WRONG_ANSWER)
    env.reset(seed=0)
    ends, rewards = [], []
    for _ in range(3):
        _, reward, terminated, truncated, info = env.step(PROGRAM)
        ends.append((terminated, truncated))
        rewards.append(float(reward))
    expect(ends == [(False, False)] * 2 + [(True, False)], f"expected the end at the turn limit of 3, got {ends}")
    expect(not info["solved"] and sum(rewards) < 0, f"expected not solved, and rewards below 0, got {rewards}")


def _no_verdict(make: MakeEnv, expect: Expect) -> None:
    env = _made(make, Verdict.NO_VERDICT)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(PROGRAM)
    expect((terminated, truncated) == (False, True), "expected an episode without a verdict to be truncated")
    expect(not info["has_verdict"], "expected has_verdict to be False")
    expect(float(reward) == 0.0, f"expected no reward without a verdict, got {reward}")


def _no_program(make: MakeEnv, expect: Expect) -> None:
    env = _made(make)
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step("I do not know.")
    expect(not terminated and info["verdict"] == "no_program", f"expected no_program, got {info['verdict']}")
    expect(float(reward) <= 0.0, f"expected no reward for a response without a program, got {reward}")


def _misuse(make: MakeEnv, expect: Expect) -> None:
    env = _made(make)
    env.reset(seed=0)
    try:
        env.step(5)
        expect(False, "expected InvalidAction for an action that is no text")
    except InvalidAction:
        pass
    env.step(PROGRAM)
    try:
        env.step(PROGRAM)
        expect(False, "expected ResetNeeded for a step after the end")
    except ResetNeeded:
        pass
    env.reset()
    env.step(PROGRAM)
    env.close()
    env.close()


def _hidden_tests(make: MakeEnv, expect: Expect) -> None:
    env = _made(make, Verdict.WRONG_ANSWER)
    shown = [repr(env.reset(seed=0))]
    shown += [repr(env.step(PROGRAM)) for _ in range(3)]
    expect(
        SECRET not in "".join(shown), "expected hidden tests not to be shown, but they are in an observation or info"
    )
