"""Python values as bytes and back: typed, lossless, bounded, and safe to read from a program that nobody trusts.

This file needs only the standard library and imports nothing of this package: its text is also the first half of what
runs in the judged process, where `call_driver.py` decodes arguments and encodes results. The judge decodes results.

A value is a tag (one byte) and its content; everything is little-endian:

    N T F                     None, True, False
    i LENGTH two's complement int of any size: no digits, so no limit of digits, and linear in both directions
    f 8 bytes, c 16 bytes     float and complex, as doubles: nan, infinities and -0.0 as they are
    s LENGTH bytes            str in UTF-8, lone surrogates included
    b LENGTH bytes            bytes
    l t S Z COUNT values      list, tuple, set, frozenset
    d COUNT key, value, ...   dict, in its order
    o LENGTH bytes            anything else: the name of its type in UTF-8; equals nothing

An instance of a subclass (``Counter``, a named tuple, an ``IntEnum``) is written as what it holds as an instance of the
plain type, by that type's own methods: what its class overrides, ``__eq__`` first, has no say. A scalar of numpy is
written as Python's own number.
"""

import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any

__all__ = [
    "DEEPEST",
    "LONGEST",
    "MOST_VALUES",
    "EncodingError",
    "Other",
    "decode",
    "encode",
    "same_value",
]

LONGEST = 2**24
"""Bytes of an encoded value."""
MOST_VALUES = 2_000_000
"""Values in a value, itself included."""
WEIGHTS = {b"S": 4, b"Z": 4, b"d": 3}
"""What sets and dicts count for in that beyond one, as even empty ones take so much more memory than others."""
DEEPEST = 100
"""Containers around a value. Python's own ``==`` and ``repr`` recurse, so that more is not safe to pass on."""
MOST_EQUAL_HASHES = 64  # of a set's or dict's keys; thousands with one hash would take quadratic time to insert
LONGEST_NAME = 100  # characters of a type's name

COUNT = struct.Struct("<I")
DOUBLE = struct.Struct("<d")
DOUBLES = struct.Struct("<dd")
CONSTANTS = {b"N": None, b"T": True, b"F": False}
# By the identity of the type: to look a type itself up would ask its metaclass for a hash.
SEQUENCES = {id(list): b"l", id(tuple): b"t", id(set): b"S", id(frozenset): b"Z"}
PLAIN = frozenset({*map(id, (type(None), bool, int, float, complex, str, bytes, dict)), *SEQUENCES})
CONTAINERS: dict[int, tuple[Callable[[Any], int], Callable[[Any], Iterator[Any]]]] = {
    id(kind): (kind.__len__, kind.__iter__) for kind in (list, tuple, set, frozenset)
}
PLAIN_NAMES = "None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset and dict"
name_of_type = type.__dict__["__name__"].__get__  # these three, no metaclass can lie about
names_of_type = type.__dict__["__dict__"].__get__
bases_of_type = type.__dict__["__mro__"].__get__
real_part, imaginary_part = complex.real.__get__, complex.imag.__get__


class EncodingError(ValueError):
    """These bytes are no encoded value, or this value cannot be encoded."""


class Other:
    """A value of a type that is not one of the plain ones. It equals nothing, itself included.

    Attributes:
        type_name: the name of its type, as its program gave it.
    """

    __slots__ = ("type_name",)

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __eq__(self, other: object) -> bool:
        """False."""
        return False

    def __hash__(self) -> int:
        """By identity."""
        return object.__hash__(self)

    def __repr__(self) -> str:
        return f"<a value of type {self.type_name}>"


def encode(value: object, plain: bool = False) -> bytes:
    """The bytes of a value.

    Args:
        value: any; no method of a class that a program defined is called.
        plain: refuse what is not made of plain types only, or is too deep or large, instead of naming its type.

    Raises:
        EncodingError: refused; only where ``plain``.
    """
    try:
        return _encode(value, plain)
    except EncodingError as error:
        if plain:
            raise
        return _other(f"{type_name(value)} ({error})")


