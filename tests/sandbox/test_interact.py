"""Interacting programs: what each receives, what each is charged for, and attempts to break it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.sandbox import Limits, Program, Sandbox, Status, installed_languages
from rlef_env.sandbox.interact import Interaction, interact
from tests.sandbox.implementations import namespaces_refused
from tests.sandbox.test_failures import running

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
SILENT = "import sys\nsys.stdin.read()"
SENDS_ONE = "print(1, flush=True)\ninput()"
QUICK = Limits(cpu_seconds=0.3, output_bytes=10**6)
PATIENT = Limits(cpu_seconds=60, output_bytes=10**6)
ASKS = """\
import sys
low, high = 0, 1000
while low < high:
    middle = (low + high) // 2
    print(middle, flush=True)
    if input() == "higher":
        low = middle + 1
    else:
        high = middle
print("!", low, flush=True)
"""
KNOWS = """\
import sys
secret, tries = int(sys.argv[1]), 0
for line in sys.stdin:
    if line[0] == "!":
        open(sys.argv[2] + "judgemessage.txt", "w").write(f"{tries} tries")
        sys.exit(42 if int(line[1:]) == secret else 43)
    tries += 1
    print("higher" if secret > int(line) else "not", flush=True)
sys.exit(43)
"""
ASKS_IN_C = """\
#include <stdio.h>
#include <string.h>
int main(void) { int low = 0, high = 1000; char word[99];
while (low < high) { int middle = (low + high) / 2; printf("%d\\n", middle); fflush(stdout);
if (!fgets(word, sizeof word, stdin)) return 1;
if (!strcmp(word, "higher\\n")) low = middle + 1; else high = middle; }
printf("! %d\\n", low); return 0; }
"""


@pytest.fixture(scope="module", params=["locked", "no launcher", "no namespaces", "none"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, Sandbox]]:
    with contextlib.ExitStack() as stack:
        boxes = []
        for _ in range(2):
            kind = "none" if request.param == "none" else "locked"
            made = namespaces_refused() if request.param == "no namespaces" else Sandbox(kind)
            boxes.append(stack.enter_context(made))
        if request.param == "no launcher":
            stack.enter_context(pytest.MonkeyPatch.context()).setattr(boxes[0]._compiler, "launcher", lambda: b"")
        yield boxes[0], boxes[1]


@pytest.fixture(scope="module")
def locked() -> Iterator[tuple[Sandbox, Sandbox]]:
    with Sandbox() as first, Sandbox() as second:
        yield first, second


def interaction(
    pair: tuple[Sandbox, Sandbox],
    first: str | Program,
    second: str,
    words: Sequence[str | bytes] = (),
    limits: tuple[Limits, Limits] = (PATIENT, PATIENT),
    wall_seconds: float | None = None,
) -> Interaction:
    """Let two programs interact; ``words`` are the second one's arguments before its scratch folder."""
    program = Program(first) if isinstance(first, str) else first
    with pair[0].load(program, limits[0]) as one, pair[1].load(Program(second), limits[1]) as other:
        return interact(one, other, ((), [*words, other.scratch]), wall_seconds)


@pytest.mark.parametrize("language", ["python", "c"])
def test_a_binary_search_by_questions(language: str, pair: tuple[Sandbox, Sandbox]) -> None:
    if language not in installed_languages():
        pytest.skip(f"{language} is not installed here")
    program = Program(ASKS if language == "python" else ASKS_IN_C, language)
    for secret in ("0", "617"):
        result = interaction(pair, program, KNOWS, [secret], (PATIENT, Limits(cpu_seconds=60, scratch_bytes=8192)))
        assert (result.first.status, result.first.exit_code, result.second.exit_code) == (Status.EXITED, 0, 42), result
        assert result.second.files["judgemessage.txt"].endswith(b"tries")
        assert result.first.stdout.startswith(b"500\n")
        assert result.first.stdout.endswith(b"! " + secret.encode() + b"\n")
        assert set(result.second.stdout.split()) <= {b"higher", b"not"}


def test_data_arrives_complete_and_in_order(locked: tuple[Sandbox, Sandbox]) -> None:
    """More than the pipes hold, from both at once."""
    source = (
        "import os, sys, threading\nwords = bytes(range(256)) * 4000\n"
        "def send():\n    sys.stdout.buffer.write(words)\n    sys.stdout.flush()\n    os.close(1)\n"
        "threading.Thread(target=send).start()\nsys.exit(7 if sys.stdin.buffer.read() == words else 8)"
    )
    limits = Limits(cpu_seconds=60, output_bytes=2 * 10**6)
    result = interaction(locked, source, source, limits=(limits, limits))
    assert [result.first.exit_code, result.second.exit_code] == [7, 7], result
    assert result.first.stdout == result.second.stdout == bytes(range(256)) * 4000


