"""Python values as bytes and back: typed, lossless, bounded, and safe to read from an untrusted program.

This file needs only the standard library and imports nothing of this package: its text is also the first half of the
drivers (`call_driver.py`, `assert_driver.py`), which run in the sandbox. It also holds the constants that drivers and
judge share.

A value is a tag (one byte) and its content; everything is little-endian:

    N T F                     None, True, False
    i LENGTH two's complement int of any size: no digits, so no limit of digits, and linear in both directions
    f 8 bytes, c 16 bytes     float and complex, as doubles: nan, infinities and -0.0 as they are
    s LENGTH bytes            str in UTF-8, lone surrogates included
    b LENGTH bytes            bytes
    l t S Z COUNT values      list, tuple, set, frozenset
    d COUNT key, value, ...   dict, in its order
    o LENGTH bytes            anything else: the name of its type in UTF-8; equals nothing

An instance of a subclass (``Counter``, a named tuple, an ``IntEnum``) is encoded as an instance of the plain type, with
the methods of that type: what the subclass overrides, such as ``__eq__``, has no effect. A numpy scalar is encoded as
Python's own number.
"""

import os
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any

__all__ = [
    "BLOB",
    "FRAME",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_VALUES",
    "EncodingError",
    "Other",
    "blobs",
    "decode",
    "encode",
    "same_value",
]

FRAME = struct.Struct("<cIQ")
"""Header of an answer of the judged process: kind, number of the call, number of bytes that follow."""
BLOB = struct.Struct("<Q")
"""Header of a blob, such as a source or the arguments of a call: number of bytes that follow."""
(TEST_PASSED, TEST_FAILED, TEST_RAISED, TEST_ENDED, TEST_NOT_LOADED, TEST_NOT_COMPILED, TEST_NOT_JUDGED) = range(40, 47)
"""Exit statuses of `assert_driver.py`: the test passed or failed; the program raised, ended, did not load or compile;
or the test cannot be judged in this way."""

MAX_BYTES = 2**24
"""Maximal size of an encoded value in bytes."""
MAX_VALUES = 2_000_000
"""Maximal number of values in a value, itself included."""
WEIGHTS = {b"S": 4, b"Z": 4, b"d": 3}
"""Additional weight of sets and dicts in ``MAX_VALUES``: even empty ones take that much more memory than others."""
MAX_DEPTH = 100
"""Maximal number of containers around a value. Python's ``==`` and ``repr`` recurse, so deeper values are not safe."""
MAX_EQUAL_HASHES = 64  # among the keys of a set or dict; to insert thousands with one hash would take quadratic time
MAX_NAME_CHARACTERS = 100  # of a type's name

COUNT = struct.Struct("<I")
DOUBLE = struct.Struct("<d")
DOUBLES = struct.Struct("<dd")
CONSTANTS = {b"N": None, b"T": True, b"F": False}
# Keyed by id(type): looking up a type itself would call the __hash__ of its metaclass.
SEQUENCES = {id(list): b"l", id(tuple): b"t", id(set): b"S", id(frozenset): b"Z"}
PLAIN = frozenset({*map(id, (type(None), bool, int, float, complex, str, bytes, dict)), *SEQUENCES})
CONTAINERS: dict[int, tuple[Callable[[Any], int], Callable[[Any], Iterator[Any]]]] = {
    id(kind): (kind.__len__, kind.__iter__) for kind in (list, tuple, set, frozenset)
}
PLAIN_NAMES = "None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset and dict"
name_of_type = type.__dict__["__name__"].__get__  # no metaclass can override these three
names_of_type = type.__dict__["__dict__"].__get__
bases_of_type = type.__dict__["__mro__"].__get__
real_part, imaginary_part = complex.real.__get__, complex.imag.__get__


class EncodingError(ValueError):
    """The bytes are not an encoded value, or the value cannot be encoded."""


class Other:
    """A value whose type is not plain. It equals nothing, not even itself.

    Attributes:
        type_name: name of its type, as the program reported it.
    """

    __slots__ = ("type_name",)

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __eq__(self, other: object) -> bool:
        """Return False."""
        return False

    def __hash__(self) -> int:
        """Return a hash by identity."""
        return object.__hash__(self)

    def __repr__(self) -> str:
        return f"<a value of type {self.type_name}>"


def encode(value: object, plain: bool = False) -> bytes:
    """Return a value as bytes.

    Args:
        value: any value; no method of a class that a program defined is called.
        plain: raise an error for a value that contains other types, or is too deep or too large. Otherwise the name of
            its type is encoded.

    Raises:
        EncodingError: the value cannot be encoded; only with ``plain``.
    """
    try:
        return _encode(value, plain)
    except EncodingError as error:
        if plain:
            raise
        return _other(f"{type_name(value)} ({error})")


