"""`evaluate`: what is played, kept, resumed and counted, with real judges."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from rlef_agents import RandomAgent
from rlef_env import Dataset, Judgement, JudgePool, Verdict
from rlef_env.agents import AgentOptions, Conversation
from rlef_env.analysis import Run, evaluate
from rlef_env.analysis.evaluation import Evaluation, Quiet
from rlef_env.analysis.evaluation.evaluate import named
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool, JudgeJob
from rlef_env.runs import EpisodeRecord
from tests.analysis.evaluation.agents import HARD_CODED, WAIT, WRONG, Scripted, repairs, solves, sums


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2) as made:
        yield made


def play(agent: Any, out: Path, count: int = 4, **options: Any) -> Run:
    return evaluate(agent, sums(count), out=out, **options)


def responses(run: Run) -> dict[tuple[str, int], list[str]]:
    return {
        (each.episode.problem_id, each.sample): [turn.response for turn in each.episode.turns] for each in run.records()
    }


def test_every_episode_is_played_and_counted(pool: JudgePool, tmp_path: Path) -> None:
    def answer(conversation: Conversation) -> str:
        if conversation.problem_id == "p0":
            return HARD_CODED
        return repairs(conversation) if conversation.problem_id == "p1" else solves(conversation)

    agent = Scripted(answer)
    run = play(agent, tmp_path / "run", samples=2, pool=pool, n_at_k="1@3,1@6")
    found = run.metrics()
    assert {name: found[name].value for name in ("solve_rate", "solved_at_1", "solved_at_2", "1@3", "1@6")} == {
        "solve_rate": 0.75, "solved_at_1": 0.5, "solved_at_2": 0.75, "1@3": 0.75, "1@6": 0.75
    }  # fmt: skip
    assert (found["repair_rate"].value, found["tokens_per_solved"].value) == (0.5, 100 / 6)
    assert (found.episodes, found.problems, found.no_verdict, found.tokens) == (8, 4, 0, 10 * 110)
    failed = [each for each in run.records() if each.episode.problem_id == "p1"]
    assert all(each.turns[0].category and each.turns[1].category is None for each in failed)
    assert run.query("select count(*), sum(cast(solved as int)) from episodes").rows == [(8, 6)]
    assert "<table>" in run._repr_html_()
    assert run._repr_html_().count("<svg") == 1  # solved by turn; there is no training
    assert len({conversation.seed for conversation in agent.asked}) == 8


@pytest.mark.parametrize("concurrency", [1, 7])
def test_answers_depend_on_the_seed_and_not_on_order_or_resuming(
    concurrency: int, pool: JudgePool, tmp_path: Path
) -> None:
    whole = play(RandomAgent(3), tmp_path / "whole", samples=2, pool=pool, seed=5, concurrency=3)
    part = play(RandomAgent(3), tmp_path / "part", samples=1, pool=pool, seed=5, concurrency=concurrency)
    assert len(part.facts) == 4
    part = play(RandomAgent(3), tmp_path / "part", samples=2, pool=pool, seed=5, concurrency=2, resume=True)
    assert responses(part) == responses(whole)
    other = play(RandomAgent(3), tmp_path / "other", samples=2, pool=pool, seed=6)
    assert responses(other) != responses(whole)


def test_a_slow_response_delays_no_other(pool: JudgePool, tmp_path: Path) -> None:
    """p0 is answered only after all others are judged and kept."""
    others = threading.Semaphore(0)

    class Counts(Quiet):
        def ended(self, record: EpisodeRecord) -> None:
            others.release()

    def answer(conversation: Conversation) -> str:
        if conversation.problem_id == "p0":
            for _ in range(5):
                assert others.acquire(timeout=WAIT)
        return solves(conversation)

    data = Dataset("sums", "Sums", tuple(sums(6)))
    evaluation = Evaluation(
        named("test", Scripted(answer, concurrent=True)), data, "sums", problem_ids=data.ids, concurrency=2
    )
    finished = evaluation.play(tmp_path / "run", observer=lambda *_: Counts(), pool=pool)
    assert [each.episode.problem_id for each in finished.run.records()][-1] == "p0"


def test_episodes_are_kept_while_the_agent_thinks(pool: JudgePool, tmp_path: Path) -> None:
    """A batch that contains p2 is answered only when two other episodes are on disk."""
    kept = threading.Semaphore(0)

    class Counts(Quiet):
        def ended(self, record: EpisodeRecord) -> None:
            lines = b"".join(file.read_bytes() for file in (tmp_path / "run" / "episodes").glob("*.jsonl"))
            assert record.episode.problem_id.encode() in lines
            kept.release()

    def answer(conversation: Conversation) -> str:
        if conversation.problem_id == "p2":
            assert kept.acquire(timeout=WAIT)
            assert kept.acquire(timeout=WAIT)
        return solves(conversation)

    # The first batch is p0 and p1. p2 is asked when one of them has ended.
    data = Dataset("sums", "Sums", tuple(sums(4)))
    evaluation = Evaluation(named("test", Scripted(answer)), data, "sums", problem_ids=data.ids, concurrency=2)
    finished = evaluation.play(tmp_path / "run", observer=lambda *_: Counts(), pool=pool)
    assert len(finished.run.facts) == 4


def test_an_agent_gets_all_conversations_that_wait(pool: JudgePool, tmp_path: Path) -> None:
    agent = Scripted(solves)
    play(agent, tmp_path / "run", count=7, pool=pool, concurrency=5)
    assert agent.batches[0] == 5
    assert sum(agent.batches) == 7


def test_an_agent_that_fails_on_a_conversation_loses_only_that(pool: JudgePool, tmp_path: Path) -> None:
    broken = {"p1"}

    def answer(conversation: Conversation) -> str:
        if conversation.problem_id in broken:
            raise RuntimeError("out of ideas")
        return solves(conversation)

    with pytest.raises(UsageError, match=r"out of ideas.*\(problem p1, sample 0, turn 1\); 1 episodes are missing"):
        play(Scripted(answer), tmp_path / "run", pool=pool)
    assert sorted(each.problem.problem_id for each in Run(tmp_path / "run").facts) == ["p0", "p2", "p3"]
    broken.clear()
    agent = Scripted(answer)
    run = play(agent, tmp_path / "run", pool=pool, resume=True)
    assert [each.problem_id for each in agent.asked] == ["p1"]
    assert run.metrics()["solve_rate"].value == 1.0


def test_an_agent_that_always_fails_stops_the_run(pool: JudgePool, tmp_path: Path) -> None:
    agent = Scripted(lambda _: 1 / 0)  # type: ignore[arg-type, return-value]
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        play(agent, tmp_path / "run", count=50, pool=pool, concurrency=1)
    assert len(agent.asked) == 5
    too_long = Scripted(lambda _: "#" * 2**20)
    with pytest.raises(UsageError, match=r"expected at most 1048576 characters.*problem p0, sample 0, turn 1"):
        play(too_long, tmp_path / "long", count=1, pool=pool)


class Losing(BaseJudgePool):
    """A pool that gives no verdict on the programs of some problems."""

    def __init__(self, pool: JudgePool, lost: set[str]) -> None:
        self.pool, self.lost = pool, lost
        self.workers, self.isolation, self.judge_arguments = pool.workers, pool.isolation, pool.judge_arguments

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        if job.problem.id not in self.lost:
            return self.pool.submit(job, priority, owner)
        future: Future[Judgement] = Future()
        future.set_result(Judgement(Verdict.NO_VERDICT, category="starved", total=2))
        return future

    def cancel(self, future: Future[Judgement]) -> None:
        self.pool.cancel(future)

    def close(self) -> None:
        pass


def test_no_verdict_is_no_wrong_answer_and_is_played_again(pool: JudgePool, tmp_path: Path) -> None:
    out = tmp_path / "run"
    for attempt in range(2):
        run = play(Scripted(repairs), out, pool=Losing(pool, {"p2"}), resume=True)
        assert [each.attempt for each in run.records() if not each.has_verdict] == [attempt]
        assert (run.metrics().no_verdict, run.metrics().refusal != "") == (1, True)
        assert run.metrics(max_no_verdict=0.5)["solve_rate"].value == 1.0
    agent = Scripted(repairs)
    run = play(agent, out, pool=pool, resume=True)
    assert {each.problem_id for each in agent.asked} == {"p2"}
    assert (len(run.facts), run.metrics().no_verdict, run.metrics()["solve_rate"].value) == (4, 0, 1.0)
    assert len(list(run.records())) == 4


def test_a_budget_stops_cleanly_and_can_be_resumed(pool: JudgePool, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = play(Scripted(repairs), out, count=6, pool=pool, concurrency=1, budget_tokens=500)
    assert [each.problem.problem_id for each in run.facts] == ["p0", "p1", "p2"]  # 220 tokens each
    assert all(each.solved_at == 2 for each in run.facts), "an episode that began is played to its end"
    assert len(play(Scripted(repairs), out, count=6, pool=pool, resume=True).facts) == 6
    silent = RandomAgent()
    with pytest.raises(UsageError, match="--budget-tokens: expected an agent that tells its tokens"):
        play(silent, tmp_path / "silent", pool=pool, budget_tokens=500)


def test_other_settings_do_not_share_a_run(pool: JudgePool, tmp_path: Path) -> None:
    out = tmp_path / "run"
    play(Scripted(solves), out, count=2, pool=pool)
    with pytest.raises(UsageError, match="add --resume"):
        play(Scripted(solves), out, count=2, pool=pool)
    for change, words in (
        ({"seed": 1}, r"episodes\.seed: 1, other 0"),
        ({"turns": 2}, r"episodes\.max_turns: 2, other 3"),
        ({"count": 3}, r"problems\.count: 3, other 2"),
        ({"feedback": "none"}, r"episodes\.feedback"),
    ):
        with pytest.raises(UsageError, match=words):
            play(Scripted(solves), out, **{"count": 2, **change}, pool=pool, resume=True)  # type: ignore[arg-type]
    agent = Scripted(solves)
    agent.settings = {"answer": "another"}
    with pytest.raises(UsageError, match=r'agent\.answer: "another", other "scripted"'):
        play(agent, out, count=2, pool=pool, resume=True)
    assert len(play(Scripted(solves), out, count=2, samples=3, pool=pool, resume=True).facts) == 6, "more samples may"


def test_two_processes_do_not_play_the_same_run(pool: JudgePool, tmp_path: Path) -> None:
    """An evaluation that is resumed while another one plays it is refused, and disturbs nothing."""
    out, refused = tmp_path / "run", []

    def answer(conversation: Conversation) -> str:
        if conversation.problem_id == "p0":
            with pytest.raises(UsageError, match="expected a run that no other process writes") as error:
                play(Scripted(solves), out, pool=pool, resume=True)
            refused.append(str(error.value))
        return solves(conversation)

    run = play(Scripted(answer), out, pool=pool)
    assert len(refused) == 1
    assert len(list(run.records())) == 4


def test_random_feedback_needs_two_judgements_and_depends_on_the_seed(pool: JudgePool, tmp_path: Path) -> None:
    runs = [
        play(Scripted(lambda _: WRONG), tmp_path / str(n), pool=pool, feedback="random", concurrency=n) for n in (1, 3)
    ]
    told = [
        sorted((each.episode.problem_id, turn.feedback) for each in run.records() for turn in each.episode.turns)
        for run in runs
    ]
    assert told[0] == told[1]
    assert len(told[0]) == 12


def test_arguments_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="samples: expected 4 or more episodes of each problem, which 1@12 needs"):
        play(Scripted(solves), tmp_path / "run", samples=3, n_at_k="1@12")
    with pytest.raises(UsageError, match="expected a problem with a test"):
        evaluate(Scripted(solves), [], out=tmp_path / "run")
    with pytest.raises(UsageError, match="agent: expected"):
        evaluate("oracel", sums(1), out=tmp_path / "run")
    with pytest.raises(UsageError, match="expected options that are parameters of its class, got size"):
        evaluate("random", sums(1), out=tmp_path / "run", options=AgentOptions(others={"size": 3}))
    assert not (tmp_path / "run").exists()
