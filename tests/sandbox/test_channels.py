"""What a run can read does not depend on what runs before it or beside it did.

A program that asks for every number that it can get (`PROBE`) runs before and after others that change as much as they
can (`MOVERS`), in the same sandbox and in another one. It must get the same numbers each time. `NOT_COMPARED` lists
what is not compared, and why; docs/threat-model.md lists the channels that are left.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rlef_env.sandbox import Execution, Limits, Program, Sandbox, Status, installed_languages
from rlef_env.sandbox.policy import syscall_policy
from rlef_env.sandbox.policy.filesystem_policy import EXTRA_DIRECTORIES, EXTRA_FILES
from rlef_env.sandbox.policy.syscalls import NUMBERS
from tests.sandbox.implementations import IMPLEMENTATIONS
from tests.stopping import wait_until

Run = Callable[..., Execution]
COLUMN = {"x86_64": 0, "aarch64": 1}[platform.machine()]
ALWAYS_THERE = ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2", "/etc/passwd", "/bin/sh")
LIMITS = Limits(cpu_seconds=60, memory_bytes=10**9)

NOT_COMPARED = {
    "ends the process, or a thread": "exit exit_group rt_sigreturn kill tgkill",
    "waits": "pause poll ppoll select pselect6 rt_sigsuspend rt_sigtimedwait nanosleep clock_nanosleep epoll_wait "
    "epoll_pwait epoll_pwait2 restart_syscall wait4 waitid",
    "shows when the run started (the last change of its files)": "fstat",
    "shows the time": "time gettimeofday clock_gettime times alarm getitimer setitimer timerfd_gettime",
    "is random": "getrandom",
    "shows which core it is on": "getcpu rseq",
    "changes what the probe itself needs": "close close_range dup2 dup3 munmap mprotect mremap brk arch_prctl "
    "rt_sigaction rt_sigprocmask sigaltstack set_tid_address set_robust_list clone chdir fchdir umask prlimit64 "
    "write pwrite64 writev pwritev sendfile copy_file_range ftruncate mmap madvise",
}
"""Reason why calls are not compared -> the calls."""

SKIPPED = sorted({NUMBERS[call][COLUMN] for calls in NOT_COMPARED.values() for call in calls.split()})
SKIPPED += [NUMBERS[call][COLUMN] for call in syscall_policy.KILLED.split()]  # they kill it; test_lock.py tries each
SKIPPED += [335, 336]  # uretprobe, uprobe: the kernel passes them to no filter, and answers with SIGILL

SWEEP = """
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
static const int skipped[] = {SKIPPED, -1};
static unsigned char room[1 << 16];
int main(void) {
    unsigned long sum = 0;
    for (int number = 0; number < 480; number++) {
        int skip = 0;
        for (const int *each = skipped; *each >= 0; each++) skip |= *each == number;
        if (skip) continue;
        for (int first = 0; first < 6; first++) {
            memset(room, 0, sizeof room);
            errno = 0;
            long got = syscall(number, first < 5 ? (long)first : (long)room, room + 4096, room + 8192, room + 12288, 0);
            unsigned hash = 5381;
            for (size_t place = 0; place < sizeof room; place++) hash = hash * 33 + room[place];
            printf("%d %d: %ld %d %u\\n", number, first, got, errno, got < 0 ? 0 : hash);
        }
    }
    return 0;
}
""".replace("SKIPPED", ", ".join(map(str, SKIPPED)))
"""Makes every system call with small numbers and a buffer for an answer, in C."""

PROBE = """
import ctypes, fcntl, glob, os, resource, select, signal, stat, sys, threading, time
lines = []  # printed at the end: output in between would count as a change
def print(*words): lines.append(" ".join(map(str, words)))
def record(what, ask):
    try: print(what, ask())
    except (OSError, ValueError) as error: print(what, type(error).__name__, error)
def facts(status):
    kind = stat.S_IFMT(status.st_mode)
    ours = status.st_dev == os.fstat(0).st_dev  # a file of this run: last changed when the run started
    return [getattr(status, name) for name in sorted(dir(status)) if name.startswith("st_")
            and not (ours and name.startswith("st_ctime"))]
for fd in range(64):
    record(("fstat", fd), lambda: facts(os.fstat(fd)))
    for command in (1, 3, 1034): record(("fcntl", fd, command), lambda: fcntl.fcntl(fd, command))
    for whence in range(5): record(("seek", fd, whence), lambda: os.lseek(fd, 0, whence))
    record(("asked", fd), lambda: fcntl.ioctl(fd, 0x541B, bytes(8)))