def _encode(value: object, plain: bool) -> bytes:
    """Encode without recursion: ``todo`` holds the remaining items of each open container."""
    parts: list[bytes] = []
    todo: list[Iterator[Any]] = [iter((value,))]
    values = size = 0
    while todo:
        for item in todo[-1]:
            inner = None
            kind = type(item)
            if id(kind) not in PLAIN and not plain:
                item = without_numpy(item)
                kind = plain_base(type(item))
            if kind is int:
                length = int.bit_length(item) // 8 + 1
                part = b"i" + _length(length) + int.to_bytes(item, length, "little", signed=True)
            elif kind is str:
                part = _text(b"s", item)
            elif kind is bool:
                part = b"T" if item else b"F"
            elif item is None:
                part = b"N"
            elif kind is float:
                part = b"f" + DOUBLE.pack(item)
            elif id(kind) in SEQUENCES:
                length_of, iterator_of = CONTAINERS[id(kind)]
                part, inner = SEQUENCES[id(kind)] + _length(length_of(item)), iterator_of(item)
                values += WEIGHTS.get(SEQUENCES[id(kind)], 0)
            elif kind is dict:
                part, inner = b"d" + _length(dict.__len__(item)), _flat(item)
                values += WEIGHTS[b"d"]
            elif kind is bytes:
                content = bytes.__getitem__(item, slice(None))
                part = b"b" + _length(len(content)) + content
            elif kind is complex:
                part = b"c" + DOUBLES.pack(real_part(item), imaginary_part(item))
            elif plain:
                raise EncodingError(
                    f"expected None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset "
                    f"or dict, got {type_name(item)}"
                )
            else:
                part = _other(type_name(item))
            parts.append(part)
            values, size = values + 1, size + len(part)
            if values > MAX_VALUES or size > MAX_BYTES:
                raise EncodingError("too large")
            if inner is not None:
                if len(todo) > MAX_DEPTH:
                    raise EncodingError("too deep")
                todo.append(inner)
                break
        else:
            todo.pop()
    return b"".join(parts)


def without_numpy(value: object) -> object:
    """Return a numpy scalar as Python's own number: ``int64(3) == 3``."""
    scalar = getattr(sys.modules.get("numpy"), "generic", None)
    if type(scalar) is type and any(base is scalar for base in bases_of_type(type(value))):
        return scalar.item(value)  # type: ignore[attr-defined]
    return value


def plain_base(kind: type) -> type:
    """Return the plain type that a type derives from, or the type itself if there is none."""
    hashed = False
    for base in bases_of_type(kind):
        if id(base) in PLAIN:
            return kind if hashed and base in (list, dict, set) else base  # the plain type would have no hash as a key
        hashed = hashed or names_of_type(base).get("__hash__") is not None
    return kind


def _length(length: int) -> bytes:
    if length > MAX_BYTES:
        raise EncodingError("too large")
    return COUNT.pack(length)


def _text(tag: bytes, text: str) -> bytes:
    _length(str.__len__(text))  # refuse it before it is copied
    content = str.encode(text, "utf-8", "surrogatepass")
    return tag + _length(len(content)) + content


def _other(type_name: str) -> bytes:
    return _text(b"o", type_name)


def type_name(value: object) -> str:
    return str.__getitem__(name_of_type(type(value)), slice(MAX_NAME_CHARACTERS))


def _flat(items: dict[object, object]) -> Iterator[object]:
    for key, value in dict.items(items):
        yield key
        yield value


