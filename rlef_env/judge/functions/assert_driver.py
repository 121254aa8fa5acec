"""What runs a test that is code: the function that it calls is in another process, which is asked call by call.

Not a module to import: its text, after that of `encoding.py`, is what the sandbox runs, and then ``main()``. Its
argument is a file with the preamble, the test and the name of the function; requests go to standard output, answers
come from standard input. What the test finds under that name takes and returns plain values; of anything else that
the program returns, the test can ask whether it is true, and go through it. It is of no class of the program's, and
equals nothing: no ``==`` that the test makes is answered by the program.

The exit status is the verdict, and standard error holds its name and words, encoded.
"""
# ruff: noqa: BLE001, D103  # a main program, not an API; whatever the test raises is caught here

import builtins
import linecache
import os
import random
import struct
import sys
import traceback
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlef_env.judge.functions.value_codec import MOST_VALUES, PLAIN, EncodingError, Other, decode, encode

FILE = "test.py"
FRAME = struct.Struct("<cIQ")  # these four as in calls.py
BLOB = struct.Struct("<Q")
LONGEST_FRAME = 2**24 + 2**18  # bytes
PASSED, FAILED, RAISED, ENDED, NOT_LOADED, NOT_COMPILED, NOT_ASKED = range(40, 47)
LONGEST_WORDS = 2**12  # characters
MOST_DIGITS, MOST_SHOWN = 100_000, 4300  # of an integer, in a test and in what is shown: to write many takes long


class ProgramEnded(BaseException):
    """The program's process ended, or answered what is no answer."""


class ProgramExit(SystemExit):
    """What the function raises in the place of ``SystemExit``: a test that leaves with status 0 passes."""


ProgramExit.__name__ = "SystemExit"


class NotPlain(Other):
    """What the function returned, where it is not plain."""

    __slots__ = ("_function", "_number", "_truth")

    def __init__(self, function: "Function", number: int, type_name: str, truth: bool) -> None:
        super().__init__(type_name)
        self._function, self._number, self._truth = function, number, truth

    def __bool__(self) -> bool:
        return self._truth

    def __iter__(self) -> Iterator[Any]:
        return iter(self._function.ask(self._number))


class Function:
    """The function under test."""

    def __init__(self, name: str, requests: int, answers: int, may_stop: bool) -> None:
        self.__name__ = self.__qualname__ = name
        self._requests, self._answers, self._may_stop, self.asked = requests, answers, may_stop, 0
        self.last = ""  # how the last answer is written
        self.raised: tuple[BaseException, str, str] | None = None  # the last exception, its name, its trace
        self.ended: tuple[int, str, str] | None = None  # verdict, name and words, once there is no program any more

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Like the function itself."""
        return self.ask((args, kwargs))

    def ask(self, what: object) -> Any:
        """The program's answer; raises what it raised."""
        if self.ended:
            raise ProgramEnded
        try:
            request = encode(what, plain=True)
        except EncodingError as refused:
            if is_foreign(what):
                return self._end(NOT_ASKED, "", f"the test passes what is no plain value: {refused}")
            raise
        number, self.asked = self.asked, self.asked + 1
        try:
            rest = memoryview(BLOB.pack(len(request)) + request)
            while rest:
                rest = rest[os.write(self._requests, rest) :]
        except OSError:
            pass  # it does not listen any more: what it said before it left is to be read
        kind, content = self._answer(number)
        if kind == b"V":
            self.last = shown(content)
            return content
        if kind == b"O":
            type_name, truth = content
            self.last = f"<a value of type {type_name}>"
            return NotPlain(self, number, type_name, truth is True)
        if kind == b"C":
            return self._end(NOT_COMPILED, "", content)
        name, trace, bases, args = content
        if kind == b"L":
            return self._end(NOT_LOADED, name, trace)
        error = exception(name, bases, args)
        if isinstance(error, (StopIteration, StopAsyncIteration)) and not self._may_stop:
            error = RuntimeError(f"the function raised {name}")  # or all(map(...)) would take it for the last case
        self.raised = error, name, trace
        raise error

    def _answer(self, number: int) -> tuple[bytes, Any]:
        header = self._read(FRAME.size)
        if len(header) == FRAME.size:
            kind, of, length = FRAME.unpack(header)
            if length <= LONGEST_FRAME and (of == number or kind in b"CL"):
                content = self._read(length)
                try:
                    value: Any = decode(content)
                    if kind == b"V" or (kind in SHAPES and SHAPES[kind](value)):
                        return kind, value
                except EncodingError:
                    pass
        self._end(ENDED, "", "")
        raise ProgramEnded

    def _read(self, size: int) -> bytes:
        parts = []
        while size and (part := os.read(self._answers, min(size, 2**20))):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _end(self, verdict: int, name: str, words: str) -> None:
        self.ended = verdict, name, words
        raise ProgramEnded


