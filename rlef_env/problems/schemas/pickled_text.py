"""Text in a pickle in zlib in base64, as LiveCodeBench packs its hidden tests: read, and never unpickled.

A pickle is a program, and even one whose imports are refused can ask for any amount of memory and time. So its opcodes
are only listed (``pickletools.genops`` runs none of them), no more than 1,000 of them are looked at, and all but those
that write one string, or one dict of strings, are refused.
"""

from __future__ import annotations

import base64
import pickletools
import zlib
from typing import Final

from rlef_env.problems.json_rows import Field
from rlef_env.problems.unpacked import unpacked_bytes

__all__ = ["pickled_text"]

_LARGEST: Final = 2**29  # bytes unpacked; the largest problems have about a hundred million
_MOST_OPCODES: Final = 1000  # one text has five, a dict of one text nine
_TEXT: Final = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}
_IDLE: Final = {"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT"}
_DICT: Final = {"DICT", "EMPTY_DICT", "MARK", "SETITEM", "SETITEMS"}


def pickled_text(field: Field, largest: int | None = None) -> Field:
    """The string, or dict of strings, that is packed in this string; ``(pickle)`` is in its path.

    Args:
        field: a string in base64.
        largest: bytes that it may unpack to; by default 64 times as many as are packed, but 128 MiB at least and
            512 MiB at most: tests repeat themselves, but a row of a kilobyte is none of the large ones.

    Raises:
        DataError: it is packed in another way, is larger, or holds anything but text.
    """
    text = field.text()
    try:
        packed = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise field.error(f"JSON, or zlib in base64 ({error})", "check that nothing was cut") from None
    if largest is None:
        largest = min(unpacked_bytes(len(packed)), _LARGEST)
    unpacker = zlib.decompressobj()
    try:
        pickled = unpacker.decompress(packed, largest + 1)
    except zlib.error as error:
        raise field.error(f"zlib in base64 ({error})", "check that nothing was cut") from None
    if len(pickled) > largest:
        raise field.error(f"text that unpacks to at most {largest} bytes", "remove the row: it may be a zip bomb")
    if not unpacker.eof or unpacker.unused_data:
        raise field.error("one whole zlib stream in base64", "check that nothing was cut or added")
    try:
        return Field(_strings(pickled), field.where, f"{field.path}(pickle)")
    except ValueError as error:
        raise field.error(
            f"a pickle of text only ({error})", "remove the row: a pickle that holds more can run a program"
        ) from None


def _strings(pickled: bytes) -> str | dict[str, str]:
    texts: list[str] = []
    opcodes: set[str] = set()
    length = 0
    for count, (opcode, argument, place) in enumerate(pickletools.genops(pickled)):
        length = (place or 0) + 1
        if count > _MOST_OPCODES:
            raise ValueError(f"more than {_MOST_OPCODES} opcodes")
        if opcode.name in _TEXT:
            texts.append(str(argument))
        elif opcode.name not in _IDLE | _DICT | {"STOP"}:
            raise ValueError(f"opcode {opcode.name} at byte {place}")
        opcodes.add(opcode.name)
    if length != len(pickled):
        raise ValueError(f"{len(pickled) - length} bytes behind its end")
    if not opcodes & _DICT and len(texts) == 1:
        return texts[0]
    keys = texts[::2]
    if opcodes & {"DICT", "EMPTY_DICT"} and len(texts) % 2 == 0 and len(set(keys)) == len(keys):
        return dict(zip(keys, texts[1::2], strict=True))
    raise ValueError("neither one string nor one dict of strings")
