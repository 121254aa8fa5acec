"""Values as bytes: values survive the round trip with their types; no bytes and no object do harm."""

from __future__ import annotations

import collections
import math
import struct
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rlef_env.judge.functions.value_codec import MAX_BYTES, MAX_DEPTH, EncodingError, Other, decode, encode, same_value

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

ANY_TEXT = st.text(st.characters(codec=None, categories=None))  # lone surrogates too
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**3000), max_value=2**3000),
    st.floats(),
    st.complex_numbers(),
    ANY_TEXT,
    st.binary(),
)
HASHED = st.recursive(
    st.deferred(lambda: SCALARS),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
)
KEYS = st.deferred(lambda: HASHED)  # with a short repr
LEAVES = st.one_of(SCALARS, st.sets(KEYS, max_size=5), st.frozensets(KEYS, max_size=5))
VALUES = st.recursive(
    st.deferred(lambda: LEAVES),
    lambda inner: st.one_of(st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)


def exact(value: Any) -> object:
    """Return a form in which values are equal only if type, order and every bit are equal."""
    if type(value) is float:
        return ("float", struct.pack("<d", value))
    if type(value) is complex:
        return ("complex", struct.pack("<dd", value.real, value.imag))
    if type(value) in (list, tuple):
        return (type(value).__name__, [exact(each) for each in value])
    if type(value) in (set, frozenset):
        return (type(value).__name__, sorted(repr(exact(each)) for each in value))
    if type(value) is dict:
        return ("dict", [(exact(key), exact(each)) for key, each in value.items()])
    return (type(value).__name__, value)


@given(VALUES)
@example([math.nan, -0.0, math.inf, -math.inf, 5e-324])
@example("\ud800\udc00\udfff\U0010ffff\0")
@example({True: 1, 2: "two", (): frozenset({b""})})
@example([-1, 255, 256, -128, -129, 2**63, -(2**63)])
def test_values_come_back_as_they_were(value: object) -> None:
    encoded = encode(value, plain=True)
    assert encoded == encode(value)
    assert exact(decode(encoded)) == exact(value)


@given(VALUES, VALUES)
def test_different_values_have_different_bytes(left: object, right: object) -> None:
    if exact(left) != exact(right):
        assert encode(left) != encode(right)


@given(VALUES, VALUES)
def test_same_value_is_pythons_equality(left: object, right: object) -> None:
    assert same_value(decode(encode(left)), decode(encode(right))) == (left == right)
    copy = decode(encode(left))
    assert same_value(copy, decode(encode(left))) == (copy == decode(encode(left)))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [(1, True, True), (1, 1.0, True), (0.0, -0.0, True), ([1], (1,), False), ("1", 1, False), (b"a", "a", False),
     ({1: 2, 3: 4}, {3: 4, 1: 2}, True), ({1}, frozenset({1}), True), (2**53 + 1, float(2**53), False)],
)  # fmt: skip
def test_equality_by_hand(left: object, right: object, same: bool) -> None:
    assert same_value(left, right) is same_value(right, left) is same


def test_nan_and_other_equal_nothing_also_inside() -> None:
    nan, other = [math.nan], Other("Any")
    assert not same_value(decode(encode(nan)), decode(encode(nan)))
    assert not same_value(other, other)
    assert not same_value([other], [other])
    assert not same_value({"key": (other,)}, {"key": (other,)})


# --- bytes from a stranger -------------------------------------------------------------------------------------------

TAGS = st.sampled_from([bytes([tag]) for tag in b"NTFifcsbltSZdo"])
LENGTHS = st.integers(0, 5).map(lambda length: struct.pack("<I", length))
LIKELY = st.lists(st.one_of(TAGS, LENGTHS, st.binary(max_size=9)), max_size=40).map(b"".join)


def refused_or_plain(data: bytes) -> None:
    try:
        value = decode(data)
    except EncodingError:
        return
    again = encode(value)
    assert exact_names(decode(again)) == exact_names(value)


def exact_names(value: object) -> str:
    return repr(exact(value))  # compared by repr, because an Other equals nothing


@given(st.one_of(st.binary(), LIKELY))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    refused_or_plain(data)


