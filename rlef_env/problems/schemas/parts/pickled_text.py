"""Text in a pickle in zlib in base64, as LiveCodeBench packs its hidden tests: read without unpickling.

A pickle is a program, and even one whose imports are refused can consume any amount of memory and time. Therefore its
opcodes are only listed (``pickletools.genops`` executes none of them), at most 1,000 of them are examined, and only
opcodes that write one string, or one dict of strings, are accepted.
"""

from __future__ import annotations

import base64
import pickletools
import zlib
from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.parsing.unpacked import unpacked_bytes

__all__ = ["pickled_text"]

_MAX_BYTES: Final = 2**29  # bytes unpacked; the largest problems have about a hundred million
_MAX_OPCODES: Final = 1000  # one text takes five, a dict of one text nine
_TEXT: Final = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}
_IDLE: Final = {"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT"}
_DICT: Final = {"DICT", "EMPTY_DICT", "MARK", "SETITEM", "SETITEMS"}


def pickled_text(field: Field, max_bytes: int | None = None) -> Field:
    """Return the string, or dict of strings, that is packed in this string; ``(pickle)`` is in its path.

    Args:
        field: a string in base64.
        max_bytes: maximum bytes after unpacking; by default 64 times the packed bytes, but at least 128 MiB and at
            most 512 MiB: tests are repetitive, but a row of a kilobyte is not one of the large ones.

    Raises:
        DataError: another packing, too large, or contents other than text.
    """
    text = field.text()
    try:
        packed = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise field.error(f"JSON, or zlib in base64 ({error})", "check that nothing was cut") from None
    if max_bytes is None:
        max_bytes = min(unpacked_bytes(len(packed)), _MAX_BYTES)
    unpacker = zlib.decompressobj()
    try:
        pickled = unpacker.decompress(packed, max_bytes + 1)
    except zlib.error as error:
        raise field.error(f"zlib in base64 ({error})", "check that nothing was cut") from None
    if len(pickled) > max_bytes:
        raise field.error(f"text that unpacks to at most {max_bytes} bytes", "remove the row: it may be a zip bomb")
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
        if count > _MAX_OPCODES:
            raise ValueError(f"more than {_MAX_OPCODES} opcodes")
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
