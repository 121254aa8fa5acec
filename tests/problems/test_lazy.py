"""Problems that stay in their files: the index, changed files, and memory."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import Dataset, Problem, Test, lazy, load_dataset, write_jsonl
from rlef_env.problems.lazy import LazyProblems
from rlef_env.problems.writing import problem_to_row

PROBLEMS = tuple(Problem(f"p{number}", "?" * number, (Test("1", "2"),)) for number in range(20))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a separate cache for each test; every file counts as large."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("rlef_env.problems.dataset._SMALL", -1)
    return tmp_path / "cache"


@pytest.fixture(params=[".jsonl", ".jsonl.gz"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Problems in a file whose rows can be read by offset, or in a packed file."""
    return write(tmp_path / f"rows{request.param}", PROBLEMS)


def write(path: Path, problems: tuple[Problem, ...]) -> Path:
    content = b"".join(json.dumps(problem_to_row(problem)).encode() + b"\n" for problem in problems)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def checked(monkeypatch: pytest.MonkeyPatch, file: Path) -> tuple[int, Dataset]:
    """Return the number of rows that opening the file checks, and the data set."""
    count = 0
    iterate = lazy.iter_problems

    def counting(*arguments: object) -> object:
        nonlocal count
        for each in iterate(*arguments):  # type: ignore[arg-type]
            count += 1
            yield each

    with monkeypatch.context() as patch:
        patch.setattr(lazy, "iter_problems", counting)
        dataset = load_dataset(file)
    assert isinstance(dataset.problems, LazyProblems)
    return count, dataset


def test_rows_are_checked_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, dataset = checked(monkeypatch, file)
    second, again = checked(monkeypatch, file)
    assert (first, second) == (20, 0)
    assert dataset == again
    assert list(again) == list(PROBLEMS)


def test_a_changed_file_is_checked_again_and_noticed_on_reading(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, dataset = checked(monkeypatch, file)
    kept = dataset[0]
    write(file, PROBLEMS[5:])
    if file.suffix == ".jsonl":
        with pytest.raises(DataError, match="expected the file to be unchanged since it was opened, got a changed one"):
            _ = dataset[1]
    assert dataset[0] is kept
    count, again = checked(monkeypatch, file)
    assert (count, list(again)) == (15, list(PROBLEMS[5:]))


@pytest.mark.parametrize("damage", ["empty", "cut", "place", "text", "list", "other rows"])
def test_a_broken_cache_is_made_again(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    checked(monkeypatch, file)
    (index,) = cache.rglob("index.json")
    content = index.read_bytes()
    changed = {
        "empty": b"",
        "cut": content[:-10],
        "place": content.replace(b'"offset": [0', b'"offset": [1'),
        "text": b"not an index",
        "list": b"4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945\n[]",
    }
    index.write_bytes(changed.get(damage, content))
    if damage == "other rows":
        for rows in cache.rglob("rows-*.jsonl"):
            rows.write_bytes(rows.read_bytes()[:-1])
    count, dataset = checked(monkeypatch, file)
    assert count == (0 if damage == "other rows" and file.suffix == ".jsonl" else 20)
    assert list(dataset) == list(PROBLEMS)
    assert len(list(cache.rglob("rows-*"))) == (file.suffix == ".gz")


def test_another_version_of_the_code_checks_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(monkeypatch, file)
    monkeypatch.setattr(lazy, "_code", lambda: "another")
    assert checked(monkeypatch, file)[0] == 20


def test_where_nothing_can_be_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    plain, packed = write(tmp_path / "rows.jsonl", PROBLEMS), write(tmp_path / "rows.jsonl.gz", PROBLEMS)
    assert list(checked(monkeypatch, plain)[1]) == list(PROBLEMS)
    with pytest.raises(DataError, match=r"room to unpack it in .*/file/rlef-env/index/.*XDG_CACHE_HOME"):
        load_dataset(packed)


def test_a_data_set_travels_to_other_processes_and_serves_threads(file: Path) -> None:
    dataset = load_dataset(file)
    assert pickle.loads(pickle.dumps(dataset)) == dataset
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(dataset.get, ["p3", "p4"]) == [PROBLEMS[3], PROBLEMS[4]]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(dataset.__getitem__, [*range(20)] * 20)) == list(PROBLEMS) * 20


def test_the_cache_of_problems_is_bounded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy, "_RECENT_BYTES", 2000)
    dataset = load_dataset(file)
    first = dataset[0]
    assert dataset[0] is first
    for place in range(1, 20):
        assert dataset[place] is not None
    assert dataset[0] is not first
    assert dataset[0] == first
    assert dataset.problems[1:3] == PROBLEMS[1:3]
    with pytest.raises(IndexError):
        _ = dataset[20]


OPEN_AND_READ = """
import resource, sys
from rlef_env.problems import dataset, lazy, load_dataset
dataset._SMALL = -1
lazy._RECENT_BYTES = 2**22
import pyarrow, pyarrow.parquet
usage = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = usage()
dataset = load_dataset(sys.argv[1])
assert sum(len(problem.statement) for problem in dataset) == 64 * 2**20
assert all(len(dataset[place].statement) == 2**20 for place in range(64))
print(usage() - before)
"""


@pytest.mark.parametrize("kind", [".jsonl", ".json", ".jsonl.gz", ".parquet"])
def test_memory_stays_flat(tmp_path: Path, kind: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    problems = [Problem(str(number), "x" * 2**20, (Test("1", "2"),)) for number in range(64)]
    path = tmp_path / f"rows{kind}"
    rows = [problem_to_row(problem) for problem in problems]
    if kind == ".parquet":
        parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=4)
    elif kind == ".json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    elif kind == ".jsonl":
        write_jsonl(path, problems)
    else:
        path.write_bytes(gzip.compress(b"".join(json.dumps(row).encode() + b"\n" for row in rows), 1))
    done = subprocess.run([sys.executable, "-c", OPEN_AND_READ, path], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 40 * 1024  # kilobytes, of 64 megabytes
