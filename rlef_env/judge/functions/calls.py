"""Call a program's function in the sandbox; the values that it returns are compared outside.

One new locked process per program runs all its calls, as in the original formats (HumanEval, MBPP): state that the
program keeps between calls is kept. The process gets the source, the name of the function and the arguments, never an
expected value. It writes one frame per call as soon as the call returns, so a crash in the seventh call leaves the six
results before it.

A program can find the descriptor of the frames, rewrite them, forge some, or claim that it raised. This only chooses
what its calls return, which it may do anyway: it does not know what is expected, and a frame is not a verdict. Reading
ends at the first bytes that are not a frame; the following calls count as not returned.

The program is loaded as a module named ``solution``, also for modules that import ``__main__``: code under
``if __name__ == "__main__":`` does not run. Its standard input is empty.
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rlef_env.errors import SandboxFailure, UsageError
from rlef_env.judge.functions.value_codec import BLOB, FRAME, EncodingError, decode, encode
from rlef_env.problems.parsing.hashing import check_keys
from rlef_env.sandbox import Execution, Limits, LoadedProgram, Program, Sandbox, Status
from rlef_env.sandbox.execution import PythonStart, require_run

__all__ = ["Call", "CallResult", "CallRunner", "NotReturned", "Raised", "Returned", "Target", "run_calls"]

READ = """\
import marshal
from importlib.util import MAGIC_NUMBER
exec(marshal.loads({code!r}) if MAGIC_NUMBER == {magic!r} else compile({text!r}, "calls", "exec"))
"""
START = "main()\n"
PLAIN_START = PythonStart()
OWN_BUILTINS = "import builtins\n__builtins__ = {{name: getattr(builtins, name) for name in {names}}}\n"
STATEMENT_BUILTINS = ["__build_class__", "__import__"]  # builtins that statements use without naming them


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments of one call, of plain types only (see `value_codec.py`).

    Attributes:
        args: positional arguments.
        kwargs: keyword arguments.
    """

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """The function of a program that is called.

    Attributes:
        entry_point: name of the function. If the program has no such function but a class ``Solution``, each call is
            one of the method of that name of a new ``Solution()``.
        preamble: code that runs before the program, in its namespace.
        calls_solution: if the program defines a class ``Solution``, call the method of one ``Solution()``, the same
            in all calls of a process, even if there is a function of that name.
    """

    entry_point: str
    preamble: str = ""
    calls_solution: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """The call returned.

    Attributes:
        value: value of plain types, with an ``Other`` in place of any other value; compare it with ``same_value``.
    """

    value: object


@dataclass(frozen=True, slots=True)
class Raised:
    """The call raised an exception (``SystemExit`` too), or loading the program did.

    Attributes:
        exception: name of the exception's type; empty only if the program forged it.
        trace: CPython's traceback, with the program's frames only; cut after 64 thousand characters.
    """

    exception: str
    trace: str


@dataclass(frozen=True, slots=True)
class NotReturned:
    """The process ended before or in the call.

    Attributes:
        status: how the process ended; ``EXITED`` also if its results were unreadable, ``COMPILE_ERROR`` if the program
            did not compile.
        detail: ``"exit status 3"``, ``"SIGSEGV"``, the message of the compiler, or nothing.
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
    """Call a program's function and return the result of each call: ``CallRunner.run`` for one program only."""
    with CallRunner(sandbox, limits, many=fresh_process) as runner:
        return runner.run(source, Target(entry_point), calls, fresh_process)


class CallRunner:
    """Runs the calls of any number of programs under the same limits. While it is open, the sandbox runs nothing else.

    Only the driver is loaded into the sandbox, once. The programs and their arguments are sent to the processes that
    run them, one fork each.

    Args:
        sandbox: sandbox for the programs.
        limits: limits of each process: of all calls of a program together, including loading it; or of one call with
            ``fresh_process``. The output limit holds for printed text and for returned values separately.
        many: expect more than a few processes; this only moves work from each process to the start.
        start: imports and recursion limit with which the programs start.

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
        """Release the sandbox. Safe to call twice."""
        self._open.close()

    def run(
        self,
        source: str,
        target: Target,
        calls: Sequence[Call],
        fresh_process: bool = False,
    ) -> list[CallResult]:
        """Call a program's function and return the result of each call.

        Args:
            source: program in Python.
            target: function to call.
            calls: calls in order. Each has its own arguments: changes by an earlier call are not seen.
            fresh_process: start a process for each call, which loads the program again.

        Returns:
            One result for each call. If a process exceeds a limit after its last call returned, the result of that call
            is lost: limits count before results.

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
        """Like ``run`` in one process; return the results up to the first call without one, and the execution.

        Each result is decoded when it is requested: together they could take fifty times the memory of their bytes.
        """
        given = (blob(_arguments(number, call)) for number, call in enumerate(calls))
        return self._process(program_blobs(source, target) + b"".join(given), len(calls))

    @property
    def loaded(self) -> LoadedProgram:
        """Return the loaded driver; with a program (``program_blobs``) as its argument it answers call by call."""
        return self._loaded

    def _process(self, stdin: bytes, count: int) -> tuple[Iterator[CallResult], Execution]:
        execution = require_run(self._loaded.run(stdin))
        return _results(execution, count), execution


def program_blobs(source: str, target: Target) -> bytes:
    """Return the input of the driver that describes a program."""
    texts = [blob(text.encode("utf-8", "surrogatepass")) for text in (source, target.preamble)]
    return b"".join(texts) + blob(encode((target.entry_point, target.calls_solution), plain=True))


@functools.cache
def driver_source(many: bool, name: str = "call_driver.py") -> str:
    """Return the source of a driver. Its functions use a copy of the builtins, made before the judged program runs.

    The sandbox compiles it in 10 ms, once for all processes. For only a few processes it is compiled here, and each
    process reads it in 1 ms; an interpreter of another version compiles it itself.
    """
    folder = importlib.resources.files("rlef_env.judge.functions")
    text = "".join(folder.joinpath(file).read_text(encoding="utf-8") for file in ("value_codec.py", name))
    named = [
        each for each in sorted(vars(builtins)) if re.search(rf"\b{each}\b", text)
    ]  # not all of them: copying takes time
    text = OWN_BUILTINS.format(names=STATEMENT_BUILTINS + named) + text
    if many:
        return text + START
    code = marshal.dumps(compile(text, "calls", "exec", dont_inherit=True, optimize=2))
    return READ.format(magic=importlib.util.MAGIC_NUMBER, code=code, text=text) + START


def blob(content: bytes) -> bytes:
    """Return content with its length in front."""
    return BLOB.pack(len(content)) + content


def _arguments(number: int, call: Call) -> bytes:
    try:
        return encode((tuple(call.args), dict(call.kwargs)), plain=True)
    except EncodingError as error:
        raise UsageError(f"arguments of call {number}: {error}; give plain values") from None


def _results(execution: Execution, count: int) -> Iterator[CallResult]:
    """Yield the results in the frames; for the first call that has no frame, how the process ended."""
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
    """Return the result in a frame; None if the content is not a result."""
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
    """Yield kind and content of the frames, up to the first bytes that are not the frame of the next call."""
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
