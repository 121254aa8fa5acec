"""Schedules of sampling and judging with a simulated clock, and the bound on the age of tokens."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.training.clocked import DATASET, Clock, ClockedEnv, Judge, Server, played
from benchmarks.training.schedules import schedule_rows
from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.driver import Driver
from rlef_agents.ppo.rollout import Rollout, plan
from rlef_agents.ppo.trajectory import Completion
from rlef_agents.tiny.shrunk import shrunk


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(shrunk("llama")[1])


def test_a_judged_conversation_does_not_wait_for_the_response_of_another(renderer: Renderer) -> None:
    """Conversation 0 takes 10 s for each response, conversation 1 takes 1 s; a judgement takes 0.5 s.

    The turns of conversation 1 are asked for at 0, 1.5 and 3.0, long before the first response of conversation 0.
    """
    clock, server = played(renderer, 2, lambda name, turn: 1.0 if name else 10.0, 0.5)
    asked = [server.asked[1, turn] for turn in range(3)]
    assert asked == pytest.approx([0.0, 1.5, 3.0], abs=0.05)
    assert [server.asked[0, turn] for turn in range(3)] == pytest.approx([0.0, 10.5, 21.0], abs=0.05)
    assert clock.now == pytest.approx(31.5, abs=0.1)


def test_long_tailed_completion_times_cost_little_more_than_the_longest_conversation(renderer: Renderer) -> None:
    random = np.random.default_rng(0)
    times = random.lognormal(1.0, 1.0, (48, 3))
    clock, _ = played(renderer, 48, lambda name, turn: times[name, turn], 0.3)
    bound = (times.sum(1) + 3 * 0.3).max()
    assert bound <= clock.now <= 1.15 * bound
    serial = times.max(0).sum() + 3 * 0.3  # if each turn waited for the slowest response
    assert serial > 1.15 * bound, "the times are such that waiting would be seen"


def test_programs_wait_for_a_worker_of_the_judge(renderer: Renderer) -> None:
    """Three responses after 1 s, a judgement of 2 s: two workers judge the third program from 3 s to 5 s."""
    _, server = played(renderer, 3, lambda name, turn: 1.0, 2.0, workers=2)
    assert sorted(server.asked[name, 1] for name in range(3)) == pytest.approx([3.0, 3.0, 5.0], abs=0.05)


def test_the_time_without_anything_to_sample_is_known(renderer: Renderer) -> None:
    """Sampled from 0 to 1, 1.5 to 2.5 and 3 to 4; judged until 4.5."""
    clock, server = played(renderer, 1, lambda name, turn: 1.0, 0.5)
    assert (server.idle, server.ended, clock.now) == pytest.approx((1.0, 4.0, 4.5), abs=0.1)


def test_the_row_of_the_benchmark_meets_its_goals() -> None:
    figures = {figure.figure: figure for figure in schedule_rows(2)}
    assert figures["3 turns against their lower bound"].met
    assert figures["share of time with nothing to sample because of the judge"].met


class Instant(Server):
    """Answers at once, with the version of its weights; refuses to sample while it is paused."""

    paused = False

    def poll(self, timeout: float | None = None) -> list[tuple[int, Completion]]:
        assert not self.paused
        return super().poll(timeout)


def driver(renderer: Renderer, max_lag: int, updates: int, slots: int = 1) -> tuple[Driver, Instant]:
    clock = Clock()
    pool: Any = Judge(clock, 0.1)
    envs = [ClockedEnv(3, pool=pool, autoreset_mode="Disabled", dataset=DATASET) for _ in range(1 + max_lag)]
    for env in envs:
        env.clock = clock
    random = np.random.default_rng(max_lag)
    server = Instant(clock, renderer, lambda name, turn: float(random.exponential()), slots)
    rollout = Rollout(server, renderer, envs, max_new=64, context=4096)
    return Driver(rollout, lambda number: plan(0, number, 3), 0, updates, max_lag), server


@settings(max_examples=15, deadline=None)
@given(max_lag=st.integers(0, 3), slots=st.sampled_from([1, 4, 100]))
def test_no_token_is_older_than_max_lag(renderer: Renderer, max_lag: int, slots: int) -> None:
    made, server = driver(renderer, max_lag, 7, slots)
    try:
        for version in range(7):
            batch = made.take()
            ages = [
                version - each
                for episode in batch.tokens
                for turn in episode.turns
                for each in turn.completion.versions
            ]
            assert min(ages) >= 0
            assert max(ages) <= max_lag
            with made.paused():
                server.paused = True
                made.update(version + 1)
                server.paused = False
    finally:
        made.close()


@pytest.mark.parametrize("max_lag", [1, 2, 3])
def test_as_many_batches_are_played_ahead_as_max_lag_allows(renderer: Renderer, max_lag: int) -> None:
    """Without any update, batches 0 to max_lag are played to their end, and no other begins."""
    made, server = driver(renderer, max_lag, 10)
    batches = [made.take() for _ in range(1 + max_lag)]
    assert [len(batch.episodes) for batch in batches] == [3] * (1 + max_lag)
    assert len(server.turn) == 3 * (1 + max_lag)
    with made.paused():
        made.update(1)
    made.take()
    assert len(server.turn) == 3 * (2 + max_lag)
    made.close()


def test_none_begins_after_the_last_batch(renderer: Renderer) -> None:
    made, server = driver(renderer, 3, 2)
    made.take(), made.take()
    made.close()
    assert len(server.turn) == 2 * 3


def test_an_error_of_the_thread_is_raised_where_its_batch_is_taken(renderer: Renderer) -> None:
    made, server = driver(renderer, 1, 5)
    server.times = lambda name, turn: 1 / 0
    with pytest.raises(ZeroDivisionError):
        made.take()
    with pytest.raises(ZeroDivisionError):
        made.take()
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "rollout"]
