"""Every limit, attempts to evade it, and what legitimate programs need."""

from __future__ import annotations

import platform
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.sandbox import Execution, Limits, Program, Sandbox, Status, installed_languages
from rlef_env.sandbox.policy.syscalls import NUMBERS

Run = Callable[..., Execution]
MB = 10**6

TOO_SLOW = {
    "busy loop": "while True: pass",
    "sleep": "import time\ntime.sleep(900)",
    "a loop that holds the interpreter": "9 ** (10 ** 9)",
    "a regular expression": "import re\nre.match(r'(a+)+$', 'a' * 50 + 'b')",
    "ignored signals": "import signal\nfor n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\nwhile True: pass",
    "caught exceptions": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "exit hook": "import atexit\natexit.register(lambda: [0 for _ in iter(int, 1)])",
    "destructor": "class A:\n    def __del__(self):\n        while True: pass\na = A()",
    "a thread that does not end": "import threading\ndef f():\n    while 1: pass\nthreading.Thread(target=f).start()",
    "many threads": "import threading\ndef f():\n    while True: pass\n"
    "for _ in range(8): threading.Thread(target=f).start()",
    "a lock never released": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "alarm reset": "import signal\nsignal.setitimer(signal.ITIMER_PROF, 0)\nwhile True: pass",
    "stopped": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
}


@pytest.mark.conformance
@pytest.mark.parametrize("name", TOO_SLOW)
def test_time_limit(name: str, run: Run) -> None:
    execution = run(TOO_SLOW[name], cpu_seconds=0.3)
    assert execution.status is Status.TIME_LIMIT


@pytest.mark.conformance
def test_sleeping_counts_as_idle_time_not_as_cpu(run: Run) -> None:
    execution = run("import time\ntime.sleep(0.6)\nprint(1)", cpu_seconds=0.5, idle_seconds=60)
    assert execution.status is Status.EXITED
    assert execution.cpu_seconds < 0.5
    assert execution.wall_seconds > 0.6


@pytest.mark.conformance
def test_wall_time_is_a_backstop(run: Run) -> None:
    execution = run("import time\ntime.sleep(900)", cpu_seconds=900, wall_seconds=1.0)
    assert execution.status is Status.TIME_LIMIT


# A thread made by hand, with no stack and its own table of descriptors.
CLONE = "assert ctypes.CDLL(None).syscall(56, 0x10f00, None, 0, 0, 0) > 0"

MEMORY_HOGS = {
    "one block": "data = bytearray(200 * 10**6)\nprint(len(data))",
    "many objects": "data = [str(i) for i in range(10**7)]",
    "strings": "s = 'x' * 1000\nfor _ in range(20): s += s",
    "anonymous map": "import mmap\nm = mmap.mmap(-1, 200 * 10**6, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
    "for i in range(0, len(m), 4096): m[i] = 1",
    "in a thread": "import threading\nt = threading.Thread(target=lambda: bytearray(200 * 10**6))\nt.start()\nt.join()",
    "freed before the end": "data = bytearray(200 * 10**6)\ndel data\nprint(1)",
}


@pytest.mark.conformance
@pytest.mark.parametrize("name", MEMORY_HOGS)
def test_memory_limit(name: str, run: Run) -> None:
    execution = run(MEMORY_HOGS[name], cpu_seconds=60, memory_bytes=100 * MB)
    assert execution.status is Status.MEMORY_LIMIT


@pytest.mark.skipif("javascript" not in installed_languages(), reason="node is not installed here")
def test_the_kernels_page_tables_of_memory_that_is_only_read_count() -> None:
    """They are in no total of a process's memory, and could exhaust a machine's memory."""
    source = (
        "const all = []\nlet sum = 0\nfor (let i = 0; i < 100; i++) {\n"
        "  const memory = new Uint8Array(new WebAssembly.Memory({initial: 65536}).buffer)\n  all.push(memory)\n"
        "  for (let at = 0; at < memory.length; at += 1 << 21) sum += memory[at]\n}\n"
    )
    limits = Limits(cpu_seconds=20, memory_bytes=150 * MB)
    with Sandbox() as sandbox, sandbox.load(Program(source, "javascript"), limits) as loaded:
        assert loaded.run(b"").status is Status.MEMORY_LIMIT


