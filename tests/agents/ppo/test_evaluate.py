"""Metrics of evaluations, and n@k against an enumeration of all draws and choices."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.ppo.evaluate import EpisodeRecord, evaluation_plans, record_of, summary
from rlef_agents.ppo.n_at_k import NAtK, check_n_at_k, n_at_k, parse_n_at_k
from rlef_env import Episode, Verdict, load_dataset
from rlef_env.episodes import Turn
from rlef_env.errors import UsageError
from rlef_env.judge import Judgement, TestResult

KINDS = {"fails": (False, False), "passes": (True, False), "solves": (True, True)}


def by_hand(kinds: list[str], submissions: int, drawn: int) -> float:
    """Enumerate all draws, and for each all choices that prefer programs that passed the public tests."""
    chances = []
    for draw in combinations(kinds, drawn):
        passed = [kind for kind in draw if kind != "fails"]
        choices = list(combinations(passed, min(submissions, len(passed))))
        chances.append(sum("solves" in choice for choice in choices) / len(choices))
    return sum(chances) / len(chances)


@given(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=7), st.data())
def test_n_at_k_is_the_mean_over_every_draw_and_choice(kinds: list[str], data: st.DataObject) -> None:
    drawn = data.draw(st.integers(1, len(kinds)))
    submissions = data.draw(st.integers(1, drawn + 1))
    passed, solved = zip(*(KINDS[kind] for kind in kinds), strict=True)
    assert n_at_k(passed, solved, submissions, drawn) == pytest.approx(by_hand(kinds, submissions, drawn), abs=1e-12)


def test_n_at_k_golden() -> None:
    # Of 200 episodes 40 pass the public tests and 10 solve; 33 are without these by (167 ... 158) / (200 ... 191).
    none = prod((167 - place) / (200 - place) for place in range(10))
    passed, solved = [True] * 40 + [False] * 160, [True] * 10 + [False] * 190
    assert n_at_k(passed, solved, 1, 1) == pytest.approx(0.05)
    assert n_at_k(passed, solved, 33, 33) == pytest.approx(1 - none)
    assert n_at_k(passed, solved, 1, 33) == pytest.approx(0.25, abs=1e-3)  # one of those that passed, if any did
    assert n_at_k([False, True], [False, True], 1, 2) == 1.0  # the one that passed is the one that is submitted


def test_n_at_k_refuses_too_few_episodes_and_contradictions() -> None:
    with pytest.raises(ValueError, match="expected 3 episodes or more"):
        n_at_k([True, True], [True, False], 1, 3)
    with pytest.raises(ValueError, match="among those that passed"):
        n_at_k([False], [True], 1, 1)


def test_n_at_k_is_read_and_refused() -> None:
    assert parse_n_at_k("1@3 10@100", 3) == [NAtK(1, 3), NAtK(10, 100)]
    assert (NAtK(10, 100).episodes(3), NAtK(1, 3).episodes(1), str(NAtK(10, 100))) == (33, 3, "10@100")
    assert check_n_at_k("10@100", 3, 33, "evaluate_samples") == [NAtK(10, 100)]
    for text in ("10", "0@3", "4@3", "1@2", "10@100x", "-1@3"):
        with pytest.raises(UsageError, match="expected words such as 10@100"):
            parse_n_at_k(text, 3)
    with pytest.raises(UsageError, match=r"evaluate_samples: expected 33 or more .* which 10@100 needs"):
        check_n_at_k("10@100", 3, 32, "evaluate_samples")


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
    a = by_hand(["solves", "fails", "passes", "solves"], 1, 2)
    b = by_hand(["fails", "passes", "solves"], 1, 2)
    assert found["1@6"] == pytest.approx((a + b) / 2)
    assert found["1@12"] == pytest.approx(by_hand(["solves", "fails", "passes", "solves"], 1, 4))  # b has too few
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
