"""What runs in the judged process: loads the program, calls it, says what each call did.

Without an argument all calls stand on standard input, and the answers are read when the process has ended. With one,
it is a file with the program, the calls come one by one from the process that runs a test's code (`assert_driver.py`),
and each is answered before the next one comes.

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
    from collections.abc import Iterator

    from rlef_env.judge.functions.value_codec import (
        PLAIN,
        bases_of_type,
        decode,
        encode,
        name_of_type,
        plain_base,
        type_name,
        without_numpy,
    )

arguments_of = BaseException.args.__get__  # type: ignore[attr-defined]
FILE, NAME = "solution.py", "solution"
FRAME = struct.Struct("<cIQ")  # kind, number of the call, bytes that follow; as in calls.py
BLOB = struct.Struct("<Q")
LONGEST_TRACE, LONGEST_EXCEPTION = 2**16, 100  # characters
MOST_FRAMES = 2000  # of a traceback; a million of them take seconds and a gigabyte to write
LOADING_DEPTH = 3 if sys.version_info < (3, 12) else 2  # frames below the program's: main, and what exec counts for


def main() -> None:
    """Never returns: the process ends with the last call, without exit handlers, destructors or waiting for threads."""
    write, leave, pack, names, own_builtins = os.write, os._exit, FRAME.pack, sys.modules, builtins
    show, show_last = traceback.format_exception, traceback.format_exception_only
    get_limit, set_limit = sys.getrecursionlimit, sys.setrecursionlimit
    own = globals()
    channel = os.dup(1)
    os.dup2(2, 1)  # what the program prints is kept with its errors
    asked = len(sys.argv) > 1
    calls: Iterator[bytes]
    if asked:
        source, preamble, target = blobs(read_file(sys.argv.pop()))
        calls = requests(os.dup(0))
        leave_empty(0)
    else:
        source, preamble, target, *given = blobs(read_all(0))
        calls = iter(given)

    def say(kind: bytes, number: int, content: bytes) -> None:
        rest = memoryview(pack(kind, number, len(content)) + content)
        while rest:
            rest = rest[write(channel, rest) :]

    def describe(error: BaseException) -> bytes:
        name = name_of_type(type(error))
        try:
            trace = error.__traceback__
            while trace and trace.tb_frame.f_globals is own:  # the program's frames only
                trace = trace.tb_next
            words = "".join(show(type(error), error, trace, limit=-MOST_FRAMES))
        except BaseException:
            words = ""  # its own __str__ fails, or what formats it was patched
        if len(words) > LONGEST_TRACE:
            words = words[: LONGEST_TRACE // 4] + "[...]" + words[-(LONGEST_TRACE * 3 // 4) :]
        name = str.__getitem__(name, slice(LONGEST_EXCEPTION))
        return encode((name, words, *nature(error)) if asked else (name, words))

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
        if preamble:
            exec(compile(preamble, "preamble.py", "exec", dont_inherit=True), namespace)
        exec(code, namespace)
    except BaseException as error:
        say(b"L", 0, describe(error))
        leave(0)
    if get_limit() == loading:  # the program has not set its own
        set_limit(plain + 1)  # the frame of main
    named: Any = decode(target)
    entry, calls_solution = named
    solutions: list[object] | None = [] if calls_solution else None
    kept: dict[int, object] = {}
    for number, call in enumerate(calls):
        request: Any = decode(call)
        try:
            if type(request) is int:  # what an earlier call returned is to be gone through
                value: object = list(kept[request])  # type: ignore[call-overload]
            else:
                value = function(namespace, entry, solutions)(*request[0], **request[1])
            if asked and (other := nature_of_other(value)):
                kept[number] = value
                say(b"O", number, encode(other))
                continue
        except BaseException as error:
            say(b"E", number, describe(error))
        else:
            say(b"V", number, answer(value))
    leave(0)


def function(namespace: dict[str, Any], entry: str, solutions: list[object] | None) -> Any:
    """The function of that name, or the method of a new ``Solution()``.

    With a list of solutions the class comes first, and all calls are of one ``Solution()``, which the list keeps.
    """
    if solutions is not None and isinstance(namespace.get("Solution"), type):
        if not solutions:
            solutions.append(namespace["Solution"]())
        return getattr(solutions[0], entry)
    if entry in namespace:
        return namespace[entry]
    if "Solution" in namespace and hasattr(namespace["Solution"], entry):
        return getattr(namespace["Solution"](), entry)
    raise NameError(f"name {entry!r} is not defined")


def nature(error: BaseException) -> tuple[tuple[str, ...], bytes]:
    """The names of the built-in exceptions that an exception is of, and its arguments if they are plain."""
    names = tuple(name_of_type(base) for base in bases_of_type(type(error)) if base.__module__ == "builtins")
    try:
        return names, encode(arguments_of(error), plain=True)
    except BaseException:
        return names, encode(())


def nature_of_other(value: object) -> tuple[str, bool] | None:
    """The name of the type of a value that is not plain, and whether it counts as true; None for a plain one."""
    if id(plain_base(type(without_numpy(value)))) in PLAIN:
        return None
    return type_name(value), bool(value)


def requests(descriptor: int) -> Iterator[bytes]:
    """What the test asks for, until it hangs up."""
    while len(header := read_exactly(descriptor, BLOB.size)) == BLOB.size:
        (length,) = BLOB.unpack(header)
        yield read_exactly(descriptor, length)


def read_exactly(descriptor: int, size: int, read: Any = os.read) -> bytes:
    """So many bytes, or fewer where there are no more."""
    parts = []
    while size and (part := read(descriptor, min(size, 2**20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_file(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  # importing pathlib takes a millisecond
        return file.read()


def leave_empty(descriptor: int) -> None:
    """Put a file that has ended in the place of a descriptor."""
    ended = os.open("/dev/null", os.O_RDONLY)
    os.dup2(ended, descriptor)
    os.close(ended)


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
