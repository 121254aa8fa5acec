"""Run folders: what was appended is read back equal, whether compressed or not, and whatever ended the process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.envs import CodeEnv
from rlef_env.episodes import Episode
from rlef_env.errors import DataError, UsageError
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.runs import (
    EpisodeRecord,
    EpisodeWriter,
    RunFolder,
    RunIdentity,
    TurnExtra,
    facts_of,
    query,
    read_facts,
    read_records,
)
from rlef_env.runs.reader import episode_files
from rlef_env.runs.record import record_from_row, record_to_row
from rlef_env.testing import ScriptedJudge
from tests.envs.samples import SUM_RIGHT, SUM_WRONG, TINY
from tests.runs.records import IDENTITY, PROBLEMS, new_run, records


def unique(drawn: list[EpisodeRecord]) -> list[EpisodeRecord]:
    return list({record.key: record for record in drawn}.values())


@given(records())
def test_a_record_is_read_back_equal(record: EpisodeRecord) -> None:
    assert record_from_row(json.loads(json.dumps(record_to_row(record)))) == record


@settings(max_examples=25)
@given(st.lists(records(), max_size=6), st.integers(1, 3))
def test_a_run_has_what_was_appended_compressed_or_not(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[EpisodeRecord], shard: int
) -> None:
    """Also lone surrogates, which Parquet's text cannot hold, in every text of an episode."""
    drawn = unique(drawn)
    for compress in (True, False):
        run = new_run(tmp_path_factory.mktemp("run"))
        with EpisodeWriter(run, compress=compress, shard_episodes=shard) as writer:
            for record in drawn:
                writer.append(record)
        assert writer.problem == (None if compress else "compress is off")
        shards, lines = episode_files(run)
        assert len(shards if compress else lines) == -(-len(drawn) // shard)
        assert not (lines if compress else shards)
        opened = RunFolder.open(run.path)
        assert opened == run
        assert list(read_records(opened)) == drawn
        problems = {each.problem_id: each for each in PROBLEMS}
        assert read_facts(opened) == [facts_of(each, problems.get(each.episode.problem_id)) for each in drawn]
        found = query(opened, "SELECT count(*), sum(turns) FROM episodes").rows
        assert found == [(len(drawn), sum(len(each.episode.turns) for each in drawn) if drawn else None)]


def played(*programs: str, problem_id: str = "sum", lost: bool = False) -> Episode:
    def result(role: Any, index: int) -> TestResult:
        return TestResult(
            role, index, Verdict.NO_VERDICT if lost else Verdict.WRONG_ANSWER, "starved" if lost else None
        )

    env = CodeEnv(TINY, judge=ScriptedJudge(result=result))  # type: ignore[arg-type]
    env.reset(options={"problem_id": problem_id})
    for program in programs:
        env.step(program)
    return env.episode


LOST, WRONG = played(SUM_RIGHT, lost=True), played(SUM_WRONG, SUM_WRONG, SUM_RIGHT)


def test_of_an_episode_that_was_played_again_the_last_attempt_counts(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    kept = [EpisodeRecord(WRONG, sample=1), EpisodeRecord(WRONG, attempt=1)]
    with EpisodeWriter(run, shard_episodes=2) as writer:
        writer.append(EpisodeRecord(LOST))
        writer.append(kept[0])
        writer.append(kept[1])
    assert list(read_records(run)) == kept
    assert [facts.has_verdict for facts in read_facts(run)] == [True, True]
    assert query(run, "SELECT sample, verdict FROM episodes ORDER BY 1").rows == [
        (0, "wrong_answer"),
        (1, "wrong_answer"),
    ]
    assert query(run, "SELECT count(*) FROM turns").rows == [(6,)]


def test_facts_are_those_of_the_episode(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    extra = TurnExtra("off_by_one", 10, 20, 0.5, {"kl": 0.25})
    with EpisodeWriter(run) as writer:
        writer.append(EpisodeRecord(WRONG, sample=3, seconds=2.0, turns=(extra,) * 3))
    (facts,) = read_facts(run)
    assert (facts.problem, facts.sample, facts.solved, facts.max_turns) == (PROBLEMS[0], 3, False, 3)
    first, second, third = facts.turns
    assert (first.turn, first.verdict, first.category, first.prompt_tokens) == (1, "wrong_answer", "off_by_one", 10)
    assert first.program == second.program != third.program
    assert query(run, "SELECT turn, category, tokens, reward FROM turns ORDER BY turn").rows == [
        (number, "off_by_one", 20, WRONG.turns[number - 1].reward) for number in (1, 2, 3)
    ]


KILLED = """
import os, signal, sys
from rlef_env.episodes import read_episodes
from rlef_env.runs import EpisodeRecord, EpisodeWriter, RunFolder
(episode,) = read_episodes(sys.argv[2])
writer = EpisodeWriter(RunFolder.open(sys.argv[1]), shard_episodes=3)
for sample in range(7):
    writer.append(EpisodeRecord(episode, sample=sample))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_nothing_and_the_next_one_continues(tmp_path: Path) -> None:
    from rlef_env.episodes import write_episodes

    run = new_run(tmp_path / "run")
    write_episodes(tmp_path / "one.jsonl", [WRONG])
    ended = subprocess.run([sys.executable, "-c", KILLED, str(run.path), str(tmp_path / "one.jsonl")])
    assert ended.returncode == -signal.SIGKILL
    assert [record.sample for record in read_records(run)] == list(range(7))
    _, lines = episode_files(run)
    with lines[-1].open("ab") as file:
        file.write(b'{"phase": "evaluate", "cut')  # as if the machine had stopped while it wrote
    assert [record.sample for record in read_records(run)] == list(range(7))
    with EpisodeWriter(RunFolder.resume(run.path, IDENTITY), shard_episodes=3) as writer:
        writer.append(EpisodeRecord(WRONG, sample=7))
    assert [record.sample for record in read_records(run)] == list(range(8))
    assert episode_files(run)[1] == []
    assert query(run, "SELECT count(*), count(DISTINCT sample) FROM episodes").rows == [(8, 8)]


def test_a_shard_that_was_cut_by_a_crash_does_not_count_twice(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    with EpisodeWriter(run) as writer:
        writer.append(EpisodeRecord(WRONG))
    (shard,), _ = episode_files(run)
    lines = shard.with_suffix(".jsonl")
    lines.write_text(json.dumps(record_to_row(EpisodeRecord(WRONG))) + "\n")  # not deleted before the crash
    assert len(list(read_records(run))) == 1
    shard.unlink()  # the crash came before the file of episodes appeared; that of turns is there
    assert len(list(read_records(run))) == 1
    with EpisodeWriter(run):
        pass
    assert len(list(read_records(run))) == 1
    assert not lines.exists()


FULL = """
import resource, signal, sys
from rlef_env.episodes import read_episodes
from rlef_env.runs import EpisodeRecord, EpisodeWriter, RunFolder
(episode,) = read_episodes(sys.argv[2])
run = RunFolder.open(sys.argv[1])
writer = EpisodeWriter(run)
writer.append(EpisodeRecord(episode))
size = next(run.episodes.glob("*.jsonl")).stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))
try:
    writer.append(EpisodeRecord(episode, sample=1))
except OSError as error:
    print("refused:", error.strerror)
"""


def test_a_full_disk_leaves_the_earlier_episodes_whole(tmp_path: Path) -> None:
    from rlef_env.episodes import write_episodes

    run = new_run(tmp_path / "run")
    write_episodes(tmp_path / "one.jsonl", [WRONG])
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(run.path), str(tmp_path / "one.jsonl")], capture_output=True, text=True
    )
    assert ended.stdout == "refused: File too large\n", ended.stderr
    (lines,) = run.episodes.glob("*.jsonl")
    assert lines.read_bytes().count(b"\n") == 1
    assert lines.read_bytes().endswith(b"\n")


def test_only_one_process_writes_a_part(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    writers = EpisodeWriter(run), EpisodeWriter(run, part="rank1")
    with pytest.raises(UsageError, match="no other process writes"):
        EpisodeWriter(run)
    for writer in writers:
        writer.close()
    EpisodeWriter(run).close()


def test_a_folder_holds_one_run(tmp_path: Path) -> None:
    new_run(tmp_path)
    with pytest.raises(UsageError, match=r"without a run.*--resume"):
        new_run(tmp_path)


def test_resuming_with_other_settings_names_them(tmp_path: Path) -> None:
    new_run(tmp_path)
    other = replace(IDENTITY, agent={"name": "repair", "temperature": 0.2}, episodes={"max_turns": 5, "seed": 0})
    with pytest.raises(
        UsageError, match=r"agent\.temperature: 0\.2, other not set; episodes\.max_turns: 5, other 3; use the same"
    ):
        RunFolder.resume(tmp_path, other)
    assert RunFolder.resume(tmp_path, IDENTITY).identity.digest == IDENTITY.digest != other.digest


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no run.json"),
        ("{", "JSON object"),
        ("{}", "format 'rlef-run'.*got None"),
        ('{"format": "rlef-run", "version": 0}', "version 1, got version 0"),
        ('{"format": "rlef-run", "version": 1, "kind": "party"}', "kind.*evaluation"),
        ('{"format": "rlef-run", "version": 1, "kind": "play", "identity": 1}', "identity.*JSON object"),
    ],
)
def test_what_is_no_run_is_refused_in_one_line(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        RunFolder.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    with EpisodeWriter(run, compress=False) as writer:
        writer.append(EpisodeRecord(WRONG))
        writer.append(EpisodeRecord(WRONG, sample=1))
    (path,) = run.episodes.glob("*.jsonl")
    first, second = path.read_text().splitlines()
    path.write_text(first[:100] + "\n" + second + "\n")
    for read in (lambda: list(read_records(run)), lambda: read_facts(run), lambda: query(run, "SELECT 1")):
        with pytest.raises(DataError, match=r"main-000000\.jsonl:1: expected a JSON object"):
            read()


@pytest.mark.parametrize("which", ["episodes", "turns"])
def test_a_truncated_or_missing_shard_is_one_line(tmp_path: Path, which: str) -> None:
    run = new_run(tmp_path)
    with EpisodeWriter(run) as writer:
        writer.append(EpisodeRecord(WRONG))
    name = "main-000000.parquet" if which == "episodes" else "main-000000.turns.parquet"
    path = run.episodes / name
    path.write_bytes(path.read_bytes()[:-20])
    for read in (lambda: list(read_records(run)), lambda: read_facts(run)):
        with pytest.raises(DataError, match="expected a shard of a run") as caught:
            read()
        assert "\n" not in str(caught.value)
    with pytest.raises((UsageError, DataError)) as caught:
        query(run, f"SELECT * FROM {which}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE problems",
        "COPY turns TO 'x.csv'",
        "SELECT 1; SELECT 2",
        "",
        "INSTALL httpfs",
        "ATTACH 'x.db'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('https://example.com/x')",
        "SELECT wrong_column FROM turns",
        "SET enable_external_access = true",
        "CREATE TABLE a AS SELECT 1",
    ],
)
def test_a_query_reads_the_run_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    run = new_run(tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"^SQL: expected") as caught:
        query(run, sql)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [run.path]


def test_metrics_and_problems_are_tables(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    run.metrics.write_text('{"kind": "train", "step": 1, "loss": 0.5}\n{"kind": "evaluate", "step": 1, "solve')
    assert query(run, "SELECT kind, loss FROM metrics").rows[:1] == [("train", 0.5)]
    assert query(run, "SELECT problem_id, cluster FROM problems ORDER BY 1").rows == [
        ("echo", "echo"),
        ("sum", "family/sums"),
    ]


def test_problems_are_added_once(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, "training", RunIdentity())
    with EpisodeWriter(run) as writer:
        for sample in range(2):
            writer.append(EpisodeRecord(WRONG, sample=sample, phase="train", step=0), PROBLEMS[0])
    assert list(run.problem_facts().values()) == PROBLEMS[:1]
    assert run.problems.read_bytes().count(b"\n") == 1


def test_the_episodes_of_two_runs_in_one_folder_are_one_line(tmp_path: Path) -> None:
    first, second = new_run(tmp_path / "first"), new_run(tmp_path / "second")
    for run in (first, second):
        with EpisodeWriter(run) as writer:
            writer.append(EpisodeRecord(WRONG, sample=4))
    for path in second.episodes.glob("*.parquet"):
        path.rename(first.episodes / path.name.replace("main-000000", "main-000007"))
    for read in (lambda: list(read_records(first)), lambda: read_facts(first), lambda: query(first, "SELECT 1")):
        with pytest.raises(
            DataError, match=r"sample 4 of problem 'sum' twice: the folder has the episodes of two runs"
        ):
            read()


def test_a_judge_failure_is_no_wrong_answer() -> None:
    assert isinstance(LOST.turns[0].judgement, Judgement)
    facts = facts_of(EpisodeRecord(LOST))
    assert (facts.has_verdict, facts.solved, facts.turns[0].verdict) == (False, False, "no_verdict")
    assert (facts.turns[0].category, facts.turns[0].passed_public) == ("starved", False)
