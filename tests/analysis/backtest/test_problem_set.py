"""Problem sets: what is written is read; what is no problem set, or no longer the same problem, is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.analysis.backtest import SetEntry, load_problem_set, read_problem_set, write_problem_set
from rlef_env.errors import DataError, ProblemNotFound, UsageError
from rlef_env.problems import load_dataset
from rlef_env.problems.quality_report import digest

TEXT = st.text(st.characters(codec=None), max_size=8)
ENTRIES = st.lists(
    st.builds(SetEntry, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.none() | st.integers(0, 2**63 - 1), TEXT), max_size=4
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "set.jsonl"


@given(ENTRIES)
def test_a_written_set_is_read_back(tmp_path_factory: pytest.TempPathFactory, entries: list[SetEntry]) -> None:
    path = tmp_path_factory.mktemp("set") / "set.jsonl"
    write_problem_set(path, entries)
    assert read_problem_set(path) == entries


def test_problems_keep_the_order_of_the_set_and_the_label_of_their_data_set(path: Path) -> None:
    starter = load_dataset("starter")
    write_problem_set(path, [SetEntry("starter", starter.ids[place]) for place in (7, 2)])
    loaded = load_problem_set(path)
    assert (list(loaded.ids), loaded.label) == ([starter.ids[7], starter.ids[2]], "Starter")


def test_problems_of_several_data_sets(path: Path) -> None:
    generated = load_dataset("procedural?count=3", "valid")
    entries = [SetEntry("starter", "starter/add-numbers"), SetEntry("procedural?count=3", generated.ids[1], "valid")]
    write_problem_set(path, entries)
    loaded = load_problem_set(path)
    assert (list(loaded.ids), loaded.label) == (["starter/add-numbers", generated.ids[1]], "set")


def test_a_problem_that_changed_is_refused_by_name(path: Path) -> None:
    problem = load_dataset("starter").get("starter/add-numbers")
    entry = SetEntry("starter", problem.id, digest=digest(problem))
    write_problem_set(path, [entry])
    assert load_problem_set(path)[0] == problem
    changed = replace(problem, statement=problem.statement + " ")
    write_problem_set(path, [replace(entry, digest=digest(changed))])
    with pytest.raises(DataError, match=r"starter/add-numbers.*as it was when it was added.*add it again"):
        load_problem_set(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"problem_id": "a"}\n', r"set.jsonl:1.*'dataset': expected text, got no such field"),
        ('\n{"dataset": "starter", "problem_id": 7}\n', r"set.jsonl:2.*'problem_id': expected text, got 7"),
        ('{"dataset": "starter", "problem_id": "a", "episode": "x"}\n', "'episode': expected a whole number or null"),
        ('{"dataset": "starter", "problem_id": "a", "tests": []}\n', "'tests': expected no such field"),
        ('{"dataset": "starter", "problem', r"set.jsonl:1: expected a JSON object.*check that nothing was cut"),
    ],
)
def test_a_file_that_is_no_problem_set(path: Path, text: str, message: str) -> None:
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_problem_set(path)


def test_sets_that_cannot_be_loaded(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing.jsonl: expected a readable problem set"):
        read_problem_set(tmp_path / "nothing.jsonl")
    path.write_text("\n")
    with pytest.raises(UsageError, match="expected a problem set with a problem"):
        load_problem_set(path)
    write_problem_set(path, [SetEntry("starter", "starter/add-number")])
    with pytest.raises(ProblemNotFound, match="starter/add-numbers"):
        load_problem_set(path)
    write_problem_set(path, [SetEntry("starter", "starter/add-numbers")] * 2)
    with pytest.raises(DataError, match="unique ids"):
        load_problem_set(path)
