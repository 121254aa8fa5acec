"""The driver of a test that is code: the function that the test calls is in another process.

This is not a module to import: the sandbox runs the text of `value_codec.py`, this text, and then ``main()``. The
argument is a file with the preamble, the test and the name of the function. Requests are written to standard output,
answers are read from standard input. The test finds a ``Function`` under the function's name; it takes and returns
plain values. For any other value that the program returns, the test can ask for its truth value and iterate over it.
That value is an instance of no class of the program, and equals nothing: the program answers no ``==`` of the test.

The exit status is the verdict. Standard error holds the encoded name of an exception, a message, and the last value.
"""
# ruff: noqa: BLE001, D103  # a main program, not an API; it catches whatever the test raises

import builtins
import linecache
import os
import random
import sys
import traceback
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from rlef_env.judge.functions.value_codec import (
        BLOB,
        FRAME,
        MAX_VALUES,
        PLAIN,
        TEST_ENDED,
        TEST_FAILED,
        TEST_NOT_COMPILED,
        TEST_NOT_JUDGED,
        TEST_NOT_LOADED,
        TEST_PASSED,
        TEST_RAISED,
        EncodingError,
        Other,
        blobs,
        decode,
        encode,
        read_exactly,
    )

FILE = "test.py"
MAX_FRAME_BYTES = 2**24 + 2**18
MAX_MESSAGE_CHARACTERS = 2**12
MAX_DIGITS, MAX_SHOWN_DIGITS = 100_000, 4300  # of an integer in a test, and in a message: to convert many takes long


class ProgramEnded(BaseException):
    """The program's process ended, or sent an invalid answer."""


class ProgramExit(SystemExit):
    """Raised by the function in place of ``SystemExit``: a test that exits with status 0 passes."""


ProgramExit.__name__ = "SystemExit"


class NotPlain(Other):
    """Placeholder for a returned value that is not plain."""

    __slots__ = ("_function", "_number", "_truth")

    def __init__(self, function: "Function", number: int, type_name: str, truth: bool) -> None:
        super().__init__(type_name)
        self._function, self._number, self._truth = function, number, truth

    def __bool__(self) -> bool:
        return self._truth

    def __iter__(self) -> Iterator[Any]:
        return iter(self._function.request(self._number))


class Function:
    """The function under test.

    Attributes:
        called: number of requests so far.
        last_value: text of the last returned value.
        raised: last exception, the name of its type, and its traceback.
        ended: exit status, name and message, once the program has ended.
    """

    def __init__(self, name: str, requests: int, answers: int, may_stop: bool) -> None:
        self.__name__ = self.__qualname__ = name
        self._requests, self._answers, self._may_stop, self.called = requests, answers, may_stop, 0
        self.last_value = ""
        self.raised: tuple[BaseException, str, str] | None = None
        self.ended: tuple[int, str, str] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function in the program's process."""
        return self.request((args, kwargs))

    def request(self, content: object) -> Any:
        """Send a request, and return the program's value or raise its exception.

        Args:
            content: arguments of a call; or the number of an earlier call, whose value is to be iterated over.
        """
        if self.ended:
            raise ProgramEnded
        try:
            encoded = encode(content, plain=True)
        except EncodingError as not_encoded:
            if is_foreign(content):
                self._end(TEST_NOT_JUDGED, "", f"the test passes a value that is not plain: {not_encoded}")
            raise
        number, self.called = self.called, self.called + 1
        try:
            rest = memoryview(BLOB.pack(len(encoded)) + encoded)
            while rest:
                rest = rest[os.write(self._requests, rest) :]
        except OSError:
            pass  # the program has closed its input; what it wrote before is still read
        kind, answer = self._read_answer(number)
        if kind == b"V":
            self.last_value = value_text(answer)
            return answer
        if kind == b"O":
            type_name, truth = answer
            self.last_value = f"<a value of type {type_name}>"
            return NotPlain(self, number, type_name, truth is True)
        if kind == b"C":
            self._end(TEST_NOT_COMPILED, "", answer)
        name, trace, bases, args = answer
        if kind == b"L":
            self._end(TEST_NOT_LOADED, name, trace)
        error = exception(name, bases, args)
        if isinstance(error, (StopIteration, StopAsyncIteration)) and not self._may_stop:
            error = RuntimeError(f"the function raised {name}")  # else all(map(...)) would take it for the last case
        self.raised = error, name, trace
        raise error

    def _read_answer(self, number: int) -> tuple[bytes, Any]:
        header = read_exactly(self._answers, FRAME.size)
        if len(header) == FRAME.size:
            kind, call, length = FRAME.unpack(header)
            if length <= MAX_FRAME_BYTES and (call == number or kind in b"CL"):
                content = read_exactly(self._answers, length)
                try:
                    value: Any = decode(content)
                    if kind == b"V" or (kind in SHAPES and SHAPES[kind](value)):
                        return kind, value
                except EncodingError:
                    pass
        return self._end(TEST_ENDED, "", "")

    def _end(self, status: int, name: str, message: str) -> NoReturn:
        self.ended = status, name, message
        raise ProgramEnded


