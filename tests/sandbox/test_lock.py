"""Every listed system call and many other actions that a judged program may try, with their results."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rlef_env.errors import IsolationUnavailable, UsageError
from rlef_env.sandbox import Execution, Program, Sandbox, Status
from rlef_env.sandbox.doctor import landlock_abi, probe
from rlef_env.sandbox.policy import syscall_policy
from rlef_env.sandbox.policy.layers import REQUIRED
from rlef_env.sandbox.policy.syscalls import NUMBERS

Run = Callable[..., Execution]
COLUMN = {"x86_64": 0, "aarch64": 1}[platform.machine()]
REFUSED_CALLS = [(call, code) for code, calls in syscall_policy.REFUSED.values() for call in calls.split()]
SYSCALL = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"


def number(call: str) -> int:
    found = NUMBERS[call][COLUMN]
    if found < 0:
        pytest.skip(f"this processor has no {call}")
    return found


@pytest.mark.parametrize("call", syscall_policy.KILLED.split())
def test_calls_that_no_honest_program_makes_kill_it(call: str, run: Run) -> None:
    execution = run(f"{SYSCALL}print('before', flush=True)\nlibc.syscall({number(call)}, 0, 0, 0, 0)\nprint('after')")
    assert execution.status is Status.SECURITY_VIOLATION
    assert execution.stdout == b"before\n"


@pytest.mark.parametrize(("call", "code"), REFUSED_CALLS)
def test_refused_calls_give_the_usual_error(call: str, code: int, run: Run) -> None:
    execution = run(
        f"{SYSCALL}ctypes.set_errno(0)\nlibc.syscall({number(call)}, 0, 0, 0, 0)\nprint(ctypes.get_errno())"
    )
    assert execution.stdout.split() == [str(code).encode()]


@pytest.mark.parametrize("call", syscall_policy.REFUSED_IN_RUN.split())
def test_calls_that_only_the_zygote_needs_are_refused_to_the_run(call: str, run: Run) -> None:
    execution = run(
        f"{SYSCALL}ctypes.set_errno(0)\nlibc.syscall({number(call)}, 0, 0, 0, 0)\nprint(ctypes.get_errno())"
    )
    assert execution.stdout.split() == [str(errno.EPERM).encode()]


@pytest.mark.parametrize("unknown", [435, 999, 0x40000000])  # clone3, none, the x32 ABI
def test_a_call_on_no_list_does_not_exist(unknown: int, run: Run) -> None:
    execution = run(f"{SYSCALL}libc.syscall({unknown}, 0, 0)\nprint(ctypes.get_errno())")
    assert execution.stdout.split() == [str(errno.ENOSYS).encode()]


REFUSED_ACTIONS = {
    "fork": "import os\nos.fork()",
    "subprocess": "import subprocess\nsubprocess.run(['/bin/true'])",
    "exec": "import os\nos.execv('/bin/true', ['true'])",
    "system": "import os\nassert os.system('true') == 0",
    "multiprocessing": "import multiprocessing as m\np = m.get_context('fork').Process(target=print)\np.start()",
    "socket": "import socket\nsocket.socket()",
    "unix socket": "import socket\nsocket.socket(socket.AF_UNIX)",
    "write to /tmp": "open('/tmp/rlef-run', 'w')",
    "write here": "open('x', 'w')",
    "shared memory": "from multiprocessing.shared_memory import SharedMemory\nSharedMemory(create=True, size=9)",
    "memory file": "import os\nos.memfd_create('x')",
    "make a folder": "import os\nos.mkdir('/tmp/rlef-run')",
    "remove": "import os\nos.remove(os.__file__)",
    "chmod": "import os\nos.chmod(os.__file__, 0o777)",
    "utime": "import os\nos.utime(os.__file__)",
    "write its own input": "open('/dev/stdin', 'r+b', buffering=0).write(b'x')",
    "truncate its own input": "import os\nos.ftruncate(0, 0)",
    "read passwd": "open('/etc/passwd').read()",
    "list the root": "import os\nos.listdir('/')",
    "environment of others": "open('/proc/1/environ').read()",
    "memory of others": "open('/proc/1/mem', 'rb').read(1)",
    "its own memory": "open('/proc/self/mem', 'rb').read(1)",
    "kill the parent": "import os\nos.kill(os.getppid(), 9)",
    "kill everyone": "import os\nos.kill(-1, 9)",
    "kill init": "import os\nos.kill(1, 9)",
    "kill its group": "import os\nos.kill(0, 9)",
    "priority": "import os\nos.nice(5)",
    "affinity": "import os\nos.sched_setaffinity(0, {0})",
    "limits of others": "import resource, os\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
    "its own limits": "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))",
    "watch a process": "import os\nos.pidfd_open(os.getppid())",
    "hint on a shared file": "import fcntl, os\nfcntl.fcntl(os.open(os.__file__, 0), 1036, bytes(8))",
    "lease on a shared file": "import fcntl, os\nfcntl.fcntl(os.open(os.__file__, 0), 1024, 1)",
    "record lock": "import fcntl\nfcntl.lockf(0, fcntl.LOCK_SH)",
    "lock on a shared file": "import fcntl, os\nfcntl.flock(os.open(os.__file__, 0), fcntl.LOCK_EX)",
    "owner of a descriptor": "import fcntl, os\nfcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
    "flags of a file": "import fcntl, os\nfcntl.ioctl(os.open(os.__file__, 0), 0x40086602, bytes(8))",
    "evict pages": "import os\nos.posix_fadvise(0, 0, 0, os.POSIX_FADV_DONTNEED)",
    "datagram pair": "import socket\nsocket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "send to an address": "import socket\na, b = socket.socketpair()\na.sendto(b'x', '/dev/log')",
    "descriptors in flight": (
        "import socket, array\na, b = socket.socketpair()\n"
        "a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0]))])"
    ),
    "shared anonymous memory": "import mmap\nmmap.mmap(-1, 10**6)",
    "a process that shares memory": (
        f"{SYSCALL}if libc.syscall({NUMBERS['clone'][COLUMN]}, 0x100 | 17, None, 0, 0, 0) < 0:\n"
        "    raise OSError(ctypes.get_errno())"
    ),
    "outlive its judge": (
        f"{SYSCALL}if libc.prctl(1, 0, 0, 0, 0): raise OSError(ctypes.get_errno())"  # PR_SET_PDEATHSIG
    ),
}


@pytest.mark.conformance(needs="lock")
@pytest.mark.parametrize("action", REFUSED_ACTIONS)
def test_refused_actions_are_ordinary_exceptions(action: str, run: Run) -> None:
    execution = run(REFUSED_ACTIONS[action], b"input")
    assert (execution.status, execution.exit_code) == (Status.EXITED, 1), execution


@pytest.mark.conformance(needs="lock")
def test_this_package_and_installed_packages_cannot_be_imported(run: Run) -> None:
    import gymnasium

    import rlef_env

    for module in (rlef_env, gymnasium):
        assert run(f"open({module.__file__!r})").exit_code == 1
        folder = str(Path(module.__file__ or "").parent.parent)
        assert run(f"import sys\nsys.path.insert(0, {folder!r})\nimport {module.__name__}").exit_code == 1


@pytest.mark.conformance(needs="lock")
def test_a_run_sees_no_fact_about_the_host(run: Run) -> None:
    execution = run(
        "import os, sys\n"
        "print(dict(os.environ), sys.argv, sys.executable == '')\n"
        "open_ones = []\n"
        "for fd in range(3, 64):\n"
        "    try: os.fstat(fd); open_ones.append(fd)\n"
        "    except OSError: pass\n"
        "print(open_ones)"
    )
    assert execution.stdout.decode().splitlines() == [
        "{'LC_ALL': 'C.UTF-8', 'ONLINE_JUDGE': 'true', 'PYTHONHASHSEED': '0', 'TZ': 'UTC'} ['solution.py'] True",
        "[]",
    ]


@pytest.mark.conformance
def test_a_run_leaves_nothing_behind_for_the_next(sandbox: Sandbox) -> None:
    program = Program(
        "import builtins, sys, random, os\n"
        "print(getattr(builtins, 'mark', None), getattr(random, 'mark', None), os.lseek(0, 0, 1))\n"
        "builtins.mark = random.mark = 1\nsys.stdin.read()\nbuiltins.print = None"
    )
    for _ in range(2):
        with sandbox.load(program) as loaded:
            outputs = [loaded.run(b"same").stdout for _ in range(2)]
        assert outputs == [b"None None 0\n"] * 2


@pytest.mark.conformance
def test_random_differs_between_runs(sandbox: Sandbox) -> None:
    with sandbox.load(Program("import random\nprint(random.random())")) as loaded:
        assert loaded.run(b"").stdout != loaded.run(b"").stdout


def test_threads_die_with_their_run(sandbox: Sandbox, run: Run) -> None:
    spin = (
        "import threading, os, time\ndef f():\n    while 1: pass\n"
        "for _ in range(4): threading.Thread(target=f, daemon=True).start()\nprint(1, flush=True)\nos._exit(0)"
    )
    assert run(spin).stdout == b"1\n"
    with sandbox.load(Program("")):  # the zygote waits for a program's end before it takes the next
        assert descendants(sandbox.pid) == 3  # who holds the namespace, the zygote, the program


def descendants(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return 1 + sum(descendants(int(child)) for child in children)


def test_the_machine_has_the_required_layers() -> None:
    layers = probe()
    assert {name: layers[name] for name in REQUIRED if not layers[name].available} == {}
    assert landlock_abi() >= 1


def test_an_unknown_isolation_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"'locked', 'none'.*'docker'"):
        Sandbox(isolation="docker")


def test_a_missing_layer_is_named() -> None:
    """Where a filter of the process forbids Landlock, judging is refused instead of done without it."""
    script = (
        "import ctypes, struct\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.prctl(38, 1, 0, 0, 0)\n"
        "rows = (32, 0, 0, 0), (21, 0, 1, 444), (6, 0, 0, 0x50026), (6, 0, 0, 0x7fff0000)\n"
        "code = b''.join(struct.pack('<HBBI', *row) for row in rows)\n"
        "buffer = ctypes.create_string_buffer(code)\n"
        "libc.prctl(22, 2, struct.pack('<HxxxxxxQ', 4, ctypes.addressof(buffer)), 0, 0)\n"
        "from rlef_env.errors import IsolationUnavailable\n"
        "from rlef_env.sandbox import Sandbox\n"
        "try: Sandbox()\n"
        "except IsolationUnavailable as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=250)
    assert "landlock" in done.stdout, done.stderr
    assert "Function not implemented" in done.stdout


def test_no_isolation_only_if_asked_for_by_name() -> None:
    look = Program("import os\nprint(len(os.listdir('/')) > 0)")
    with Sandbox(isolation="none") as sandbox, sandbox.load(look) as loaded:
        assert loaded.run(b"").stdout == b"True\n"
        assert "seccomp" not in sandbox.layers


@pytest.mark.slow
def test_the_policy_holds_without_namespaces_and_privileges(root: Path) -> None:
    """Seccomp, Landlock and limits suffice, for an unprivileged user, where namespaces are refused."""
    if shutil.which("unshare") is None or shutil.which("setpriv") is None:
        pytest.skip("needs unshare and setpriv (util-linux)")
    tests = "test_refused or test_this_package or test_nothing_tells or test_calls_no_honest or tested_without"
    tests += " or test_policy or test_files"
    script = (
        "echo 0 > /proc/sys/user/max_user_namespaces && "
        "exec setpriv --securebits=+noroot --inh-caps=-all --bounding-set=-all "
        f"{sys.executable} -m pytest -q -p no:cacheprovider {Path(__file__).parent} -k '{tests}'"
    )
    environment = {**os.environ, "RLEF_TEST_NO_NAMESPACES": "1", "RLEF_TEST_IMPLEMENTATIONS": "locked"}
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", script], cwd=root, env=environment, capture_output=True, text=True, timeout=280
    )
    if "passed" not in done.stdout and "not permitted" in done.stderr:
        pytest.skip("this machine makes no user namespace to refuse others in")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.skipif(
    "RLEF_TEST_NO_NAMESPACES" not in os.environ, reason="run by test_the_policy_holds_without_namespaces_and_privileges"
)
def test_refused_actions_are_tested_without_namespaces(sandbox: Sandbox) -> None:
    namespaces = [name for name in sandbox.layers if name.endswith("_namespace")]
    assert [name for name in namespaces if sandbox.layers[name].available] == []
    assert sandbox.layers["landlock"].available


@pytest.mark.conformance(needs="lock")
def test_a_run_finds_nothing_in_the_zygotes_variables(run: Run) -> None:
    """Walks the frames below the program, which have the zygote's own variables."""
    source = (
        "import sys\nframe, words = sys._getframe(), ''\n"
        "while frame := frame.f_back:\n"
        "    for value in list(frame.f_locals.values()):\n"
        "        words += str(value) + str(getattr(value, '__dict__', ''))\n"
        "print('segakcap-etis'[::-1] in words, 'vne_felr'[::-1] in words, len(words) > 100)"
    )
    assert run(source).stdout == b"False False True\n"


@pytest.mark.conformance
def test_limits_reach_every_run(run: Run) -> None:
    execution = run("import resource as r\nprint(r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_CORE))")
    assert execution.stdout == b"(64, 64) (1, 1)\n"


@pytest.mark.conformance
def test_too_many_open_files_are_the_programs_own_error(run: Run) -> None:
    execution = run("files = [open('/dev/null') for _ in range(100)]")
    assert execution.exit_code == 1
    assert b"Too many open files" in execution.stderr


def test_isolation_error_is_not_swallowed_by_the_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    from rlef_env.judge import Judge
    from rlef_env.problems import Problem, Test

    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(IsolationUnavailable, match="Linux"), Judge() as judge:
        judge.judge(Problem("x", "", (Test("", ""),)), Program("print()"))
