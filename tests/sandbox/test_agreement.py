"""A program does in the sandbox what it does under plain ``python solution.py < input``."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlef_env.sandbox import Execution, Status
from rlef_env.testing import sources

Run = Callable[..., Execution]
PlainPython = Callable[[str, bytes], "tuple[int, bytes, str]"]

CASES = {
    "sum": ("print(sum(map(int, input().split())))", b"1 2\n"),
    "input without newline": ("print(repr(input()))", b"abc"),
    "end of input": ("input()\ninput()", b"one\n"),
    "iterating stdin": ("import sys\nfor line in sys.stdin: print(repr(line))", b"a\r\nb\n\nc"),
    "bytes of stdin": ("import sys\nprint(sys.stdin.buffer.readline(), sys.stdin.buffer.read())", b"x\n\xff\x00y"),
    "not UTF-8 through text": ("print(input())", b"\xff\xfe\n"),
    "read by descriptor": ("import os\nos.write(1, os.read(0, os.fstat(0).st_size)[::-1])", b"abcdef"),
    "open(0)": ("print(len(open(0).read()))", b"x" * 100_000),
    "print after raw write": ("import os\nprint('a')\nos.write(1, b'b')", b""),
    "unflushed own file": ("import sys\nf = open(1, 'w', closefd=False)\nf.write('late')", b""),
    "custom stdout": (
        "import sys, io\nclass Out:\n  def __init__(s): s.b = io.StringIO()\n  def write(s, x): s.b.write(x)\n"
        "  def flush(s): sys.__stdout__.write(s.b.getvalue()); s.b = io.StringIO()\nsys.stdout = Out()\nprint(42)",
        b"",
    ),
    "exit()": ("print(1)\nexit()", b""),
    "quit(3)": ("print(1)\nquit(3)", b""),
    "sys.exit(text)": ("import sys\nsys.exit('bye')", b""),
    "sys.exit(300)": ("import sys\nsys.exit(300)", b""),
    "raise SystemExit": ("raise SystemExit", b""),
    "os._exit loses what is buffered": ("import os\nprint('lost')\nos._exit(7)", b""),
    "exception": ("def f(x):\n    return 1 / x\n\nprint('before')\nf(0)", b""),
    "chained": ("try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('no ☃') from e", b""),
    "during handling": ("try:\n    int('x')\nexcept ValueError:\n    undefined", b""),
    "own exception": ("class Oops(Exception): pass\nraise Oops('a', 1)", b""),
    "recursion": ("def f(n):\n    return f(n + 1)\nf(0)", b""),
    "recursion depth": (
        "d = 0\ndef f():\n    global d\n    d += 1\n    f()\ntry: f()\nexcept RecursionError: print(d)",
        b"",
    ),
    "recursion depth set": (
        "import sys\nsys.setrecursionlimit(5000)\nd = 0\ndef f():\n    global d\n    d += 1\n    f()\n"
        "try: f()\nexcept RecursionError: print(d > 4900)",
        b"",
    ),
    "syntax error": ("print(1)\nif x\n    pass", b""),
    "indentation": ("def f():\nreturn 1", b""),
    "unterminated": ("print('abc", b""),
    "syntax error at run time": ("eval('1 +')", b""),
    "assertion": ("assert 1 == 2, 'no'", b""),
    "__main__ guard": ("def main(): print(__name__)\nif __name__ == '__main__':\n    main()\nprint('end')", b""),
    "exit hooks": ("import atexit\natexit.register(print, 'at exit')\nprint('end')", b""),
    "exit hooks after an exception": ("import atexit\natexit.register(print, 'at exit')\n1/0", b""),
    "destructor": ("class A:\n    def __del__(self): print('gone')\na = A()\nprint('end')", b""),
    "own excepthook": ("import sys\nsys.excepthook = lambda *a: print('mine', a[0].__name__)\n1/0", b""),
    "thread": ("import threading\nt = threading.Thread(target=print, args=(1,))\nt.start()\nt.join()\nprint(2)", b""),
    "exception in a thread": ("import threading\nthreading.Thread(target=lambda: 1 / 0, name='T').start()", b""),
    "thread outlives main": (
        "import threading, time\ndef f():\n    time.sleep(0.05)\n    print('t')\nthreading.Thread(target=f).start()",
        b"",
    ),
    "deep recursion in a thread": (
        "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(2**27)\n"
        "def f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
        "t = threading.Thread(target=lambda: print(f(50000)))\nt.start()\nt.join()",
        b"",
    ),
    "signal": ("import os\nos.abort()", b""),
    "interrupt": ("raise KeyboardInterrupt", b""),
    "hash order": ("print({'a', 'b', 'c', 'd'}, hash('x'))", b""),
    "non-ASCII": ("print('naïve ☃ 漢字')", b""),
    "online judge": ("import os\nprint(os.environ.get('ONLINE_JUDGE'))", b""),
    "compile error without a line in hand": ("x = 1\nreturn 1", b""),
    "tabs": ("\tx = 1\n  y = 2", b""),
    "form feed and CRLF": ("print(1)\r\n\x0c\r\nprint(2)\r\n", b""),
    "linecache": ("import inspect\ndef f(): return 7\nprint(inspect.getsource(f))", b""),
    "print_exc": ("import traceback\ntry:\n    1/0\nexcept Exception:\n    traceback.print_exc()", b""),
    "arguments": ("import sys, os\nprint(len(sys.argv), sys.argv[0].endswith('solution.py'), sys.stdin.fileno())", b""),
    "encodings": (
        "import sys\nprint(sys.stdin.encoding, sys.stdin.errors, sys.stdout.encoding, sys.stdout.errors)",
        b"",
    ),
    "detached stdout": (
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.detach(), write_through=True)\nprint('x')",
        b"",
    ),
    "stack limit": (
        "import resource\nresource.setrlimit(resource.RLIMIT_STACK, (2**23, resource.RLIM_INFINITY))\nprint(1)",
        b"",
    ),
    "locale": ("import locale\nprint(locale.setlocale(locale.LC_ALL, ''))", b""),
    "closed stdout": ("import sys\nprint('x')\nsys.stdout.close()", b""),
    "asyncio": (
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 5\nprint(asyncio.run(f()))",
        b"",
    ),
    "standard library": (
        "import json, ssl, sqlite3, lzma, bz2, hashlib, statistics, dataclasses, heapq, zoneinfo, xml.dom.minidom\n"
        "print(hashlib.sha256(b'').hexdigest(), sqlite3.connect(':memory:').execute('select 1').fetchall())",
        b"",
    ),
}


def comparable(stderr: str) -> str:
    """Leave out marks below lines that are not ASCII.

    The interpreter itself and its module ``traceback``, with which a sandbox prints, place the ^ of an operator
    differently there, for example in ``'\u00a1' + 1`` (Python 3.11.7).
    """
    lines = stderr.splitlines(keepends=True)
    marks = re.compile(r" +[~^]+\n?")
    return "".join(
        line for line, before in zip(lines, ["", *lines], strict=False)
        if before.isascii() or not marks.fullmatch(line)
    )  # fmt: skip


def agree(execution: Execution, plain: tuple[int, bytes, str]) -> None:
    code, stdout, stderr = plain
    assert execution.stdout == stdout
    assert comparable(execution.stderr.decode("utf-8", "replace")) == comparable(stderr)
    if execution.status is Status.COMPILE_ERROR:
        assert code == 1
    else:
        assert code == (execution.exit_code if execution.signal is None else -execution.signal)


@pytest.mark.conformance
@pytest.mark.parametrize("name", CASES)
def test_agrees_with_plain_python(name: str, run: Run, plain_python: PlainPython) -> None:
    source, stdin = CASES[name]
    agree(run(source, stdin), plain_python(source, stdin))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(source=sources(), stdin=st.binary(max_size=200))
def test_generated_programs_agree(source: str, stdin: bytes, run: Run, plain_python: PlainPython) -> None:
    agree(run(source, stdin), plain_python(source, stdin))


@pytest.mark.parametrize(
    "source",
    [
        "# Run-length encoding: collapse runs\nprint('é')",
        "#!/usr/bin/env python3\n# Huffman coding: greedy\nprint('é')",
        "# -*- coding: gbk -*-\nprint('é')",
        "\ufeff# -*- coding: latin-1 -*-\nprint('é')",
    ],
)
def test_no_comment_names_the_encoding_of_a_text(source: str, run: Run) -> None:
    """Unlike in a file."""
    execution = run(source)
    assert (execution.status, execution.stdout.decode()) == (Status.EXITED, "é\n"), execution
