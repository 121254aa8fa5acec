"""Episodes as values, in files, replayed and judged again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs import CodeEnv, rejudge, replay
from rlef_env.episodes import Episode, Turn, episode_from_row, read_episodes, write_episodes
from rlef_env.errors import DataError
from rlef_env.judge import Judge, Judgement, TestResult, Verdict
from rlef_env.judge.judgement import Measured, judgement_of
from tests.envs.samples import SUM, SUM_CRASHES, SUM_PASSES_PUBLIC, SUM_RIGHT, SUM_WRONG, TINY
from tests.envs.scripted import played_episodes


@given(st.lists(played_episodes(), max_size=3))
def test_episodes_are_read_back_equal(tmp_path_factory: pytest.TempPathFactory, written: list[Episode]) -> None:
    path = tmp_path_factory.getbasetemp() / "episodes.jsonl"
    write_episodes(path, written)
    read = read_episodes(path)
    assert read == written
    for new, old in zip(read, written, strict=True):
        for turn, other in zip(new.turns, old.turns, strict=True):
            # Equality ignores timings, but they are stored.
            assert turn.judgement.measured() == other.judgement.measured()


ROW: dict[str, Any] = {
    "problem_id": "p",
    "dataset": "d",
    "prompt": "q",
    "turns": [
        {
            "response": "r",
            "program": None,
            "judgement": {
                "verdict": "no_program",
                "category": None,
                "total": 1,
                "isolation": "locked",
                "results": [],
                "groups": [],
            },
            "feedback": "f",
            "reward": -1,
        }
    ],
    "terminated": True,
    "truncated": False,
    "settings": {"max_turns": 1, "feedback": "public", "full_grid": False},
}


def changed(**fields: object) -> str:
    return json.dumps({**ROW, **fields})


def changed_turn(**fields: object) -> str:
    return changed(turns=[{**ROW["turns"][0], **fields}])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"expected a JSON object on one line"),
        ("\ufeff{}", r"expected UTF-8 without a byte order mark, got one"),
        ("[1]", r"expected a JSON object, got \[1\]"),
        ("{}", r"field 'problem_id': expected text, got no such field"),
        (changed(prompt=3), r"field 'prompt': expected text, got 3"),
        (changed(terminated=1), r"field 'terminated': expected true or false, got 1"),
        (changed(surprise=1), r"field 'surprise': expected no such field, got 1"),
        (changed(turns={}), r"field 'turns': expected a list, got {}"),
        (changed(turns=["x"]), r"field 'turns\[0\]': expected a JSON object, got 'x'"),
        (changed_turn(reward="1"), r"field 'turns\[0\].reward': expected a finite number"),
        (changed_turn(reward=float("nan")), r"expected a JSON object on one line, .* \(NaN is not a JSON number\)"),
        (changed_turn(program=1), r"field 'turns\[0\].program': expected text or null, got 1"),
        (
            changed_turn(judgement={**ROW["turns"][0]["judgement"], "verdict": "fine"}),
            r"field 'turns\[0\].judgement.verdict': expected one of accepted, .*, got 'fine'",
        ),
        (
            changed_turn(judgement={**ROW["turns"][0]["judgement"], "results": [{"role": "secret"}]}),
            r"field 'turns\[0\].judgement.results\[0\].role': expected one of public, private, generated",
        ),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "episodes.jsonl"
    path.write_text(json.dumps(ROW) + "\n\n" + line + "\n")
    with pytest.raises(DataError, match=f"episodes.jsonl:3: {message}"):
        read_episodes(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a readable file of episodes"):
        read_episodes(tmp_path / "none.jsonl")


def test_a_row_alone() -> None:
    assert episode_from_row(ROW).turns[0].reward == -1.0


def test_equality_ignores_timings() -> None:
    result = TestResult("public", 0, Verdict.ACCEPTED)
    one, other = (
        Episode("p", "d", "q", (Turn("r", "x", judgement_of(SUM, [Measured(result, took, 1)], 1)),))
        for took in (1.0, 2.0)
    )
    assert [each.turns[0].judgement.cpu_seconds for each in (one, other)] == [1.0, 2.0]
    assert one == other
    assert hash(one) == hash(other)


def test_solved_and_messages() -> None:
    start = Episode("p", "d", "question")
    assert (start.solved, start.solved_at, start.ended) == (False, None, False)
    assert start.messages == [{"role": "user", "content": "question"}]
    wrong = Turn("first", None, Judgement(Verdict.NO_PROGRAM), "again", -0.2)
    right = Turn("second", "x", Judgement(Verdict.ACCEPTED), "", 1.0)
    middle = replace(start, turns=(wrong,))
    assert [message["content"] for message in middle.messages] == ["question", "first", "again"]
    end = replace(start, turns=(wrong, right), terminated=True)
    assert (end.solved, end.solved_at) == (True, 2)
    assert [message["role"] for message in end.messages] == ["user", "assistant", "user", "assistant"]
    assert end.messages[0] is not end.messages[0]
    # Passing the public tests is not the end: a problem is solved only after all tests were run.
    assert not replace(middle, turns=(replace(right),)).solved


@pytest.mark.parametrize("feedback", ["public", "none", "random", "private"])
def test_an_episode_is_replayed_and_judged_again(
    make_env: Callable[..., CodeEnv], judge: Judge, feedback: str, tmp_path: Path
) -> None:
    env = make_env(feedback=feedback)
    env.reset(seed=4, options={"problem_id": "sum"})
    for response in ("no program", SUM_CRASHES, SUM_PASSES_PUBLIC):
        env.step(response)
    episode = env.episode
    assert (episode.terminated, episode.solved) == (True, False)
    write_episodes(tmp_path / "e.jsonl", [episode])
    (stored,) = read_episodes(tmp_path / "e.jsonl")
    assert stored == episode
    other = make_env(feedback=feedback)
    other.reset(seed=99)
    assert replay(stored, other) == episode
    assert rejudge(stored, TINY, judge) == episode


def test_replay_stops_where_the_new_episode_ends(make_env: Callable[..., CodeEnv]) -> None:
    env = make_env(feedback="none")
    env.reset(options={"problem_id": "sum"})
    for response in (SUM_RIGHT, SUM_WRONG, SUM_RIGHT):
        env.step(response)
    assert len(env.episode.turns) == 3
    assert replay(env.episode, make_env()).solved_at == 1


def test_rejudge_finds_a_false_verdict(make_env: Callable[..., CodeEnv], judge: Judge) -> None:
    env = make_env()
    env.reset(options={"problem_id": "sum"})
    env.step(SUM_RIGHT)
    (turn,) = env.episode.turns
    forged = replace(turn, program="print('forged')")
    (again,) = rejudge(replace(env.episode, turns=(forged,)), TINY, judge).turns
    assert turn.judgement.verdict is Verdict.ACCEPTED
    assert again.judgement.verdict is Verdict.WRONG_ANSWER
