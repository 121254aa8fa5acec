"""Strategies for tests, outputs, problems, responses, judgements, episodes and sequences of actions."""

from __future__ import annotations

from typing import Final, get_args

from hypothesis import strategies as st

from rlef_env.envs import CodeEnv, fenced
from rlef_env.episodes import Episode
from rlef_env.episodes.settings import Feedback
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.judge.judgement import Measured, judgement_of
from rlef_env.problems import Dataset, Problem, Solution, Test
from rlef_env.problems.problem import ROLES, Role
from rlef_env.testing.scripted_judge import ScriptedJudge

__all__ = ["actions", "episodes", "judgements", "outputs", "problem_tests", "problems", "responses"]

_TEXT: Final = st.text(st.characters(codec="utf-8"), max_size=20)
_TEST_VERDICTS: Final = [verdict for verdict in Verdict if verdict is not Verdict.NO_PROGRAM]


def outputs() -> st.SearchStrategy[str]:
    """Return a strategy for outputs as programs write them: numbers in many spellings, words, lines, Unicode."""
    numbers = st.one_of(
        st.integers(-(10**20), 10**20).map(str),
        st.floats(allow_nan=True, allow_infinity=True).map(repr),
        st.floats(-1e9, 1e9).map("{:.6f}".format),
        st.floats(-1e9, 1e9).map("{:e}".format),
        st.sampled_from(["0", "-0", "+1", "007", "1_000", "1.", ".5", "1e5", "0x10", "NaN", "inf", "١", "½"]),
    )
    words = st.one_of(numbers, st.sampled_from(["YES", "yes", "No", "Impossible", "ё", "a\u0301", "á"]), _TEXT)
    lines = st.lists(words, max_size=4).map(" ".join)
    ends = st.sampled_from(["", "\n", "\r\n", " \n", "\n\n", "\x00"])
    return st.tuples(st.lists(lines, max_size=4).map("\n".join), ends).map("".join)


