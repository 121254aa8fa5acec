"""Problem samplers and states: problems follow from the seed, come from one split, and continue from a state."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs import CodeEnv, CodeVectorEnv, ProblemSampler
from rlef_env.envs.problem_sampler import PROBLEM_SAMPLERS, ByDifficulty, Curriculum, Uniform
from rlef_env.errors import DataError, UsageError
from rlef_env.judge import Judge, JudgePool, TestResult, Verdict
from rlef_env.problems import Dataset, Problem, Test, load_dataset, write_jsonl
from rlef_env.problems.metadata import ProblemMetadata
from rlef_env.testing import ScriptedJudge
from tests.envs.samples import NO_TESTS, SUM_RIGHT, SUM_WRONG, TINY, fenced

ECHO = fenced("print(input())")
TWENTY = Dataset(
    "twenty",
    "Twenty",
    (
        NO_TESTS,
        *(
            Problem(f"p{number}", "?", (Test("1\n", "1\n"),), difficulty="hard" if number < 5 else None)
            for number in range(20)
        ),
    ),
)
METADATA = [ProblemMetadata(f"p{number}", None, 1, 1, 0, "hard" if number < 5 else None) for number in range(20)]


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2) as pool:
        yield pool


def started(sampler: Any, problems: Sequence[ProblemMetadata] = METADATA) -> Any:
    sampler.start(problems)
    return sampler


def drawn(sampler: ProblemSampler, count: int, seed: int = 0) -> Counter[int]:
    rng = np.random.default_rng(seed)
    return Counter(sampler.draw(rng) for _ in range(count))


@given(seed=st.integers(0, 999), count=st.integers(1, 99))
def test_uniform_draws_one_number_a_problem(seed: int, count: int) -> None:
    ours, plain = np.random.default_rng(seed), np.random.default_rng(seed)
    sampler = started(Uniform(), METADATA[:1] * count)
    assert [sampler.draw(ours) for _ in range(9)] == [int(plain.integers(count)) for _ in range(9)]


def test_difficulties_are_drawn_equally_often_or_by_weight() -> None:
    counts = drawn(started(ByDifficulty()), 4000)
    assert set(counts) == set(range(20))
    assert 1800 < sum(counts[place] for place in range(5)) < 2200
    counts = drawn(started(ByDifficulty({"hard": 3, "unknown": 1})), 4000)
    assert 2800 < sum(counts[place] for place in range(5)) < 3200
    assert set(drawn(started(ByDifficulty({"hard": 2.5})), 200)) == set(range(5))
    assert set(drawn(started(ByDifficulty({"hard": 0, "unknown": 1})), 200)) == set(range(5, 20))


def test_a_curriculum_draws_problems_that_are_sometimes_solved() -> None:
    sampler = started(Curriculum())
    for turn in range(60):
        sampler.learn(0, True)
        sampler.learn(1, False)
        sampler.learn(2, turn % 2 == 0)
    assert [round(sampler.weight(place), 2) for place in range(4)] == [0.1, 0.1, 1.0, 1.0]
    counts = drawn(sampler, 8000)
    assert counts[2] > 5 * counts[0] > 0
    assert counts[2] > 5 * counts[1] > 0


def test_a_curriculum_forgets_old_counts() -> None:
    sampler = started(Curriculum(decay=0.9))
    for _ in range(50):
        sampler.learn(0, False)
    for _ in range(7):
        sampler.learn(0, True)
    assert sampler.weight(0) > 0.9


def test_counts_follow_the_formula() -> None:
    sampler = started(Curriculum(decay=0.5, floor=0.01))
    for solved in (True, False, True):
        sampler.learn(3, solved)
    solved, tried = 0.25 + 1, 0.25 + 0.5 + 1
    rate = (solved + 0.5) / (tried + 1)
    assert sampler.weight(3) == pytest.approx(4 * rate * (1 - rate))
    assert json.loads(json.dumps(sampler.state_dict())) == {"counts": {"p3": [solved, tried]}}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ByDifficulty({"easy": -1}), "weights.'easy'.: expected a number of at least 0"),
        (lambda: ByDifficulty({"easy": 0}), "expected one above 0"),
        (
            lambda: CodeEnv(TINY, sampling=ByDifficulty({"easy": 1})),
            "that the problems have, 'unknown' .3., got 'easy'",
        ),
        (lambda: Curriculum(decay=1), "decay"),
        (lambda: Curriculum(floor=0), "floor"),
        (lambda: CodeEnv(TINY, sampling="hardest"), "'uniform', 'difficulty', 'curriculum'"),
        (lambda: CodeEnv(TINY, sampling=Curriculum), "an object with the methods"),  # type: ignore[arg-type]
        (lambda: CodeVectorEnv(2, dataset=TINY, sampling=7), "an object with the methods"),  # type: ignore[arg-type]
        (lambda: CodeEnv(TINY, sampling=started(Curriculum())), "another environment uses"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def problem_ids(env: CodeEnv, episodes: int, seed: int | None = None) -> list[str]:
    """Return the problems of some episodes, each answered with a program for one of the problems."""
    ids = []
    for number in range(episodes):
        env.reset(seed=seed if number == 0 else None)
        ids.append(env.episode.problem_id)
        while not env.episode.ended:
            env.step(SUM_RIGHT)
    return ids


@pytest.mark.parametrize("sampling", sorted(PROBLEM_SAMPLERS))
def test_problems_follow_from_the_seed(sampling: str) -> None:
    def stream(seed: int) -> list[str]:
        return problem_ids(CodeEnv(TWENTY, sampling=sampling, judge=ScriptedJudge()), 30, seed)  # type: ignore[arg-type]

    assert stream(1) == stream(1)
    assert stream(1) != stream(2)
    assert NO_TESTS.id not in stream(1)


@pytest.mark.parametrize("sampling", sorted(PROBLEM_SAMPLERS))
def test_splits_never_mix(sampling: str, tmp_path: Path) -> None:
    """Not by drawing, not by name, and not by a state."""
    for split in ("train", "valid", "test"):
        write_jsonl(tmp_path / f"{split}.jsonl", [Problem(f"{split}{n}", "?", (Test("1\n", "1\n"),)) for n in range(5)])
    judge: Any = ScriptedJudge()
    envs = {
        split: CodeEnv(str(tmp_path), split, sampling=sampling, judge=judge) for split in ("train", "valid", "test")
    }
    for split, env in envs.items():
        assert {problem_id[:-1] for problem_id in problem_ids(env, 40, seed=0)} == {split}
        assert {problem.id for problem in load_dataset(tmp_path, split)} >= set(problem_ids(env, 10))
    state = envs["train"].state_dict()
    with pytest.raises(UsageError, match="state: expected split 'valid'"):
        envs["valid"].load_state_dict(state)
    with pytest.raises(UsageError, match="state: expected problems"):
        CodeEnv(str(tmp_path / "valid.jsonl"), sampling=sampling, judge=judge).load_state_dict(
            {**state, "dataset": "valid"}
        )


@pytest.mark.parametrize("feedback", ["public", "random"])
@pytest.mark.parametrize("sampling", sorted(PROBLEM_SAMPLERS))
def test_an_environment_continues_from_its_state(sampling: str, feedback: Any, judge: Judge) -> None:
    """Also in the middle of an episode, and through JSON."""
    first, second = (CodeEnv(TINY, sampling=sampling, feedback=feedback, judge=judge) for _ in range(2))
    problem_ids(first, 2, seed=3)
    first.reset(options={"problem_id": "sum"})
    first.step(SUM_WRONG)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second.np_random_seed == 3
    for response in (SUM_WRONG, SUM_RIGHT):
        assert first.step(response) == second.step(response)
    assert problem_ids(first, 3) == problem_ids(second, 3)
    assert first.episode == second.episode
    assert first.state_dict()["sampler"] == second.state_dict()["sampler"]


def played(env: CodeVectorEnv, steps: int) -> list[Any]:
    done = []
    for _ in range(steps):
        actions = [SUM_RIGHT if number % 2 else ECHO for number in range(env.num_envs)]
        observations, rewards, terminations, truncations, _ = env.step(actions)
        done.append((observations, rewards.tolist(), terminations.tolist(), truncations.tolist(), env.episodes))
    return done


@pytest.mark.parametrize("sampling", sorted(PROBLEM_SAMPLERS))
def test_many_environments_continue_from_their_state(sampling: str, pool: JudgePool) -> None:
    first, second, third = (CodeVectorEnv(3, dataset=TINY, sampling=sampling, pool=pool) for _ in range(3))
    first.reset(seed=5)
    third.reset(seed=5)
    played(first, 3)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second.np_random_seed == (5, 6, 7)
    assert played(first, 4) == played(second, 4)
    played(third, 7)
    assert third.episodes == first.episodes, "equal seeds and responses draw equal problems"
    assert [each["rng"] for each in third.state_dict()["envs"]] == [each["rng"] for each in first.state_dict()["envs"]]


def test_a_vector_of_one_plays_what_a_single_environment_plays(pool: JudgePool, judge: Judge) -> None:
    many = CodeVectorEnv(1, dataset=TINY, sampling="curriculum", pool=pool, max_turns=1)
    many.reset(seed=9)
    single = CodeEnv(TINY, sampling="curriculum", judge=judge, max_turns=1)
    single.reset(seed=9)
    for _ in range(12):
        assert many.episodes == (single.episode,)
        many.step([SUM_RIGHT])
        single.step(SUM_RIGHT)
        single.reset()


def test_a_sampler_learns_from_each_episode_once_unless_the_judge_failed() -> None:
    class Recording(Uniform):
        learned: list[tuple[int, bool]] = []  # noqa: RUF012

        def learn(self, place: int, solved: bool) -> None:
            self.learned.append((place, solved))

    verdicts = iter([Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.NO_VERDICT])
    judge: Any = ScriptedJudge(result=lambda role, index: TestResult(role, index, next(verdicts)))
    env = CodeEnv(TWENTY, max_turns=1, sampling=Recording(), judge=judge)
    for problem_id in ("p3", "p0", "p7"):
        env.reset(options={"problem_id": problem_id})
        env.step(ECHO)
    assert Recording.learned == [(3, True), (0, False)]


def test_samplers_are_an_argument_of_every_id() -> None:
    env = gymnasium.make("RLEF-Starter-v0", sampling=Curriculum(floor=0.5))
    env.reset(seed=0)
    many = gymnasium.make_vec("RLEF-Starter-v0", num_envs=2, sampling="difficulty")
    many.reset(seed=0)
    many.close()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda state: None, DataError, "got NoneType"),
        (lambda state: {}, DataError, "no 'version' in it"),
        (lambda state: state | {"version": 0}, UsageError, "expected version 2"),
        (lambda state: state | {"num_envs": 3}, UsageError, "expected num_envs 2"),
        (lambda state: state | {"sampling": "Uniform"}, UsageError, "expected sampling 'Curriculum'"),
        (lambda state: state | {"sampler": {}}, DataError, "this sampler's"),
        (lambda state: state | {"sampler": {"counts": {"sum": [2, 1]}}}, DataError, "counts"),
        (lambda state: state | {"envs": state["envs"][:1]}, DataError, "ValueError"),
        (lambda state: state | {"envs": [{"seed": 1}] * 2}, DataError, "KeyError"),
        (lambda state: state | {"envs": [{**each, "rng": {}} for each in state["envs"]]}, DataError, "state"),
    ],
)
def test_a_state_is_refused_whole(change: Any, error: type[Exception], message: str, pool: JudgePool) -> None:
    env = CodeVectorEnv(2, dataset=TINY, sampling="curriculum", pool=pool)
    env.reset(seed=0)
    before, state = env.episodes, env.state_dict()
    with pytest.raises(error, match=message):
        env.load_state_dict(change(state))
    assert env.episodes == before
    assert env.state_dict() == state


def test_a_state_of_another_configuration_or_data_set_is_refused() -> None:
    env = CodeEnv(TINY, max_turns=2)
    env.reset(seed=0)
    with pytest.raises(UsageError, match="got other max_turns"):
        CodeEnv(TINY, max_turns=3).load_state_dict(env.state_dict())
    changed = Dataset("tiny", "Tiny", tuple(Problem(each.id, "another", each.public_tests) for each in TINY))
    with pytest.raises(DataError, match="expected the prompt that its episode began with, got another"):
        CodeEnv(changed, max_turns=2).load_state_dict(env.state_dict())


def test_there_is_no_state_while_actions_are_pending(pool: JudgePool) -> None:
    env = CodeVectorEnv(2, dataset=TINY, pool=pool)
    env.reset(seed=0)
    state = env.state_dict()
    env.send([0], [SUM_RIGHT])
    for call in (env.state_dict, lambda: env.load_state_dict(state)):
        with pytest.raises(UsageError, match="expected no pending actions, got 1"):
            call()
    env.recv()
