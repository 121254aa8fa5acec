"""Function-call judging: a program's function is called in the sandbox, and what it returned is compared outside.

One fresh locked process per program holds all its calls, as in the formats that this is for (HumanEval, MBPP): state
that the program keeps from call to call is kept. What goes in is the source, the name of the function and the
arguments, never an expected value; what comes out is a frame per call, written as it returns, so that a crash in the
seventh call leaves the six before it.

A program can find the descriptor of the frames, rewrite them, make some up, or claim that it raised. All of that is
no more than choosing what its calls return, which it may do anyway: it does not know what is expected, a frame is no
verdict, and bytes that are no frames end the reading there, with the calls that follow counted as not returned.

The program is loaded as a module named ``solution``, also where others import ``__main__``: a
``if __name__ == "__main__":`` part of it does not run. Its standard input is empty.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib.resources
import importlib.util
import itertools
import marshal
import re
import signal
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rlef_env.errors import SandboxFailure, UsageError
from rlef_env.judge.functions.value_codec import EncodingError, decode, encode
from rlef_env.problems import check_keys
from rlef_env.sandbox import Execution, Limits, LoadedProgram, Program, PythonStart, Sandbox, Status, require_run

__all__ = ["Call", "CallResult", "CallRunner", "NotReturned", "Raised", "Returned", "Target", "run_calls"]

FRAME = struct.Struct("<cIQ")  # these two as in call_driver.py
BLOB = struct.Struct("<Q")
READ = """\
import marshal
from importlib.util import MAGIC_NUMBER
exec(marshal.loads({code!r}) if MAGIC_NUMBER == {magic!r} else compile({text!r}, "calls", "exec"))
"""
START = "main()\n"
PLAIN_START = PythonStart()
OWN_BUILTINS = "import builtins\n__builtins__ = {{name: getattr(builtins, name) for name in {names}}}\n"
UNNAMED = ["__build_class__", "__import__"]  # builtins that statements use


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call, of plain types only (see `encoding.py`).

    Attributes:
        args: by position.
        kwargs: by name.
    """

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """Which function of a program is called.

    Attributes:
        entry_point: its name. Where the program has no such function but a class ``Solution``, each call is one of the
            method of that name of a new ``Solution()``.
        preamble: runs before the program, in its name space.
        calls_solution: wherever the program defines a class ``Solution``, the method of one ``Solution()`` is called,
            the same in all calls of a process, also where there is a function of that name.
    """

    entry_point: str
    preamble: str = ""
    calls_solution: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """The call returned.

    Attributes:
        value: of plain types, with an ``Other`` in place of everything else; compare it with ``same_value``.
    """

    value: object


@dataclass(frozen=True, slots=True)
class Raised:
    """The call raised an exception (``SystemExit`` too), or loading the program did.

    Attributes:
        exception: the name of its type; empty is no name that an honest program gives.
        trace: CPython's traceback, with the program's frames only; at most 64 thousand characters and a mark.
    """

    exception: str
    trace: str


@dataclass(frozen=True, slots=True)
class NotReturned:
    """The process ended before or in the call.

    Attributes:
        status: how it ended; ``EXITED`` also where its results were not readable, ``COMPILE_ERROR`` where it never
            began.
        detail: ``"exit status 3"``, ``"SIGSEGV"``, the compiler's words, or nothing.
    """

    status: Status
    detail: str = ""


CallResult: TypeAlias = Returned | Raised | NotReturned


def run_calls(
    sandbox: Sandbox,
    source: str,
    entry_point: str,
    calls: Sequence[Call],
    limits: Limits | None = None,
    fresh_process: bool = False,
) -> list[CallResult]:
    """Call a program's function, and say what each call did; ``CallRunner.run`` for one program only."""
    with CallRunner(sandbox, limits, many=fresh_process) as runner:
        return runner.run(source, Target(entry_point), calls, fresh_process)


