"""Compiled programs run as locked and as limited as Python, and reach neither their launcher nor another run."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rlef_env.sandbox import Limits, Program, Sandbox, Status
from rlef_env.sandbox.machine.proc_usage import Usage, usage
from tests.sandbox.implementations import launcher_missing
from tests.sandbox.languages import C_INCLUDES, MB, SMALL, answers, c, needs

REFUSED = {
    "open a socket": "if (socket(AF_INET, SOCK_STREAM, 0) < 0) { perror(0); return 1; }",
    "fork": "if (fork() < 0) { perror(0); return 1; }",
    "run a shell": 'execl("/bin/sh", "sh", "-c", "echo out", (char *)0); perror(0); return 1;',
    "run Python": 'execl("/usr/bin/python3", "python3", "-c", "print(1)", (char *)0); perror(0); return 1;',
    "read passwd": 'if (!fopen("/etc/passwd", "r")) { perror(0); return 1; }',
    "write a file": 'if (!fopen("/tmp/rlef-run", "w")) { perror(0); return 1; }',
    "kill the parent": "#include <signal.h>\nif (kill(getppid(), 9)) { perror(0); return 1; }",
}


@pytest.mark.conformance(language="compiled", needs="lock")
@pytest.mark.parametrize("action", REFUSED)
def test_a_native_program_is_as_locked_as_python(action: str, sandbox: Sandbox) -> None:
    needs("c")
    body = REFUSED[action]
    prelude = "".join(line + "\n" for line in body.splitlines() if line.startswith("#"))
    body = "\n".join(line for line in body.splitlines() if not line.startswith("#"))
    with sandbox.load(Program(f"{C_INCLUDES}{prelude}int main(void) {{ {body} }}", "c")) as loaded:
        execution = loaded.run(b"")
    assert (execution.status, execution.exit_code, execution.stdout) == (Status.EXITED, 1, b""), execution
    assert b"denied" in execution.stderr or b"not permitted" in execution.stderr or b"No such file" in execution.stderr


@pytest.mark.conformance(language="compiled")
def test_a_native_program_inherits_no_descriptor_or_environment(sandbox: Sandbox) -> None:
    needs("c")
    body = (
        'for (int fd = 3; fd < 64; fd++) if (lseek(fd, 0, SEEK_CUR) >= 0 || write(fd, "", 0) >= 0) printf("%d ", fd);\n'
        "extern char **environ; for (char **e = environ; *e; e++) puts(*e);"
    )
    with sandbox.load(c(body)) as loaded:
        assert sorted(loaded.run(b"").stdout.split()) == [b"LC_ALL=C", b"TZ=UTC", b"UV_USE_IO_URING=0"]


LIMITED = {
    "time": ("volatile int x; for (;;) x++;", Status.TIME_LIMIT),
    "sleep": ("sleep(100);", Status.TIME_LIMIT),
    "memory": ("char *p = malloc(200000000); memset(p, 1, 200000000); puts(p + 1);", Status.MEMORY_LIMIT),
    "output": ('for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");', Status.OUTPUT_LIMIT),
    "crash": ("int *p = 0; *p = 1;", Status.SIGNALED),
    "exit status": ("return 3;", Status.EXITED),
    "security": ("syscall(SYS_ptrace, 0, 0, 0, 0);", Status.SECURITY_VIOLATION),
}


@pytest.mark.conformance(language="compiled", needs="lock")
@pytest.mark.parametrize("name", LIMITED)
def test_limits_of_native_programs(name: str, sandbox: Sandbox) -> None:
    needs("c")
    body, status = LIMITED[name]
    with sandbox.load(c(body), Limits(cpu_seconds=0.3, memory_bytes=100 * MB, output_bytes=10**6)) as loaded:
        assert loaded.run(b"").status is status


@pytest.mark.conformance(language="compiled")
def test_a_small_native_program_is_not_charged_for_its_launcher(sandbox: Sandbox) -> None:
    needs("c")
    with sandbox.load(c('puts("ok");'), SMALL) as loaded:
        execution = loaded.run(b"")
    assert (execution.status, execution.stdout) == (Status.EXITED, b"ok\n")


def test_memory_of_the_process_that_executes_the_program_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a sample may find the process before it has executed the program. Here every sample does."""
    needs("c")
    with launcher_missing() as sandbox, sandbox.load(c('usleep(300000); puts("ok");'), SMALL) as loaded:

        def before_execution(*arguments: Any) -> Usage | None:
            now = usage(*arguments)
            return now and replace(now, resident_bytes=loaded._launcher_bytes)

        assert loaded._launcher_bytes > SMALL.memory_bytes
        monkeypatch.setattr("rlef_env.sandbox.zygote.monitor.usage", before_execution)
        execution = loaded.run(b"")
    assert (execution.status, execution.stdout) == (Status.EXITED, b"ok\n")


