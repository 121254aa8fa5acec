"""Names of generated data sets, and their problems: lazy, reproducible, with disjoint splits."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from rlef_env.errors import DataError, ProblemNotFound, UsageError
from rlef_env.problems import Problem, load_dataset
from rlef_env.problems.metadata import IndexedProblems, metadata_of
from rlef_env.problems.procedural import FAMILIES, SPLITS, GeneratedProblems, generated_problems
from rlef_env.problems.procedural.generated import split_of


def content(problem: Problem) -> tuple[Any, ...]:
    return problem.statement, problem.public_tests, problem.private_tests, problem.generated_tests


def test_the_default_is_a_thousand_problems_of_all_families_and_difficulties() -> None:
    problems = generated_problems("procedural")
    assert len(problems) == len(problems.ids) == 1000
    first = problems[: len(FAMILIES)]
    assert [problem.extra["family"] for problem in first] == list(FAMILIES)
    assert {problem.difficulty for problem in problems[: 5 * len(FAMILIES)]} == set("12345")


def test_a_problem_has_one_id_wherever_it_is_asked_for() -> None:
    mixed = generated_problems("procedural", "valid")
    own = generated_problems("procedural/hidden_step?count=20", "valid")
    place = list(mixed.ids).index("procedural/hidden_step/valid/2")
    assert mixed[place] == own[2]
    assert own.ids[2] == own[2].id == "procedural/hidden_step/valid/2"


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("procedural/clock", "procedural/clock/train/0"),
        ("procedural/clock?count=3", "procedural/clock/train/0"),
        ("procedural/clock?seed=4&difficulty=2", "procedural/clock/train/0?difficulty=2&seed=4"),
        ("procedural/clock?difficulty=1-3", "procedural/clock/train/0?difficulty=1-3"),
        ("procedural/hidden_step?steps=8&short=true", "procedural/hidden_step/train/0?short=true&steps=8"),
        ("procedural?seed=2", f"procedural/{next(iter(FAMILIES))}/train/0?seed=2"),
    ],
)
def test_an_id_says_all_that_a_problem_is_made_from(name: str, first: str) -> None:
    assert generated_problems(name).ids[0] == generated_problems(name)[0].id == first


def test_ids_are_unique_and_need_no_memory() -> None:
    assert len(set(generated_problems("procedural?count=5000").ids)) == 5000
    huge = generated_problems("procedural?count=1000000000")
    assert len(huge) == len(huge.ids) == 10**9
    assert huge[-1].id == huge.ids[-1]
    assert len(pickle.dumps(huge)) < 1000


def test_order_of_reading_does_not_matter() -> None:
    problems = generated_problems("procedural?count=40")
    assert [problems[place] for place in reversed(range(40))][::-1] == list(problems) == list(problems[:])
    assert pickle.loads(pickle.dumps(problems)) == problems
    chosen = problems.chosen([7, 3])
    assert isinstance(chosen, GeneratedProblems)
    assert list(chosen) == [problems[7], problems[3]]
    assert list(chosen.ids) == [problems.ids[7], problems.ids[3]]


@pytest.mark.parametrize("name", FAMILIES)
def test_no_two_splits_share_a_problem(name: str) -> None:
    contents = [
        {content(problem) for problem in generated_problems(f"procedural/{name}?count=100&difficulty=1", split)}
        for split in SPLITS
    ]
    assert not contents[0] & contents[1]
    assert not contents[0] & contents[2]
    assert not contents[1] & contents[2]


def test_a_problem_is_in_the_split_of_its_content() -> None:
    """Equal statements and inputs are never in two splits, for any number of generated problems."""
    family = FAMILIES["hidden_step"]
    splits: dict[tuple[str, ...], set[str]] = {}
    for seed in range(3000):
        task = family.task(seed, family.default)
        splits.setdefault(task.public, set()).add(split_of(task))
    assert len(splits) < 100
    assert all(len(found) == 1 for found in splits.values())
    assert {split for found in splits.values() for split in found} == set(SPLITS)


def test_seeds_differ() -> None:
    first, second = (generated_problems(f"procedural?seed={seed}&count=30") for seed in (0, 1))
    assert not {content(problem) for problem in first} & {content(problem) for problem in second}


def test_metadata_are_lower_bounds() -> None:
    problems = generated_problems("procedural?count=150")
    for place, problem in enumerate(problems):
        said, true = problems.metadata(place), metadata_of(problem)
        assert (said.id, said.date, said.difficulty) == (true.id, true.date, true.difficulty)
        assert all(0 < least <= most for least, most in zip(said[2:5], true[2:5], strict=True))


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("procedural/hiden_step", "train", "did you mean 'hidden_step'"),
        ("procedural/", "train", "expected one of the families bases"),
        ("procedural/clock/train", "train", "expected one of the families"),
        ("procedural", "all", "expected one of train, valid, test, got 'all'"),
        ("procedural?difficulty=6", "train", "expected a number from 1 to 5, or a range like 1-3, got '6'"),
        ("procedural?difficulty=3-1", "train", "got '3-1'"),
        ("procedural?count=0", "train", "count: expected a whole number from 1 to 1000000000, got '0'"),
        ("procedural?count=1e3", "train", "got '1e3'"),
        ("procedural?seed=-1", "train", "seed: expected a whole number"),
        ("procedural?seed=1&seed=2", "train", "each key once"),
        ("procedural?seed", "train", "expected KEY=VALUE"),
        ("procedural?steps=3", "train", "name a family to set its own"),
        ("procedural/clock?steps=3", "train", "expected one of seed, count, difficulty, shifts, longest; got 'steps'"),
        ("procedural/hidden_step?steps=1000", "train", "steps: expected a whole number from 2 to 99, got '1000'"),
        ("procedural/hidden_step?short=yes", "train", "short: expected true or false, got 'yes'"),
    ],
)
def test_what_is_no_name_is_refused(name: str, split: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        generated_problems(name, split)
    assert message in str(error.value)


def test_a_data_set_has_them_by_name() -> None:
    dataset = load_dataset("procedural/clock?count=7", split="test")
    assert isinstance(dataset.problems, IndexedProblems)
    assert dataset.label == "Procedural"
    assert dataset.ids[6] == dataset[6].id == "procedural/clock/test/6"
    assert dataset.get("procedural/clock/test/6") == dataset[6]
    assert list(dataset.select(["procedural/clock/test/2"])) == [dataset[2]]
    with pytest.raises(ProblemNotFound, match="similar: 'procedural/clock/test/"):
        dataset.get("procedural/clock/test/70")


def test_a_split_without_problems_is_an_error_and_no_endless_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlef_env.problems.procedural.generated.ATTEMPTS", 0)
    with pytest.raises(DataError, match="expected a problem of this split among 0"):
        generated_problems("procedural/clock?seed=143")[0]