class CallRunner:
    """Runs the calls of any number of programs under the same limits. While it is open, the sandbox runs nothing else.

    What is loaded into the sandbox, once, is the driver: the programs and their arguments go straight to the processes
    that run them, one fork each.

    Args:
        sandbox: where to run them.
        limits: of each process: of all calls of a program together, loading it included, or of one with
            ``fresh_process``. Output is what is printed and, apart from it, what is returned.
        many: whether more than a few processes are to come; it only shifts work from each of them to the start.
        start: what the programs find when they start.

    Raises:
        SandboxFailure: the sandbox failed.
    """

    def __init__(
        self, sandbox: Sandbox, limits: Limits | None = None, many: bool = True, start: PythonStart = PLAIN_START
    ) -> None:
        with contextlib.ExitStack() as stack:
            self._loaded: LoadedProgram = stack.enter_context(sandbox.load(Program(driver_source(many)), limits, start))
            if (failure := self._loaded.compile_failure) is not None:
                require_run(failure)
                raise SandboxFailure(f"the driver of calls did not load: {failure.message or failure.stderr!r}")
            self._open = stack.pop_all()

    def __enter__(self) -> CallRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the sandbox go. Safe to call twice."""
        self._open.close()

    def run(
        self,
        source: str,
        target: Target,
        calls: Sequence[Call],
        fresh_process: bool = False,
    ) -> list[CallResult]:
        """Call a program's function, and say what each call did.

        Args:
            source: the program, in Python.
            target: which function.
            calls: in order. Every call has arguments of its own: what an earlier call did to its is not seen.
            fresh_process: a process for each call, which loads the program anew.

        Returns:
            As many results as there are calls. A process that goes over a limit after its last call returned loses
            that call: limits come before answers.

        Raises:
            SandboxFailure: the sandbox failed.
            UsageError: an argument is not of plain types.
        """
        head = program_blobs(source, target)
        given = [blob(_arguments(number, call)) for number, call in enumerate(calls)]
        if fresh_process:
            return [next(self._process(head + call, 1)[0]) for call in given]
        results = list(self._process(head + b"".join(given), len(given))[0]) if given else []
        return results + results[-1:] * (len(given) - len(results))

    def run_once(self, source: str, target: Target, calls: Sequence[Call]) -> tuple[Iterator[CallResult], Execution]:
        """Like ``run``, in one process: the results up to the first call that did not return, and how it ended.

        Each is decoded when it is asked for: together they could take fifty times as much memory as their bytes.
        """
        given = (blob(_arguments(number, call)) for number, call in enumerate(calls))
        return self._process(program_blobs(source, target) + b"".join(given), len(calls))

    @property
    def loaded(self) -> LoadedProgram:
        """The driver; with a program (``program_blobs``) as its argument it is asked call by call."""
        return self._loaded

    def _process(self, stdin: bytes, count: int) -> tuple[Iterator[CallResult], Execution]:
        execution = require_run(self._loaded.run(stdin))
        return _results(execution, count), execution


def program_blobs(source: str, target: Target) -> bytes:
    """What the driver loads."""
    texts = [blob(text.encode("utf-8", "surrogatepass")) for text in (source, target.preamble)]
    return b"".join(texts) + blob(encode((target.entry_point, target.calls_solution), plain=True))


@functools.cache
def driver_source(many: bool, name: str = "call_driver.py") -> str:
    """The program that calls: its functions see a copy of the builtins, made before the judged program can.

    It takes the sandbox 10 ms to compile, once for all processes. For one process it is compiled here, and takes that
    process 1 ms to read; an interpreter of another version than this one's compiles it itself.
    """
    folder = importlib.resources.files("rlef_env.judge.functions")
    text = "".join(folder.joinpath(file).read_text(encoding="utf-8") for file in ("value_codec.py", name))
    named = [each for each in sorted(vars(builtins)) if re.search(rf"\b{each}\b", text)]  # not all: a copy takes time
    text = OWN_BUILTINS.format(names=UNNAMED + named) + text
    if many:
        return text + START
    code = marshal.dumps(compile(text, "calls", "exec", dont_inherit=True, optimize=2))
    return READ.format(magic=importlib.util.MAGIC_NUMBER, code=code, text=text) + START


def blob(content: bytes) -> bytes:
    return BLOB.pack(len(content)) + content


def _arguments(number: int, call: Call) -> bytes:
    try:
        return encode((tuple(call.args), dict(call.kwargs)), plain=True)
    except EncodingError as error:
        raise UsageError(f"arguments of call {number}: {error}; give plain values") from None


def _results(execution: Execution, count: int) -> Iterator[CallResult]:
    """What the frames say, up to the first call that has none: for that one, what the process's end says."""
    found = 0
    for kind, content in _frames(execution.stdout, count):
        result = _result(kind, content)
        if result is not None and kind in b"CL":
            yield from itertools.repeat(result, count - found)
            return
        if result is None or (found == count - 1 and execution.status is not Status.EXITED):
            break
        found += 1
        yield result
    if found < count:
        yield _ended(execution)


def _result(kind: bytes, content: bytes) -> CallResult | None:
    """What a frame says; None where it is none."""
    try:
        value = decode(content, check_keys)
    except EncodingError:
        return None
    if kind == b"V":
        return Returned(value)
    if kind == b"C" and type(value) is str:
        return NotReturned(Status.COMPILE_ERROR, value)
    return _raised(value) if kind in (b"E", b"L") else None


def _frames(output: bytes, count: int) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the frames, up to the first thing that is not the next call's."""
    place = 0
    for number in range(count):
        if len(output) - place < FRAME.size:
            return
        kind, of_call, length = FRAME.unpack_from(output, place)
        place += FRAME.size
        if of_call != number or length > len(output) - place:
            return
        yield kind, output[place : place + length]
        place += length


def _raised(value: object) -> Raised | None:
    if type(value) is tuple and len(value) == 2 and all(type(part) is str for part in value):
        return Raised(*value)
    return None


def _ended(execution: Execution) -> NotReturned:
    if execution.status is Status.EXITED:
        return NotReturned(Status.EXITED, f"exit status {execution.exit_code}")
    if execution.status is Status.SIGNALED and execution.signal is not None:
        names = {each.value: each.name for each in signal.Signals}
        return NotReturned(Status.SIGNALED, names.get(execution.signal, f"signal {execution.signal}"))
    return NotReturned(execution.status)
