"""Data sets of the Hugging Face hub: caching of streams, and errors."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rlef_env.errors import DataError, UsageError
from rlef_env.problems import load_dataset
from rlef_env.problems.hub import hub_file, is_hub_name, keep_rows

ROW = {"name": "p", "description": "?", "public_tests": {"input": ["1"], "output": ["2"]}, "x": datetime(2024, 1, 2)}
ROWS = [ROW | {"name": name} for name in ("p", "q")]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a separate cache for each test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def hub(monkeypatch: pytest.MonkeyPatch, stream: Any) -> list[Any]:
    """Replace the library by a local stream; return the list of its calls."""
    asked: list[Any] = []

    def load(*arguments: Any, **named: Any) -> Any:
        asked.append((*arguments, named))
        return stream()

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load))
    return asked


def test_a_stream_is_kept_and_read_from_the_cache(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    asked = hub(monkeypatch, lambda: iter(ROWS))
    for _ in range(2):
        dataset = load_dataset("deepmind/code_contests", split="valid")
        assert (list(dataset.ids), dataset.label) == (["p", "q"], "deepmind/code_contests")
        assert dataset.get("q").extra["x"] == "2024-01-02T00:00:00"
    assert asked == [("deepmind/code_contests", None, {"split": "valid", "streaming": True})]
    load_dataset("deepmind/code_contests:1x", split="test")
    assert asked[1:] == [("deepmind/code_contests", "1x", {"split": "test", "streaming": True})]
    found = sorted(str(file.relative_to(cache / "rlef-env" / "hub")) for file in cache.rglob("*.jsonl"))
    assert found == ["deepmind--code_contests/1x/test.jsonl", "deepmind--code_contests/default/valid.jsonl"]


def test_the_second_split_has_two_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load(name: str, configuration: str | None, split: str, streaming: bool) -> Any:
        asked.append(split)
        if split != "validation":
            raise ValueError(f"Bad split: {split}")
        return iter(ROWS)

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load))
    assert load_dataset("a/b", split="valid").ids == ["p", "q"]
    with pytest.raises(UsageError, match="Bad split: dev"):
        load_dataset("a/b", split="dev")
    assert asked == ["valid", "validation", "dev"]


def broken() -> Iterator[Any]:
    yield ROW
    raise ConnectionError("the line went dead\nsomewhere")


def unknown() -> Iterator[Any]:
    raise ValueError("Unknown split 'dev'.")


@pytest.mark.parametrize(("stream", "words"), [(broken, "ConnectionError: the line went dead;"), (unknown, "'dev'")])
def test_a_stream_that_breaks_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, cache: Path, stream: Any, words: str
) -> None:
    hub(monkeypatch, stream)
    with pytest.raises(UsageError, match="check name, split and network, or download") as caught:
        load_dataset("a/b")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not [file for file in cache.rglob("*") if file.is_file()]


def test_without_the_library_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError) as caught:
        load_dataset("deepmind/code_contests", split="valid")
    assert "pip install 'rlef-env[hub]'" in str(caught.value)
    assert "dataset='path/to/folder'" in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [([], "expected rows, got none"), ([ROW, {"x": b""}], r"row 1: .* got: a bytes"), ([{"x": {1, 2}}], "a set")],
)
def test_rows_that_cannot_be_kept(tmp_path: Path, rows: list[Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        keep_rows(rows, tmp_path / "new" / "rows.jsonl", "a/b (train)")
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_where_there_is_no_room(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"a/b: expected room for its rows at .* XDG_CACHE_HOME"):
        keep_rows(ROWS, tmp_path / "file" / "rows.jsonl", "a/b")


def test_names() -> None:
    assert is_hub_name("deepmind/code_contests")
    assert is_hub_name("a/b:1x")
    assert not any(map(is_hub_name, ["a", "a/b/c", "/a/b", "./a", "../a", "~/a", "a/", "a/b:", "a /b", "a/b\n"]))
    with pytest.raises(UsageError, match="the name of a split"):
        hub_file("a/b", "../../x")
