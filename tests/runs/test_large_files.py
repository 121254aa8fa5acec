"""Large files are compressed by another process, so that a trainer's own threads are not held up."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from rlef_env.runs import EpisodeRecord, EpisodeWriter, read_records
from rlef_env.runs.writer import LARGE_BYTES
from tests.runs.records import new_run
from tests.runs.test_runs import played


def test_a_large_file_is_compressed_by_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here: list[Path] = []
    monkeypatch.setattr("rlef_env.runs.writer.seal", here.append)
    text = "x = '" + os.urandom(LARGE_BYTES // 16).hex() + "'"
    records = [EpisodeRecord(played(text), sample) for sample in range(9)]
    run, threads = new_run(tmp_path / "run"), threading.active_count()
    with EpisodeWriter(run, shard_episodes=8) as writer:
        for record in records:
            writer.append(record)
    assert writer.problem is None
    assert [path.name for path in here] == ["main-000001.jsonl"], "the small file at the end"
    assert sorted(path.name for path in run.episodes.glob("main-*")) == [
        "main-000000.parquet", "main-000000.turns.parquet", "main-000001.jsonl",
    ]  # fmt: skip
    assert list(read_records(run)) == records
    assert threading.active_count() == threads


def test_where_the_other_process_fails_the_lines_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlef_env.runs.writer.SEAL", "raise SystemExit('no room')")
    monkeypatch.setattr("rlef_env.runs.writer.LARGE_BYTES", 1)
    run = new_run(tmp_path / "run")
    record = EpisodeRecord(played("print(1)"))
    with EpisodeWriter(run) as writer:
        writer.append(record)
    assert writer.problem is not None
    assert writer.problem.endswith("not compressed: no room")
    assert list(read_records(run)) == [record]
