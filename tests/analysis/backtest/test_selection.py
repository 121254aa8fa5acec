"""What a SELECT statement names: problem sets, conversations and pairs, checked against episodes written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlef_env.analysis.backtest.problem_set import SetEntry
from rlef_env.analysis.backtest.regressions import (
    add_regression,
    entry_of,
    find_episode,
    read_regressions,
    remove_regressions,
)
from rlef_env.analysis.backtest.selection import (
    conversations,
    preference_pairs,
    selected,
    selected_records,
    set_entries,
)
from rlef_env.envs import CodeEnv
from rlef_env.errors import DataError, UsageError
from rlef_env.judge import TestResult, Verdict
from rlef_env.runs import EpisodeRecord, EpisodeWriter, RunFolder, RunIdentity, problem_facts
from rlef_env.runs.shards import episode_number
from rlef_env.testing import ScriptedJudge
from tests.envs.samples import DOUBLE, SUM, TINY, fenced

RIGHT, WRONG, WORSE, LOST = (fenced(f"print({word!r})") for word in ("right", "wrong", "worse", "lost"))
VERDICTS = {RIGHT: Verdict.ACCEPTED, WRONG: Verdict.WRONG_ANSWER, WORSE: Verdict.TIME_LIMIT, LOST: Verdict.NO_VERDICT}
EPISODES = [
    ("sum", (WRONG, RIGHT)),
    ("sum", (RIGHT,)),
    ("sum", (WRONG, WORSE, WRONG)),
    ("sum", ("no program", "no program", "no program")),
    ("sum", (LOST,)),
    ("double", (WRONG, WRONG, WRONG)),
]


def episode(problem_id: str, responses: tuple[str, ...], feedback: str = "public"):
    verdicts = [Verdict.ACCEPTED]
    judge = ScriptedJudge(result=lambda role, index: TestResult(role, index, verdicts[-1]))
    env = CodeEnv(TINY, judge=judge, feedback=feedback)
    env.reset(options={"problem_id": problem_id})
    for response in responses:
        verdicts.append(VERDICTS.get(response, Verdict.WRONG_ANSWER))
        env.step(response)
    return env.episode


@pytest.fixture(scope="module")
def records() -> list[EpisodeRecord]:
    return [EpisodeRecord(episode(*each), sample) for sample, each in enumerate(EPISODES)]


@pytest.fixture
def run(tmp_path: Path, records: list[EpisodeRecord]) -> RunFolder:
    pytest.importorskip("duckdb")
    identity = RunIdentity(problems={"dataset": "tiny.jsonl", "split": "valid"})
    folder = RunFolder.create(tmp_path / "run", "evaluation", identity, {}, map(problem_facts, (SUM, DOUBLE)))
    with EpisodeWriter(folder) as writer:
        for record in records:
            writer.append(record)
    return folder


def origin(problem_id: str) -> tuple[str, str]:
    return "tiny.jsonl", f"split of {problem_id}"


def test_episodes_or_problems_are_selected(run: RunFolder, records: list[EpisodeRecord]) -> None:
    numbers = [episode_number(record.key) for record in records]
    by_episode = selected(run, "SELECT episode, problem_id FROM episodes WHERE sample IN (1, 5) ORDER BY sample DESC")
    assert (by_episode.episodes, by_episode.problem_ids) == ((numbers[5], numbers[1]), ("double", "sum"))
    assert [record.sample for record in selected_records(by_episode)] == [1, 5]
    by_problem = selected(run, "SELECT problem_id FROM turns WHERE verdict = 'time_limit'")
    assert (by_problem.episodes, by_problem.problem_ids) == (None, ("sum",))
    assert [record.sample for record in selected_records(by_problem)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT sample, verdict FROM turns", "a column episode or problem_id, got sample, verdict"),
        ("SELECT episode FROM episodes WHERE false", "expected rows, got none"),
        ("SELECT 'x' AS episode", "expected numbers in the column episode, got 'x'"),
        ("DELETE FROM episodes", "expected one SELECT statement"),
    ],
)
def test_statements_that_select_nothing(run: RunFolder, sql: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        selected(run, sql)


def test_a_problem_set_has_the_versions_that_were_played(run: RunFolder) -> None:
    entries = set_entries(selected(run, "SELECT problem_id FROM episodes ORDER BY sample DESC"), origin, "hard")
    facts = [problem_facts(each) for each in (DOUBLE, SUM)]
    assert {(each.dataset, each.why, each.run) for each in entries} == {("tiny.jsonl", "hard", str(run.path))}
    assert [(each.split, each.problem_id, each.digest) for each in entries] == [
        (f"split of {each.problem_id}", each.problem_id, each.digest) for each in facts
    ]


def test_conversations_end_with_a_response(records: list[EpisodeRecord]) -> None:
    solved = list(conversations(records))
    assert [(row["problem_id"], row["solved"], len(row["messages"])) for row in solved] == [
        ("sum", True, 4),
        ("sum", True, 2),
    ]
    first = records[0].episode
    assert solved[0]["messages"] == [
        {"role": "user", "content": first.prompt},
        {"role": "assistant", "content": WRONG},
        {"role": "user", "content": first.turns[0].feedback},
        {"role": "assistant", "content": RIGHT},
    ]
    assert [len(row["messages"]) for row in conversations(records, solved_only=False)] == [4, 2, 6, 6, 2, 6]


def test_an_open_episode_does_not_end_with_feedback() -> None:
    open_ = EpisodeRecord(episode("sum", (WRONG,)))
    (row,) = conversations([open_], solved_only=False)
    assert [message["role"] for message in row["messages"]] == ["user", "assistant"]
    assert list(conversations([EpisodeRecord(episode("sum", ()))], solved_only=False)) == []


def test_pairs_answer_the_same_messages(records: list[EpisodeRecord]) -> None:
    prompt, feedback = records[0].episode.prompt, records[0].episode.turns[0].feedback
    pairs = list(preference_pairs(records))
    assert [(row["problem_id"], row["turn"]) for row in pairs] == [("sum", 1), ("sum", 2)]
    assert [row["chosen"][0]["content"] for row in pairs] == [RIGHT, RIGHT]
    # At turn 1 "no program" is wrong, too, but there is one right response only; LOST has no verdict.
    assert [row["rejected"][0]["content"] for row in pairs] == [WRONG, WORSE]
    assert [message["content"] for message in pairs[0]["prompt"]] == [prompt]
    assert [message["content"] for message in pairs[1]["prompt"]] == [prompt, WRONG, feedback]


def test_no_response_is_in_two_pairs() -> None:
    again = [
        EpisodeRecord(episode("sum", responses)) for responses in [(RIGHT,), (RIGHT,), (WRONG, WRONG, WRONG), (WORSE,)]
    ]
    assert len(list(preference_pairs(again))) == 1


def test_a_response_that_was_right_once_and_wrong_once_is_in_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    again = [EpisodeRecord(episode("sum", responses)) for responses in [(RIGHT,), (WRONG, WORSE, WORSE)]]
    monkeypatch.setitem(VERDICTS, RIGHT, Verdict.TIME_LIMIT)
    again.append(EpisodeRecord(episode("sum", (RIGHT, WORSE, WORSE))))
    assert list(preference_pairs(again)) == []


def test_a_response_that_passed_public_tests_only_is_not_chosen() -> None:
    again = [EpisodeRecord(episode("sum", responses, "none")) for responses in [(RIGHT, WRONG, WRONG), (WRONG,) * 3]]
    assert again[0].episode.turns[0].judgement.verdict is Verdict.ACCEPTED  # of the public tests
    assert list(preference_pairs(again)) == []


def test_regressions_name_the_episode_and_why(run: RunFolder, records: list[EpisodeRecord], tmp_path: Path) -> None:
    path = tmp_path / "regressions.jsonl"
    number = episode_number(records[2].key)
    by_number, by_problem = find_episode(run, str(number)), find_episode(run, "sum")
    assert (by_number.sample, by_problem.sample, find_episode(run, "double").sample) == (2, 2, 5)
    entry = entry_of(run, by_number, ("tiny.jsonl", "valid"))
    assert (entry.why, entry.episode, entry.digest) == ("wrong_answer at turn 3", number, problem_facts(SUM).digest)
    assert add_regression(path, entry)
    assert add_regression(path, entry_of(run, find_episode(run, "double"), ("tiny.jsonl", "valid"), "off by one"))
    newer = entry_of(run, find_episode(run, str(episode_number(records[0].key))), ("tiny.jsonl", "valid"))
    assert not add_regression(path, newer)
    assert [(each.problem_id, each.why) for each in read_regressions(path)] == [
        ("double", "off by one"),
        ("sum", "solved at turn 2"),
    ]
    with pytest.raises(UsageError, match="got 'suum'"):
        remove_regressions(path, ["sum", "suum"])
    remove_regressions(path, ["sum"])
    assert [each.problem_id for each in read_regressions(path)] == ["double"]


def test_an_episode_without_a_verdict_or_that_is_not_there(run: RunFolder, records: list[EpisodeRecord]) -> None:
    for name in (str(episode_number(records[4].key)), "7", "suum"):
        with pytest.raises(UsageError, match=f"expected the number of an episode with a verdict.*got '{name}'"):
            find_episode(run, name)


def test_a_foreign_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text("my notes\n")
    with pytest.raises(DataError, match=r"notes.jsonl:1"):
        add_regression(path, SetEntry("starter", "a"))
    assert path.read_text() == "my notes\n"
