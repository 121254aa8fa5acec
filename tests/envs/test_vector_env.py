"""Every way of playing gives the same episodes, and no result is lost, misplaced or received twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from random import Random
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.envs import CodeEnv, CodeVectorEnv, StepBatch
from rlef_env.episodes import Episode, Turn
from rlef_env.errors import IsolationUnavailable, NoVerdictError, UsageError
from rlef_env.judge import Judge, JudgeJob, JudgePool, Verdict
from rlef_env.problems import Dataset
from rlef_env.sandbox import Program
from tests.envs.samples import BROKEN, SUM, SUM_CRASHES, SUM_PASSES_PUBLIC, SUM_RIGHT, SUM_WRONG, TINY, fenced
from tests.stopping import STOP, resume, stopped, wait_until

RESPONSES = [SUM_RIGHT, SUM_PASSES_PUBLIC, SUM_WRONG, SUM_CRASHES, fenced("print(2 * int(input()))"), "no program"]
scripts = st.lists(st.lists(st.sampled_from(RESPONSES), min_size=4, max_size=4), min_size=1, max_size=3)
feedbacks = st.sampled_from(["public", "none", "random", "private"])


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2) as pool:
        yield pool


@pytest.fixture
def make(pool: JudgePool) -> Iterator[Any]:
    made: list[CodeVectorEnv] = []

    def make(num_envs: int, **arguments: Any) -> CodeVectorEnv:
        made.append(CodeVectorEnv(num_envs, **{"dataset": TINY, "pool": pool, **arguments}))
        return made[-1]

    yield make
    for env in made:
        env.close()


def alone(judge: Judge, seed: int, responses: list[str], **arguments: Any) -> list[tuple[Any, ...]]:
    """Return the results of a single environment's steps, reset at each end as in the mode SAME_STEP."""
    env = CodeEnv(TINY, judge=judge, **arguments)
    steps: list[tuple[Any, ...]] = [env.reset(seed=seed)]
    for response in responses:
        observation, reward, terminated, truncated, info = env.step(response)
        if terminated or truncated:
            final = {"final_obs": observation, "final_info": info}
            observation, info = env.reset()
            info = {**final, **info}
        steps.append((observation, reward, terminated, truncated, info))
    env.close()
    return steps


@settings(max_examples=12)
@given(scripts=scripts, seed=st.integers(0, 99), feedback=feedbacks, order=st.integers(0, 10**6))
def test_step_and_send_give_the_episodes_of_single_environments(
    scripts: list[list[str]], seed: int, feedback: Any, order: int, pool: JudgePool, judge: Judge
) -> None:
    expected = [alone(judge, seed + number, script, feedback=feedback) for number, script in enumerate(scripts)]
    env = CodeVectorEnv(len(scripts), dataset=TINY, pool=pool, feedback=feedback)

    observations, infos = env.reset(seed=seed)
    assert [(text, info_of(infos, number)) for number, text in enumerate(observations)] == [
        steps[0] for steps in expected
    ]
    for at, actions in enumerate(zip(*scripts, strict=True), start=1):
        observations, rewards, terminations, truncations, infos = env.step(actions)
        for number, steps in enumerate(expected):
            step = (observations[number], rewards[number], terminations[number], truncations[number])
            assert (*step, info_of(infos, number)) == steps[at]

    env.reset(seed=seed)
    left = [iter(script) for script in scripts]
    places = [0] * len(scripts)
    idle = list(range(len(scripts)))
    random = Random(order)  # one of hypothesis' own would need the same number of draws in each run
    while idle or env.num_pending:
        random.shuffle(idle)
        going = [(number, action) for number in idle if (action := next(left[number], None)) is not None]
        idle = []
        step_ids = env.send([number for number, _ in going], [action for _, action in going])
        assert len(set(step_ids)) == len(going)
        batch = env.recv(min_ready=random.randint(0, 2))
        for number, *step in rows(batch):
            places[number] += 1
            assert tuple(step) == expected[number][places[number]]
            idle.append(number)
    assert places == [4] * len(scripts)


