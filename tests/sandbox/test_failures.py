"""The sandbox's own failures: never a wrong answer, never a hang, nothing left behind."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rlef_env.sandbox import Limits, Program, Sandbox, Status
from rlef_env.sandbox.zygote import monitor
from tests.stopping import wait_until

SLOW = Program("import time\ntime.sleep(900)")


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def kill_when_running(sandbox: Sandbox, pid: int) -> threading.Thread:
    """Kill a process as soon as a run has started."""

    def wait_and_kill() -> None:
        while not any(names for _, names in tree(sandbox.pid) if len(names) >= 4):
            pass
        os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    return thread


def tree(pid: int, above: tuple[int, ...] = ()) -> list[tuple[int, tuple[int, ...]]]:
    """Return every descendant of a process, with the names of its ancestors."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        children = []
    here = (*above, pid)
    return [(pid, here), *(found for child in children for found in tree(int(child), here))]


def test_a_killed_zygote_is_a_failure_without_a_verdict() -> None:
    with Sandbox() as sandbox:
        with sandbox.load(SLOW, Limits(cpu_seconds=900)) as loaded:
            thread = kill_when_running(sandbox, sandbox.pid)
            assert loaded.run(b"").status is Status.FAILED
            thread.join()
            assert loaded.run(b"").status is Status.FAILED
        with sandbox.load(SLOW) as loaded:
            assert loaded.run(b"").status is Status.FAILED


def test_a_killed_program_process_is_a_failure_and_the_sandbox_still_works() -> None:
    with Sandbox() as sandbox:
        with sandbox.load(SLOW, Limits(cpu_seconds=900)) as loaded:
            program = next(pid for pid, above in tree(sandbox.pid) if len(above) == 3)
            thread = kill_when_running(sandbox, program)
            assert loaded.run(b"").status is Status.FAILED
            thread.join()
        with sandbox.load(Program("print(1)")) as loaded:
            assert loaded.run(b"").stdout == b"1\n"


def test_a_run_killed_by_a_signal_is_reported_as_the_programs_own_end() -> None:
    with Sandbox() as sandbox, sandbox.load(SLOW, Limits(cpu_seconds=900)) as loaded:
        thread = threading.Thread(target=lambda: os.kill(running(sandbox), signal.SIGKILL))
        thread.start()
        assert loaded.run(b"").status is Status.SIGNALED
        thread.join()


def running(sandbox: Sandbox) -> int:
    while True:
        for pid, above in tree(sandbox.pid):
            if len(above) == 4:
                return pid


def test_nothing_is_left_after_close() -> None:
    sandbox = Sandbox()
    with sandbox.load(Program("print(1)")) as loaded:
        loaded.run(b"")
        pids = [pid for pid, _ in tree(sandbox.pid)]
    sandbox.close()
    sandbox.close()
    assert len(pids) == 3
    assert all(gone(pid) for pid in pids)


def test_a_sandbox_that_is_not_closed_ends_with_its_last_reference() -> None:
    sandbox = Sandbox()
    pid = sandbox.pid
    del sandbox
    gc.collect()
    assert gone(pid)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(0)", "sys.exit(0)"])
def test_the_zygote_and_its_run_die_with_their_owner(end: str) -> None:
    """Even if the owner is killed while a program runs. The pipe's write end stays open while any of them lives."""
    script = (
        "import os, sys, threading\n"
        "from rlef_env.sandbox import *\n"
        "sandbox = Sandbox()\n"
        "def run():\n"
        "    program = Program('import time\\ntime.sleep(900)')\n"
        "    with sandbox.load(program, Limits(cpu_seconds=900)) as loaded:\n"
        "        loaded.run(b'')\n"
        "threading.Thread(target=run, daemon=True).start()\n"
        "from tests.sandbox.test_failures import running, tree\n"
        "running(sandbox)\n"
        "print(*[pid for pid, _ in tree(sandbox.pid)], flush=True)\n"
        f"{end}\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=250)
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 4, done.stderr
    wait_until(lambda: all(gone(pid) or zombie(pid) for pid in pids))


def zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_exhausted_descriptors_are_a_failure_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program cannot be loaded without one. A loaded one runs: the files of its runs exist already."""
    import resource

    monkeypatch.setattr(monitor, "SAMPLE_SECONDS", 60.0)  # a sample would need descriptors; a busy machine gets to it
    with Sandbox() as sandbox, sandbox.load(Program("print(1)")) as loaded, Sandbox() as other:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free + 1, hard))
        try:
            execution = loaded.run(b"")
            with contextlib.ExitStack() as stack, pytest.raises(OSError, match="Too many open files"):
                stack.enter_context(other.load(Program("print(1)")))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert execution.stdout == b"1\n"
        assert loaded.run(b"").stdout == b"1\n"
        with other.load(Program("print(2)")) as again:
            assert again.run(b"").stdout == b"2\n"


def test_a_result_is_never_taken_for_the_next_runs_when_descriptors_run_out_during_a_run() -> None:
    """The pidfd can be received but the process cannot be sampled; its late reply must be dropped."""
    import resource

    echo = Program("import time\nword = input()\ntime.sleep(900 if word == 'slow' else 0)\nprint(word)")
    with Sandbox() as sandbox:
        with sandbox.load(echo, Limits(cpu_seconds=900)) as loaded:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            free = [os.dup(0) for _ in range(2)]  # one for the handle, and one more
            for fd in free:
                os.close(fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free[-1], hard))
            try:
                assert loaded.run(b"slow\n").status is Status.FAILED
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert loaded.run(b"next\n").status is Status.FAILED
        with sandbox.load(echo) as again:
            assert again.run(b"next\n").stdout == b"next\n"


def test_a_judge_may_have_more_files_open_than_a_run() -> None:
    """So the zygote's own descriptors have high numbers at first."""
    with contextlib.ExitStack() as files:
        for _ in range(100):
            files.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        with Sandbox() as sandbox, sandbox.load(Program("print(input())")) as loaded:
            assert [loaded.run(b"1\n", in_place=place).stdout for place in (False, True)] == [b"1\n"] * 2