library = os.path.dirname(os.__file__)
for path in ("/", "/dev", "/dev/fd", "/proc", "/proc/self", "/proc/self/fd", "/usr", "/usr/lib", "/etc", "/lib",
             library, *glob.glob(library + "/*"),
             *("/dev/" + name for name in "null zero random urandom stdin stdout".split()),
             *(f"/proc/{place}" for place in (1, 2, 3, "meminfo", "self/exe", "self/status", "sys/fs/file-nr", "net")),
             *(f"/proc/self/fd/{fd}" for fd in range(64)), "/nowhere", library + "/nowhere"):
    for ask in (os.lstat, os.stat): record((ask.__name__, path), lambda: facts(ask(path)))
    for ask in (os.readlink, os.statvfs, lambda path: os.access(path, 2)): record(path, lambda: ask(path))
for ask in (os.getpid, os.getppid, os.getpgrp, os.getuid, os.getgid, os.getgroups, os.uname, os.getcwd, os.cpu_count,
            lambda: os.umask(0o22), lambda: os.sched_getaffinity(0), lambda: os.sched_getscheduler(0), os.get_blocking,
            lambda: os.getsid(0), lambda: os.getpgid(0), lambda: os.getpriority(0, 0), os.getloadavg, signal.sigpending,
            lambda: signal.pthread_sigmask(0, ()), lambda: [signal.getitimer(kind) for kind in range(3)],
            lambda: hash("word"), lambda: id(object), lambda: ctypes.addressof(ctypes.pythonapi.Py_IsInitialized),
            lambda: dict(os.environ), lambda: sys.argv, lambda: resource.getrusage(resource.RUSAGE_CHILDREN)):
    try: record(ask, ask)
    except TypeError: pass
for kind in range(16): record(("limit", kind), lambda: resource.getrlimit(kind))
for clock in range(-40, 12): record(("clock", clock), lambda: time.clock_getres(clock))
for process in range(9):
    for kind in range(8): record(("clock of", process), lambda: type(time.clock_gettime((~process << 3) | kind)))
    for ask in (os.getsid, os.getpgid, os.sched_getaffinity, lambda pid: os.kill(pid, 0), os.pidfd_open):
        record(("process", process), lambda: ask(process) if process != os.getpid() else 0)
ids = []
for _ in range(3):
    thread = threading.Thread(target=lambda: ids.append(threading.get_native_id()))
    thread.start(); thread.join()
print(ids)
for make in (os.pipe, lambda: os.eventfd(0), select.epoll, lambda: os.memfd_create("x"),
             lambda: os.open("/dev/null", 0), lambda: os.open(os.__file__, 0), lambda: os.open(library, 0)):
    try: made = make()
    except OSError as error: print(error); continue
    for one in made if isinstance(made, tuple) else (made,):
        number = one if isinstance(one, int) else one.fileno()
        print("made", number, facts(os.fstat(number)))
for limit in range(65):
    try: os.open("/dev/null", 0)
    except OSError: break
print("descriptors", limit)
sys.stdout.write("\\n".join(lines))
"""

MOVERS = {
    "threads": """
import threading
for _ in range(40):
    thread = threading.Thread(target=print); thread.start(); thread.join()
""",
    "descriptors": """
import os, select
for n in range(900):
    for fd in (os.dup(0), os.eventfd(0), os.open('/dev/null', 0)): os.close(fd)
    select.epoll().close()
for n in range(50): os.open(os.__file__, 0)
""",
    "pipes, sockets and memory files": """
import os, _socket
for make in (os.pipe, _socket.socketpair, lambda: os.memfd_create('x')):
    for _ in range(500):
        try: make()
        except OSError: pass
""",
    "offsets, flags and sizes": """
import fcntl, os
os.read(0, 3); os.write(1, b'out' * 3000); os.write(2, b'err'); os.ftruncate(1, 99)
for fd in (0, 1, 2):
    fcntl.fcntl(fd, 4, os.O_NONBLOCK | os.O_APPEND); os.lseek(fd, 77, 0); fcntl.fcntl(fd, 2, 1)
""",
    "times": """
import os
open('/dev/stdin').read(); os.listdir(os.path.dirname(os.__file__)); open(os.__file__).read()
for fd in (1, 2): os.pwrite(fd, b'x', 5); os.ftruncate(fd, 0)
""",
    "names": """
import os
for folder in ('/', '/dev/', '/proc/self/fd/', os.path.dirname(os.__file__) + '/'):
    for n in range(500): os.path.exists(folder + str(n))