WITHIN_MEMORY = {
    "just under": ("data = bytearray(80 * 10**6)\nprint(len(data))", b"80000000\n"),
    "a big stack, hardly touched": (
        "import threading\nthreading.stack_size(256 * 2**20)\n"
        "t = threading.Thread(target=print, args=('ok',))\nt.start()\nt.join()",
        b"ok\n",
    ),
    "reserved, not touched": (
        "import mmap\nm = mmap.mmap(-1, 500 * 10**6, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\nprint('ok')",
        b"ok\n",
    ),
    "a refused allocation, caught": (
        "try: data = bytearray(10**12)\nexcept MemoryError: print('ok')",
        b"ok\n",
    ),
}


@pytest.mark.conformance
@pytest.mark.parametrize("name", WITHIN_MEMORY)
def test_untouched_memory_does_not_count(name: str, run: Run) -> None:
    source, output = WITHIN_MEMORY[name]
    execution = run(source, memory_bytes=100 * MB)
    assert (execution.status, execution.stdout) == (Status.EXITED, output)


@pytest.mark.parametrize("make", ["threading.stack_size(32768)\n    threading.Thread(target=park).start()", CLONE])
def test_thread_bomb(make: str, run: Run) -> None:
    """It is killed for its threads, not for its time: the kernel's memory for a thread is in no other total."""
    source = (
        "import threading, ctypes\nlock = threading.Lock()\nlock.acquire()\ndef park(): lock.acquire()\n"
        f"for _ in range(20000):\n    {make}\n"
    )
    execution = run(source, cpu_seconds=250)
    assert execution.status in (Status.MEMORY_LIMIT, Status.EXITED)
    assert execution.exit_code != 0


def test_waits_of_many_threads_do_not_excuse_their_sleep(run: Run) -> None:
    source = (
        "import threading, time\nthreading.stack_size(65536)\nbarrier = threading.Barrier(100)\n"
        "def meet():\n    for _ in range(1000):\n        time.sleep(0.2)\n        barrier.wait()\n"
        "for _ in range(100): threading.Thread(target=meet).start()\n"
    )
    execution = run(source, cpu_seconds=100, idle_seconds=1)
    assert execution.status is Status.TIME_LIMIT
    assert execution.cpu_seconds < 100


FLOODS = {
    "stdout": "import sys\nwhile True: sys.stdout.write('x' * 10**5)",
    "stderr": "import sys\nwhile True: sys.stderr.write('x' * 10**5)",
    "caught": "import os\nwhile True:\n    try: os.write(1, b'x' * 10**5)\n    except OSError: break",
    "past the end": "import os\nos.lseek(1, 2 * 10**6, 0)\nos.write(1, b'x')",
    "truncated longer": "import os\nos.ftruncate(1, 2 * 10**6)",
}


@pytest.mark.conformance
@pytest.mark.parametrize("name", FLOODS)
def test_output_limit(name: str, run: Run) -> None:
    execution = run(FLOODS[name], cpu_seconds=60, output_bytes=10**6)
    if name in ("past the end", "truncated longer"):  # refused outright: the program's own error
        assert execution.status in (Status.OUTPUT_LIMIT, Status.EXITED)
        assert execution.exit_code != 0
    else:
        assert execution.status is Status.OUTPUT_LIMIT
    assert max(len(execution.stdout), len(execution.stderr)) <= 10**6


@pytest.mark.conformance
def test_exactly_as_much_output_as_allowed(run: Run) -> None:
    assert run("print('x' * 99)", output_bytes=100).status is Status.EXITED
    assert run("print('x' * 100)", output_bytes=100).status is Status.OUTPUT_LIMIT