@pytest.mark.conformance(language="compiled")
def test_deep_recursion_within_the_memory_limit(sandbox: Sandbox) -> None:
    needs("c")
    source = (
        f"{C_INCLUDES}int f(int n) {{ volatile char pad[100]; pad[0] = n; return n ? f(n - 1) + 1 : pad[0]; }}\n"
        'int main(void) { printf("%d\\n", f(500000)); }'
    )
    with sandbox.load(Program(source, "c"), Limits(memory_bytes=256 * MB)) as loaded:
        assert loaded.run(b"").stdout == b"500000\n"


def test_addresses_are_the_same_in_each_sandbox() -> None:
    needs("c")
    personality = ctypes.CDLL(None).personality
    before = personality(0xFFFFFFFF)
    refused = personality(before | 0x40000) < 0
    personality(before)
    if refused:
        pytest.skip("this machine refuses fixed addresses")
    found = set()
    for _ in range(3):
        with Sandbox() as fresh, fresh.load(c('int x; printf("%p %p", &x, malloc(1 << 20));')) as loaded:
            found.add(loaded.run(b"").stdout)
    assert len(found) == 1


def test_memory_counts_when_the_first_thread_has_left() -> None:
    needs("c")
    source = (
        f"#define _GNU_SOURCE\n#include <pthread.h>\n{C_INCLUDES}void *work(void *given) {{ (void)given;\n"
        "char *all = malloc(600000000); for (int i = 0; i < 60; i++) { memset(all + i * 10000000, 1, 10000000);\n"
        "usleep(10000); } return 0; }\n"
        "int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); syscall(SYS_exit, 0); }"
    )
    with Sandbox() as fresh, fresh.load(Program(source, "c"), Limits(memory_bytes=64 * MB)) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.MEMORY_LIMIT
    assert execution.peak_bytes < 500 * MB  # it was killed on the way


@pytest.mark.conformance(language="compiled")
def test_runs_of_a_native_program_share_nothing(sandbox: Sandbox) -> None:
    needs("c")
    with sandbox.load(c('static int n; printf("%d %d", n++, (int)lseek(0, 0, SEEK_CUR)); getchar();')) as loaded:
        assert [loaded.run(b"x").stdout for _ in range(3)] == [b"0 0"] * 3


@pytest.mark.conformance(language="compiled")
def test_a_native_program_cannot_kill_its_launcher(sandbox: Sandbox) -> None:
    """The program can end its own run, but cannot reach the process that launched it."""
    needs("c")
    with sandbox.load(c("syscall(SYS_kill, getpid(), 9);")) as loaded:
        assert loaded.run(b"").status is Status.SIGNALED
        assert loaded.run(b"").status is Status.SIGNALED


def launchers(sandbox: Sandbox) -> list[int]:
    """Return the process ids of the launchers below the zygote for C."""

    def read(pid: int, name: str) -> str:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            return Path(f"/proc/{pid}/{name}").read_text()
        return ""

    def below(pid: int) -> list[int]:
        children = [int(child) for child in read(pid, f"task/{pid}/children").split()]
        return children + [each for child in children for each in below(child)]

    def is_launcher(pid: int) -> bool:
        return read(pid, "cmdline").startswith("launcher\0")

    return [pid for pid in below(sandbox._zygotes["c", False].pid) if is_launcher(pid)]


