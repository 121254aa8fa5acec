"""File formats: the same problems in every format, in memory or not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rlef_env.errors import DataError, UsageError
from rlef_env.problems import Dataset, Problem, Test, load_dataset
from rlef_env.problems.file_formats import file_format, raw_rows
from rlef_env.problems.writing import problem_to_row

PROBLEMS = tuple(
    Problem(f"p{number}", f"ü\u2028 {number}", (Test("1\n" * number, "2"),), date=f"2024-01-0{number + 1}")
    for number in range(5)
)
ROWS = [problem_to_row(problem) for problem in PROBLEMS]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\r\n\n" for row in rows)


def parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=2)


KINDS: dict[str, Callable[[Path, list[dict[str, Any]]], Any]] = {
    ".jsonl": lambda path, rows: path.write_bytes(lines(rows)),
    ".jsonl.gz": lambda path, rows: path.write_bytes(gzip.compress(lines(rows))),
    ".json": lambda path, rows: path.write_text(json.dumps(rows, indent=1), encoding="utf-8"),
    ".parquet": parquet,
    ".lines.json": lambda path, rows: path.write_bytes(lines(rows)),
}


@pytest.fixture(params=["held", "stored"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for files, whose problems are held in memory or stay in the file."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if request.param == "stored":
        monkeypatch.setattr("rlef_env.problems.dataset._SMALL", -1)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_problems_from_any_kind_of_file(folder: Path, kind: str) -> None:
    KINDS[kind](folder / f"rows{kind}", ROWS)
    for _ in range(2):  # the second time from the index
        dataset = load_dataset(folder / f"rows{kind}")
        assert list(dataset) == list(PROBLEMS)
        assert [dataset.get(f"p{number}") for number in (3, 0, 3)] == [PROBLEMS[3], PROBLEMS[0], PROBLEMS[3]]
        assert (dataset[-1], dataset.schema, dataset.label.split(".")[0]) == (PROBLEMS[4], "code_contests", "rows")
        assert list(dataset.metadata()) == list(Dataset("n", "L", PROBLEMS).metadata())
        assert list(dataset.select(["p4", "p1"])) == [PROBLEMS[1], PROBLEMS[4]]


def test_days_in_parquet_are_text(folder: Path) -> None:
    from datetime import date

    parquet(folder / "rows.parquet", [row | {"date": date(2024, 5, 6)} for row in ROWS])
    assert {problem.date for problem in load_dataset(folder / "rows.parquet")} == {"2024-05-06"}


def test_a_value_that_json_has_not_is_named(folder: Path) -> None:
    parquet(folder / "rows.parquet", [ROWS[0] | {"x": b""}, ROWS[1] | {"x": b"1"}])
    with pytest.raises(DataError, match=r"rows\.parquet: row 0: expected values that JSON can represent, got: a bytes"):
        load_dataset(folder / "rows.parquet")


def test_shards_are_one_data_set_in_the_order_of_their_names(folder: Path) -> None:
    shards = folder / "shards"
    shards.mkdir()
    KINDS[".jsonl"](shards / "train-00001.jsonl", ROWS[2:3])
    KINDS[".jsonl.gz"](shards / "train-00000.jsonl.gz", ROWS[:2])
    KINDS[".json"](shards / "valid.json", ROWS[3:])
    (shards / "README.md").write_text("?")
    (shards / ".hidden.jsonl").write_text("?")
    assert list(load_dataset(shards)) == list(PROBLEMS[:3])
    assert list(load_dataset(shards, "valid")) == list(PROBLEMS[3:])
    assert list(load_dataset(str(shards / "*.json*"))) == [*PROBLEMS[:3], *PROBLEMS[3:]]
    with pytest.raises(UsageError, match="split: expected 'train' or 'valid', got 'test'"):
        load_dataset(shards, "test")
    with pytest.raises(UsageError, match="a file has no splits"):
        load_dataset(str(shards / "*.json*"), "valid")
    with pytest.raises(DataError, match="got none; check the path"):
        load_dataset(str(shards / "*.parquet"))


def test_one_id_in_two_shards_is_an_error(folder: Path) -> None:
    for name in ("a", "b"):
        KINDS[".jsonl"](folder / f"{name}.jsonl", ROWS[1:2])
    with pytest.raises(DataError, match=r"b\.jsonl:1: .* which .*a\.jsonl:1 already has"):
        load_dataset(folder)


def test_without_pyarrow_the_error_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (folder / "rows.parquet").write_bytes(b"")
    with pytest.raises(UsageError, match=r"pip install 'rlef-env\[parquet\]'"):
        load_dataset(folder / "rows.parquet")


def test_a_line_without_an_end_does_not_fill_the_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_format, "MAX_ROW_BYTES", 1000)
    (folder / "rows.jsonl").write_bytes(lines(ROWS[:1]) + b" " * 1001)
    with pytest.raises(DataError, match=r"rows\.jsonl:3: expected a line of at most 1000 bytes"):
        load_dataset(folder / "rows.jsonl")


def test_a_parquet_file_of_far_more_values_than_bytes_is_refused(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    count = 2**24 + 1
    zeros = pyarrow.py_buffer(bytes(count))
    many = pyarrow.Array.from_buffers(pyarrow.int8(), count, [None, zeros])
    lists = pyarrow.ListArray.from_arrays(pyarrow.array([0, count], pyarrow.int32()), many)
    path = tmp_path / "rows.parquet"
    parquet.write_table(pyarrow.table({"name": ["a"], "x": lists}), path, compression="zstd")
    assert path.stat().st_size < 2000
    with pytest.raises(DataError, match=r"rows.parquet: expected at most 16,777,216 values in a file of its size"):
        list(raw_rows(path))