def is_foreign(value: object) -> bool:
    """Whether the first thing in it that is not plain is the test's own, not what the program returned."""
    todo = [value]
    while todo:
        item = todo.pop()
        kind = type(item)
        if id(kind) not in PLAIN:
            return not isinstance(item, Other)
        if kind is dict:
            todo += [*item.keys(), *item.values()]  # type: ignore[attr-defined]
        elif kind in (list, tuple, set, frozenset):
            todo += item  # type: ignore[arg-type]
        if len(todo) > MOST_VALUES:
            return False
    return False


def is_raised(value: Any) -> bool:
    if type(value) is not tuple or [type(part) for part in value] != [str, str, tuple, bytes]:
        return False
    return all(type(name) is str for name in value[2])


SHAPES = {
    b"O": lambda value: type(value) is tuple and [type(part) for part in value] == [str, bool],
    b"C": lambda value: type(value) is str,
    b"E": is_raised,
    b"L": is_raised,
}


def exception(name: str, bases: tuple[str, ...], encoded: bytes) -> BaseException:
    """An exception of the nearest built-in type, with the same arguments."""
    try:
        args: Any = decode(encoded)
    except EncodingError:
        args = ()
    args = args if type(args) is tuple else ()
    for base in bases:
        kind = getattr(builtins, base, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            if kind is Exception and name != "Exception":
                kind = type(name, (Exception,), {})
            if kind is SystemExit:
                kind = ProgramExit
            try:
                error: BaseException = kind(*args)
            except TypeError:  # it takes others: those of a class of the program's own
                error = kind.__new__(kind)  # type: ignore[call-overload]
                error.args = args
            return error
    return Exception(name)  # which no honest answer leads to


def shown(value: object) -> str:
    set_digits(MOST_SHOWN)
    try:
        words = repr(value)
    except ValueError:
        return "<a value with too long an integer>"
    finally:
        set_digits(MOST_DIGITS)
    return words if len(words) <= LONGEST_WORDS else words[:LONGEST_WORDS] + "[...]"


def set_digits(most: int) -> None:
    """Set how many digits of an integer are read and written; older interpreters have no such limit."""
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(most)


def main() -> None:
    """Never returns."""
    set_digits(MOST_DIGITS)
    leave, report = os._exit, os.dup(2)
    with open(sys.argv.pop(), "rb") as file:  # noqa: PTH123
        preamble, test, entry_point = blobs(file.read())
    may_stop = b"StopIteration" in test or b"StopAsyncIteration" in test
    function = Function(decode(entry_point), os.dup(1), os.dup(0), may_stop)  # type: ignore[arg-type]
    nothing = os.open("/dev/null", os.O_RDWR)
    for descriptor in range(3):  # what a test prints is nobody's
        os.dup2(nothing, descriptor)
    module = types.ModuleType("__main__")
    namespace = module.__dict__
    namespace["__builtins__"] = builtins  # all of them; this file has those only that it uses
    sys.modules["__main__"] = sys.modules["solution"] = module
    name = function.__name__
    text = test.decode("utf-8", "replace")
    linecache.cache[FILE] = (len(text), None, [line + "\n" for line in text.split("\n")], FILE)
    random.seed(0)  # a test that draws its arguments draws the same in every run
    verdict, category, words = PASSED, "", ""
    try:
        exec(compile(preamble, "preamble.py", "exec", dont_inherit=True), namespace)
        namespace[name] = function
        namespace["Solution"] = type("Solution", (), {name: staticmethod(function)})
        exec(compile(test, FILE, "exec", dont_inherit=True), namespace)
    except BaseException as error:
        if function.raised is not None and function.raised[0] is error:
            verdict, category, words = RAISED, *function.raised[1:]
        elif isinstance(error, ModuleNotFoundError) and not function.asked:
            verdict, words = NOT_ASKED, f"the test needs what is not there: {error}"
        elif type(error) is not SystemExit or error.code not in (None, 0):
            verdict, category, words = FAILED, type(error).__name__, explain(error)
    if verdict == PASSED and not function.asked:
        verdict, category, words = FAILED, "test: the function was not called", ""
    if function.ended is not None:
        verdict, category, words = function.ended
    parts = (category[:100], words if len(words) <= 2**17 else words[: 2**17], function.last)
    os.write(report, encode(parts))
    leave(verdict)


def explain(error: BaseException) -> str:
    trace = error.__traceback__ and error.__traceback__.tb_next
    try:
        words = "".join(traceback.format_exception(type(error), error, trace, limit=5))
    except Exception:
        words = type(error).__name__
    return words if len(words) <= LONGEST_WORDS else words[:LONGEST_WORDS] + "[...]"


def blobs(data: bytes) -> list[bytes]:
    found, place = [], 0
    while place < len(data):
        (length,) = BLOB.unpack_from(data, place)
        place += BLOB.size + length
        found.append(data[place - length : place])
    return found
