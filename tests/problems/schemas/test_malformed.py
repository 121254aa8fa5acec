"""Broken files of every schema: one clear error each, and nothing is loaded."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import load_dataset
from rlef_env.problems.schemas import SCHEMAS, Schema
from tools.samples import IDS, ROWS, another

NAMES = [schema.name for schema in SCHEMAS]
BY_NAME = {schema.name: schema for schema in SCHEMAS}
GONE = object()


def line(row: Any) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for files, with a separate cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(params=["held", "stored"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Problems are held in memory or stay in the file."""
    if request.param == "stored":
        monkeypatch.setattr("rlef_env.problems.dataset._SMALL", -1)


def refusal(folder: Path, name: str, content: bytes, schema: str | None = None) -> str:
    """Return the error of a file, after checking that nothing of the file is left in the cache."""
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_dataset(path, schema=schema)
    message = str(caught.value)
    message.encode()
    assert "\n" not in message
    assert len(message) < 1500
    assert "expected " in message
    assert "; " in message, "no word on what to do"
    assert str(path) in message
    left = [file for file in (folder / "cache").rglob("*") if file.is_file() and file.name != "lock"]
    assert not left, "a part of a file was kept"
    return message


def test_every_schema_has_a_sample_that_is_valid() -> None:
    missing = set(NAMES) - set(ROWS)
    assert not missing, "add a row to tools/samples.py"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_told_by_its_fields_and_has_tests(folder: Path, name: str) -> None:
    (folder / "rows.jsonl").write_bytes(line(ROWS[name]) + b"\n" + line(another(name)))
    dataset = load_dataset(folder / "rows.jsonl")
    assert dataset.schema == name
    assert len(set(dataset.ids)) == 2
    assert all(each.tests for each in dataset.metadata())


# Each changes the second of two rows; the first is whole, so that the schema is known.

WRONG: dict[str, Any] = {"gone": GONE, "fraction": 0.5, "list": [1], "object": {"?": [None]}, "surrogate": "\ud800"}
FIELDS = [(schema.name, key, kind) for schema in SCHEMAS for key in sorted(schema.keys) for kind in WRONG]


@pytest.mark.parametrize(("name", "key", "kind"), FIELDS)
def test_a_field_that_is_missing_or_of_another_type(folder: Path, name: str, key: str, kind: str) -> None:
    row = another(name)
    row[key] = WRONG[kind]
    text = json.dumps({each: value for each, value in row.items() if value is not GONE}).encode()
    message = refusal(folder, "rows.jsonl", line(ROWS[name]) + b"\n\n" + text + b"\n")
    assert "rows.jsonl:3: " in message
    assert f"field '{key}" in message


