"""What runs in the judged process: loads the program, calls it, says what each call did.

Not a module to import: its text, after that of `encoding.py`, is what the sandbox runs, and then ``main()``.
Whatever it needs it has before the program's first line: its functions have a copy of the builtins, and names of their
own for what they use of other modules. That keeps an honest program which patches ``len`` or ``os.write`` from
breaking its own results. It is no wall: what runs here belongs to the program, and all that it can do to this file
is to answer what it likes, without knowing what is expected.
"""
# ruff: noqa: BLE001, D103  # a main program, not an API; whatever the judged program raises is caught here

import builtins
import linecache
import os
import struct
import sys
import traceback
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlef_env.judge.encoding import decode, encode

FILE, NAME = "solution.py", "solution"
FRAME = struct.Struct("<cIQ")  # kind, number of the call, bytes that follow; as in calls.py
BLOB = struct.Struct("<Q")
LONGEST_TRACE, LONGEST_EXCEPTION = 2**16, 100  # characters
LOADING_DEPTH = 3 if sys.version_info < (3, 12) else 2  # frames below the program's: main, and what exec counts for


def main() -> None:
    """Never returns: the process ends with the last call, without exit handlers, destructors or waiting for threads."""
    write, leave, pack, names, own_builtins = os.write, os._exit, FRAME.pack, sys.modules, builtins
    show, show_last = traceback.format_exception, traceback.format_exception_only
    get_limit, set_limit = sys.getrecursionlimit, sys.setrecursionlimit
    name_of = type.__dict__["__name__"].__get__
    channel = os.dup(1)
    os.dup2(2, 1)  # what the program prints is kept with its errors
    source, entry_point, *calls = blobs(read_all(0))

    def say(kind: bytes, number: int, content: bytes) -> None:
        rest = memoryview(pack(kind, number, len(content)) + content)
        while rest:
            rest = rest[write(channel, rest) :]

    def describe(error: BaseException) -> bytes:
        name = name_of(type(error))
        try:
            trace = error.__traceback__ and error.__traceback__.tb_next  # without the frame of main
            words = "".join(show(type(error), error, trace))
        except BaseException:
            words = ""  # its own __str__ fails, or what formats it was patched
        if len(words) > LONGEST_TRACE:
            words = words[: LONGEST_TRACE // 4] + "[...]" + words[-(LONGEST_TRACE * 3 // 4) :]
        return encode((str.__getitem__(name, slice(LONGEST_EXCEPTION)), words))

    text = source.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line + "\n" for line in text.split("\n")]
    linecache.cache[FILE] = (len(source), None, lines, FILE)
    try:
        code = compile(source, FILE, "exec", dont_inherit=True)
    except BaseException as error:
        if isinstance(error, SyntaxError) and error.text is None and 0 < (error.lineno or 0) <= len(lines):
            error.text = lines[(error.lineno or 0) - 1]  # the compiler looked for it on disk
        say(b"C", 0, encode("".join(show_last(type(error), error))))
        leave(0)
    module = types.ModuleType(NAME)
    namespace = module.__dict__
    namespace.update(__file__=FILE, __builtins__=own_builtins)
    names[NAME] = names["__main__"] = module
    plain = sys.getrecursionlimit()
    loading = plain + LOADING_DEPTH
    sys.setrecursionlimit(loading)
    try:
        exec(code, namespace)
    except BaseException as error:
        say(b"L", 0, describe(error))
        leave(0)
    if get_limit() == loading:  # the program has not set its own
        set_limit(plain + 1)  # the frame of main
    entry = decode(entry_point)
    for number, call in enumerate(calls):
        arguments: Any = decode(call)
        positional, named = arguments
        try:
            if entry not in namespace:
                raise NameError(f"name {entry!r} is not defined")
            value = namespace[entry](*positional, **named)
        except BaseException as error:
            say(b"E", number, describe(error))
        else:
            say(b"V", number, answer(value))
    leave(0)


def read_all(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    parts = []
    while size and (part := os.read(descriptor, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def blobs(data: bytes) -> list[bytes]:
    found, place = [], 0
    while place < len(data):
        (length,) = BLOB.unpack_from(data, place)
        place += BLOB.size + length
        found.append(data[place - length : place])
    return found


def answer(value: object) -> bytes:
    try:
        return encode(value)
    except BaseException:  # no memory left for it, or another thread changes it meanwhile
        return encode(object())
