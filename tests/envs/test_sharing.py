"""Shared by the environments of one process: the judge, by a name, and the metadata of their data set."""

from __future__ import annotations

import json
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import gymnasium
import pytest
from gymnasium.envs.registration import EnvSpec

from rlef_env.envs import CodeEnv, CodeVectorEnv
from rlef_env.envs.shared_pool import shared_pool
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset, Problem
from rlef_env.problems.metadata import IndexedProblems, ProblemMetadata, metadata_of
from tests.envs.samples import DOUBLE, SUM, SUM_RIGHT


def test_environments_share_the_judge_of_that_name() -> None:
    envs = [CodeEnv("starter", judge="shared") for _ in range(3)]
    vector = CodeVectorEnv(2, dataset="starter", pool="shared")
    assert {id(env._judge()) for env in envs} | {id(vector._judge_pool())} == {id(shared_pool())}
    for env in (*envs, vector):
        env.close()
    with CodeEnv(
        Dataset("tiny", "Tiny", (SUM,)), judge="shared"
    ) as env:  # closing one does not close the judge of the others
        env.reset(seed=1)
        assert env.step(SUM_RIGHT)[1] == 1.0
    assert shared_pool("none") is not shared_pool()
    with CodeEnv("starter", judge="shared", isolation="none") as env:
        env.reset(seed=1)
        assert env.episode.settings["isolation"] == "none"
        assert env._judge() is shared_pool("none")


def child(answers: Any) -> None:
    env = CodeEnv(Dataset("tiny", "Tiny", (SUM,)), judge="shared")
    env.reset(seed=1)
    answers.put(env.step(SUM_RIGHT)[1])


def test_a_forked_process_has_a_shared_judge_of_its_own() -> None:
    shared_pool()
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    process = context.Process(target=child, args=(answers,))
    process.start()
    assert answers.get(timeout=250) == 1.0
    process.join()
    assert process.exitcode == 0


def test_the_spec_of_an_environment_with_a_shared_judge_can_be_stored() -> None:
    env = gymnasium.make("RLEF-Starter-v0", judge="shared", max_turns=2)
    assert env.spec is not None
    written = env.spec.to_json()
    assert json.loads(written)["kwargs"]["judge"] == "shared"
    again = gymnasium.make(EnvSpec.from_json(written))
    assert again.unwrapped._judge() is env.unwrapped._judge()  # type: ignore[attr-defined]
    assert again.unwrapped.config.max_turns == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("judge", ["other", 3, b"shared", CodeEnv])
def test_another_name_is_refused(judge: Any) -> None:
    with pytest.raises(UsageError, match=r"judge: expected None or a Judge.*'shared'"):
        CodeEnv("starter", judge=judge)
    with pytest.raises(UsageError, match=r"pool: expected None or a JudgePool.*'shared'"):
        CodeVectorEnv(1, dataset="starter", pool=judge)
    with pytest.raises(UsageError, match="workers"):
        CodeVectorEnv(1, dataset="starter", pool="shared", workers=2)


class Counted(tuple[Problem, ...]):
    """Problems that count how often they are iterated over."""

    __slots__ = ()
    counts: ClassVar[Counter[str]] = Counter()

    def __iter__(self) -> Iterator[Problem]:
        self.counts["iterations"] += 1
        return super().__iter__()


@pytest.mark.parametrize(
    "arguments", [{}, {"feedback": "random"}, {"sampling": "difficulty"}, {"sampling": "curriculum"}]
)
def test_a_second_environment_does_not_iterate_over_the_data_again(arguments: dict[str, Any]) -> None:
    dataset = Dataset("tiny", "Tiny", Counted((SUM, DOUBLE)))
    CodeEnv(dataset, **arguments).reset(seed=1)
    Counted.counts.clear()
    for _ in range(3):
        CodeEnv(dataset, **arguments).reset(seed=1)
        CodeVectorEnv(2, dataset=dataset, **arguments).reset(seed=1)
    assert Counted.counts == {}


class Indexed(IndexedProblems):
    """Problems that count how often they are iterated over and how often their metadata are read."""

    def __init__(self, *problems: Problem) -> None:
        self.problems, self.counts = problems, Counter[str]()

    def __len__(self) -> int:
        return len(self.problems)

    def __iter__(self) -> Iterator[Problem]:
        self.counts["iterations"] += 1
        return super().__iter__()

    @property
    def ids(self) -> list[str]:
        return [problem.id for problem in self.problems]

    def metadata(self, place: int) -> ProblemMetadata:
        self.counts["metadata"] += 1
        return metadata_of(self.problems[place])

    def chosen(self, places: Sequence[int]) -> Indexed:
        return Indexed(*(self.problems[place] for place in places))

    def read(self, place: int) -> Problem:
        return self.problems[place]


@pytest.mark.parametrize("feedback", ["public", "random"])
def test_a_second_environment_does_not_read_the_metadata_again(feedback: Any) -> None:
    problems = Indexed(SUM, DOUBLE)
    dataset = Dataset("tiny", "Tiny", problems)
    CodeEnv(dataset, feedback=feedback).reset(seed=1)
    assert problems.counts["metadata"] > 0
    problems.counts.clear()
    CodeEnv(dataset, feedback=feedback).reset(seed=1)
    CodeVectorEnv(2, dataset=dataset, feedback=feedback).reset(seed=1)
    assert problems.counts == {}


def test_generated_problems_are_made_once() -> None:
    first, second = (CodeEnv("procedural/hidden_step?difficulty=1&short=true") for _ in range(2))
    assert first.dataset is second.dataset