@given(sent=st.lists(st.binary(max_size=300), max_size=4))
def test_any_bytes_are_carried(sent: list[bytes], locked: tuple[Sandbox, Sandbox]) -> None:
    sender = (
        f"import os, sys\nfor word in {sent!r}: os.write(1, word)\nos.close(1)\nos.write(2, sys.stdin.buffer.read())"
    )
    back = "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())"
    result = interaction(locked, sender, back)
    assert result.first.stdout == result.second.stdout == result.first.stderr == b"".join(sent)


def test_a_program_that_dies_at_once_ends_the_others_input(pair: tuple[Sandbox, Sandbox]) -> None:
    result = interaction(pair, "import os\nos.abort()", "import sys\nsys.exit(5 if sys.stdin.read() == '' else 6)")
    assert (result.first.status, result.first.signal, result.second.exit_code) == (Status.SIGNALED, signal.SIGABRT, 5)
    assert result.first_left


def test_a_program_that_writes_after_the_other_has_ended(pair: tuple[Sandbox, Sandbox]) -> None:
    """The first continues to write; it is reported that the second left first."""
    result = interaction(pair, "while True: print('x' * 100, flush=True)", "import sys\ninput()\nsys.exit(43)")
    assert result.second.exit_code == 43
    assert result.first.exit_code == 120  # as in plain Python: the rest of the output cannot be flushed
    assert b"BrokenPipeError" in result.first.stderr
    assert not result.first_left


def test_a_native_program_gets_the_signal(pair: tuple[Sandbox, Sandbox]) -> None:
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    writer = Program('#include <stdio.h>\nint main(void) { for (;;) { puts("x"); fflush(stdout); } }', "c")
    result = interaction(pair, writer, "import sys\ninput()\nsys.exit(43)")
    assert (result.first.signal, result.second.exit_code, result.first_left) == (signal.SIGPIPE, 43, False)


@pytest.mark.parametrize("end", ["return 7;", "close(1); pause();"])
def test_the_end_of_a_native_program_is_noticed(end: str, pair: tuple[Sandbox, Sandbox]) -> None:
    """Its output is at its end once it closes it, though the process that launched it is still alive."""
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    source = f'#include <stdio.h>\n#include <unistd.h>\nint main(void) {{ puts("bye"); fflush(stdout); {end} }}'
    second = "import sys\nsys.exit(5 if sys.stdin.read() == 'bye\\n' else 6)"
    result = interaction(pair, Program(source, "c"), second, limits=(QUICK, PATIENT))
    assert (result.second.exit_code, result.first_left) == (5, "return" in end), result


def test_closing_the_output_ends_the_others_input(pair: tuple[Sandbox, Sandbox]) -> None:
    closes = "import os, sys\nprint('bye', flush=True)\nos.close(1)\nsys.exit(3 if input() == 'received' else 4)"
    result = interaction(pair, closes, "import sys\nassert sys.stdin.read() == 'bye\\n'\nprint('received')")
    assert (result.first.exit_code, result.second.exit_code) == (3, 0), result


SPOILERS = {
    "both wait": (SILENT, SILENT, Status.TIME_LIMIT),
    "one never flushes": ("print(1)\ninput()", SILENT, Status.TIME_LIMIT),
    "one sleeps": ("import time\ntime.sleep(900)", SILENT, Status.TIME_LIMIT),
    "a busy loop": ("while True: pass", SILENT, Status.TIME_LIMIT),
    "a flood that is read": ("while True: print('x' * 9999)", SILENT, Status.OUTPUT_LIMIT),
    "a flood that ignores errors": (
        "import os\nwhile True:\n    try: os.write(1, bytes(9999))\n    except OSError: pass",
        SILENT,
        Status.OUTPUT_LIMIT,
    ),
    "a flood that is not read": ("while True: print('x' * 9999)", "import time\ntime.sleep(900)", Status.TIME_LIMIT),
    "a thread that keeps the pipe open": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(900,)).start()",
        SILENT,
        Status.TIME_LIMIT,
    ),
    "a reader of its own output": (
        "import os\nkept = os.open('/proc/self/fd/1', 0)\nwhile True: os.write(1, bytes(999))",
        "",
        None,
    ),
    "a writer to its own input": (
        "import os\nkept = os.open('/proc/self/fd/0', 1)\nos.read(0, 1)",
        "",
        Status.TIME_LIMIT,
    ),
    "endless errors": ("import sys\nwhile True: sys.stderr.write('x' * 9999)", SILENT, Status.OUTPUT_LIMIT),
    "security": ("import ctypes\nctypes.CDLL(None).syscall(101, 0, 0, 0, 0)", SILENT, Status.SECURITY_VIOLATION),
}


@pytest.mark.parametrize("name", SPOILERS)
def test_every_interaction_ends(name: str, locked: tuple[Sandbox, Sandbox]) -> None:
    """The first has the lower limits, like a judged program; the second notices its end and exits with 0."""
    first, second, status = SPOILERS[name]
    result = interaction(
        locked, first, second, limits=(QUICK, Limits(cpu_seconds=60, idle_seconds=1, output_bytes=10**6))
    )
    assert result.first.status is (status or Status.TIME_LIMIT), result.first
    assert len(result.first.stdout) <= 10**6
    patient = "sleep" not in second
    assert (result.second.status, result.second.exit_code) == (
        (Status.EXITED, 0) if patient else (Status.TIME_LIMIT, None)
    )


