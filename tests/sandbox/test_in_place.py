"""A run in the process that compiled the program is like one in a fork: same results, same world, same limits."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlef_env.judge import Judge, Verdict
from rlef_env.problems import Problem
from rlef_env.problems import Test as Case
from rlef_env.sandbox import Execution, Limits, LoadedProgram, Program, Sandbox, Status
from tests.sandbox.implementations import namespaces_refused
from tests.sandbox.test_channels import MOVERS, PROBE
from tests.stopping import wait_until

LIMITS = Limits(cpu_seconds=60, memory_bytes=10**9)
SUM = "a, b = map(int, input().split())\nprint(a + b)\n"

WORLD = """
import builtins, ctypes, gc, os, resource, signal, sys, threading
def show(*words): lines.append(" ".join(map(str, words)))
lines = []
for fd in range(64):
    try: os.fstat(fd)
    except OSError: continue
    show("descriptor", fd)
show("limits", [resource.getrlimit(kind) for kind in range(16)])
show("environment", dict(os.environ), os.getcwd(), sys.argv, sys.path, sys.flags)
show("modules", sorted(sys.modules), sorted(vars(builtins)))
show("gc", gc.isenabled(), gc.get_threshold(), gc.garbage, gc.get_freeze_count() > 0)
show("signals", [signal.getsignal(number) for number in range(1, 32)], signal.pthread_sigmask(0, ()))
show("threads", threading.active_count(), threading.main_thread().native_id == os.getpid(), os.times()[2:4])
show("recursion", sys.getrecursionlimit())
frame, names = sys._getframe(), []
while frame: names.append((frame.f_code.co_name, sorted(frame.f_locals))); frame = frame.f_back
show("frames", [name for name, _ in names], names[1:])
# Times in ticks, through the kernel: the children's are those of the earlier runs.
show("children", ctypes.CDLL(None).times(ctypes.create_string_buffer(32)))
show("sockets", [item for item in gc.get_objects() if type(item).__name__ == "socket"])
print("\\n".join(lines))
"""


def ran(loaded: LoadedProgram, stdin: bytes = b"", in_place: bool = False, word: str = "") -> Execution:
    """Run; leave out the figures that no two runs share. What a run over a limit did before its end is chance."""
    execution = loaded.run(stdin, [word] if word else [], in_place)
    if execution.status in (Status.TIME_LIMIT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT):
        return Execution(execution.status)
    return replace(execution, cpu_seconds=0.0, wall_seconds=0.0, peak_bytes=0)


@pytest.fixture(params=["locked", "no namespaces"])
def sandbox(request: pytest.FixtureRequest) -> object:
    with Sandbox() if request.param == "locked" else namespaces_refused() as sandbox:
        yield sandbox


def test_the_last_run_finds_the_world_of_the_others(sandbox: Sandbox) -> None:
    with sandbox.load(Program(WORLD), LIMITS) as loaded:
        first, second = ran(loaded), ran(loaded)
        last = ran(loaded, in_place=True)
    assert (first.status, first.exit_code) == (Status.EXITED, 0)
    assert first.stdout.decode().splitlines() == second.stdout.decode().splitlines()
    assert last.stdout.decode().splitlines() == first.stdout.decode().splitlines()


def test_a_run_cannot_read_how_the_earlier_ones_went(sandbox: Sandbox) -> None:
    """Not in the frames below its own. Memory that was freed there is not searched."""
    spy = """
import sys
word = input()
if word == "big": kept = bytearray(345 * 10**6)
frame = sys._getframe()
while frame:
    for name, value in frame.f_locals.items():
        if "rusage" in type(value).__name__ or type(value) is float: print(name)
    frame = frame.f_back
