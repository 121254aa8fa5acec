"""Packed text: read in every protocol; hostile pickles are refused before anything is executed."""

from __future__ import annotations

import base64
import os
import pickle
import pickletools
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.errors import DataError
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas.parts.pickled_text import pickled_text


def packed(pickled: bytes) -> Field:
    return Field(base64.b64encode(zlib.compress(pickled)).decode(), "rows.jsonl:1: problem 'p'", "private_test_cases")


@given(st.text() | st.dictionaries(st.text(), st.text(), min_size=1), st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_text_and_dicts_of_text_are_read_in_every_protocol(value: Any, protocol: int) -> None:
    try:
        pickled = pickle.dumps(value, protocol)
    except UnicodeEncodeError:
        return
    if any(opcode.name in ("GET", "BINGET", "LONG_BINGET") for opcode, _, _ in pickletools.genops(pickled)):
        return  # one string object twice
    read = pickled_text(packed(pickled))
    assert read.value == value
    assert read.path == "private_test_cases(pickle)"


class Runs:
    """An object whose pickle calls ``os.system``."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_runs_nothing(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "ran"
    pickled = pickle.dumps(Runs(f"touch {trace}"), protocol)
    with pytest.raises(DataError, match="a pickle that holds more can run a program"):
        pickled_text(packed(pickled))
    assert not trace.exists()
    pickle.loads(pickled)  # a real one: unpickled, it does run
    assert trace.exists()


LAUGHS = b"\x80\x04)" + b"2\x86" * 60 + b"\x94}h\x00Ns."  # a tuple of 2^60 empty ones, the key of a dict
HOSTILE = {
    "a list": pickle.dumps(["x"]),
    "a number": pickle.dumps(1),
    "none": pickle.dumps(None),
    "bytes": pickle.dumps(b"x"),
    "a dict of numbers": pickle.dumps({"a": 1}),
    "two strings": b"\x80\x04\x8c\x01a\x8c\x01b.",
    "a global": b"cos\nsystem\n.",
    "a stack global": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "an instance": b"(ios\nsystem\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent id": b"Pname\n.",
    "a persistent id from the stack": b"\x80\x02X\x01\x00\x00\x00aQ.",
    "a buffer": b"\x80\x05\x97.",
    "pairs of pairs": LAUGHS,
    "a string longer than all": b"\x80\x04\x8d" + (2**40).to_bytes(8, "little") + b"a.",
    "bytes longer than all": b"\x80\x04\x8e" + (2**62).to_bytes(8, "little") + b"a.",
    "a long number": b"\x80\x04\x8b\xff\xff\xff\x7f1.",
    "no end": b"\x80\x04\x8c\x01a",
    "nothing": b"",
    "more behind the end": pickle.dumps("a") + b"x",
    "not a pickle": b"hello",
    "endless opcodes": b"\x80\x04\x8c\x01a" + b"\x94" * 100_000 + b".",
    "a key twice": b"\x80\x04}(\x8c\x01a\x8c\x01b\x8c\x01a\x8c\x01cu.",
}


@pytest.mark.parametrize("pickled", HOSTILE.values(), ids=HOSTILE.keys())
def test_everything_but_text_is_refused(pickled: bytes) -> None:
    with pytest.raises(DataError) as error:
        pickled_text(packed(pickled))
    assert str(error.value).startswith("rows.jsonl:1: problem 'p': field 'private_test_cases': expected ")
    assert len(str(error.value)) < 400


def test_a_memo_index_takes_no_memory() -> None:
    pickled = b"\x80\x04\x8c\x01ar" + (2**31 - 1).to_bytes(4, "little") + b"."
    tracemalloc.start()
    assert pickled_text(packed(pickled)).value == "a"  # unpickled it would make a table of gigabytes
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_a_zip_bomb_is_refused_before_it_unfolds() -> None:
    bomb = zlib.compress(bytes(2**26), 9)
    field = Field(base64.b64encode(bomb).decode(), "f:1", "private_test_cases")
    tracemalloc.start()
    with pytest.raises(DataError, match=r"unpacks to at most 1048576 bytes, got 'eN.*zip bomb"):
        pickled_text(field, max_bytes=2**20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


@pytest.mark.parametrize(
    "value",
    [
        "hello world",
        "äöü",
        "QUJD",  # base64 of what zlib did not write
        base64.b64encode(zlib.compress(pickle.dumps("a"))[:-3]).decode(),
        base64.b64encode(zlib.compress(pickle.dumps("a")) + b"more").decode(),
        base64.b64encode(b"").decode(),
        3,
        None,
        ["x"],
    ],
)
def test_what_is_packed_otherwise_is_refused(value: Any) -> None:
    with pytest.raises(DataError, match="f:1: field 'private_test_cases': expected"):
        pickled_text(Field(value, "f:1", "private_test_cases"))
