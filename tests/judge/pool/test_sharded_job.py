"""A split job has the same judgement as the whole job, and its programs cannot leak hidden tests to each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rlef_env.judge import JudgeJob, Judgement, JudgePool, TestResult, Verdict
from rlef_env.judge.judgement import Measured, judgement_of
from rlef_env.judge.pool.sharded_job import ShardedJob
from rlef_env.problems import Problem, Test
from rlef_env.problems.problem import Role
from rlef_env.sandbox import Program

CERTAIN = (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR)


def judged(job: JudgeJob, fate: dict[tuple[Role, int], Verdict], undone: int | None, how: Verdict) -> Judgement:
    """Return the judgement of one judge.

    Args:
        job: what to judge.
        fate: the verdict of each test.
        undone: the input of a test on which the sandbox is lost for good; None: it is not lost.
        how: the verdict of that test.
    """
    measured: list[Measured] = []
    failed = False
    tests = job.tests()
    for number, (role, index, test) in enumerate(tests):
        if job.ends(number, failed):
            break
        if test.input == str(undone):
            measured.append(Measured(TestResult(role, index, how, "lost")))
            judgement = judgement_of(job.problem, measured, len(tests))
            if how is Verdict.NO_VERDICT:
                return replace(judgement, verdict=how, category="lost", judge_failed=True)
            return judgement
        measured.append(Measured(TestResult(role, index, fate[role, index])))
        failed = failed or fate[role, index] in CERTAIN
    return judgement_of(job.problem, measured, len(tests))


@st.composite
def jobs(draw: st.DrawFn) -> tuple[JudgeJob, dict[tuple[Role, int], Verdict]]:
    """A job, and the verdict of each test."""
    public, private = draw(st.integers(1, 30)), draw(st.integers(0, 30))
    tests = [Test(str(number), "") for number in range(public + private)]
    problem = Problem("x", "", tuple(tests[:public]), tuple(tests[public:]))
    verdicts = {(role, index): Verdict.ACCEPTED for role, index, _ in problem.tests()}
    for place in draw(st.lists(st.sampled_from(sorted(verdicts)), max_size=4)):
        verdicts[place] = draw(st.sampled_from([*CERTAIN, Verdict.NO_VERDICT]))
    job = JudgeJob(
        problem,
        Program(""),
        stop_early=draw(st.booleans()),
        limit=draw(st.none() | st.integers(1, 60)),
        offset=draw(st.integers(0, public + private - 1)),
        gate=draw(st.integers(0, 60)),
    )
    return job, verdicts


@given(
    job=jobs(),
    workers=st.integers(1, 8),
    undone=st.none() | st.integers(0, 60),
    how=st.sampled_from([Verdict.RUNTIME_ERROR, Verdict.NO_VERDICT]),
    data=st.data(),
)
def test_shards_make_the_whole_in_any_order(
    job: tuple[JudgeJob, dict[tuple[Role, int], Verdict]],
    workers: int,
    undone: int | None,
    how: Verdict,
    data: st.DataObject,
) -> None:
    asked, fate = job
    sharded = ShardedJob(asked)
    sharded.start()
    ready = [sharded.shards[0], *sharded.split(workers)]
    judged_tests, answered = set(), 0
    while (whole := sharded.judgement()) is None:
        shard = ready.pop(data.draw(st.integers(0, len(ready) - 1)))
        judged_tests |= {(role, index) for role, index, _ in shard.job.tests()}
        dropped = sharded.put(shard, judged(shard.job, fate, undone, how))
        answered += 1
        ready = [other for other in ready if other not in dropped]
        if sharded.judgement() is None:
            before_gate = {(role, index) for role, index, _ in asked.tests()[: asked.gate]}
            released = sharded.release()
            assert not released or judged_tests >= before_gate, "a test behind the gate started too early"
            ready += released
    assert whole == judged(asked, fate, undone, how)
    assert answered <= workers + 1


def test_no_program_runs_on_a_hidden_test_while_another_runs_on_a_shown_one(tmp_path: Path) -> None:
    """Idle workers share the tests of a program; without isolation its runs could communicate through a file."""
    path = tmp_path / "input of a hidden test"
    leaks = f"""
import os, time
given = input()
until = time.time() + 0.5
if given.startswith("hidden"):
    open({str(path)!r}, "w").write(given)
while given == "shown 0" and time.time() < until and not os.path.exists({str(path)!r}):
    time.sleep(0.01)
print("leaked" if os.path.exists({str(path)!r}) else "right")
"""
    problem = Problem(
        "leak",
        "",
        tuple(Test(f"shown {number}\n", "right\n") for number in range(9)),
        tuple(Test(f"hidden {number}\n", "right\n") for number in range(18)),
    )
    with JudgePool(3, isolation="none") as pool:
        judgement = pool.judge(problem, Program(leaks), gate=9)
    assert path.exists()
    assert {result.verdict for result in judgement.results[:9]} == {Verdict.ACCEPTED}
    assert judgement.results[9].verdict is Verdict.WRONG_ANSWER