""",
    "memory": """
import mmap, os
much = bytearray(10**8)
pages = mmap.mmap(os.open(os.__file__, 0), 0, prot=1)
for advice in range(26):
    try: pages.madvise(advice)
    except (OSError, ValueError): pass
""",
    "limits and signals": """
import os, resource, signal
signal.pthread_sigmask(0, range(1, 32)); os.umask(0); signal.setitimer(0, 9)
for n in (10, 12): os.kill(os.getpid(), n)
resource.setrlimit(resource.RLIMIT_STACK, (2**20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
""",
    "a crash": "import ctypes\nctypes.string_at(0)",
}
"""What changes -> a program that changes it, as far as it can."""


@pytest.fixture(scope="module")
def others() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def run_mover(sandbox: Sandbox, mover: str) -> None:
    with sandbox.load(Program(MOVERS[mover]), LIMITS) as loaded:
        assert loaded.run(b"some input").status in (Status.EXITED, Status.SIGNALED)


def answers(sandbox: Sandbox, program: Program, least: int = 100) -> list[str]:
    with sandbox.load(program, LIMITS) as loaded:
        execution = loaded.run(b"input\n")
    assert (execution.status, execution.exit_code) == (Status.EXITED, 0), execution
    lines = execution.stdout.decode().splitlines()
    assert len(lines) >= least, execution
    return lines


def differences(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    assert len(before) == len(after)
    return [(one, other) for one, other in zip(before, after, strict=True) if one != other]


@pytest.mark.parametrize("mover", MOVERS)
def test_what_a_run_can_read_does_not_depend_on_others(mover: str, sandbox: Sandbox, others: Sandbox) -> None:
    before = answers(sandbox, Program(PROBE))
    run_mover(sandbox, mover)
    run_mover(others, mover)
    assert differences(before, answers(sandbox, Program(PROBE))) == []


@pytest.mark.conformance(needs="lock")
def test_the_library_is_in_memory_once_a_sandbox_has_started(implementation: str) -> None:
    """So a run's reading changes nothing that the next run could measure by how long its reading takes."""
    path = Path(os.__file__).parent / "pydoc_data" / "topics.py"
    if implementation not in ("locked", "no namespaces"):
        pytest.skip("another interpreter's library")
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # a test like this one in another process drops the pages, too
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if missing_pages(file.fileno()) == 0:
            pytest.skip("somebody holds the pages of this file")
        with IMPLEMENTATIONS[implementation].open():
            wait_until(lambda: missing_pages(file.fileno()) == 0)


def missing_pages(fd: int) -> int:
    """Return how many pages of a file are not in memory."""
    libc, size, page = ctypes.CDLL(None), os.fstat(fd).st_size, mmap.PAGESIZE
    libc.mmap.restype, libc.mmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, *[ctypes.c_long] * 5]
    address = ctypes.c_void_p(libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0))
    present = (ctypes.c_ubyte * -(-size // page))()
    libc.mincore(address, ctypes.c_size_t(size), present)
    libc.munmap(address, ctypes.c_size_t(size))
    return sum(not each & 1 for each in present)


PROBES = {
    "javascript": """
const fs = require('fs'), os = require('os');
const ask = (what, get) => {
    try { console.log(what, JSON.stringify(get())); } catch (error) { console.log(what, error.code); }
};
for (let fd = 0; fd < 64; fd++)
    ask('fd ' + fd, () => { const s = fs.fstatSync(fd); return [s.ino, s.nlink, s.dev, s.size]; });
for (const path of '/ /dev /proc /proc/self /dev/stdin /proc/self/fd/5 /proc/1 /usr /dev/pipes/0'.split(' '))
    for (const get of [fs.lstatSync, fs.readlinkSync, fs.statfsSync])
        ask(path, () => { const s = get(path); return [s.ino, s.nlink, s.mtimeMs, s.bfree, String(s)]; });
ask('ids', () => [process.pid, process.ppid, process.getgroups(), os.freemem, os.cpus().length]);
for (const get of [process.resourceUsage, os.loadavg, os.getPriority, os.networkInterfaces, os.hostname])
    ask(get.name, get);
for (let n = 0; n < 20; n++) console.log('line', n);
""",
    "java": """
import java.nio.file.*;
public class Main { static java.util.List<String> lines = new java.util.ArrayList<>();
public static void main(String[] words) throws Exception {
    for (int fd = 0; fd < 64; fd++) ask("/proc/self/fd/" + fd);
    for (String path : "/ /dev /proc /proc/self /dev/stdin /proc/1 /usr /dev/null /proc/self/exe".split(" ")) ask(path);
    lines.add("" + ProcessHandle.current().pid());
    System.out.println(String.join("\\n", lines));
}
static void ask(String path) {
    for (String what : "unix:ino unix:nlink unix:size unix:lastModifiedTime".split(" "))
        try { lines.add(path + " " + what + " " + Files.getAttribute(Path.of(path), what)); }
        catch (Exception error) { lines.add(path + " " + error.getClass()); }
} }
""",
}
MOVERS_OF_THEIR_OWN = {
    "javascript": """
const {spawnSync} = require('child_process'), {Worker} = require('worker_threads'), fs = require('fs');
for (let n = 0; n < 50; n++) { try { spawnSync('/bin/true', [], {stdio: 'ignore'}); } catch (error) {} }
for (let n = 0; n < 3; n++) new Worker('0', {eval: true});
fs.readFileSync(3); try { fs.readSync(3, Buffer.alloc(9), 0, 9, null); } catch (error) {}
""",
    "java": """
public class Main { public static void main(String[] words) throws Exception {
    for (int n = 0; n < 50; n++) { Thread thread = new Thread(() -> {}); thread.start(); thread.join(); }
    try { java.nio.channels.Pipe.open(); } catch (java.io.IOException error) {}
    java.nio.file.Files.readAllBytes(java.nio.file.Path.of("/dev/stdin"));
} }
""",
}


@pytest.mark.parametrize("language", PROBES)
def test_what_a_runtime_can_read_does_not_depend_on_others(language: str, sandbox: Sandbox, others: Sandbox) -> None:
    if language not in installed_languages():
        pytest.skip(f"{language} is not installed here")
    before = answers(sandbox, Program(PROBES[language], language))
    for place in (sandbox, others):
        answers(place, Program(MOVERS_OF_THEIR_OWN[language], language), least=0)
        run_mover(place, "pipes, sockets and memory files")
    assert differences(before, answers(sandbox, Program(PROBES[language], language))) == []


def test_every_system_call_returns_the_same(sandbox: Sandbox, others: Sandbox) -> None:
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    before = answers(sandbox, Program(SWEEP, "c"))
    for mover in MOVERS:
        run_mover(sandbox, mover)
        run_mover(others, mover)
    assert differences(before, answers(sandbox, Program(SWEEP, "c"))) == []


def test_a_compiled_program_opens_no_file_that_another_has_open(sandbox: Sandbox) -> None:
    """A futex on a page of a common file would wake the other's threads, which wait without FUTEX_PRIVATE_FLAG."""
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    folders = [path for folder in EXTRA_DIRECTORIES for path in (f"{folder}/UTC", f"{folder}/LC_CTYPE")]
    paths = [*EXTRA_FILES, *folders, *ALWAYS_THERE]
    source = "#include <fcntl.h>\n#include <stdio.h>\nint main(void) {\n"
    source += "".join(f'if (open("{path}", O_RDONLY) >= 0) puts("{path}");\n' for path in paths) + "}"
    with sandbox.load(Program(source, "c"), LIMITS) as loaded:
        execution = loaded.run(b"")
    assert (execution.status, execution.stdout) == (Status.EXITED, b"")


def test_a_runtime_cannot_see_when_its_program_was_read_before(sandbox: Sandbox) -> None:
    if "javascript" not in installed_languages():
        pytest.skip("javascript is not installed here")
    source = """const fs = require('fs'), s = fs.fstatSync(3), started = Date.now() - 1000 * process.uptime();
        console.log(s.atimeMs < started, s.mtimeMs); fs.readFileSync(3);"""
    with sandbox.load(Program(source, "javascript"), LIMITS) as loaded:
        assert loaded.run(b"").stdout == loaded.run(b"").stdout


def test_signals_do_not_show_how_many_others_are_queued(run: Run) -> None:
    """The kernel drops the details of a signal when a user has too many queued ones; here it always drops them."""
    words = "import signal, threading\nsignal.pthread_sigmask(0, [10])\n"
    words += "signal.pthread_kill(threading.get_ident(), 10)\nprint(signal.sigwaitinfo([10]).si_pid)"
    assert run(words).stdout == b"0\n"


def test_a_waking_pair_never_loses_data_silently(run: Run) -> None:
    execution = run("import socket\none, other = socket.socketpair()\none.send(b'word')\nprint(other.recv(4))")
    assert execution.stdout == b""
    assert b"PermissionError" in execution.stderr
