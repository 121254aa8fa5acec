"""What the page is given is what the run holds."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.analysis.report.data import TURN_COLUMNS, VERDICTS, EpisodeTable
from rlef_env.analysis.report.pages import MAX_TEXT, PageStore
from rlef_env.analysis.report.tail import RunTail
from rlef_env.errors import DataError
from rlef_env.runs import EpisodeWriter, RunFolder, query, read_records
from tests.analysis.report.made import SECOND, A, W, record, run_of, small_run, turn


def page_of(store: PageStore, number: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(zlib.decompress(store.compressed(number)))
    return content


@pytest.mark.parametrize("compress", [True, False])
def test_everything_in_the_run_is_in_the_table(tmp_path: Path, compress: bool) -> None:
    records = list(read_records(small_run(tmp_path / "source")))
    random.Random(0).shuffle(records)
    run = run_of(tmp_path / "run", records, compress=compress)
    table = EpisodeTable()
    for episode in RunTail(run).new():
        table.add(0, episode)
    columns, names = table.columns(), table.names()
    episodes, turns = columns["episodes"], columns["turns"]
    first = 0
    for number, each in enumerate(records):
        assert table.problems[episodes["problem"][number]].problem_id == each.episode.problem_id
        assert episodes["solved_at"][number] == (each.episode.solved_at or 0)
        texts = page_of(table.pages, episodes["page"][number])
        prompts = page_of(table.pages, table.prompts[episodes["prompt"][number]].page)
        prompt = prompts["items"][table.prompts[episodes["prompt"][number]].item]
        assert prompts["texts"][prompt] == each.episode.prompt
        items = texts["items"][episodes["item"][number]]
        assert len(items) == len(each.episode.turns) == episodes["turns"][number]
        for at, (item, stored, extra) in enumerate(zip(items, each.episode.turns, each.extras(), strict=True)):
            response = "".join(texts["texts"][item[name]] for name in ("before", "program", "after"))
            assert response == stored.response
            assert texts["texts"][item["program"]] == stored.program
            assert texts["texts"][item["feedback"]] == stored.feedback
            assert item["read"] == (at + 1 < len(items))
            assert item.get("values", {}) == extra.values
            row = {name: turns[name][first + at] for name in TURN_COLUMNS}
            assert VERDICTS[row["verdict"]] == stored.judgement.verdict.value
            assert row["reward"] == stored.reward
            assert row["repeated"] == (stored.program in [turn.program for turn in each.episode.turns[:at]])
            category = extra.category or stored.judgement.category
            if stored.judgement.verdict is A:
                assert row["category"] == -1
            else:
                assert names["categories"][row["category"]] == (category or stored.judgement.verdict.value)
        first += len(items)
    assert len(turns["verdict"]) == first
    sql = query(run, "SELECT episode FROM episodes ORDER BY problem_id, sample").rows
    ordered = sorted(range(len(records)), key=lambda i: (records[i].episode.problem_id, records[i].sample))
    assert [str(number) for (number,) in sql] == [episodes["id"][i] for i in ordered]


def test_a_tail_reads_each_episode_once_while_the_run_goes_on(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [])
    tail, seen = RunTail(run), []
    with EpisodeWriter(run, shard_episodes=4) as writer:
        for number in range(11):
            writer.append(record(f"p{number}", turn(A)))
            if number % 3 == 0:
                seen += [each.facts.problem.problem_id for each in tail.new()]
    seen += [each.facts.problem.problem_id for each in tail.new()]
    assert seen == [f"p{number}" for number in range(11)]
    assert list(tail.new()) == []


def test_a_tail_leaves_a_line_that_is_still_being_written(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [record("a", turn(A))], compress=False)
    (path,) = run.episodes.glob("*.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole + whole.replace(b'"a"', b'"b"')[:100])
    tail = RunTail(run)
    assert [each.facts.problem.problem_id for each in tail.new()] == ["a"]
    path.write_bytes(whole + whole.replace(b'"a"', b'"b"'))
    assert [each.facts.problem.problem_id for each in tail.new()] == ["b"]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [record("a", turn(A)), record("b", turn(A))], compress=False)
    (path,) = run.episodes.glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b'"verdict"', b'"verdikt"', 1))
    with pytest.raises(DataError, match=r"main-000000\.jsonl:2"):
        list(RunTail(run).new())


def test_columns_can_be_asked_for_in_parts(tmp_path: Path) -> None:
    table = EpisodeTable()
    episodes = list(RunTail(small_run(tmp_path / "run")).new())
    for each in episodes[:7]:
        table.add(0, each)
    before = table.columns()
    for each in episodes[7:]:
        table.add(0, each)
    after, whole = table.columns(7), table.columns()
    for kind in ("episodes", "turns"):
        for name, values in whole[kind].items():
            assert before[kind][name] + after[kind][name] == values


def test_an_episode_that_was_played_again_hides_the_first(tmp_path: Path) -> None:
    run = run_of(
        tmp_path / "run", [record("a", turn(W), turn(A, SECOND)), record("b", turn(A)), record("a", turn(A), attempt=1)]
    )
    table = EpisodeTable()
    for each in RunTail(run).new():
        table.add(0, each)
    assert table.hidden == [0]


def test_a_long_text_is_cut_and_its_length_kept() -> None:
    store = PageStore()
    place = store.add("a", [store.text("a", "y" * MAX_TEXT), store.text("a", "x" * (MAX_TEXT + 1))])
    page = page_of(store, place.page)
    assert page["items"][place.item] == [0, [1, MAX_TEXT + 1]]
    assert [len(text) for text in page["texts"]] == [MAX_TEXT, MAX_TEXT]


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.lists(st.text(st.characters(codec=None), max_size=40), max_size=4)),
        max_size=40,
    )
)
def test_texts_of_any_kind_come_back(items: list[tuple[str, list[str]]]) -> None:
    store = PageStore()
    places = [store.add(series, [store.text(series, text) for text in texts]) for series, texts in items]
    if len(items) % 2:
        store.finish()
    for (_, texts), place in zip(items, places, strict=True):
        page = page_of(store, place.page)
        assert [page["texts"][number] for number in page["items"][place.item]] == texts
        assert len(set(page["texts"])) == len(page["texts"])
    store.close()


def test_pages_stay_small(tmp_path: Path) -> None:
    store = PageStore()
    places = [store.add("a", [store.text("a", f"{number}" * 50_000)]) for number in range(64)]
    assert len({place.page for place in places}) > 1
    assert all(sum(map(len, page_of(store, number)["texts"])) <= 2**20 + MAX_TEXT for number in range(len(store)))


def test_a_foreign_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"run\.json"):
        RunFolder.open(tmp_path)
