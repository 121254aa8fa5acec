"""Data sets by name."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from rlef_env.errors import DataError, ProblemNotFound, UsageError
from rlef_env.problems import Dataset, Problem, load_dataset, write_jsonl

THREE = tuple(Problem(name, "?") for name in ("1_A. Sum", "1_B. Product", "2_A. Sum"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    write_jsonl(path, THREE)
    return path


def test_a_data_set_is_a_sequence_with_ids() -> None:
    dataset = Dataset("n", "L", THREE)
    assert len(dataset) == 3
    assert list(dataset) == list(THREE)
    assert dataset[1] is THREE[1]
    assert dataset[-1] is THREE[2]
    assert dataset.get("1_B. Product") is THREE[1]
    assert dataset == Dataset("n", "L", THREE) != Dataset("n", "L", THREE[:2])
    assert pickle.loads(pickle.dumps(dataset)) == dataset


def test_an_unknown_id_brings_similar_ones() -> None:
    with pytest.raises(ProblemNotFound, match=r"one of the 3 problems of .* got '1_A. Som'; similar: '1_A. Sum'"):
        Dataset("n", "L", THREE).get("1_A. Som")
    with pytest.raises(ProblemNotFound, match=r"got '\?\?\?'; the first is '1_A. Sum'"):
        Dataset("n", "L", THREE).get("???")
    with pytest.raises(ProblemNotFound, match="empty"):
        Dataset("n", "L", ()).get("x")


def test_ids_are_unique() -> None:
    with pytest.raises(DataError, match=r"'1_A\. Sum' twice"):
        Dataset("n", "L", (*THREE, THREE[0]))


def test_a_file_by_its_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_dataset(file) == Dataset(str(file), "mine", THREE)
    assert load_dataset(str(file), "train") == load_dataset(file)
    monkeypatch.chdir(file.parent)
    monkeypatch.setenv("HOME", str(file.parent))
    for path in ("mine.jsonl", "./mine.jsonl", "~/mine.jsonl"):
        assert load_dataset(path) == Dataset(path, "mine", THREE)


def test_a_file_is_read_anew_each_time(file: Path) -> None:
    assert len(load_dataset(file)) == 3
    write_jsonl(file, THREE[:1])
    assert len(load_dataset(file)) == 1


def test_a_file_named_starter_is_not_the_starter_set(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "starter.jsonl", THREE)
    assert len(load_dataset(tmp_path / "starter.jsonl")) == 3


def test_a_bad_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load_dataset(tmp_path / "missing.jsonl")
    (tmp_path / "bad.jsonl").write_text(json.dumps({"name": "x"}), encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.jsonl:1: problem 'x': field 'description'"):
        load_dataset(tmp_path / "bad.jsonl")


@pytest.mark.parametrize("name", ["deepmind/code_contests", "Starter", "", "problems.json", "a\0b", "."])
def test_an_unknown_name_lists_what_is_supported(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_dataset(name)
    message = str(caught.value)
    assert "'starter'" in message
    assert ".jsonl" in message
    assert repr(name) in message
    assert "to use the real CodeContests, pass the path of a JSONL export" in message


def test_a_home_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="write the path in full"):
        load_dataset("~no-such-user-here/x.jsonl")


@pytest.mark.parametrize("split", ["test", "valid", "Train", ""])
def test_only_the_split_train(file: Path, split: str) -> None:
    with pytest.raises(UsageError, match=r"expected 'train'.* a file has no splits"):
        load_dataset(file, split)
    with pytest.raises(UsageError, match="'starter': expected 'train'"):
        load_dataset("starter", split)


def test_the_starter_set_is_embedded_and_read_once() -> None:
    starter = load_dataset("starter")
    assert (starter.name, starter.label) == ("starter", "Starter")
    assert len(starter) > 0
    assert all(problem.public_tests and problem.solutions for problem in starter)
    assert load_dataset("starter", "train") is starter