def problem_tests() -> st.SearchStrategy[Test]:
    """Return a strategy for tests."""
    return st.builds(Test, st.one_of(outputs(), _TEXT), outputs())


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw a problem that programs solve on standard input, with at least one test."""
    some = st.lists(problem_tests(), max_size=3).map(tuple)
    public, private, generated = draw(some), draw(some), draw(some)
    if not public + private + generated:
        public = (draw(problem_tests()),)
    return Problem(
        id=draw(st.text("abcdefgh-/ é", min_size=1, max_size=12)),
        statement=draw(_TEXT),
        public_tests=public,
        private_tests=private,
        generated_tests=generated,
        time_limit=draw(st.none() | st.floats(0.5, 20)),
        memory_limit=draw(st.none() | st.integers(16 * 10**6, 2**32)),
        tags=draw(st.lists(st.sampled_from(["math", "graphs", "strings"]), max_size=2, unique=True).map(tuple)),
        difficulty=draw(st.none() | st.sampled_from(["easy", "1500"])),
        source=draw(st.none() | st.sampled_from(["codeforces", "own"])),
    )


@st.composite
def responses(draw: st.DrawFn, programs: st.SearchStrategy[str] | None = None) -> tuple[str, str | None]:
    """Draw a response as models write them, and the program in it, or None where it holds none.

    Args:
        draw: hypothesis gives it.
        programs: the programs to wrap; some lines of Python if None.
    """
    program = draw(
        programs or st.sampled_from(["print(1)", "a = input()\nprint(a)", "for i in range(3):\n    print(i)"])
    )
    program = program.rstrip()
    prose = st.sampled_from(
        ["", "Here is my solution:\n\n", "Sure! Let me think.\n\n", "**Approach**: add `a` and `b`.\n"]
    )
    thought = draw(st.sampled_from(["", "<think>\nperhaps ```python\nprint(0)\n```\n</think>\n", "<think>hm</think>"]))
    form = draw(st.sampled_from(["block", "tilde", "untagged", "two blocks", "none", "cut off", "thinking only"]))
    match form:
        case "block":
            body = fenced(program)
        case "tilde":
            body = f"~~~py\n{program}\n~~~"
        case "untagged":
            body = f"```\n{program}\n```"
        case "two blocks":
            body = f"```text\n1 2\n```\n\n{fenced(program)}"
        case "none":
            return draw(prose) + thought + "I cannot solve this.", None
        case "cut off":
            return draw(prose) + thought + f"```python\n{program}", None
        case _:
            return f"<think>\n{fenced(program)}", None
    ends = draw(st.sampled_from(["", "\n", "\n\nThis runs in linear time."]))
    return draw(prose) + thought + body + ends, program or None


def actions(min_size: int = 1, max_size: int = 5) -> st.SearchStrategy[list[str]]:
    """Return a strategy for sequences of actions: responses as models write them, and arbitrary texts."""
    return st.lists(responses().map(lambda pair: pair[0]) | _TEXT, min_size=min_size, max_size=max_size)


@st.composite
def judgements(draw: st.DrawFn, problem: Problem | None = None) -> Judgement:
    """Draw the judgement of a program on all tests of a problem.

    Args:
        draw: hypothesis gives it.
        problem: the problem; one of three small ones if None.
    """
    judged = problem or draw(st.sampled_from(_PLAYED.problems))
    tests = list(judged.tests())
    count = draw(st.integers(1, len(tests)))
    measured = [draw(_measured(role, index)) for role, index, _ in tests[:count]]
    return judgement_of(judged, measured, len(tests))


@st.composite
def _measured(draw: st.DrawFn, role: Role, index: int) -> Measured:
    # Most tests pass, so that hidden tests are often reached.
    verdict = draw(st.sampled_from([Verdict.ACCEPTED] * 2 * len(_TEST_VERDICTS) + _TEST_VERDICTS))
    measures = draw(st.floats(0, 10)), draw(st.integers(0, 2**40))
    if verdict is Verdict.ACCEPTED:
        return Measured(TestResult(role, index, verdict), *measures)
    text = st.text(st.characters(), max_size=20)  # lone surrogates too: a program may print any bytes
    result = TestResult(role, index, verdict, draw(st.none() | text), draw(text), draw(text))
    return Measured(result, *measures)


_PLAYED: Final = Dataset(
    "played",
    "Played",
    tuple(
        Problem(
            id=name,
            statement=f"Statement of {name}",
            public_tests=tuple(Test(f"{n}\n", f"{n}\n") for n in range(public)),
            private_tests=(Test("7\n", "7\n"), Test("8\n", "8\n")),
            incorrect_solutions=(Solution("print(0)"),),
        )
        for name, public in (("one", 1), ("two", 2), ("none public", 0))
    ),
)


@st.composite
def episodes(draw: st.DrawFn, dataset: Dataset | None = None) -> Episode:
    """Draw an episode that ``CodeEnv`` played with a judge of arbitrary results, perhaps not to its end.

    Args:
        draw: hypothesis gives it.
        dataset: the problems; three small ones if None.
    """

    def result(role: Role, index: int) -> TestResult:
        assert role in ROLES
        return draw(_measured(role, index)).result

    env = CodeEnv(
        dataset or _PLAYED,
        max_turns=draw(st.integers(1, 3)),
        feedback=draw(st.sampled_from(get_args(Feedback))),
        reward=draw(st.sampled_from(["rlef", "pass_fraction"])) if draw(st.booleans()) else {"outcome": 0.5},
        prompt_cap=draw(st.sampled_from([None, 2048])),
        judge=ScriptedJudge(result=result, measures=lambda: (draw(st.floats(0, 10)), draw(st.integers(0, 2**40)))),
    )
    env.reset(seed=draw(st.integers(0, 99)))
    for _ in range(draw(st.integers(0, env.config.max_turns))):
        if env.episode.ended:
            break
        env.step(draw(st.sampled_from([fenced("print(input())"), "nothing", "```py\nprint('ü')\n```"])))
    return env.episode
