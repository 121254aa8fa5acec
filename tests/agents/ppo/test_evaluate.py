"""Metrics of evaluations during training."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from rlef_agents.ppo.evaluate import EpisodeRecord, evaluation_plans, record_of, summary
from rlef_env import Episode, Verdict, load_dataset
from rlef_env.analysis.metrics import NAtK
from rlef_env.episodes import Turn
from rlef_env.judge import Judgement, TestResult


def played(name: str, solved_at: int, passed: bool, verdict: bool = True) -> EpisodeRecord:
    return EpisodeRecord(name, verdict, solved_at or 3, 3, solved_at, passed, 2)


def test_summary_counts() -> None:
    outcomes = [
        played("a", 1, True), played("a", 0, False), played("a", 0, True), played("a", 3, True),
        played("b", 0, False), played("b", 0, True), played("b", 2, True), played("c", 0, False, verdict=False),
    ]  # fmt: skip
    found = summary(outcomes, [NAtK(1, 6), NAtK(1, 12)])
    assert found["solve_rate"] == pytest.approx(3 / 7)
    assert [found[f"solved_at_{turn}"] for turn in (1, 2, 3)] == pytest.approx([1 / 7, 2 / 7, 3 / 7])
    assert (found["episodes"], found["no_verdict"]) == (7, 1)
    assert found["valid_programs"] == pytest.approx(14 / 18)
    assert found["1@3"] == pytest.approx((2 / 4 + 1 / 3) / 2)  # over problems, not over episodes
    # Of a: 6 pairs, 1 of them solves with both, 2 with the only one that passed, 2 in one of two choices, 1 not at all.
    a, b = (1 + 2 + 2 / 2) / 6, (0 + 1 + 1 / 2) / 3
    assert found["1@6"] == pytest.approx((a + b) / 2)
    assert found["1@12"] == pytest.approx(2 / 3)  # b has too few
    assert (found["starved"], found["out_of_context"], found["skipped"]) == (0, 0, 0)
    full = played("d", 0, False)._replace(turns=0, valid=0, out_of_context=True, skipped=True)
    more = summary([*outcomes, full, played("e", 0, False)._replace(out_of_context=True)])
    assert more["solve_rate"] == pytest.approx(3 / 9), "what is not answered is not solved"
    assert (more["out_of_context"], more["skipped"], more["valid_programs"]) == (2, 1, pytest.approx(16 / 21))
    assert summary([full])["valid_programs"] == 0.0
    assert summary(outcomes[-1:]) == {"episodes": 0.0, "no_verdict": 1.0, "starved": 0.0}
    assert summary([outcomes[-1], outcomes[-1]._replace(starved=True)])["starved"] == 1.0


def judged(*verdicts: tuple[str, Verdict]) -> Judgement:
    results = tuple(TestResult(role, place, verdict) for place, (role, verdict) in enumerate(verdicts))  # type: ignore[arg-type]
    failed = [verdict for _, verdict in verdicts if verdict is not Verdict.ACCEPTED]
    return Judgement(failed[0] if failed else Verdict.ACCEPTED, results, len(results))


@pytest.mark.parametrize(
    ("judgement", "solved_at", "passed", "valid"),
    [
        (judged(("public", Verdict.ACCEPTED), ("private", Verdict.ACCEPTED)), 2, True, 2),
        (judged(("public", Verdict.ACCEPTED), ("private", Verdict.WRONG_ANSWER)), 0, True, 2),
        (judged(("public", Verdict.ACCEPTED), ("public", Verdict.TIME_LIMIT)), 0, False, 2),
        (Judgement(Verdict.NO_PROGRAM, total=2), 0, False, 1),
        (Judgement(Verdict.COMPILE_ERROR, total=2), 0, False, 1),
    ],
)
def test_the_record_of_an_episode(judgement: Judgement, solved_at: int, passed: bool, valid: int) -> None:
    first = Turn("", "", judged(("public", Verdict.WRONG_ANSWER)))
    episode = Episode("p", "D", "?", (first, Turn("", "", judgement)), terminated=True, settings={"max_turns": 2})
    assert record_of(episode) == EpisodeRecord("p", True, 2, 2, solved_at, passed, valid)


def test_an_episode_that_was_cut_off_has_no_verdict() -> None:
    lost = Episode("p", "D", "?", (Turn("", "", Judgement(Verdict.NO_VERDICT)),), truncated=True)
    assert not record_of(lost).has_verdict
    assert not record_of(lost).starved
    late = Turn("", "", Judgement(Verdict.NO_VERDICT, category="starved"))
    assert record_of(replace(lost, turns=(late,))).starved
    # The program itself raised an error with this name.
    named = Turn("", "", Judgement(Verdict.RUNTIME_ERROR, category="starved"))
    assert not record_of(Episode("p", "D", "?", (named,), terminated=True)).starved
    assert not record_of(Episode("p", "D", "?")).has_verdict
    assert record_of(Episode("p", "D", "?"), True, True).has_verdict, "skipped, because its prompt fills the context"


@pytest.mark.parametrize(("episodes", "samples"), [(0, 1), (0, 3), (7, 1), (7, 3), (250, 1), (6, 2)])
def test_plans_have_each_problem_as_often_and_processes_share_them(episodes: int, samples: int) -> None:
    dataset = load_dataset("procedural/hidden_step?short=true&count=12", split="valid")
    problems = len(dataset)
    alone = evaluation_plans(dataset, episodes, 4, 1, samples)
    assert all(len(plan.problems) <= 4 for plan in alone)
    every = [pair for plan in alone for pair in zip(plan.problems, plan.seeds, strict=True)]
    counts = Counter(name for name, _ in every)
    assert min(counts.values()) >= samples
    assert max(counts.values()) - min(counts.values()) <= 1
    assert len(every) == (problems * samples if not episodes else max(episodes, len(counts) * samples))
    assert len({seed for _, seed in every}) == len(every)
    shares = [evaluation_plans(dataset, episodes, 4, 1, samples, process, 3) for process in range(3)]
    shared = [pair for share in shares for plan in share for pair in zip(plan.problems, plan.seeds, strict=True)]
    assert sorted(shared) == sorted(every)
