"""Runs a Python program as ``python solution.py`` does, inside a process that is forked from the zygote.

Part of the zygote's text; see `source.py`.
"""

# ruff: noqa: E401, F401, I001
from __future__ import annotations

import builtins
import contextlib
import errno
import functools
import gc
import importlib
import io
import linecache
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
import types
from typing import Any, NamedTuple

# Modules that contest programs import. The zygote loads them once, so that no run has to.
import _random
import _sitebuiltins
import atexit, bisect, cmath, collections, copy, datetime, decimal, enum, fractions, heapq, itertools, math
import operator, queue, random, re, string, typing

from rlef_env.sandbox.zygote.protocol import COMPILE_ERROR, MAX_TEXT_BYTES, SOLUTION

MAX_FRAMES = 2000  # printed of a traceback: a million of them would take seconds and a gigabyte


class Start(NamedTuple):
    """What a Python program finds when it starts: names beside the builtins, and how deep it may recurse."""

    names: dict[str, Any]
    recursion_limit: int


# --- once, in the zygote ---


def preload_numpy(folder: str) -> None:
    """Load numpy from the folder where it is installed, without making other packages there importable."""
    if folder:
        sys.path.append(folder)
        for name in ("numpy", "numpy.linalg", "numpy.random", "numpy.fft", "numpy.polynomial"):
            importlib.import_module(name)
        sys.path.remove(folder)


def become_plain_python() -> None:
    """Make the interpreter look as it does to ``python solution.py``."""
    sys.argv[:], sys.executable = [SOLUTION], ""
    sys.path[:] = [entry for entry in sys.path if entry]
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)  # programs may be older than the limit; CPU time bounds them
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()
    gc.collect()
    gc.disable()
    if hasattr(gc, "freeze"):
        gc.freeze()


def replace_refused_functions() -> None:
    """Make functions work that honest programs use and whose system calls the filter refuses."""
    resource.getrusage = own_times
    os.times = own_times_result
    if hasattr(os, "eventfd"):
        socket.socketpair = waking_pair  # type: ignore[assignment]


def own_times(who: int) -> resource.struct_rusage:
    """Like ``resource.getrusage``, but times only: page faults and preemptions show what other runs do."""
    clocks = {resource.RUSAGE_SELF: time.process_time, resource.RUSAGE_THREAD: time.thread_time}
    if who not in (*clocks, resource.RUSAGE_CHILDREN):
        raise ValueError("invalid who parameter")
    return resource.struct_rusage((clocks[who]() if who in clocks else 0.0, *[0] * 15))


def own_times_result() -> os.times_result:
    """Like ``os.times``, but this process's own time only: a last run may have had children, the runs before it."""
    return os.times_result((time.process_time(), 0.0, 0.0, 0.0, time.monotonic()))


def waking_pair(*kind: object) -> tuple[Waker, Waker]:
    """Return what asyncio needs of ``socket.socketpair()``, to wake its event loop: here without a socket."""
    if kind:
        raise PermissionError(errno.EPERM, "a program has no sockets")
    fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    return Waker(fd), Waker(os.dup(fd))


class Waker:
    """Carries NUL bytes to the other one of the pair, as a number: asyncio sends no other bytes."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def setblocking(self, flag: bool) -> None:
        os.set_blocking(self._fd, flag)

    def send(self, data: bytes) -> int:
        if data.strip(b"\0"):
            raise PermissionError(errno.EPERM, "a program has no sockets")
        if data:
            os.eventfd_write(self._fd, len(data))
        return len(data)

    def recv(self, size: int) -> bytes:
        return bytes(os.eventfd_read(self._fd))[:size]

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


@functools.cache
def imported(imports: str) -> dict[str, Any]:
    """Return the names that import statements bind. A statement whose module is missing binds none."""
    if not imports:
        return {}
    import ast  # here, because each page of the zygote's memory makes every fork slower

    names: dict[str, Any] = {}
    for statement in ast.parse(imports).body:
        with contextlib.suppress(ImportError):
            exec(compile(ast.Module([statement], []), "imports", "exec", dont_inherit=True), names)
    names.pop("__builtins__", None)
    return names


# --- in a program's process ---


def compiled(judge: socket.socket, source: int) -> types.CodeType:
    """Compile the source; or send the judge the error, and end."""
    text = os.pread(source, os.lseek(source, 0, os.SEEK_END), 0)
    os.close(source)
    try:
        code = compiled_text(text)
    except BaseException as error:
        judge.sendall(COMPILE_ERROR + error_text(error, text).encode("utf-8", "replace")[:MAX_TEXT_BYTES])
        os._exit(0)
    linecache.cache[SOLUTION] = SourceLines(text)  # type: ignore[assignment]
    return code


def compiled_text(text: bytes) -> types.CodeType:
    """Compile a source, in which no comment names an encoding.

    A response is a text, not a file: ``# run-length encoding: simple`` is a comment, and ``# coding: gbk`` says how the
    author's file was saved, not the text that came here.
    """
    try:
        source: str | bytes = text.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        source = text  # a lone surrogate: the compiler says where
    return compile(source, SOLUTION, "exec", dont_inherit=True)


class SourceLines:
    """An entry of ``linecache.cache`` whose lines are made when they are needed: few programs print a traceback."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._lines: list[str] = []

    def __len__(self) -> int:
        return 4

    def __getitem__(self, place: int) -> object:
        if place == 2 and not self._lines:
            self._lines = source_lines(self._text)
        return (len(self._text), None, self._lines, SOLUTION)[place]