@given(VALUES, st.data())
def test_damaged_bytes_decode_or_are_refused(value: object, data: st.DataObject) -> None:
    encoded = bytearray(encode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    refused_or_plain(bytes(encoded))
    cut = encode(value)[: data.draw(st.integers(0, len(encoded) - 1))]
    with pytest.raises(EncodingError):
        decode(cut)


def sized(tag: bytes, length: int, content: bytes) -> bytes:
    return tag + struct.pack("<I", length) + content


def colliding(count: int, tag: bytes = b"S") -> bytes:
    """Return a set of integers that all have the hash 0."""
    return sized(tag, count, b"".join(encode((2**61 - 1) * number) for number in range(count)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"?",
        b"NN",
        b"i\x01",
        b"f\0",
        b"c" + bytes(15),
        sized(b"l", 2**32 - 1, b"N" * 100),
        sized(b"d", 2, b"N" * 3),
        sized(b"l", 1, b"") * 200 + b"N",
        sized(b"l", 1, b"") * 100_000,
        sized(b"S", 1, encode([])),
        sized(b"d", 1, encode({}) + b"N"),
        sized(b"S", 1, sized(b"t", 1, encode([]))),
        sized(b"S", 2, b"TT"),
        sized(b"d", 2, b"TN" + encode(1) + b"N"),
        sized(b"s", 1, b"\xff"),
        sized(b"o", 1, b"\xff"),
        colliding(50_000),
        sized(b"l", 3_000_000, b"N" * 3_000_000),
        sized(b"b", MAX_BYTES, b"x" * MAX_BYTES),
    ],
    ids=lambda data: f"{data[:6]!r}, {len(data)} bytes",
)
def test_invalid_bytes_are_refused(data: bytes) -> None:
    began = time.process_time()
    with pytest.raises(EncodingError):
        decode(data)
    assert time.process_time() - began < 20  # 50,000 colliding keys alone would take longer to insert


def test_a_few_equal_hashes_are_no_attack() -> None:
    assert len(decode(colliding(60))) == 60  # type: ignore[arg-type]
    assert decode(encode({-1, -2})) == {-1, -2}  # both have the same hash in CPython


def test_a_million_digits_are_fast() -> None:
    value = 7 ** (10**6)
    began = time.process_time()
    assert decode(encode(value)) == value
    assert time.process_time() - began < 1


# --- objects of a stranger -------------------------------------------------------------------------------------------


class Liar(type):
    def __instancecheck__(cls, _: object) -> bool:
        raise AssertionError("called")

    def __eq__(cls, _: object) -> bool:
        raise AssertionError("called")

    def __hash__(cls) -> int:
        raise AssertionError("called")

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise AssertionError("called")


def hostile(base: type) -> object:
    """Return an object of a subclass whose methods raise when they are called."""

    def refuse(*_: object) -> Any:
        raise AssertionError("called")

    names = (
        "__eq__ __len__ __iter__ __bool__ __repr__ __str__ __index__ __float__ __getitem__ __getattribute__ __bytes__"
    )
    body = dict.fromkeys(names.split(), refuse) | {"__class__": property(refuse), "__hash__": refuse}
    return Liar("Hostile", (base,), body)()


@pytest.mark.parametrize("base", [object, int, float, complex, str, bytes, list, tuple, set, frozenset, dict])
def test_nothing_of_a_hostile_object_is_called(base: type) -> None:
    (decoded,) = decode(encode([hostile(base)]))  # type: ignore[misc]
    if base in (object, list, set, dict):  # the last three are unhashable, the subclass is hashable
        assert type(decoded) is Other
        assert decoded.type_name == "Hostile"
    else:
        assert type(decoded) is base
        assert decoded == base()
    with pytest.raises(EncodingError, match="got Hostile"):
        encode([hostile(base)], plain=True)


@pytest.mark.parametrize(
    ("value", "name"),
    [(range(3), "range"), ((each for each in "ab"), "generator"), (lambda: 1, "function"), (int, "type"),
     (collections.deque("a"), "deque"), (bytearray(b"a"), "bytearray"), (type("x" * 5000, (), {})(), "x" * 100)],
)  # fmt: skip
def test_other_values_are_encoded_by_their_type(value: object, name: str) -> None:
    decoded = decode(encode(value))
    assert type(decoded) is Other
    assert decoded.type_name == name


def test_a_scalar_of_numpy_is_a_number_and_an_array_is_not() -> None:
    numpy = pytest.importorskip("numpy")
    given = [numpy.int64(3), numpy.float32(0.5), numpy.float64(2.5), numpy.bool_(True), numpy.complex64(1j)]
    decoded = decode(encode(given))
    assert decoded == [3, 0.5, 2.5, True, 1j]
    assert [type(each) for each in decoded] == [int, float, float, bool, complex]  # type: ignore[attr-defined]
    assert type(decode(encode(numpy.array([1])))) is Other


def test_endless_and_too_large_values_are_encoded_by_their_type() -> None:
    endless: list[object] = []
    endless.append(endless)
    doubling: list[object] = []
    doubling += [doubling, doubling]
    wide: object = None
    for _ in range(60):
        wide = [wide, wide]
    for value in (endless, doubling, wide, "x" * (MAX_BYTES + 1), b"x" * (MAX_BYTES + 1), 1 << (8 * MAX_BYTES)):
        decoded = decode(encode(value))
        assert type(decoded) is Other
        assert decoded.type_name.startswith(type(value).__name__ + " (too ")
        with pytest.raises(EncodingError, match="too "):
            encode(value, plain=True)


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def test_the_deepest_value_comes_back_and_compares() -> None:
    assert same_value(decode(encode(nested(MAX_DEPTH))), nested(MAX_DEPTH))
    assert type(decode(encode(nested(MAX_DEPTH + 1)))) is Other


@pytest.mark.parametrize(("tag", "most"), [(b"S", 400_000), (b"Z", 400_000), (b"d", 500_000)])
def test_empty_containers_are_bounded_by_the_memory_that_they_take(tag: bytes, most: int) -> None:
    def many(count: int) -> bytes:
        return b"l" + count.to_bytes(4, "little") + (tag + bytes(4)) * count

    made = decode(many(most - 1))
    assert isinstance(made, list)
    assert encode(made, plain=True) == many(most - 1)
    with pytest.raises(EncodingError):
        decode(many(most))
    with pytest.raises(EncodingError):
        encode([*made, made[0]], plain=True)