"""
    with sandbox.load(Program(spy), LIMITS) as loaded:
        loaded.run(b"big")
        assert ran(loaded, b"small").stdout == b""
        assert ran(loaded, b"small", in_place=True).stdout == b""


@pytest.mark.parametrize("mover", MOVERS)
def test_what_the_last_run_reads_does_not_depend_on_the_runs_before_it(mover: str) -> None:
    # Chosen by an argument: a run that has read its input finds the time of that.
    either = f"import sys\nif sys.argv.pop() == 'probe':\n exec({PROBE!r})\nelse:\n exec({MOVERS[mover]!r})\n"
    with Sandbox() as sandbox:
        read = []
        for before in ("probe", "move"):
            with sandbox.load(Program(either), LIMITS) as loaded:
                ran(loaded, b"some input", word=before)
                read.append(ran(loaded, b"some input", in_place=True, word="probe"))
    assert read[0].status is Status.EXITED
    assert read[0].stdout.decode().splitlines() == read[1].stdout.decode().splitlines()


SMALL = Limits(cpu_seconds=0.3, memory_bytes=60 * 10**6, output_bytes=10**6)
ENDS = {
    "right": (SUM, Status.EXITED),
    "raises": ("import sys\nprint(input(), flush=True)\nraise ValueError(7)", Status.EXITED),
    "exits": ("import sys\nsys.exit(3)", Status.EXITED),
    "leaves at once": ("import os\nos._exit(7)", Status.EXITED),
    "loops": ("while True: pass", Status.TIME_LIMIT),
    "loops in C": ("sum(range(10 ** 12))", Status.TIME_LIMIT),
    "sleeps": ("import time\ntime.sleep(100)", Status.TIME_LIMIT),
    "takes memory": ("kept = [bytearray(10**6) for _ in range(200)]", Status.MEMORY_LIMIT),
    "takes memory and waits": ("kept = [bytearray(10**6) for _ in range(200)]\nimport time\ntime.sleep(9)", None),
    "prints too much": ("print('x' * 2 * 10**6)", Status.OUTPUT_LIMIT),
    "crashes": ("import ctypes\nctypes.string_at(0)", Status.SIGNALED),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", Status.SIGNALED),
    "traces": ("import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)", Status.SECURITY_VIOLATION),
    "forks": ("import os\nos.fork()", Status.EXITED),
    "signals its parent": ("import os\nos.kill(os.getppid(), 9)", Status.EXITED),
    "executes": ("import os\nos.execv('/bin/sh', ['sh'])", Status.EXITED),
    "cannot be compiled": ("a b", Status.COMPILE_ERROR),
    "closes everything": ("import os\nos.closerange(0, 64)", Status.EXITED),
    "writes to every descriptor": (
        "import os\nfor fd in range(3, 64):\n try: os.write(fd, bytes(8))\n except OSError: pass\nprint(1)",
        Status.EXITED,
    ),
    "leaves a thread": ("import threading\nthreading.Thread(target=input, daemon=True).start()", Status.EXITED),
}
"""What a program does -> it, and its status where it has only one."""


@pytest.fixture(scope="module")
def both() -> object:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("kind", ENDS)
def test_a_run_ends_in_place_as_in_a_fork(both: Sandbox, kind: str) -> None:
    source, status = ENDS[kind]
    with both.load(Program(source), SMALL) as loaded:
        forked = ran(loaded, b"3 4\n")
        last = ran(loaded, b"3 4\n", in_place=True)
    with both.load(Program(source), SMALL) as loaded:
        only = ran(loaded, b"3 4\n", in_place=True)
        after = ran(loaded, b"3 4\n")
    assert status is None or forked.status is status
    assert last == only == after == forked


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.sampled_from(["right", "raises", "exits", "crashes", "forks"]), min_size=1, max_size=4),
    data=st.data(),
)
def test_executions_are_the_same_wherever_they_run(both: Sandbox, kinds: list[str], data: st.DataObject) -> None:
    """One program that does on each line what the line asks for; any of its runs in place, in any order."""
    chosen = {kind: ENDS[kind][0] for kind in kinds}
    program = Program(f"sources = {chosen!r}\nexec(sources[input()])\n")
    places = data.draw(st.lists(st.booleans(), min_size=len(kinds), max_size=len(kinds)))
    with both.load(program, SMALL) as loaded:
        expected = [ran(loaded, f"{kind}\n1 2\n".encode()) for kind in kinds]
    with both.load(program, SMALL) as loaded:
        pairs = zip(kinds, places, strict=True)
        assert [ran(loaded, f"{kind}\n1 2\n".encode(), in_place) for kind, in_place in pairs] == expected


def test_cpu_time_of_compiling_and_of_earlier_runs_does_not_count(both: Sandbox) -> None:
    burn = "import time\nend = time.process_time() + float(input())\nwhile time.process_time() < end: pass\n"
    with both.load(Program(burn), LIMITS) as loaded:
        loaded.run(b"0.5")
        last = loaded.run(b"0.1", in_place=True)
    assert 0.09 <= last.cpu_seconds < 0.4


def test_memory_of_earlier_runs_and_of_compiling_does_not_count(both: Sandbox) -> None:
    limits = Limits(memory_bytes=60 * 10**6)
    with both.load(Program("if input() == 'much': kept = bytearray(10**8)\nprint('end')\n"), limits) as loaded:
        assert loaded.run(b"much").status is Status.MEMORY_LIMIT
        assert loaded.run(b"little", in_place=True).status is Status.EXITED


def test_each_run_has_random_numbers_of_its_own(sandbox: Sandbox) -> None:
    found = []
    for _ in range(2):
        with sandbox.load(Program("import random\nprint(random.random())"), LIMITS) as loaded:
            found += [ran(loaded, in_place=place).stdout for place in (False, False, True)]
    assert len(set(found)) == 6
    assert all(0 < float(number) < 1 for number in found)


def test_threads_are_waited_for(sandbox: Sandbox) -> None:
    """The interpreter's own wait for threads is left out where there is none to wait for."""
    source = """
import atexit, concurrent.futures, threading, time
def slow(word): time.sleep(0.05); print(word, flush=True)
if input() == "thread": threading.Thread(target=slow, args=["end"]).start()
else: concurrent.futures.ThreadPoolExecutor(1).submit(slow, "end")
atexit.register(print, "hook")
"""
    with sandbox.load(Program(source), LIMITS) as loaded:
        for kind in (b"thread", b"pool"):
            assert ran(loaded, kind).stdout == b"end\nhook\n"
    with sandbox.load(Program(source), LIMITS) as loaded:
        assert ran(loaded, b"thread", in_place=True).stdout == b"end\nhook\n"


