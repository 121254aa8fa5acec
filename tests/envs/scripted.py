"""A judge whose results hypothesis draws, and the episodes that an environment plays with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import get_args

from hypothesis import strategies as st

from rlef_env.envs import CodeEnv
from rlef_env.envs.feedback import Feedback
from rlef_env.episodes import Episode
from rlef_env.judge import JudgeJob, Judgement, TestResult, Verdict
from rlef_env.judge.judgement import Measured, judgement_of
from rlef_env.problems import Test
from rlef_env.problems.problem import Role
from tests.envs.samples import SUM_RIGHT, TINY

VERDICTS = [verdict for verdict in Verdict if verdict is not Verdict.NO_PROGRAM]
text = st.text(st.characters(), max_size=20)  # lone surrogates too


@dataclass
class ScriptedJudge:
    """Gives each test the result of ``result`` and the measures of ``measures``, and records the tests it judged."""

    result: Callable[[Role, int], TestResult] = lambda role, index: TestResult(role, index, Verdict.ACCEPTED)
    measures: Callable[[], tuple[float, int]] = lambda: (0.0, 0)
    isolation: str = "locked"
    judged: list[Test] = field(default_factory=list)

    def judge(self, job: JudgeJob) -> Judgement:
        tests = job.tests()
        measured: list[Measured] = []
        failed = False
        for number, (role, index, test) in enumerate(tests):
            if job.ends(number, failed):
                break
            self.judged.append(test)
            measured.append(Measured(self.result(role, index), *self.measures()))
            failed = failed or measured[-1].result.verdict not in (Verdict.ACCEPTED, Verdict.NO_VERDICT)
        return judgement_of(job.problem, measured, len(tests), self.isolation)


@st.composite
def played_episodes(draw: st.DrawFn) -> Episode:
    """Draw an episode that CodeEnv played with a judge of arbitrary results, perhaps not to its end."""

    def result(role: Role, index: int) -> TestResult:
        # Most tests pass, so that hidden tests are often reached.
        verdict = draw(st.sampled_from([Verdict.ACCEPTED] * 2 * len(VERDICTS) + VERDICTS))
        if verdict is Verdict.ACCEPTED:
            return TestResult(role, index, verdict)
        category, stdout, stderr = draw(st.none() | text), draw(text), draw(text)
        return TestResult(role, index, verdict, category, stdout, stderr)

    def measures() -> tuple[float, int]:
        return draw(st.floats(0, 10)), draw(st.integers(0, 2**40))

    env = CodeEnv(
        TINY,
        max_turns=draw(st.integers(1, 3)),
        feedback=draw(st.sampled_from(get_args(Feedback))),
        reward=draw(st.sampled_from(["rlef", "pass_fraction"])) if draw(st.booleans()) else {"outcome": 0.5},
        prompt_cap=draw(st.sampled_from([None, 2048])),
        judge=ScriptedJudge(result, measures),  # type: ignore[arg-type]
    )
    env.reset(seed=draw(st.integers(0, 99)))
    for _ in range(draw(st.integers(0, env.config.max_turns))):
        if env.episode.ended:
            break
        env.step(draw(st.sampled_from([SUM_RIGHT, "nothing", "```py\nprint('ü')\n```"])))
    return env.episode
