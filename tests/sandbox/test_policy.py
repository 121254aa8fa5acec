"""One test for each row of the policy, run with every implementation that locks."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import pytest

import rlef_env
from rlef_env.sandbox import Execution, Limits, Program, Sandbox, Status
from rlef_env.sandbox.interact import interact
from rlef_env.sandbox.policy.bpf import base_filter, run_filter
from rlef_env.sandbox.policy.guarantees import POLICY
from rlef_env.sandbox.policy.layers import LAYERS
from rlef_env.sandbox.policy.syscalls import NUMBERS
from rlef_env.sandbox.zygote.zygote_profile import Profile
from tests.sandbox.test_failures import tree

Run = Callable[..., Execution]
CALL = {name: row[{"x86_64": 0, "aarch64": 1}[platform.machine()]] for name, row in NUMBERS.items()}
MB = 10**6
PRELUDE = """\
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*arguments) < 0: raise OSError(ctypes.get_errno(), "")
def refused(*actions):
    for number, action in enumerate(actions):
        try: action()
        except (OSError, ImportError, ValueError): continue
        sys.exit(f"action {number} was not refused")
"""

KEPT = {
    "readable files": "import json\nopen('/dev/urandom', 'rb').read(1)\n"
    "refused(lambda: open('/etc/passwd'), lambda: os.listdir('/'), lambda: open('/proc/1/environ').read(),\n"
    "    lambda: open('/proc/self/mem', 'rb').read(1))",
    "installed packages": f"sys.path.insert(0, {str(Path(rlef_env.__file__).parent.parent)!r})\n"
    f"refused(lambda: __import__('rlef_env'), lambda: __import__('gymnasium'), lambda: open({rlef_env.__file__!r}))",
    "given files": "refused(lambda: open('/dev/stdin', 'r+b', buffering=0).write(b'x'), lambda: os.ftruncate(0, 0))",
    "written files": "refused(lambda: open('/tmp/rlef-run', 'w'), lambda: open('x', 'w'),\n"
    "    lambda: os.mkdir('/tmp/rlef-run'),\n"
    "    lambda: os.memfd_create('x'), lambda: os.remove(os.__file__), lambda: os.symlink('x', '/tmp/rlef-run'))",
    "facts about files": "refused(lambda: os.chmod(os.__file__, 0o777), lambda: os.utime(os.__file__),\n"
    "    lambda: os.chown(os.__file__, -1, -1), lambda: os.setxattr(os.__file__, 'user.x', b''))",
    "marks on files": "import fcntl, mmap\nfd = os.open(os.__file__, 0)\n"
    "pages = mmap.mmap(fd, 0, prot=mmap.PROT_READ)\n"
    "refused(lambda: fcntl.flock(fd, fcntl.LOCK_EX), lambda: fcntl.lockf(0, fcntl.LOCK_SH),\n"
    "    lambda: fcntl.fcntl(fd, 1024, 1), lambda: fcntl.fcntl(fd, 1036, bytes(8)),\n"
    "    lambda: fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid()), lambda: os.posix_fadvise(fd, 0, 0, 4),\n"
    "    *[lambda advice=advice: pages.madvise(advice) for advice in (3, 9, 12, 20, 21, 25)])\npages.madvise(4)",
    "network": "import asyncio, socket\nasyncio.run(asyncio.to_thread(asyncio.run, asyncio.sleep(0)))\n"
    "refused(socket.socket, lambda: socket.socket(socket.AF_UNIX), lambda: socket.socketpair(socket.AF_UNIX),\n"
    "    lambda: __import__('_socket').socketpair(), lambda: socket.create_connection(('127.0.0.1', 80)))",
    "messages": "import mmap, signal\n"
    "refused(os.pipe, lambda: mmap.mmap(-1, 4096), lambda: call(29, 1, 4096, 0o1600),\n"
    "    lambda: os.kill(os.getpid(), signal.SIGRTMIN), lambda: signal.raise_signal(signal.SIGRTMAX))",
    "the machine's state": f"refused(lambda: call({CALL['sysinfo']}, bytes(128)), os.getloadavg,\n"
    "    lambda: os.statvfs('/'), lambda: os.fstatvfs(0), lambda: os.statvfs(os.__file__),\n"
    f"    lambda: call({CALL['getrusage']}, 0, bytes(144)),\n"
    "    *[lambda name=name: open('/proc/' + name).read() for name in ('meminfo', 'loadavg', 'stat', 'vmstat')])",
    "processes": "import threading\nthread = threading.Thread(target=print)\nthread.start()\nthread.join()\n"
    "import subprocess\nrefused(os.fork, lambda: subprocess.run(['true']),\n"
    f"    lambda: call({CALL['clone']}, 0x100 | 17, None, 0, 0, 0))",
    "execution": "refused(lambda: os.execv('/bin/true', ['true']),\n"
    "    lambda: os.execv(sys.prefix + '/bin/python3', ['x']))",
    "other processes": "refused(lambda: os.kill(os.getppid(), 0), lambda: os.kill(-1, 9), lambda: os.kill(1, 9),\n"
    "    lambda: os.pidfd_open(os.getppid()), lambda: open(f'/proc/{os.getppid()}/mem', 'rb').read(1),\n"
    "    lambda: open(f'/proc/{os.getppid()}/maps').read(1))",
    "priorities and limits": "import resource\n"
    "resource.setrlimit(resource.RLIMIT_STACK, (2**20, resource.getrlimit(resource.RLIMIT_STACK)[1]))\n"
    "refused(lambda: os.nice(5), lambda: os.sched_setaffinity(0, {0}),\n"
    "    lambda: resource.setrlimit(resource.RLIMIT_CPU, (1, 1)),\n"
    "    lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU))",
    "waits": "libc.mmap.restype, libc.mmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p] + [ctypes.c_long] * 5\n"
    "address = ctypes.c_void_p(libc.mmap(None, 4096, 1, 2, os.open(os.__file__, 0), 0))\n"
    f"for operation in (0, 1, 9, 10): refused(lambda: call({CALL['futex']}, address, operation, 1, None, None, -1))\n"
    f"call({CALL['futex']}, address, 129, 1, None, None, 0)",
    "numbers": "refused(os.pipe, lambda: os.readlink('/dev/stdin'),\n"
    f"    lambda: call({CALL['timer_create']}, 0, None, bytes(4)))\n"
    "assert all(os.fstat(fd).st_mtime <= 0 for fd in (0, 1, 2))",
    "clocks": "assert time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID) < 9 > time.clock_gettime(-6)\n"
    "assert time.clock_gettime(time.pthread_getcpuclockid(__import__('threading').get_ident())) < 9\n"
    "refused(*[lambda pid=pid, kind=kind: time.clock_gettime((~pid << 3) | kind)\n"
    "    for pid in (1, os.getppid()) for kind in (0, 1, 2, 3)])",
    "unknown calls": "try: call(999)\nexcept OSError as error: assert error.errno == 38",
    "open files": "import resource\nassert resource.getrlimit(resource.RLIMIT_CORE) == (1, 1)\n"
    "refused(lambda: [open('/dev/null') for _ in range(65)])",
    "secrets": "assert set(os.environ) == {'LC_ALL', 'ONLINE_JUDGE', 'PYTHONHASHSEED', 'TZ'}\n"
    "assert sys.argv == ['solution.py']\n"
    "refused(*[lambda fd=fd: os.fstat(fd) for fd in range(3, 64)])\n"
    "frame, words = sys._getframe(), ''\n"
    "while frame := frame.f_back: words += str(list(frame.f_locals.values()))\n"
    "assert 'segakcap-etis'[::-1] not in words and 'vne_felr'[::-1] not in words",
}
"""Guarantee -> a program that tries to break it, and exits with 0 if that was refused."""

ENDED: dict[str, tuple[str, Limits, Status]] = {
    "kernel": (f"call({CALL['ptrace']}, 0, 0, 0, 0)", Limits(), Status.SECURITY_VIOLATION),
    "CPU time": (
        "import signal\nfor n in (2, 10, 14, 15, 24): signal.signal(n, signal.SIG_IGN)\n"
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        Limits(cpu_seconds=0.2),
        Status.TIME_LIMIT,
    ),
    "idle time": ("time.sleep(900)", Limits(cpu_seconds=60, idle_seconds=0.2), Status.TIME_LIMIT),
    "wall time": ("time.sleep(900)", Limits(cpu_seconds=60, wall_seconds=1.0), Status.TIME_LIMIT),
    "memory": ("data = bytearray(90 * 10**6)", Limits(cpu_seconds=60, memory_bytes=50 * MB), Status.MEMORY_LIMIT),
    "output": ("while True: print('x' * 9999)", Limits(output_bytes=MB), Status.OUTPUT_LIMIT),
}
"""Guarantee -> a program, limits, and the status with which it is killed."""


@pytest.mark.conformance(needs="lock")
@pytest.mark.parametrize("row", KEPT)
def test_the_row_is_enforced(row: str, run: Run) -> None:
    execution = run(PRELUDE + KEPT[row], b"input")
    assert (execution.status, execution.exit_code) == (Status.EXITED, 0), execution


@pytest.mark.conformance
@pytest.mark.parametrize("row", ENDED)
def test_the_row_kills_the_program(row: str, sandbox: Sandbox) -> None:
    source, limits, status = ENDED[row]
    if row == "kernel" and sandbox.isolation == "none":
        pytest.skip("nothing is kept from a program that is not locked")
    with sandbox.load(Program(PRELUDE + source), limits) as loaded:
        assert loaded.run(b"").status is status


@pytest.mark.conformance(needs="lock")
def test_scratch_folder(sandbox: Sandbox) -> None:
    source = (
        "folder = sys.argv[1]\nassert os.listdir(folder) == []\nopen(folder + 'a', 'w').write('x')\n"
        "refused(lambda: os.remove(folder + 'a'), lambda: os.rename(folder + 'a', folder + 'b'),\n"
        "    lambda: os.symlink('/', folder + 'c'), lambda: os.mkdir(folder + 'd'),\n"
        "    lambda: open(folder + '../e', 'w'))\n"
    )
    with sandbox.load(Program(PRELUDE + source), Limits(scratch_bytes=MB)) as loaded:
        for _ in range(2):
            execution = loaded.run(b"", [loaded.scratch])
            assert (execution.exit_code, execution.files) == (0, {"a": b"x"}), execution
    flood = "while True: open(sys.argv[1] + 'a', 'ab').write(bytes(9999))"
    with sandbox.load(Program(PRELUDE + flood), Limits(scratch_bytes=MB)) as loaded:
        assert loaded.run(b"", [loaded.scratch]).status is Status.OUTPUT_LIMIT


@pytest.mark.conformance
def test_state(sandbox: Sandbox) -> None:
    source = (
        "import builtins, random\nprint(getattr(random, 'mark', 0), os.lseek(0, 0, 1))\nrandom.mark = 1\nos.read(0, 1)"
    )
    with sandbox.load(Program(PRELUDE + source)) as loaded:
        assert [loaded.run(b"same").stdout for _ in range(2)] == [b"0 0\n"] * 2


@pytest.mark.conformance
def test_leftovers(sandbox: Sandbox) -> None:
    """A run's end is reported when all its threads have ended, so no thread can take time from the next run."""
    source = (
        "import threading\ndef spin():\n    while True: pass\n"
        "for _ in range(3): threading.Thread(target=spin, daemon=True).start()\nos._exit(0)"
    )
    with sandbox.load(Program(PRELUDE + source)) as loaded:
        before = tree(sandbox.pid)
        assert loaded.run(b"").exit_code == 0
        assert tree(sandbox.pid) == before


