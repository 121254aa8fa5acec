"""Large JSON arrays: elements and their offsets, for any size of the chunks that are read."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.errors import DataError
from rlef_env.problems.file_formats import json_array
from rlef_env.problems.file_formats.json_array import elements, starts_an_array

text = st.text(st.sampled_from('ab"\\[]{},: \n\té😀') | st.characters(), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


@given(
    rows=st.lists(values, min_size=1, max_size=4),
    chunk=st.integers(1, 40),
    indent=st.sampled_from([None, 2]),
    ascii_only=st.booleans(),
    space=st.text(" \t\r\n", max_size=5),
)
def test_elements_are_found_in_files_read_in_any_pieces(
    rows: list[Any], chunk: int, indent: int | None, ascii_only: bool, space: str
) -> None:
    content = f"{space}{json.dumps(rows, indent=indent, ensure_ascii=ascii_only)}{space}".encode("utf-8", "replace")
    expected = json.loads(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_array, "_CHUNK", chunk)
        file = io.BytesIO(content)
        assert starts_an_array(file)
        found = list(elements(file, "x", 2**20))
    assert [json.loads(raw) for _, raw in found] == expected
    assert all(content[offset : offset + len(raw)] == raw for offset, raw in found)


@pytest.mark.parametrize("content", [b'["' + b"x" * 5000, b'["' + b"x" * 5000 + b'"]', b"[[" + b"1," * 3000])
def test_an_element_without_an_end_does_not_fill_the_memory(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "_CHUNK", 64)
    with pytest.raises(DataError, match="x: row 0: expected at most 1000 bytes, got more"):
        list(elements(io.BytesIO(content), "x", 1000))