def test_a_run_in_place_is_killed_when_it_has_used_its_limit_and_not_before(both: Sandbox) -> None:
    with both.load(Program("while True: pass"), Limits(cpu_seconds=0.5)) as loaded:
        last = loaded.run(b"", in_place=True)
    assert last.status is Status.TIME_LIMIT
    assert last.cpu_seconds >= 0.5


def killed_while(both: Sandbox, source: str, in_place: bool, victim: Callable[[int], int]) -> Execution:
    """Run a program that waits; kill a process when it does. ``victim`` chooses it, given the zygote."""
    with both.load(Program(source), Limits(cpu_seconds=60, idle_seconds=60)) as loaded:
        found: list[Execution] = []
        thread = threading.Thread(target=lambda: found.append(loaded.run(b"", in_place=in_place)))
        thread.start()
        os.kill(victim(both.pid), signal.SIGKILL)
        thread.join()
    return found[0]


def descendants(pid: int) -> list[int]:
    children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [each for child in children for each in (child, *descendants(child))]


def running(pid: int) -> int:
    """Return the deepest descendant once it works: the run."""
    deepest = [pid]

    def works() -> bool:
        deepest[0] = ([pid, *descendants(pid)])[-1]
        fields = Path(f"/proc/{deepest[0]}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) > 20  # ticks of CPU time

    wait_until(works)
    return deepest[0]


@pytest.mark.parametrize("in_place", [False, True])
def test_a_killed_run_was_ended_by_a_signal(in_place: bool) -> None:
    with Sandbox() as sandbox:
        execution = killed_while(sandbox, "while True: pass", in_place, running)
        assert (execution.status, execution.signal) == (Status.SIGNALED, signal.SIGKILL)
        with sandbox.load(Program(SUM)) as loaded:  # the zygote goes on
            assert loaded.run(b"1 2", in_place=True).stdout == b"3\n"


@pytest.mark.parametrize("in_place", [False, True])
def test_a_killed_zygote_is_no_end_of_a_run(in_place: bool) -> None:
    with Sandbox() as sandbox:
        execution = killed_while(sandbox, "while True: pass", in_place, lambda pid: running(pid) and pid)
    assert execution.status is Status.FAILED


@pytest.mark.parametrize("in_place", [False, True])
def test_a_process_that_is_killed_before_its_run_is_no_end_of_a_run(in_place: bool) -> None:
    with Sandbox() as sandbox:
        with sandbox.load(Program(SUM)) as loaded:
            os.kill(descendants(sandbox.pid)[-1], signal.SIGKILL)
            assert loaded.run(b"1 2", in_place=in_place).status is Status.FAILED
        with sandbox.load(Program(SUM)) as loaded:
            assert loaded.run(b"1 2", in_place=in_place).stdout == b"3\n"


def test_a_run_in_place_ends_when_the_judge_leaves_its_program() -> None:
    """Else it would keep the zygote from serving the next one."""
    with Sandbox() as sandbox:
        with (
            sandbox.load(Program("while True: pass"), Limits(cpu_seconds=600)) as loaded,
            Path(os.devnull).open("r+b") as null,
            loaded.start([null.fileno()] * 3, in_place=True),
        ):
            running(sandbox.pid)
        with sandbox.load(Program(SUM)) as loaded:
            assert loaded.run(b"1 2").stdout == b"3\n"


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Collect, for each run that has an input, whether it was asked for in place."""
    found: list[bool] = []
    run = LoadedProgram.run

    def noted(self: LoadedProgram, stdin: bytes, arguments: tuple[()] = (), in_place: bool = False) -> Execution:
        if stdin:
            found.append(in_place)
        return run(self, stdin, arguments, in_place)

    monkeypatch.setattr(LoadedProgram, "run", noted)
    return found


@pytest.mark.parametrize("tests", [1, 2, 3])
def test_a_judge_forks_once_for_each_test(tests: int, places: list[bool]) -> None:
    problem = Problem("a", "a", private_tests=tuple(Case(f"1 {n}\n", f"{1 + n}\n") for n in range(tests)))
    with Judge() as judge:
        assert judge.judge(problem, Program(SUM)).verdict is Verdict.ACCEPTED
    assert places == [False] * (tests - 1) + [True]


def test_a_shown_test_after_hidden_ones_is_not_run_in_place(places: list[bool]) -> None:
    problem = Problem("a", "a", public_tests=(Case("1 1\n", "2\n"),), private_tests=(Case("1 2\n", "3\n"),))
    with Judge() as judge:
        judge.judge(problem, Program(SUM), roles=("private", "public"))
        judge.judge(problem, Program(SUM), roles=("public", "private"))
        judge.judge(problem, Program(SUM), roles=("public",))
    assert places == [False, False, False, True, True]