def decode(data: bytes, check_keys: Callable[[list[object], bool], None] | None = None) -> object:
    """Return the value that was encoded, made of plain types and ``Other``, in time linear in the length of the data.

    Args:
        data: encoded value.
        check_keys: raises ``ValueError`` if a dict or set of these keys would take long to build. The default,
            ``check_hashes``, can be evaded by a program that knows CPython's hash tables.

    Raises:
        EncodingError: the data is not exactly one value within the bounds. No data raises anything else.
    """
    if len(data) > MAX_BYTES:
        raise EncodingError(f"expected at most {MAX_BYTES} bytes, got {len(data)}")
    place, values, check = 0, 0, check_keys or check_hashes
    opened: list[tuple[bytes, int, list[object]]] = []  # tag, number of values, values so far
    while True:
        tag = data[place : place + 1]
        place += 1
        values += 1 + WEIGHTS.get(tag, 0)
        if values > MAX_VALUES:
            raise EncodingError(f"expected at most {MAX_VALUES} values, got more")
        if tag in CONSTANTS:
            value: object = CONSTANTS[tag]
        elif tag in b"fc" and tag:
            form = DOUBLE if tag == b"f" else DOUBLES
            content = data[place : place + form.size]
            place += form.size
            if len(content) < form.size:
                raise EncodingError("expected a number, got the end")
            numbers = form.unpack(content)
            value = numbers[0] if tag == b"f" else complex(*numbers)
        elif tag in b"isbolStZd" and tag:
            length_bytes = data[place : place + 4]
            place += 4
            if len(length_bytes) < 4:
                raise EncodingError("expected a length, got the end")
            (length,) = COUNT.unpack(length_bytes)
            if length > len(data) - place:  # each value has at least one byte
                raise EncodingError(f"expected {length} more, got {len(data) - place} bytes")
            if tag in b"isbo":
                value = _scalar(tag, data[place : place + length])
                place += length
            else:
                if len(opened) >= MAX_DEPTH:
                    raise EncodingError(f"expected at most {MAX_DEPTH} containers in each other, got more")
                count = 2 * length if tag == b"d" else length
                if count:
                    opened.append((tag, count, []))
                    continue
                value = _container(tag, [], check)
        else:
            raise EncodingError(f"expected a tag, got {tag!r}")
        while opened:
            tag, count, items = opened[-1]
            items.append(value)
            if len(items) < count:
                break
            value = _container(tag, items, check)
            opened.pop()
        else:
            if place != len(data):
                raise EncodingError(f"expected the end, got {len(data) - place} more bytes")
            return value


def _scalar(tag: bytes, content: bytes) -> object:
    if tag == b"i":
        return int.from_bytes(content, "little", signed=True)
    if tag == b"b":
        return content
    try:
        text = content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise EncodingError(f"expected UTF-8, got {error.reason}") from None
    return text if tag == b"s" else Other(text[:MAX_NAME_CHARACTERS])


def _container(tag: bytes, items: list[object], check: Callable[[list[object], bool], None]) -> object:
    if tag == b"l":
        return items
    if tag == b"t":
        return tuple(items)
    keys = items[::2] if tag == b"d" else items
    made: dict[object, object] | set[object] | frozenset[object]
    try:
        check(keys, tag != b"d")
        if tag == b"d":
            made = dict(zip(keys, items[1::2], strict=True))
        else:
            made = set(items) if tag == b"S" else frozenset(items)
    except (TypeError, ValueError) as error:
        raise EncodingError(f"expected keys that a dict can have, got {error}") from None
    if len(made) != len(keys):
        raise EncodingError("expected keys that differ, got equal ones")
    return made


def check_hashes(keys: list[object], _: bool = False) -> None:
    """Raise ``ValueError`` if too many keys have the same hash: to build a dict of them would take long."""
    if len(keys) > MAX_EQUAL_HASHES:
        hashes = sorted(map(hash, keys))
        if any(first == last for first, last in zip(hashes, hashes[MAX_EQUAL_HASHES:], strict=False)):
            raise ValueError("too many keys with the same hash")


def same_value(left: object, right: object) -> bool:
    """Return whether both are plain values and equal by Python's ``==``.

    So ``1 == 1.0 == True``, a list is not a tuple, the order of a dict does not matter, and nan differs from nan, also
    inside of containers (decoded values share no objects). If either contains a value that is not plain, such as an
    ``Other``, they differ, and no method of that value is called.

    >>> same_value([1, (2.0, "x")], [True, (2, "x")]), same_value([1], (1,)), same_value(Other("Any"), Other("Any"))
    (True, False, False)
    """
    return _is_plain(left) and _is_plain(right) and bool(left == right)


def _is_plain(value: object) -> bool:
    todo: list[Iterator[object]] = [iter((value,))]
    while todo:
        for item in todo[-1]:
            kind = type(item)
            if id(kind) not in PLAIN:
                return False
            if kind is dict or id(kind) in SEQUENCES:
                if len(todo) > MAX_DEPTH:
                    return False
                todo.append(_flat(item) if kind is dict else iter(item))  # type: ignore[arg-type,call-overload]
                break
        else:
            todo.pop()
    return True


def blobs(data: bytes) -> list[bytes]:
    """Split data into the contents of its blobs."""
    found, place = [], 0
    while place < len(data):
        (length,) = BLOB.unpack_from(data, place)
        place += BLOB.size + length
        found.append(data[place - length : place])
    return found


def read_exactly(descriptor: int, size: int, read: Callable[[int, int], bytes] = os.read) -> bytes:
    """Read a number of bytes, or fewer if the file ends before."""
    parts = []
    while size and (part := read(descriptor, min(size, 2**20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
