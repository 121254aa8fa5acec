"""Data sets by name."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from rlef_env.errors import DataError, ProblemNotFound, UsageError
from rlef_env.problems import Dataset, Problem, Solution, Test, load_dataset, write_jsonl
from rlef_env.problems.metadata import ProblemMetadata

THREE = tuple(Problem(name, "?") for name in ("1_A. Sum", "1_B. Product", "2_A. Sum"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    write_jsonl(path, THREE)
    return path


def dated(*days: str | None) -> Dataset:
    return Dataset("d", "D", tuple(Problem(str(place), "?", date=day) for place, day in enumerate(days)))


def test_metadata_are_known_without_reading_problems() -> None:
    wrong = (Solution("x"), Solution("y", "cpp"), Solution("z"))
    problem = Problem(
        "p", "?", (Test("", ""),), (Test("1", ""), Test("2", "")), incorrect_solutions=wrong, date="2024-01-02"
    )
    dataset = Dataset("n", "L", (problem, Problem("q", "?")))
    known = [ProblemMetadata("p", "2024-01-02", 3, 1, 2), ProblemMetadata("q", None, 0, 0, 0)]
    assert list(dataset.metadata()) == known
    assert list(dataset.ids) == ["p", "q"]


def test_problems_are_chosen_by_their_ids_in_their_own_order() -> None:
    dataset = Dataset("n", "L", THREE, "code_contests")
    chosen = dataset.select(["2_A. Sum", "1_A. Sum", "1_A. Sum", "unknown"])
    assert chosen == Dataset("n", "L", (THREE[0], THREE[2]))
    assert chosen.schema == "code_contests"
    assert chosen.get("2_A. Sum") is THREE[2]
    assert len(dataset.select([])) == 0


@pytest.mark.parametrize(
    ("after", "before", "ids"),
    [
        ("2024-01-02", None, ["1", "2"]),
        (None, "2024-01-02", ["0"]),
        ("2024-01-02", "2024-02-01", ["1"]),
        ("2000-01-01", "2100-01-01", ["0", "1", "2"]),
    ],
)
def test_a_window_begins_with_its_first_day_and_ends_before_its_last(
    tmp_path: Path, after: str | None, before: str | None, ids: list[str]
) -> None:
    write_jsonl(tmp_path / "dated.jsonl", dated("2024-01-01", "2024-01-02", "2024-02-01", None))
    assert load_dataset(tmp_path / "dated.jsonl", after=after, before=before).ids == ids


def test_a_window_without_problems_is_an_error(tmp_path: Path, file: Path) -> None:
    write_jsonl(tmp_path / "dated.jsonl", dated("2024-01-01", "2024-02-01"))
    with pytest.raises(UsageError, match=r"got none; its dates are 2024-01-01 to 2024-02-01"):
        load_dataset(tmp_path / "dated.jsonl", after="2025-01-01")
    with pytest.raises(UsageError, match="got none with a date"):
        load_dataset(file, after="2025-01-01")
    for day in ("2024", "2024-13-01", "tomorrow", 20240101):
        with pytest.raises(UsageError, match="before: expected a day as YYYY-MM-DD"):
            load_dataset(file, before=day)  # type: ignore[arg-type]


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


def test_a_folder_of_apps_problems(tmp_path: Path) -> None:
    for name in ("0001", "0000"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "question.txt").write_text("Add.", encoding="utf-8")
    dataset = load_dataset(tmp_path)
    assert (list(dataset.ids), dataset.schema, dataset.label) == (["0000", "0001"], "apps", tmp_path.name)
    with pytest.raises(UsageError, match="name the folder of the split you want"):
        load_dataset(tmp_path, "test")


def test_packages_stay_in_their_folders(tmp_path: Path) -> None:
    for name in ("b", "a/c"):
        for role, text in (("sample", "1"), ("secret", "2")):
            folder = tmp_path / name / "data" / role
            folder.mkdir(parents=True)
            (folder / "1.in").write_text(text, encoding="utf-8")
            (folder / "1.ans").write_text(text, encoding="utf-8")
        (tmp_path / name / "problem_statement").mkdir()
        (tmp_path / name / "problem_statement" / "problem.en.tex").write_text("Echo.", encoding="utf-8")
        (tmp_path / name / "problem.yaml").write_text("name: Echo\n", encoding="utf-8")
    (tmp_path / "b" / "rows.json").write_text("{}", encoding="utf-8")  # a package may hold anything
    dataset = load_dataset(tmp_path)
    assert (list(dataset.ids), dataset.schema, dataset.label) == (["a/c", "b"], "package", tmp_path.name)
    assert dataset.get("b").private_tests == dataset[1].private_tests == (Test("2", "2"),)
    assert [problem.id for problem in dataset] == ["a/c", "b"]
    assert [each.tests for each in dataset.metadata()] == [2, 2]
    assert dataset.select(["b"])[0].id == "b"
    assert pickle.loads(pickle.dumps(dataset)) == dataset
    assert load_dataset(tmp_path / "b").ids == ["b"]
    (tmp_path / "b" / "problem.yaml").write_text("name: [", encoding="utf-8")
    with pytest.raises(DataError, match=r"b/problem\.yaml"):
        load_dataset(tmp_path)


def test_a_file_named_starter_is_not_the_starter_set(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "starter.jsonl", THREE)
    assert len(load_dataset(tmp_path / "starter.jsonl")) == 3


def test_a_bad_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load_dataset(tmp_path / "missing.jsonl")
    with pytest.raises(DataError, match=r"expected a folder of files that end in .* got none of these"):
        load_dataset(tmp_path)
    (tmp_path / "bad.jsonl").write_text(json.dumps({"name": "x"}), encoding="utf-8")
    with pytest.raises(
        DataError, match=r"bad\.jsonl:1: .* requires the field 'description', 'public_tests'; name the schema"
    ):
        load_dataset(tmp_path / "bad.jsonl")
    with pytest.raises(DataError, match=r"bad\.jsonl:1: field 'description': .* got no such field"):
        load_dataset(tmp_path / "bad.jsonl", schema="code_contests")


@pytest.mark.parametrize("name", ["Starter", "", "problems.txt", "a\0b", "a/b/c", "starter/x", "procedurals"])
def test_an_unknown_name_lists_what_is_supported(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_dataset(name)
    message = str(caught.value)
    assert "'starter'" in message
    assert repr(name) in message
    if "\0" not in name and name != "starter/x":
        assert ".jsonl, .jsonl.gz, .json, .parquet" in message
        assert "OWNER/NAME on the Hugging Face hub" in message


def test_an_unknown_schema_lists_all(file: Path) -> None:
    with pytest.raises(UsageError, match=r"schema: expected one of .*code_contests.*, got 'CodeContests'"):
        load_dataset(file, schema="CodeContests")


def test_generated_problems_by_name() -> None:
    dataset = load_dataset("procedural?count=30")
    assert (len(dataset), dataset.schema) == (30, "procedural")
    assert dataset.get(dataset.ids[7]) == dataset[7]
    assert dataset.select(dataset.ids[3:5])[1] == dataset[4]
    assert set(load_dataset("procedural?count=30", "test").ids).isdisjoint(dataset.ids)
    with pytest.raises(UsageError, match="split"):
        load_dataset("procedural", "dev")


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