LINES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda raw: raw[:-7], "nothing was cut"),
    "two on a line": (lambda raw: raw + raw, "Extra data"),
    "not UTF-8": (lambda raw: raw.replace(b'"', b'"\xff', 1), "expected UTF-8 text, got byte 0xff"),
    "Latin-1": (lambda raw: raw[:-1] + ', "x": "é"}'.encode("latin-1"), "expected UTF-8 text, got byte 0xe9"),
    "UTF-16": (lambda raw: raw.decode().encode("utf-16"), "expected UTF-8 text"),
    "byte order mark": (lambda raw: b"\xef\xbb\xbf" + raw, "byte order mark"),
    "key twice": (lambda raw: raw[:-1] + b', "x": {"a": 1, "a": 1}}', "'a' stands twice"),
    "too deep": (lambda raw: raw[:-1] + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON"),
    "list": (lambda raw: b"[" + raw + b"]", "expected a JSON object, got ["),
    "number": (lambda raw: b"17", "expected a JSON object, got 17"),
    "null": (lambda raw: b"null", "expected a JSON object, got null"),
    "Python": (lambda raw: str(json.loads(raw)).encode(), "JSON object on one line"),
    "comma too many": (lambda raw: raw[:-1] + b",}", "JSON object on one line"),
    "million digits": (lambda raw: raw[:-1] + b', "x": ' + b"9" * 10**6 + b"}", "JSON object on one line"),
    "control character": (lambda raw: raw.replace(b'"', b'"\x01', 1), "JSON object on one line"),
    "NUL": (lambda raw: raw + b"\0", "Extra data"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", LINES)
def test_a_last_line_that_is_no_row(folder: Path, name: str, kind: str) -> None:
    change, words = LINES[kind]
    message = refusal(folder, "rows.jsonl", line(ROWS[name]) + b"\n" + change(line(another(name))) + b"\n")
    assert "rows.jsonl:2: " in message
    assert words in message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_nan_is_read_only_in_rows_that_python_writes(folder: Path, name: str, number: str) -> None:
    """In a field that is kept, NaN and infinity are refused even there."""
    raw = line(another(name))[:-1] + b', "unknown_field": ' + number.encode() + b"}"
    message = refusal(folder, "rows.jsonl", line(ROWS[name]) + b"\n" + raw)
    assert "rows.jsonl:2: " in message
    assert ("field 'unknown_field'" in message) == BY_NAME[name].python_json


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", NAMES)
def test_two_rows_that_are_one_problem(folder: Path, name: str) -> None:
    rows = [line(ROWS[name]), line(another(name)), line(ROWS[name])]
    message = refusal(folder, "rows.jsonl", b"\n".join(rows))
    assert "rows.jsonl:3: " in message
    assert "rows.jsonl:1 already has" in message


@pytest.mark.parametrize("name", NAMES)
def test_a_row_of_another_schema_among_them(folder: Path, name: str) -> None:
    other = next(each for each in NAMES if not BY_NAME[name].keys & ROWS[each].keys())
    message = refusal(folder, "rows.jsonl", line(ROWS[name]) + b"\n" + line(ROWS[other]))
    assert "rows.jsonl:2: " in message


@pytest.mark.parametrize("name", NAMES)
def test_a_first_row_that_lacks_its_fields_names_the_schemas(folder: Path, name: str) -> None:
    kept = {key: value for key, value in ROWS[name].items() if key not in BY_NAME[name].keys}
    message = refusal(folder, "rows.jsonl", line(kept))
    assert "rows.jsonl:1: expected the fields of one of the schemas" in message
    assert all(schema.name in message for schema in SCHEMAS)
    named = refusal(folder, "rows.jsonl", line(kept), schema=name)
    assert "rows.jsonl:1: " in named
    assert "no such field" in named


# How rows are stored: the same for all schemas, so each is tried with one of them.


def of(schema: Schema) -> list[bytes]:
    return [line(ROWS[schema.name]), line(another(schema.name))]


ROW, OTHER = of(BY_NAME["apps"])
BOTH = ROW + b"\n" + OTHER + b"\n"
ARRAY = b"[" + ROW + b",\n" + OTHER + b"]"
FILES: list[tuple[str, bytes, str]] = [
    ("rows.jsonl", b"", "empty file"),
    ("rows.jsonl", b"\n \r\n", "empty file"),
    ("rows.jsonl", gzip.compress(BOTH, mtime=0), "unpack it first"),
    ("rows.jsonl", b"\xef\xbb\xbf" + BOTH, "rows.jsonl:1: expected UTF-8 without a byte order mark"),
    ("rows.jsonl.gz", b"", "empty file"),
    ("rows.jsonl.gz", gzip.compress(b"", mtime=0), "empty file"),
    ("rows.jsonl.gz", BOTH, "a complete gzip file"),
    ("rows.jsonl.gz", gzip.compress(BOTH, mtime=0)[:-9], "a complete gzip file"),
    ("rows.jsonl.gz", gzip.compress(BOTH, mtime=0)[:-8] + b"\0" * 8, "a complete gzip file"),
    ("rows.jsonl.gz", gzip.compress(BOTH, mtime=0) + b"more", "a complete gzip file"),
    ("rows.jsonl.gz", gzip.compress(ROW + b"\n" + OTHER[:-1], mtime=0), "rows.jsonl.gz:2: "),
    ("rows.json", b"", "empty file"),
    ("rows.json", b"[]", "empty file"),
    ("rows.json", b" [ \n", "expected a ']'"),
    ("rows.json", ARRAY[:-1], "expected a ']'"),
    ("rows.json", ARRAY[:-20], "expected a ']'"),
    ("rows.json", ARRAY[:-1] + b",]", "row 2: expected a JSON object, got nothing"),
    ("rows.json", b"[," + ROW + b"]", "row 0: expected a JSON object, got nothing"),
    ("rows.json", ARRAY + b"x", "nothing after the array"),
    ("rows.json", ARRAY + ARRAY, "nothing after the array"),
    ("rows.json", b"[" + ROW + b"\n" + OTHER + b"]", "row 0: "),
    ("rows.json", b"[" + ROW + b", 3]", "row 1: expected a JSON object, got 3"),
    ("rows.json", b"[" + ROW + b', {"question": "\xff"}]', "row 1: expected UTF-8"),
    ("rows.json", b"[" + ROW + b", " + OTHER[:-1] + b"]]", "row 1: "),
    ("rows.json", b"\xef\xbb\xbf" + ARRAY, "byte order mark"),
    ("rows.json", b'{"rows": ' + ARRAY.replace(b"\n", b"") + b"}", "expected the fields of one of the schemas"),
    ("rows.json", json.dumps(ROWS["apps"], indent=1).encode(), "JSON object on one line"),
    ("rows.parquet", b"", "a Parquet file"),
    ("rows.parquet", BOTH, "a Parquet file"),
    ("rows.parquet", b"PAR1" + BOTH + b"\x20\0\0\0PAR1", "a Parquet file"),
]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("name", "content", "words"), FILES)
def test_a_file_that_is_not_as_its_name_says(folder: Path, name: str, content: bytes, words: str) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    assert words in refusal(folder, name, content)


def test_the_ids_of_samples_are_told_apart() -> None:
    assert set(IDS) == set(ROWS)
