"""Invariants of stored episodes: an episode that contradicts itself is refused, and the error names the field."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs import CodeEnv, rejudge, replay
from rlef_env.episodes import Episode, episode_from_row, episode_to_row, read_episodes
from rlef_env.errors import DataError
from rlef_env.judge import Judge, TestResult, Verdict
from rlef_env.testing import ScriptedJudge
from tests.envs.samples import SUM_PASSES_PUBLIC, SUM_RIGHT, SUM_WRONG, TINY
from tests.envs.scripted import played_episodes

Path = tuple[str | int, ...]
DROPPED = object()

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["public", "private", "generated", "none", "random", "locked", "nOne", "accepted", "no_verdict"])
    | st.sampled_from(["wrong_answer", "no_program", "1", 10**400, -(10**400)])
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=5), scalars, max_size=2)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value in a row."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def corrupted(row: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    row = copy.deepcopy(row)
    inner: Any = row
    for key in path[:-1]:
        inner = inner[key]
    if value is DROPPED:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return row


def same(value: Any, other: Any) -> bool:
    """Return whether two JSON values are equal and of one type; an int may stand for a float."""
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(same(inner, other[key]) for key, inner in value.items())
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(same, value, other))
    return value == other and isinstance(value, bool) == isinstance(other, bool)


@given(played_episodes(), st.data())
def test_one_wrong_field_is_refused_or_read_as_it_stands(episode: Episode, data: st.DataObject) -> None:
    row = episode_to_row(episode)
    # Settings are few among many fields but matter most, so they are drawn more often.
    path = data.draw(st.sampled_from([*places(row["settings"], ("settings",))]) | st.sampled_from([*places(row)]))
    wrong = corrupted(row, path, data.draw(st.just(DROPPED) | values))
    try:
        read = episode_from_row(wrong)
    except DataError:
        return
    assert same(episode_to_row(read), wrong)
    if path[0] == "problem_id":
        return
    # Rejudging runs at least the tests that each turn was judged on before.
    again = rejudge(read, TINY, ScriptedJudge())
    for old, new in zip(episode.turns, again.turns, strict=False):
        if read.turns == episode.turns and old.program is not None and not episode.truncated:
            assert judged_tests(old) <= judged_tests(new)
            assert new.judgement.total >= old.judgement.total


def judged_tests(turn: Any) -> set[tuple[str, int]]:
    return {(result.role, result.index) for result in turn.judgement.results}


Make = Callable[..., CodeEnv]


@pytest.fixture
def solved(make_env: Make) -> dict[str, Any]:
    """An episode whose second response passes everything, as plain values."""
    env = make_env()
    env.reset(options={"problem_id": "sum"})
    env.step(SUM_WRONG)
    env.step(SUM_RIGHT)
    return episode_to_row(env.episode)


@pytest.fixture
def fooled(make_env: Make) -> dict[str, Any]:
    """An episode that ends at the turn limit with a wrong program that passes the public tests."""
    env = make_env(feedback="none", max_turns=1)
    env.reset(options={"problem_id": "sum"})
    env.step(SUM_PASSES_PUBLIC)
    return episode_to_row(env.episode)


JUDGED = ("turns", 1, "judgement")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("settings",), {}, "'settings.max_turns': expected a whole number of at least 1, got no such field"),
        (("settings", "max_turns"), "1", "'settings.max_turns': expected a whole number of at least 1, got '1'"),
        (("settings", "max_turns"), None, "expected a whole number of at least 1, got null"),
        (("settings", "max_turns"), True, "expected a whole number of at least 1, got true"),
        (("settings", "max_turns"), 1, "'settings.max_turns': expected at least 2, the number of turns, got 1"),
        (
            ("settings", "feedback"),
            "nOne",
            "'settings.feedback': expected one of public, first, none, random, private, verdict, got",
        ),
        (
            ("settings", "feedback"),
            5,
            "'settings.feedback': expected one of public, first, none, random, private, verdict, got 5",
        ),
        (("settings", "feedback"), ["x"], "'settings.feedback': expected one of public"),
        (("settings", "feedback"), "random", "'settings.feedback_seed': expected a whole number of at least 0, got no"),
        (("settings", "feedback"), "none", "'terminated': expected true where the turn limit is reached"),
        (("settings", "full_grid"), "x", "'settings.full_grid': expected true or false, got 'x'"),
        (("settings", "reward"), {"outcome": "1"}, "'settings.reward': expected text, or an object of numbers"),
        (("settings", "prompt_cap"), -1, "'settings.prompt_cap': expected a whole number of at least 0, or null"),
        (("settings", "tokenizer"), 1, "'settings.tokenizer': expected text or null"),
        (("settings", "isolation"), "some", "'settings.isolation': expected one of locked, none"),
        (("terminated",), False, "'terminated': expected true where the turn limit is reached or"),
        (("truncated",), True, "'truncated': expected false, as the episode is terminated"),
        ((*JUDGED, "total"), -1, "'turns[1].judgement.total': expected at least 5, the number of results, got -1"),
        ((*JUDGED, "total"), 4, "'turns[1].judgement.total': expected at least 5, the number of results, got 4"),
        ((*JUDGED, "total"), 6, "'turns[1].judgement.total': expected 5, the number of accepted tests, got 6"),
        ((*JUDGED, "verdict"), "wrong_answer", "'turns[1].judgement.verdict': expected a failing test with this"),
        ((*JUDGED, "verdict"), "no_program", "'turns[1].judgement.verdict': expected another verdict"),
        ((*JUDGED, "verdict"), "no_verdict", "'truncated': expected true where the last turn has no verdict"),
        ((*JUDGED, "category"), "IndexError", "'turns[1].judgement.category': expected null, as no test failed"),
        ((*JUDGED, "isolation"), "some", "'turns[1].judgement.isolation': expected one of locked, none"),
        ((*JUDGED, "results"), [], "'turns[1].judgement.total': expected 0"),
        ((*JUDGED, "results", 0, "index"), -1, "'turns[1].judgement.results[0].index': expected a whole number of at"),
        ((*JUDGED, "results", 1, "index"), 0, "'turns[1].judgement.results[1]': expected a test after public test 0"),
        ((*JUDGED, "results", 4, "role"), "public", "expected a test after private test 1, got 'public test 0'"),
        ((*JUDGED, "results", 4, "verdict"), "no_program", "results[4].verdict': expected a verdict that a test can"),
        ((*JUDGED, "results", 4, "verdict"), "time_limit", "'turns[1].judgement.verdict': expected that of generated"),
        ((*JUDGED, "results", 0, "cpu_seconds"), -0.5, "results[0].cpu_seconds': expected at least 0, got -0.5"),
        (
            (*JUDGED, "results", 0, "cpu_seconds"),
            10**400,
            "results[0].cpu_seconds': expected a finite number, got a whole number of",
        ),
        ((*JUDGED, "results", 0, "peak_bytes"), -1, "results[0].peak_bytes': expected at least 0, got -1"),
        (("turns", 1, "program"), None, "'turns[1].judgement.verdict': expected no_program, got 'accepted'"),
        (("turns", 0, "judgement", "verdict"), "accepted", "expected that of public test 0: wrong_answer"),
        (("turns", 0, "judgement", "results", 1, "role"), "private", "expected a shown test (public)"),
    ],
)
def test_a_violation_names_its_field(solved: dict[str, Any], path: Path, value: object, message: str) -> None:
    assert episode_from_row(solved).solved
    with pytest.raises(DataError) as caught:
        episode_from_row(corrupted(solved, path, value), "e.jsonl:7")
    assert str(caught.value).startswith("e.jsonl:7: field '")
    assert message in str(caught.value)


def test_no_turn_follows_the_end(solved: dict[str, Any]) -> None:
    solved["turns"].append(solved["turns"][0])
    with pytest.raises(DataError, match=r"'turns': expected no turn after turn 2, .*, got 3"):
        episode_from_row(solved)


def test_only_the_last_turn_is_without_a_verdict(solved: dict[str, Any]) -> None:
    solved["turns"][0]["judgement"]["verdict"] = "no_verdict"
    with pytest.raises(DataError, match=r"'turns\[0\].judgement.verdict': expected no_verdict at most in the last"):
        episode_from_row(solved)


def test_a_run_of_all_tests_shows_in_the_results(make_env: Make) -> None:
    env = make_env(reward="pass_fraction", max_turns=1)
    env.reset(options={"problem_id": "sum"})
    env.step(SUM_WRONG)
    row = episode_to_row(env.episode)
    assert episode_from_row(row) == env.episode
    row["settings"]["full_grid"] = False
    with pytest.raises(DataError, match=r"'settings.full_grid': expected true, as turns\[0\].* continues after a"):
        episode_from_row(row)


def test_a_wrong_answer_is_never_rejudged_as_right(fooled: dict[str, Any], judge: Judge) -> None:
    """The last turn is scored on all tests, whatever turn limit the settings name."""
    (turn,) = rejudge(episode_from_row(fooled), TINY, judge).turns
    assert (turn.judgement.verdict.value, turn.judgement.total) == ("wrong_answer", 5)
    for wrong in ("1", None, 2, -1):
        with pytest.raises(DataError, match=r"max_turns|terminated"):
            episode_from_row(corrupted(fooled, ("settings", "max_turns"), wrong))


def test_an_early_end_is_scored_in_full_again(solved: dict[str, Any]) -> None:
    """Even if the program now fails the public tests, which would not end an episode of 50 turns."""
    longer = episode_from_row(corrupted(solved, ("settings", "max_turns"), 50))
    failing = ScriptedJudge(result=lambda role, index: TestResult(role, index, Verdict.WRONG_ANSWER))
    first, second = rejudge(longer, TINY, failing).turns
    assert (first.judgement.total, second.judgement.total) == (2, 5)


@pytest.mark.parametrize("settings", [{}, {"max_turns": "3", "feedback": "public", "full_grid": False}])
def test_episodes_made_by_hand_are_checked_too(make_env: Make, settings: dict[str, Any]) -> None:
    env = make_env()
    env.reset(options={"problem_id": "sum"})
    env.step(SUM_RIGHT)
    episode = replace(env.episode, settings=settings)
    message = r"episode of 'sum': field 'settings.max_turns': expected a whole number"
    with pytest.raises(DataError, match=message):
        rejudge(episode, TINY, ScriptedJudge())
    with pytest.raises(DataError, match=message):
        replay(episode, make_env())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"max_turns": 3', '"max_turns": 3, "max_turns": 1', "key 'max_turns' stands twice"),
        ('"max_turns": 3', '"max_turns": NaN', "NaN is not a JSON number"),
    ],
)
def test_json_that_parsers_read_differently_is_refused(
    solved: dict[str, Any], tmp_path: Any, old: str, new: str, message: str
) -> None:
    line = json.dumps(solved)
    assert old in line
    (tmp_path / "e.jsonl").write_text(line.replace(old, new))
    with pytest.raises(DataError, match=f"e.jsonl:1: .*{message}"):
        read_episodes(tmp_path / "e.jsonl")
