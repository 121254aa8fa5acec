"""A job that is split makes the judgement that it makes as a whole, and shows nothing to who may tell it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rlef_env.judge import JudgeJob, Judgement, JudgePool, Measured, TestResult, Verdict, judgement_of
from rlef_env.judge.pool.sharded_job import ShardedJob
from rlef_env.problems import Problem, Role, Test
from rlef_env.sandbox import Program

CERTAIN = (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR)


def judged(job: JudgeJob, fate: dict[tuple[Role, int], Verdict], undone: int | None, how: Verdict) -> Judgement:
    """What one judge makes of it, whose sandbox is lost for good on the test of this number, by whoever's fault."""
    measured: list[Measured] = []
    failed = False
    tests = job.tests()
    for number, (role, index, test) in enumerate(tests):
        if job.ends(number, failed):
            break
        if test.input == str(undone):
            measured.append(Measured(TestResult(role, index, how, "lost")))
            judgement = judgement_of(job.problem, measured, len(tests))
            return replace(judgement, verdict=how, category="lost") if how is Verdict.NO_VERDICT else judgement
        measured.append(Measured(TestResult(role, index, fate[role, index])))
        failed = failed or fate[role, index] in CERTAIN
    return judgement_of(job.problem, measured, len(tests))


@st.composite
def jobs(draw: st.DrawFn) -> tuple[JudgeJob, dict[tuple[Role, int], Verdict]]:
    """A job, and what comes of each test."""
    public, private = draw(st.integers(1, 30)), draw(st.integers(0, 30))
    tests = [Test(str(number), "") for number in range(public + private)]
    problem = Problem("x", "", tuple(tests[:public]), tuple(tests[public:]))
    verdicts = {place: Verdict.ACCEPTED for *place, _ in map(list, problem.tests()) for place in [tuple(place)]}
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
def test_parts_make_the_whole_in_whatever_order_they_come(
    job: tuple[JudgeJob, dict[tuple[Role, int], Verdict]],
    workers: int,
    undone: int | None,
    how: Verdict,
    data: st.DataObject,
) -> None:
    asked, fate = job
    work = ShardedJob(asked)
    work.start()
    open_to_begin = [work.tasks[0], *work.split(workers)]
    begun, answered = set(), 0
    while (whole := work.judgement()) is None:
        task = open_to_begin.pop(data.draw(st.integers(0, len(open_to_begin) - 1)))
        begun |= {place for *place, _ in map(list, task.job.tests()) for place in [tuple(place)]}
        dropped = work.put(task.part, judged(task.job, fate, undone, how))
        answered += 1
        open_to_begin = [task for task in open_to_begin if task not in dropped]
        if work.judgement() is None:
            shown = [tuple(place) for *place, _ in map(list, asked.tests()[: asked.gate])]
            released = work.release()
            assert not released or begun >= set(shown), "a test behind the gate began before those before it had ended"
            open_to_begin += released
    assert whole == judged(asked, fate, undone, how)
    assert answered <= workers + 1


def test_no_program_runs_on_a_hidden_test_beside_one_on_a_test_that_is_shown(tmp_path: Path) -> None:
    """Not even where all tests of a program are spread over idle workers; here they could talk through a file."""
    path = tmp_path / "what a hidden test is given"
    tells = f"""
import os, time
given = input()
until = time.time() + 0.5
if given.startswith("hidden"):
    open({str(path)!r}, "w").write(given)
while given == "shown 0" and time.time() < until and not os.path.exists({str(path)!r}):
    time.sleep(0.01)
print("told" if os.path.exists({str(path)!r}) else "right")
"""
    problem = Problem(
        "tell",
        "",
        tuple(Test(f"shown {number}\n", "right\n") for number in range(9)),
        tuple(Test(f"hidden {number}\n", "right\n") for number in range(18)),
    )
    with JudgePool(3, isolation="none") as pool:
        judgement = pool.judge(problem, Program(tells), gate=9)
    assert path.exists()
    assert {result.verdict for result in judgement.results[:9]} == {Verdict.ACCEPTED}
    assert judgement.results[9].verdict is Verdict.WRONG_ANSWER