def _encode(value: object, plain: bool) -> bytes:
    """Without recursion: ``todo`` holds what is left of each container that is open."""
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
            if values > MOST_VALUES or size > LONGEST:
                raise EncodingError("too large")
            if inner is not None:
                if len(todo) > DEEPEST:
                    raise EncodingError("too deep")
                todo.append(inner)
                break
        else:
            todo.pop()
    return b"".join(parts)


def without_numpy(value: object) -> object:
    """A scalar of numpy as Python's own: ``int64(3) == 3``."""
    scalar = getattr(sys.modules.get("numpy"), "generic", None)
    if type(scalar) is type and any(base is scalar for base in bases_of_type(type(value))):
        return scalar.item(value)  # type: ignore[attr-defined]
    return value


def plain_base(kind: type) -> type:
    """The plain type that a type derives from, or itself where there is none."""
    hashed = False
    for base in bases_of_type(kind):
        if id(base) in PLAIN:
            return kind if hashed and base in (list, dict, set) else base  # as a key it would have no hash
        hashed = hashed or names_of_type(base).get("__hash__") is not None
    return kind


def _length(length: int) -> bytes:
    if length > LONGEST:
        raise EncodingError("too large")
    return COUNT.pack(length)


def _text(tag: bytes, text: str) -> bytes:
    _length(str.__len__(text))  # before it is copied
    content = str.encode(text, "utf-8", "surrogatepass")
    return tag + _length(len(content)) + content


def _other(type_name: str) -> bytes:
    return _text(b"o", type_name)


def type_name(value: object) -> str:
    return str.__getitem__(name_of_type(type(value)), slice(LONGEST_NAME))


def _flat(items: dict[object, object]) -> Iterator[object]:
    for key, value in dict.items(items):
        yield key
        yield value


def decode(data: bytes, check_keys: Callable[[list[object], bool], None] | None = None) -> object:
    """The value that these bytes are of, made of plain types and ``Other``. Takes time linear in their length.

    Args:
        data: the bytes.
        check_keys: raises ``ValueError`` where a dict, or a set, of these keys would take long to make; by default
            ``check_hashes``, which a program that knows CPython's tables can get round.

    Raises:
        EncodingError: they are not exactly one value within the bounds. Nothing else, whatever the bytes are.
    """
    if len(data) > LONGEST:
        raise EncodingError(f"expected at most {LONGEST} bytes, got {len(data)}")
    place, values, check = 0, 0, check_keys or check_hashes
    opened: list[tuple[bytes, int, list[object]]] = []  # tag, how many values, those there are
    while True:
        tag = data[place : place + 1]
        place += 1
        values += 1 + WEIGHTS.get(tag, 0)
        if values > MOST_VALUES:
            raise EncodingError(f"expected at most {MOST_VALUES} values, got more")
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
            if length > len(data) - place:  # each value has a byte at least
                raise EncodingError(f"expected {length} more, got {len(data) - place} bytes")
            if tag in b"isbo":
                value = _scalar(tag, data[place : place + length])
                place += length
            else:
                if len(opened) >= DEEPEST:
                    raise EncodingError(f"expected at most {DEEPEST} containers in each other, got more")
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
    return text if tag == b"s" else Other(text[:LONGEST_NAME])


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
    """Raise ``ValueError`` where too many keys have the same hash: a dict of them would take long."""
    if len(keys) > MOST_EQUAL_HASHES:
        hashes = sorted(map(hash, keys))
        if any(first == last for first, last in zip(hashes, hashes[MOST_EQUAL_HASHES:], strict=False)):
            raise ValueError("too many keys with the same hash")


def same_value(left: object, right: object) -> bool:
    """Whether both are plain values and ``left == right`` as Python has it for them.

    So ``1 == 1.0 == True``, a list is no tuple, the order of a dict does not matter, and nan differs from nan also
    inside of containers (decoded values share no objects). Where either holds anything that is not of a plain type,
    an ``Other`` for one, they differ, and no method of it is called.

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
                if len(todo) > DEEPEST:
                    return False
                todo.append(_flat(item) if kind is dict else iter(item))  # type: ignore[arg-type,call-overload]
                break
        else:
            todo.pop()
    return True
