"""`rlef problems order`, as a user types it."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from rlef_env.problems import load_dataset, read_jsonl, write_jsonl
from rlef_env.problems.quality_report import Quality
from tests.cli.conftest import Rlef

CHOSEN = ["starter/best-bargain", "starter/nested-boxes"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_jsonl(tmp_path / "data.jsonl", load_dataset("starter").select(CHOSEN))
    return tmp_path / "data.jsonl"


def test_order_writes_the_same_problems_in_an_order_that_refuses_sooner(rlef: Rlef, data: Path, tmp_path: Path) -> None:
    done = rlef("problems", "order", data, "-o", "out.jsonl", "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"2 problems written to {Path('out.jsonl')}" in done.stderr
    before, after = done.stderr.partition("in all: ")[2].split(" now")[0].split(" before, ")
    assert int(after) < int(before)
    old, new = load_dataset(data), load_dataset(tmp_path / "out.jsonl")
    assert new.ids == old.ids
    for was, now in zip(old, new, strict=True):
        assert now.public_tests == was.public_tests
        places = now.extra["rlef_test_order"]["private"]
        assert [was.private_tests[place] for place in places] == list(now.private_tests)
    assert not (tmp_path / "out.jsonl.part").exists()
    judged = rlef("judge", "out.jsonl")
    rows = [json.loads(line) for line in judged.stdout.splitlines()]
    assert {row["kind"] for row in rows if row["verdict"] == "accepted"} == {"correct"}
    assert sum(row["verdict"] == "accepted" for row in rows) == sum(len(problem.solutions) for problem in old)
    again = rlef("problems", "order", data, "-o", "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes(), again.stderr


def test_reports_on_the_old_order_stay_valid(rlef_here: Rlef, data: Path, tmp_path: Path) -> None:
    assert rlef_here("problems", "verify", data).returncode == 0
    assert rlef_here("problems", "order", data, "-o", "out.jsonl").returncode == 0
    chosen = load_dataset(tmp_path / "out.jsonl", quality=Quality.VERIFIED, reports=f"{data}.trust")
    assert list(chosen.ids) == CHOSEN


def test_generated_problems(rlef_here: Rlef, tmp_path: Path) -> None:
    done = rlef_here("problems", "order", "procedural/bases?count=2", "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert len(read_jsonl(tmp_path / "out.jsonl")) == 2


def test_an_interrupted_call_goes_on(rlef_here: Rlef, data: Path, tmp_path: Path) -> None:
    """The first row is kept as it is, whatever made it; the second one was cut off and is written again."""
    assert rlef_here("problems", "order", data, "-o", "whole.jsonl").returncode == 0
    whole = (tmp_path / "whole.jsonl").read_bytes().splitlines(keepends=True)
    first = data.read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "out.jsonl.part").write_bytes(first + whole[1][:100])
    done = rlef_here("problems", "order", data, "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert "1 problems were taken from out.jsonl.part" in done.stderr
    assert (tmp_path / "out.jsonl").read_bytes().splitlines(keepends=True) == [first, *whole[1:]]


@pytest.mark.parametrize("rows", [["{}"], ["not JSON"], ["data", "data"]], ids=["empty", "broken", "twice"])
def test_rows_of_something_else_are_refused(rlef_here: Rlef, data: Path, tmp_path: Path, rows: list[str]) -> None:
    first = data.read_text().splitlines()[0]
    left = "".join(f"{first if row == 'data' else row}\n" for row in rows)
    (tmp_path / "out.jsonl.part").write_text(left)
    done = rlef_here("problems", "order", data, "-o", "out.jsonl")
    assert done.returncode == 2
    assert "remove this file" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "out.jsonl.part").read_text() == left


def test_two_calls_do_not_write_one_file(rlef_here: Rlef, data: Path, tmp_path: Path) -> None:
    with (tmp_path / "out.jsonl.part").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        done = rlef_here("problems", "order", data, "-o", "out.jsonl")
    assert done.returncode == 2
    assert "another process" in done.stderr


def test_the_input_is_not_overwritten(rlef_here: Rlef, data: Path) -> None:
    before = data.read_bytes()
    assert rlef_here("problems", "order", data, "-o", data).returncode == 2
    assert data.read_bytes() == before
