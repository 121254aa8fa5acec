"""The driver in the judged process: loads the program, calls its function, writes the result of each call.

Without an argument all calls are on standard input, and the results are read after the process has ended. With an
argument, which is a file with the program, each call comes from the process that runs a test's code
(`assert_driver.py`), and is answered before the next one.

This is not a module to import: the sandbox runs the text of `value_codec.py`, this text, and then ``main()``. The
driver prepares everything before the program's first line: its functions have a copy of the builtins, and local names
for what they use of other modules. So an honest program that patches ``len`` or ``os.write`` does not break its own
results. This protects nothing: the process belongs to the program. All that the program can do to this driver is to
choose its results, without knowing what is expected.
"""
# ruff: noqa: BLE001, D103  # a main program, not an API; it catches whatever the judged program raises

import builtins
import linecache
import os
import sys
import traceback
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rlef_env.judge.functions.value_codec import (
        BLOB,
        FRAME,
        MAX_NAME_CHARACTERS,
        PLAIN,
        bases_of_type,
        blobs,
        decode,
        encode,
        name_of_type,
        plain_base,
        read_exactly,
        type_name,
        without_numpy,
    )

arguments_of = BaseException.args.__get__  # type: ignore[attr-defined]
FILE, NAME = "solution.py", "solution"
MAX_TRACE_CHARACTERS = 2**16
MAX_TRACE_FRAMES = 2000  # a traceback of a million frames takes seconds and a gigabyte to format
LOADING_DEPTH = 3 if sys.version_info < (3, 12) else 2  # frames below the program's: those of main and exec


def main() -> None:
    """End the process after the last call, without exit handlers, destructors or waiting for threads."""
    write, leave, pack, names, own_builtins = os.write, os._exit, FRAME.pack, sys.modules, builtins
    show, show_last = traceback.format_exception, traceback.format_exception_only
    get_limit, set_limit = sys.getrecursionlimit, sys.setrecursionlimit
    own = globals()
    channel = os.dup(1)
    os.dup2(2, 1)  # the program's output goes to its standard error
    by_request = len(sys.argv) > 1
    calls: Iterator[bytes]
    if by_request:
        source, preamble, target = blobs(read_file(sys.argv.pop()))
        calls = requests(os.dup(0))
        redirect_to_null(0)
    else:
        source, preamble, target, *given = blobs(read_all(0))
        calls = iter(given)

    def send(kind: bytes, number: int, content: bytes) -> None:
        rest = memoryview(pack(kind, number, len(content)) + content)
        while rest:
            rest = rest[write(channel, rest) :]

    def describe(error: BaseException) -> bytes:
        name = name_of_type(type(error))
        try:
            trace = error.__traceback__
            while trace and trace.tb_frame.f_globals is own:  # the program's frames only
                trace = trace.tb_next
            text = "".join(show(type(error), error, trace, limit=-MAX_TRACE_FRAMES))
        except BaseException:
            text = ""  # its __str__ raises, or the program patched the traceback module
        if len(text) > MAX_TRACE_CHARACTERS:
            text = text[: MAX_TRACE_CHARACTERS // 4] + "[...]" + text[-(MAX_TRACE_CHARACTERS * 3 // 4) :]
        name = str.__getitem__(name, slice(MAX_NAME_CHARACTERS))
        return encode((name, text, *bases_and_arguments(error)) if by_request else (name, text))

    def text_of(content: bytes) -> str | bytes:
        """Return a source as text, in which no comment names an encoding; as it is, if it is none."""
        try:
            return content.decode().removeprefix("\ufeff")
        except UnicodeDecodeError:
            return content

    source_text = source.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line + "\n" for line in source_text.split("\n")]
    linecache.cache[FILE] = (len(source), None, lines, FILE)
    try:
        code = compile(text_of(source), FILE, "exec", dont_inherit=True)
    except BaseException as error:
        if isinstance(error, SyntaxError) and error.text is None and 0 < (error.lineno or 0) <= len(lines):
            error.text = lines[(error.lineno or 0) - 1]  # the compiler looked for the line on disk
        send(b"C", 0, encode("".join(show_last(type(error), error))))
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
            exec(compile(text_of(preamble), "preamble.py", "exec", dont_inherit=True), namespace)
        exec(code, namespace)
    except BaseException as error:
        send(b"L", 0, describe(error))
        leave(0)
    if get_limit() == loading:  # the program has not set its own
        set_limit(plain + 1)  # the frame of main
    named: Any = decode(target)
    entry, calls_solution = named
    solutions: list[object] | None = [] if calls_solution else None
    other_values: dict[int, object] = {}
    for number, call in enumerate(calls):
        request: Any = decode(call)
        try:
            if type(request) is int:  # the test iterates over the result of an earlier call
                value: object = list(other_values[request])  # type: ignore[call-overload]
            else:
                value = function(namespace, entry, solutions)(*request[0], **request[1])
            if by_request and (other := describe_other(value)):
                other_values[number] = value
                send(b"O", number, encode(other))
                continue
        except BaseException as error:
            send(b"E", number, describe(error))
        else:
            send(b"V", number, encode_result(value))
    leave(0)


def function(namespace: dict[str, Any], entry: str, solutions: list[object] | None) -> Any:
    """Return the function of that name, or the method of a new ``Solution()``.

    With a list of solutions the class takes precedence, and all calls use one ``Solution()``, which the list keeps.
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


def bases_and_arguments(error: BaseException) -> tuple[tuple[str, ...], bytes]:
    """Return the names of an exception's built-in base classes, and its encoded arguments if they are plain."""
    names = tuple(name_of_type(base) for base in bases_of_type(type(error)) if base.__module__ == "builtins")
    try:
        return names, encode(arguments_of(error), plain=True)
    except BaseException:
        return names, encode(())


def describe_other(value: object) -> tuple[str, bool] | None:
    """Return the type's name and the truth value of a value that is not plain; None for a plain one."""
    if id(plain_base(type(without_numpy(value)))) in PLAIN:
        return None
    return type_name(value), bool(value)


def requests(descriptor: int) -> Iterator[bytes]:
    """Yield the requests of the test's process until it closes the pipe."""
    while len(header := read_exactly(descriptor, BLOB.size)) == BLOB.size:
        (length,) = BLOB.unpack(header)
        yield read_exactly(descriptor, length)


def read_file(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  # importing pathlib takes a millisecond
        return file.read()


def redirect_to_null(descriptor: int) -> None:
    """Replace a descriptor by an empty file."""
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, descriptor)
    os.close(null)


def read_all(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    parts = []
    while size and (part := os.read(descriptor, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def encode_result(value: object) -> bytes:
    try:
        return encode(value)
    except BaseException:  # no memory left, or another thread changes the value meanwhile
        return encode(object())