def test_the_program_with_the_lower_idle_limit_ends_first(locked: tuple[Sandbox, Sandbox]) -> None:
    result = interaction(locked, SILENT, SILENT, limits=(PATIENT, QUICK))
    assert (result.first.status, result.second.status) == (Status.EXITED, Status.TIME_LIMIT)
    assert not result.first_left


def test_waiting_while_the_other_works_is_not_idle_time(pair: tuple[Sandbox, Sandbox]) -> None:
    works = "import time\nwhile time.process_time() < 1.2: pass\nprint('done')"
    waits = "import sys\nsys.exit(9 if input() == 'done' else 8)"
    result = interaction(pair, waits, works, limits=(Limits(cpu_seconds=0.2), PATIENT))
    assert (result.first.exit_code, result.second.exit_code) == (9, 0), result


def test_waiting_while_the_other_sleeps_is_idle_time(locked: tuple[Sandbox, Sandbox]) -> None:
    sleeps = "import time\ntime.sleep(900)\nprint('done')"
    result = interaction(
        locked, "input()", sleeps, limits=(Limits(cpu_seconds=0.2), Limits(cpu_seconds=60, idle_seconds=2))
    )
    assert result.first.status is Status.TIME_LIMIT


def test_many_short_exchanges_are_no_idle_time(locked: tuple[Sandbox, Sandbox]) -> None:
    """The judge's own part in each exchange does not count as waiting of either program."""
    asks = "for n in range(3000):\n    print(n, flush=True)\n    input()"
    result = interaction(locked, asks, ECHO, limits=(Limits(cpu_seconds=60, idle_seconds=0.2),) * 2)
    assert (result.first.status, result.second.status) == (Status.EXITED, Status.EXITED), result


def test_one_wall_limit_for_both(locked: tuple[Sandbox, Sandbox]) -> None:
    result = interaction(locked, SILENT, SILENT, wall_seconds=1.0)
    assert (result.first.status, result.second.status) == (Status.TIME_LIMIT, Status.TIME_LIMIT)
    assert max(result.first.wall_seconds, result.second.wall_seconds) < PATIENT.cpu_seconds


def test_neither_program_can_reach_the_pipes_or_the_other(locked: tuple[Sandbox, Sandbox]) -> None:
    pries = (
        "import fcntl, os\n"
        "for action in (lambda: fcntl.fcntl(0, 1031, 1 << 20), lambda: fcntl.fcntl(1, 1031, 1 << 20),\n"
        "        lambda: os.kill(os.getppid(), 9), lambda: fcntl.fcntl(0, fcntl.F_SETOWN, 1)):\n"
        "    try: os.write(2, b'done %r' % action())\n    except OSError: pass\n"
        "open_ones = [fd for fd in range(3, 64) if os.path.exists(f'/proc/self/fd/{fd}')]\n"
        "os.write(2, b'%d' % (os.fstat(0).st_ino == os.fstat(1).st_ino) + str(open_ones).encode())"
    )
    result = interaction(locked, pries, pries)
    assert (result.first.stderr, result.second.stderr) == (b"0[]", b"0[]")


def test_interactions_leave_nothing_behind_for_each_other(locked: tuple[Sandbox, Sandbox]) -> None:
    with locked[0].load(Program(ECHO), PATIENT) as one, locked[1].load(Program(SENDS_ONE), PATIENT) as other:
        before = len(list(Path("/proc/self/fd").iterdir()))
        result = [interact(one, other) for _ in range(3)]
        assert [(each.first.stdout, each.second.stdout) for each in result] == [(b"1\n", b"1\n")] * 3
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        assert one.run(b"alone\n").stdout == b"alone\n"


@pytest.mark.parametrize("broken", [0, 1])
def test_a_program_that_does_not_compile(broken: int, locked: tuple[Sandbox, Sandbox]) -> None:
    sources = [ECHO, ECHO]
    sources[broken] = "print("
    result = interaction(locked, *sources)
    executions = [result.first, result.second]
    assert executions[broken].status is Status.COMPILE_ERROR
    assert executions[1 - broken].status is Status.FAILED
    result = interaction(locked, ECHO, SENDS_ONE)
    assert result.first.stdout == b"1\n"


def test_a_killed_zygote_is_a_failure_of_its_own_side_only() -> None:
    with Sandbox() as first, Sandbox() as second:

        def kill_when_running() -> None:
            running(second)
            os.kill(first.pid, signal.SIGKILL)

        thread = threading.Thread(target=kill_when_running)
        thread.start()
        result = interaction((first, second), SILENT, "input()", limits=(Limits(cpu_seconds=900),) * 2)
        thread.join()
        assert result.first.status is Status.FAILED
        assert (result.second.status, result.second.exit_code) == (Status.EXITED, 1)
