"""The space of texts: its members, and its shared memory."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle

import numpy as np
import pytest
from gymnasium.spaces import Text
from gymnasium.vector.utils import (
    batch_space,
    concatenate,
    create_empty_array,
    create_shared_memory,
    iterate,
    read_from_shared_memory,
    write_to_shared_memory,
)
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs import extract_program
from rlef_env.envs.spaces import ProgramText
from rlef_env.errors import UsageError


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        ("", True),
        ("ü😀\n\x00", True),
        ("x" * 50, True),
        ("😀" * 50, True),
        ("x" * 51, False),
        ("\ud800", False),
        (b"x", False),
        (1, False),
        (None, False),
    ],
)
def test_members(value: object, inside: bool) -> None:
    assert (value in ProgramText(50)) is inside


def test_a_minimum_length() -> None:
    space = ProgramText(5, min_length=2)
    assert "a" not in space
    assert "ab" in space
    assert space.sample() in space


def test_samples_are_seeded_programs() -> None:
    space, other = ProgramText(1000, seed=3), ProgramText(1000, seed=3)
    samples = [space.sample() for _ in range(50)]
    assert samples == [other.sample() for _ in range(50)]
    assert len(set(samples)) > 10
    for sample in samples:
        assert sample in space
        program = extract_program(sample)
        assert program is not None
        compile(program, "sample", "exec")
    with pytest.raises(UsageError, match="no mask"):
        space.sample(mask=np.ones(3))


def test_equality_copies_and_repr() -> None:
    space = ProgramText(100)
    assert space == ProgramText(100)
    assert space != ProgramText(101)
    assert space != ProgramText(100, min_length=1)
    assert space != Text(100, min_length=0, charset=" ")
    assert Text(100, min_length=0, charset=" ") != space
    assert copy.deepcopy(space) == space == pickle.loads(pickle.dumps(space))
    assert repr(space) == "ProgramText(100, min_length=0)"
    assert len(pickle.dumps(space)) < 1000
    assert space.from_jsonable(json.loads(json.dumps(space.to_jsonable(("ü", ""))))) == ["ü", ""]


def test_a_batch() -> None:
    space = ProgramText(100)
    batched = batch_space(space, 3)
    texts = ("a", "ü", "")
    assert texts in batched
    assert tuple(iterate(batched, texts)) == texts
    empty = create_empty_array(space, 3)
    assert empty in batched
    assert concatenate(space, texts, empty) == texts


texts = st.text(max_size=20)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=4))
def test_shared_memory_returns_the_written_texts(steps: list[tuple[str, str, str]]) -> None:
    space = ProgramText(20)
    memory = create_shared_memory(space, 3, multiprocessing.get_context())
    live = read_from_shared_memory(space, memory, 3)
    copies = []
    for step in steps:
        for index, text in enumerate(step):
            write_to_shared_memory(space, index, text, memory)  # type: ignore[arg-type]
        copies.append(copy.deepcopy(live))
        assert live == step
    assert copies == steps  # older copies do not change
    assert type(copies[0]) is tuple


def test_live_texts_are_a_sequence() -> None:
    space = ProgramText(9)
    memory = create_shared_memory(space, 2, multiprocessing.get_context())
    live = read_from_shared_memory(space, memory, 2)
    write_to_shared_memory(space, 1, "ü", memory)  # type: ignore[arg-type]
    assert list(live) == ["", "ü"]
    assert live[-1] == "ü"
    assert live[:1] == ("",)
    assert repr(live) == "('', 'ü')"
    with pytest.raises(IndexError):
        live[2]


@pytest.mark.parametrize("value", ["x" * 6, "\ud800", 3])
def test_a_text_that_does_not_fit_is_refused_not_cut(value: object) -> None:
    space = ProgramText(5)
    memory = create_shared_memory(space, 1, multiprocessing.get_context())
    with pytest.raises(UsageError, match="environment 0: expected an observation of at most 5 characters"):
        write_to_shared_memory(space, 0, value, memory)  # type: ignore[arg-type]