@pytest.mark.conformance(needs="lock")
def test_interactions(sandbox: Sandbox) -> None:
    looks = (
        "import fcntl\ninput()\nassert os.fstat(0).st_ino != os.fstat(1).st_ino\n"
        "refused(lambda: fcntl.fcntl(0, 1031, 1 << 20))\nprint(os.read(0, 99), [fd for fd in range(3, 64) if "
        "os.path.exists(f'/proc/self/fd/{fd}')], file=sys.stderr)"
    )
    look, speak = Program(PRELUDE + looks), Program("print('go')")
    with Sandbox() as other, sandbox.load(look) as one, other.load(speak) as speaker:
        talk = interact(one, speaker)
    assert (talk.first.exit_code, talk.first.stderr) == (0, b"b'' []\n"), talk


OTHERS = {
    "scratch folder": test_scratch_folder,
    "state": test_state,
    "leftovers": test_leftovers,
    "interactions": test_interactions,
}


def test_every_row_has_its_test() -> None:
    assert sorted([*KEPT, *ENDED, *OTHERS]) == sorted(row.name for row in POLICY)


def test_every_row_names_existing_layers() -> None:
    assert {layer for row in POLICY for layer in row.layers} <= {*LAYERS, "memory files", "zygote", "monitor"}


def test_the_threat_model_shows_the_table(root: Path) -> None:
    shown = (root / "docs" / "threat-model.md").read_text()
    missing = [row.name for row in POLICY if f"| {row.what} | {row.why} | {', '.join(row.layers)} |" not in shown]
    assert missing == []


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(
    "profile", [Profile(), Profile(native=True, calls=("pipe2",)), Profile(native=True, compiles=True)]
)
def test_filters_can_be_built_for_every_processor(machine: str, profile: Profile) -> None:
    """Processors lack some calls that others have, such as open."""
    for pipes in (False, True):
        assert len(base_filter(profile, machine, pipes)) % 8 == 0
    run, places = run_filter(profile, machine)
    assert all(run[place : place + 4] == b"\xff" * 4 for place in places)