def info_of(infos: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the info of one environment, by the masks."""
    found = {key: value for key, value in infos.items() if not key.startswith("_") and infos[f"_{key}"][number]}
    return {key: info_of(value, number) if isinstance(value, dict) else value[number] for key, value in found.items()}


def rows(batch: StepBatch) -> Iterator[tuple[Any, ...]]:
    return zip(
        batch.env_ids.tolist(),
        batch.observations,
        batch.rewards,
        batch.terminations,
        batch.truncations,
        batch.infos,
        strict=True,
    )


def test_make_vec_makes_it(pool: JudgePool) -> None:
    env = gymnasium.make_vec("RLEF-Starter-v0", num_envs=3, pool=pool)
    assert isinstance(env, CodeVectorEnv)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    stock = gymnasium.make_vec("RLEF-Starter-v0", num_envs=3, vectorization_mode="sync")
    observations, infos = env.reset(seed=5)
    theirs, their_infos = stock.reset(seed=5)
    assert (observations, sorted(infos)) == (tuple(theirs), sorted(their_infos))
    assert observations in env.observation_space
    assert env.single_action_space == stock.single_action_space  # type: ignore[attr-defined]
    assert env.np_random_seed == (5, 6, 7)
    env.close()
    stock.close()


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_autoreset_is_that_of_gymnasium(mode: AutoresetMode, make: Any, judge: Judge) -> None:
    env = make(2, autoreset_mode=mode, max_turns=2)
    stock = gymnasium.vector.SyncVectorEnv([lambda: CodeEnv(TINY, judge=judge, max_turns=2)] * 2, autoreset_mode=mode)
    ours, theirs = env.reset(seed=1), stock.reset(seed=1)
    assert tuple(ours[0]) == tuple(theirs[0])
    for _ in range(5):
        actions = [SUM_RIGHT, SUM_WRONG]
        step, other = env.step(actions), stock.step(actions)
        assert step[0] == tuple(other[0])
        for one, two in zip(step[1:4], other[1:4], strict=True):
            assert one.tolist() == two.tolist()
        assert [info_of(step[4], number) for number in (0, 1)] == [info_of(other[4], number) for number in (0, 1)]
        ended = step[2] | step[3]
        if mode is AutoresetMode.DISABLED and ended.any():
            with pytest.raises(ResetNeeded):
                env.step(actions)
            ours = env.reset(options={"reset_mask": ended})
            theirs = stock.reset(options={"reset_mask": ended})
            assert ours[0] == tuple(theirs[0])
            assert [info_of(ours[1], n) for n in (0, 1)] == [info_of(theirs[1], n) for n in (0, 1)]
    stock.close()


def test_gymnasiums_wrappers_work_on_it(make: Any) -> None:
    env = RecordEpisodeStatistics(make(2, max_turns=1))
    env.reset(seed=0)
    *_, infos = env.step([SUM_WRONG, "nothing"])
    assert infos["episode"]["r"].tolist() == [-1.0, -1.0]
    assert infos["episode"]["l"].tolist() == [1, 1]


def test_a_timeout_returns_nothing_and_misplaces_nothing(make: Any, pool: JudgePool) -> None:
    env = make(2)
    env.reset(seed=0, options={"problem_id": "sum"})
    slow = fenced(f"{STOP}print(1)")
    (first,) = env.send([0], [slow])
    empty = env.recv(timeout=0)
    assert len(empty.env_ids) == 0
    (second,) = env.send([1], [SUM_RIGHT])
    found = {}
    wait_until(lambda: stopped(pool.processes()))
    while env.num_pending:
        resume(stopped(pool.processes()))  # the program stops itself on each test
        batch = env.recv(timeout=0.05)
        found |= dict(zip(batch.step_ids.tolist(), batch.episodes, strict=True))
    assert found[first].turns[0].response == slow
    assert found[second].turns[0].response == SUM_RIGHT
    assert found[second].solved


def test_a_reset_cancels_pending_actions(make: Any) -> None:
    env = make(2)
    env.reset(seed=0)
    env.send([0, 1], [fenced("while True: pass")] * 2)
    observations, _ = env.reset(seed=3)
    assert env.num_pending == 0
    env.step([SUM_WRONG, SUM_WRONG])
    assert [len(episode.turns) for episode in env.episodes] == [1, 1]
    assert [episode.prompt for episode in env.episodes] == list(observations)


def test_a_reset_and_close_cancel_pending_jobs() -> None:
    class Recording(JudgePool):
        cancelled: list[Any] = []  # noqa: RUF012

        def cancel(self, future: Any) -> None:
            self.cancelled.append(future)
            super().cancel(future)

    with Recording(1) as pool:
        env = CodeVectorEnv(2, dataset=TINY, pool=pool, feedback="random")
        for number, cancel in enumerate((env.reset, env.close), start=1):
            env.reset(seed=0, options={"problem_id": "sum"})
            env.send([0, 1], [fenced("while True: pass")] * 2)
            cancel()
            assert len(Recording.cancelled) == 4 * number  # a response and random feedback in each environment


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda env: env.step(["x"]), UsageError, "expected 2, one for each environment, got 1"),
        (lambda env: env.step(["x", 3]), InvalidAction, "got int"),
        (lambda env: env.send([0, 0], ["x", "x"]), UsageError, "each environment once"),
        (lambda env: env.send([2], ["x"]), UsageError, "expected 0 to 1, got 2"),
        (lambda env: env.send([0], ["x", "y"]), UsageError, "got 2 and 1"),
        (lambda env: env.reset(seed=[1]), UsageError, "expected one number or 2, got 1"),
        (lambda env: env.reset(options={"reset_mask": [True, False]}), UsageError, "array of bool"),
        (lambda env: env.reset(options={"colour": 1}), UsageError, "colour"),
    ],
)
def test_a_refused_call_sends_nothing(call: Any, error: type[Exception], message: str, make: Any) -> None:
    env = make(2)
    with pytest.raises(ResetNeeded):
        env.step(["x", "x"])
    env.reset(seed=0)
    before = env.episodes
    with pytest.raises(error, match=message):
        call(env)
    assert env.num_pending == 0
    assert env.episodes == before


def test_one_pending_action_per_environment(make: Any) -> None:
    env = make(2)
    env.reset(seed=0)
    env.send([0], [fenced("import time\ntime.sleep(0.3)")])
    with pytest.raises(UsageError, match="expected no pending action"):
        env.send([0], [SUM_RIGHT])
    with pytest.raises(UsageError, match="recv"):
        env.step([SUM_RIGHT] * 2)
    env.recv()


def test_a_judge_that_fails_truncates_or_raises(make: Any) -> None:
    broken = Dataset("broken", "Broken", (BROKEN,))
    env = make(2, dataset=broken)
    env.reset(seed=0)
    _, rewards, terminations, truncations, infos = env.step([fenced("print(1)")] * 2)
    assert (rewards.tolist(), terminations.tolist(), truncations.tolist()) == ([0, 0], [False] * 2, [True] * 2)
    assert infos["final_info"]["has_verdict"].tolist() == [False, False]

    env = make(2, dataset=broken, on_no_verdict="raise")
    env.reset(seed=0)
    env.send([0, 1], [fenced("print(1)"), "no program"])
    raised, received = 0, 0
    while env.num_pending:
        try:
            received += len(env.recv(min_ready=2).env_ids)
        except NoVerdictError:  # noqa: PERF203
            raised += 1
    assert (raised, received) == (1, 1)
    assert [len(episode.turns) for episode in env.episodes] == [0, 1]


def test_recv_raises_errors_of_the_pool(make: Any) -> None:
    class Unlocked:
        isolation = "locked"

        def submit(self, *_: Any, **__: Any) -> Any:
            raise IsolationUnavailable("landlock is missing here")

    env = make(1, pool=Unlocked())
    env.reset(seed=0, options={"problem_id": "sum"})
    with pytest.raises(IsolationUnavailable):
        env.step([SUM_RIGHT])


def test_rewards_run_in_the_callers_thread_and_never_delay_the_judge(make: Any, pool: JudgePool) -> None:
    """A reward that needs the same pool gets its judgement: no thread of the pool waits for the reward."""
    caller, threads = threading.current_thread(), []

    def reward(turn: Turn, final: bool) -> float:
        threads.append(threading.current_thread())
        job = JudgeJob(SUM, Program("print(sum(map(int, input().split())))"))
        return float(pool.submit(job).result(timeout=250).verdict is Verdict.ACCEPTED)

    env = make(2, reward=reward)
    env.reset(seed=0, options={"problem_id": "sum"})
    _, rewards, *_ = env.step([SUM_WRONG, SUM_RIGHT])
    assert rewards.tolist() == [1.0, 1.0]
    assert threads == [caller, caller]


def test_an_interrupted_recv_can_be_repeated(make: Any) -> None:
    """No turn is added twice, and none is lost."""
    interrupts = [False, True]

    def reward(turn: Turn, final: bool) -> float:
        if interrupts and interrupts.pop(0):
            raise KeyboardInterrupt
        return 0.5

    env = make(3, reward=reward)
    env.reset(seed=0, options={"problem_id": "sum"})
    env.send(range(3), [SUM_WRONG] * 3)
    with pytest.raises(KeyboardInterrupt):
        env.recv(min_ready=3)
    batch = env.recv(min_ready=3)
    assert sorted(batch.env_ids) == [0, 1, 2]
    assert [len(episode.turns) for episode in env.episodes] == [1, 1, 1]


def test_it_has_the_data_set(make: Any) -> None:
    assert make(1).dataset is TINY


def test_arguments_are_those_of_code_env() -> None:
    with pytest.raises(UsageError, match="max_turn"):
        CodeVectorEnv(2, dataset=TINY, max_turn=3)
    with pytest.raises(UsageError, match="autoreset_mode"):
        CodeVectorEnv(2, dataset=TINY, autoreset_mode="never")
    with pytest.raises(UsageError, match="num_envs"):
        CodeVectorEnv(0, dataset=TINY)
    with pytest.raises(UsageError, match="pool"):
        CodeVectorEnv(1, dataset=TINY, pool=object())  # type: ignore[arg-type]


def test_its_own_pool_is_closed_with_it() -> None:
    env = CodeVectorEnv(2, dataset=TINY, workers=1)
    env.reset(seed=0)
    env.step([SUM_RIGHT, SUM_WRONG])
    pool = env._own_pool
    assert pool is not None
    env.close()
    env.close()
    assert pool.processes() == []


def test_episodes_are_values(make: Any) -> None:
    env = make(1, max_turns=1)
    env.reset(seed=0)
    env.send([0], [SUM_WRONG])
    (episode,) = env.recv().episodes
    assert isinstance(episode, Episode)
    assert episode.ended
    assert env.episodes[0].turns == ()
    assert np.array_equal(env.reset(seed=0)[0], env.reset(seed=0)[0])