def is_foreign(value: object) -> bool:
    """Return whether the first part of a value that is not plain was made by the test, not returned by the program."""
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
        if len(todo) > MAX_VALUES:
            return False
    return False


def is_exception_answer(value: Any) -> bool:
    if type(value) is not tuple or [type(part) for part in value] != [str, str, tuple, bytes]:
        return False
    return all(type(name) is str for name in value[2])


SHAPES = {
    b"O": lambda value: type(value) is tuple and [type(part) for part in value] == [str, bool],
    b"C": lambda value: type(value) is str,
    b"E": is_exception_answer,
    b"L": is_exception_answer,
}


def exception(name: str, bases: tuple[str, ...], encoded: bytes) -> BaseException:
    """Return an exception of the nearest built-in type with the same arguments."""
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
            except TypeError:  # the arguments fit only the program's own class
                error = kind.__new__(kind)  # type: ignore[call-overload]
                error.args = args
            return error
    return Exception(name)  # only a forged answer names no built-in base


def value_text(value: object) -> str:
    set_digits(MAX_SHOWN_DIGITS)
    try:
        text = repr(value)
    except ValueError:
        return "<a value with too long an integer>"
    finally:
        set_digits(MAX_DIGITS)
    return shorten(text)


def shorten(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE_CHARACTERS else text[:MAX_MESSAGE_CHARACTERS] + "[...]"


def set_digits(limit: int) -> None:
    """Set the maximal digits of an integer in text; older interpreters have no such limit."""
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(limit)


def main() -> None:
    """Run the test and exit with its verdict."""
    set_digits(MAX_DIGITS)
    leave, report = os._exit, os.dup(2)
    with open(sys.argv.pop(), "rb") as file:  # noqa: PTH123
        preamble, test, entry_point = blobs(file.read())
    may_stop = b"StopIteration" in test or b"StopAsyncIteration" in test
    function = Function(decode(entry_point), os.dup(1), os.dup(0), may_stop)  # type: ignore[arg-type]
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in range(3):  # the output of a test is not used
        os.dup2(null, descriptor)
    module = types.ModuleType("__main__")
    namespace = module.__dict__
    namespace["__builtins__"] = builtins  # all of them; the driver has only those that it uses
    sys.modules["__main__"] = sys.modules["solution"] = module
    name = function.__name__
    text = test.decode("utf-8", "replace")
    linecache.cache[FILE] = (len(text), None, [line + "\n" for line in text.split("\n")], FILE)
    random.seed(0)  # a test that draws its arguments draws the same ones in every run
    status, category, message = TEST_PASSED, "", ""
    try:
        exec(compile(preamble.decode(), "preamble.py", "exec", dont_inherit=True), namespace)
        namespace[name] = function
        namespace["Solution"] = type("Solution", (), {name: staticmethod(function)})
        exec(compile(test.decode(), FILE, "exec", dont_inherit=True), namespace)
    except BaseException as error:
        if function.raised is not None and function.raised[0] is error:
            status, category, message = TEST_RAISED, *function.raised[1:]
        elif not function.called and type(error) is not SystemExit:  # such as a class that only the reference defines
            status, message = TEST_NOT_JUDGED, f"the test fails before it calls the function: {name_of(error)}"
        elif type(error) is not SystemExit or error.code not in (None, 0):
            status, category, message = TEST_FAILED, type(error).__name__, traceback_text(error)
    if status == TEST_PASSED and not function.called:
        status, category, message = TEST_FAILED, "test: the function was not called", ""
    if function.ended is not None:
        status, category, message = function.ended
    os.write(report, encode((category[:100], message[: 2**17], function.last_value)))
    leave(status)


def name_of(error: BaseException) -> str:
    return shorten(f"{type(error).__name__}: {error}")


def traceback_text(error: BaseException) -> str:
    trace = error.__traceback__ and error.__traceback__.tb_next
    try:
        return shorten("".join(traceback.format_exception(type(error), error, trace, limit=5)))
    except Exception:
        return type(error).__name__