COMPILE_BOMBS = {
    "nesting": "(" * 100_000,
    "long sum": "x = " + "+".join(["1"] * 100_000),
    "deep blocks": "\n".join(" " * n + "if 1:" for n in range(200)),
    "huge integer": "x = " + "9" * 10_000,
    "an odd encoding": "# coding: idna\nprint(input())",
    "an unknown encoding": "# coding: nope\nprint(1)",
    "not text": "\x00\xff\x1b",
    "lone surrogate": "print('\ud800')",
}


@pytest.mark.conformance
@pytest.mark.parametrize("name", COMPILE_BOMBS)
def test_sources_that_strain_the_compiler(name: str, sandbox: Sandbox) -> None:
    with sandbox.load(Program(COMPILE_BOMBS[name])) as loaded:
        execution = loaded.run(b"")
    assert execution.status in (Status.COMPILE_ERROR, Status.EXITED)
    assert execution.stderr or execution.exit_code == 0


def test_a_slow_compilation_is_killed_even_after_many_quick_ones(sandbox: Sandbox) -> None:
    """A reply that came too late for one compilation must not be taken for the next one's."""
    for _ in range(30):
        with sandbox.load(Program("x = [" + "a," * 8000 + "]")):
            pass
    with sandbox.load(Program("# coding: punycode\n" + "x" * 1_000_000)) as loaded:
        assert loaded.run(b"").status in (Status.COMPILE_ERROR, Status.EXITED)
    with sandbox.load(Program("print(1)")) as loaded:
        assert loaded.run(b"").stdout == b"1\n"


@pytest.mark.conformance
def test_killed_by_a_signal(run: Run) -> None:
    execution = run("import os\nos.kill(os.getpid(), 9)")
    assert (execution.status, execution.signal, execution.exit_code) == (Status.SIGNALED, 9, None)


@given(source=st.one_of(st.text(), st.binary().map(lambda b: b.decode("latin-1"))), stdin=st.binary())
def test_any_text_is_safe_as_a_program(source: str, stdin: bytes, sandbox: Sandbox) -> None:
    with sandbox.load(Program(source), Limits(cpu_seconds=10)) as loaded:
        assert loaded.run(stdin).status is not Status.FAILED


@given(stdin=st.binary(max_size=10_000))
def test_any_bytes_are_echoed(stdin: bytes, sandbox: Sandbox) -> None:
    echo = Program("import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())")
    with sandbox.load(echo) as loaded:
        assert loaded.run(stdin).stdout == stdin


@pytest.mark.parametrize(
    "call", ["membarrier, 1, 0, 0", "clone, 0x54f00, 0, 0, 0, 0"]
)  # for all processors; like vfork
def test_no_call_waits_in_a_way_that_looks_like_waiting_for_the_disk(call: str, run: Run) -> None:
    """Such waits are not charged. A program that could sleep in one could choose to be starved and have no verdict."""
    name, _, arguments = call.partition(", ")
    number = NUMBERS[name][{"x86_64": 0, "aarch64": 1}[platform.machine()]]
    execution = run(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.syscall({number}, {arguments}), ctypes.get_errno())"
    )
    assert execution.stdout == b"-1 1\n", execution


def test_no_program_bypasses_the_page_cache(run: Run) -> None:
    """Waits for the disk are not charged; a program could cause them for as long as it wants."""
    execution = run(
        "import fcntl, os\nflags = fcntl.fcntl(0, fcntl.F_GETFL)\n"
        "fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_NONBLOCK)\n"
        "os.close(os.open(os.path.dirname(os.__file__), os.O_RDONLY | os.O_DIRECTORY))\n"
        "for action in (lambda: os.open(os.__file__, os.O_RDONLY | os.O_DIRECT),\n"
        "    lambda: fcntl.fcntl(os.open(os.__file__, 0), fcntl.F_SETFL, os.O_DIRECT)):\n"
        "    try: action()\n    except OSError as error: print(error.errno)\n"
    )
    assert execution.stdout == b"22\n1\n", execution