def test_a_launcher_is_kept_for_programs_with_equal_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("c")
    with Sandbox() as sandbox:
        answers(sandbox, "one")
        first = launchers(sandbox)
        assert len(first) == 1
        answers(sandbox, "two")
        assert launchers(sandbox) == first
        # Other limits: another launcher, in place of the first one, and they hold.
        large = c("volatile char *p = malloc(8000000); for (int i = 0; i < 8000000; i += 512) p[i] = 1;")
        with sandbox.load(large, SMALL) as loaded:
            assert loaded.run(b"").status is Status.MEMORY_LIMIT
            (second,) = launchers(sandbox)
        assert [second] != first
        with sandbox.load(large) as loaded:
            assert loaded.run(b"").status is Status.EXITED
        # After an exception in the block, and after a run that was killed at a limit, launchers work.
        with pytest.raises(ZeroDivisionError), sandbox.load(large) as loaded:
            raise ZeroDivisionError
        with sandbox.load(c("for (;;);"), Limits(cpu_seconds=0.2)) as loaded:
            assert loaded.run(b"").status is Status.TIME_LIMIT
        answers(sandbox, "three", Limits(cpu_seconds=0.2))
        monkeypatch.setattr("rlef_env.sandbox.zygote.kept_launcher.MAX_PROGRAMS", 1)
        last = launchers(sandbox)
        for number in range(3):
            answers(sandbox, f"{number}", Limits(cpu_seconds=0.2))
        assert launchers(sandbox) != last


ON_THE_LAUNCHER = {
    "kill": 'if (!syscall(SYS_kill, getppid(), 9)) puts("BREACH");',
    "trace": 'if (!syscall(SYS_ptrace, 16, getppid(), 0, 0)) puts("BREACH");',
    "write": 'for (int fd = 3; fd < 256; fd++) if (write(fd, "P", 1) >= 0 || send(fd, "P", 1, 0) >= 0) puts("BREACH");',
    "memory": (
        "char text[16] = {0}; struct iovec here = {text, 16}, there = {text, 16};\n"
        'if (syscall(SYS_process_vm_writev, getppid(), &here, 1, &there, 1, 0) >= 0) puts("BREACH");'
    ),
    "last": "usleep(100000);",
    "loop": "for (;;);",
}
OF_ITSELF = (
    "struct rusage u = {0}; int known = getrusage(RUSAGE_SELF, &u);\n"
    'printf("%d %d %d %ld %ld", getpid(), getppid(), known, u.ru_minflt, u.ru_maxrss);'
)


@pytest.mark.parametrize("attack", ON_THE_LAUNCHER)
def test_a_native_program_reaches_neither_its_launcher_nor_the_next_program(attack: str) -> None:
    """The next program, forked by the same launcher, finds the same ids, and page faults if it may ask for them."""
    needs("c")
    limits, headers = Limits(cpu_seconds=0.3), "#include <sys/uio.h>\n#include <sys/resource.h>\n"

    def run(body: str) -> bytes:
        with sandbox.load(Program(f"{headers}{C_INCLUDES}int main(void) {{ {body} }}", "c"), limits) as loaded:
            assert loaded.run(b"").status is not Status.COMPILE_ERROR
            return loaded.run(b"").stdout

    with Sandbox() as sandbox:
        run(OF_ITSELF)
        before, kept = run(OF_ITSELF), launchers(sandbox)
        assert b"BREACH" not in run(ON_THE_LAUNCHER[attack])
        assert (run(OF_ITSELF), launchers(sandbox)) == (before, kept)
        assert before.split()[0].isdigit()


def test_a_kept_launcher_that_was_lost_is_replaced() -> None:
    needs("c")
    with Sandbox() as sandbox:
        answers(sandbox, "one")
        (lost,) = launchers(sandbox)
        os.kill(lost, signal.SIGKILL)
        answers(sandbox, "two")
        assert launchers(sandbox) not in ([], [lost])
        with sandbox.load(c("getchar();")) as loaded:
            (lost,) = launchers(sandbox)
            os.kill(lost, signal.SIGKILL)
            assert loaded.run(b"").status is Status.FAILED
        answers(sandbox, "three")


@pytest.mark.parametrize("megabytes", [64, 1000])
def test_threads_have_address_space_for_their_stacks(megabytes: int, sandbox: Sandbox) -> None:
    """For each thread, the C library reserves as much as the main stack may become: the whole memory limit."""
    needs("cpp")
    source = """#include <thread>\n#include <vector>\n#include <iostream>\nint main() {
        std::vector<std::thread> all; for (int n = 0; n < 24; n++) all.emplace_back([] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20)); });
        for (auto &each : all) each.join();
        std::cout << "joined"; }"""
    with sandbox.load(Program(source, "cpp"), Limits(memory_bytes=megabytes * MB)) as loaded:
        assert loaded.run(b"").stdout == b"joined"