def source_lines(text: bytes) -> list[str]:
    """Return the lines as ``linecache`` would read them from a file."""
    # Not by "utf-8-sig": a program that has used up its descriptors cannot import that codec.
    content = io.BytesIO(text.removeprefix(b"\xef\xbb\xbf"))
    lines = io.TextIOWrapper(content, "utf-8", errors="replace").readlines()
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def error_text(error: BaseException, text: bytes) -> str:
    """Return what the interpreter prints when a program does not compile."""
    if isinstance(error, SyntaxError) and error.text is None and error.lineno:
        lines = source_lines(text)  # the compiler looked for them on disk
        error.text = lines[error.lineno - 1] if error.lineno <= len(lines) else None
    sys.stderr = printed = io.StringIO()
    sys.__excepthook__(type(error), error.with_traceback(None), None)
    return printed.getvalue()


# --- in a run ---


def run_python(code: types.CodeType, arguments: list[str], start: Start) -> None:
    """Become ``python solution.py``; never return."""
    sys.argv[1:] = arguments
    main_module = type(sys)("__main__")
    namespace = main_module.__dict__
    namespace.update(__file__=SOLUTION, __builtins__=builtins, __cached__=None, __annotations__={})
    sys.modules["__main__"] = main_module
    del main_module
    threading.excepthook = show_in_thread
    sys.setrecursionlimit(start.recursion_limit + depth())
    _random.Random.seed(random._inst)  # by chance, as in every new process
    gc.enable()
    os._exit(execute(code, namespace))


def execute(code: types.CodeType, namespace: dict[str, Any]) -> int:
    """Run the program and end as CPython does; return the exit status."""
    status = 0
    try:
        exec(code, namespace)
    except BaseException as error:
        error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next  # without this frame
        status = report(error)
    try:
        if len(threading._active) + len(threading._limbo) > 1 or threading._threading_atexits:  # type: ignore[attr-defined]
            threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are no daemons
    except BaseException as error:
        report(error)
    atexit._run_exitfuncs()
    flushed = flush()
    sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__
    for key in [key for key in namespace if key[:1] == "_" and key[1:2] != "_"]:
        namespace[key] = None
    for key in [key for key in namespace if key != "__builtins__"]:
        namespace[key] = None  # as the interpreter does: files are flushed and closed, __del__ runs
    gc.collect()
    flush()
    return status if flushed else 120


def report(error: BaseException) -> int:
    """Do what the interpreter does with an uncaught exception; return the exit status."""
    if isinstance(error, SystemExit):
        return exit_status(error.code)
    try:
        flush_one(sys.stdout)
        if sys.excepthook is sys.__excepthook__:
            show(type(error), error, error.__traceback__)
        else:
            sys.excepthook(type(error), error, error.__traceback__)
    except SystemExit as exit_error:
        return exit_status(exit_error.code)
    except BaseException:
        pass
    if isinstance(error, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 1


def exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    try:
        print(code, file=sys.stderr, flush=True)
    except BaseException:
        pass
    return 1


def show(kind: type[BaseException], error: BaseException | None, trace: types.TracebackType | None) -> None:
    """Print an exception with the lines in linecache. The interpreter's own printer would look for them on disk."""
    if sys.stderr is not None:
        traceback.print_exception(kind, error, trace, limit=-MAX_FRAMES, file=sys.stderr)
        sys.stderr.flush()


def show_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit or sys.stderr is None:
        return
    name = args.thread.name if args.thread is not None else threading.get_ident()
    print(f"Exception in thread {name}:", file=sys.stderr, flush=True)
    show(args.exc_type, args.exc_value, args.exc_traceback)


def flush() -> bool:
    return flush_one(sys.stdout) & flush_one(sys.stderr)


def flush_one(stream: Any) -> bool:
    try:
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()
    except BaseException:
        return False
    return True


def depth() -> int:
    """Return the number of frames below the program's own, which must not reduce how deep it may recurse."""
    frame: types.FrameType | None = sys._getframe(1)
    count = 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count + (2 if sys.version_info < (3, 12) else 1)  # exec counts as that many
