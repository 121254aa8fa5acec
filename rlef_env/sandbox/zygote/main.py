"""The zygote: a small locked interpreter that forks once per program and once more per run, except for its last one.

`source.py` sends it, as text, to the interpreter that runs the programs, after the modules that it imports here. It
needs only the standard library, imports nothing of this package, and holds no program, input or expected output.

    zygote (locks itself once) --fork--> program (compiles) --fork--> run (locks itself further, runs)

The process that compiled a program may become its last run itself: nothing has run in it before, and it ends with that
run. `protocol.py` lists the messages. A run has no channel to the judge: it can influence only the bytes in its output
files and its wait status.
"""

from __future__ import annotations

import builtins
import contextlib
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
import time
from typing import NoReturn

from rlef_env.sandbox.zygote.child import REPORT, wait_for_child
from rlef_env.sandbox.zygote.kernel import *
from rlef_env.sandbox.zygote.lock import Lock
from rlef_env.sandbox.zygote.protocol import *
from rlef_env.sandbox.zygote.python_main import (
    Start,
    become_plain_python,
    compiled,
    imported,
    preload_numpy,
    replace_refused_functions,
    run_python,
)

EVENT = (1).to_bytes(8, sys.byteorder)
ENVIRONMENT = {"TZ": "UTC", "UV_USE_IO_URING": "0"}  # of programs that are not Python


# --- the zygote ---


def main(control: int) -> None:
    """Lock this process, report which layers hold, then fork a process per program until the judge hangs up."""
    judge = socket.socket(fileno=os.dup(control))  # a low number, below the limit on open files
    os.close(control)
    judge.sendall(json.dumps({"path": sys.path, "objects": loaded_objects(), "version": sys.version}).encode())
    config = json.loads(judge.recv(MAX_CONFIG_BYTES))
    preload_numpy(config["preload"])
    lock = Lock(config)
    ENVIRONMENT["LC_ALL"] = config["locale"]
    del config
    judge.sendall(json.dumps(lock.apply()).encode())
    lock.hand_over_scratch(judge)
    if lock.has_named_pipes:
        ENVIRONMENT["LD_PRELOAD"] = f"{NAMED_PIPES}/pipes.so"
    if lock.holds("seccomp"):
        replace_refused_functions()
    ready = check(libc.eventfd(0, os.O_CLOEXEC | os.O_NONBLOCK), "eventfd")  # a program tells that it runs in place
    become_plain_python()
    parent, known, limits, command, start = os.getpid(), b"", [], [], Start({}, 0)
    while True:
        try:
            message, (source, program) = receive(judge, 2, 2)
        except EOFError:
            os._exit(0)
        if message != known:
            command, imports, recursion_limit = json.loads(message[len(LOAD) + LIMITS.size :])
            start = Start(imported(imports), recursion_limit)  # imported once for all programs that start with them
            limits, known = limits_for_kernel(*LIMITS.unpack_from(message, len(LOAD))), message
        lock.next_pid_follows(parent)
        if (pid := fork()) == 0:
            try:
                os.dup2(program, judge.fileno(), inheritable=False)  # from here on, `judge` is this program's socket
                os.close(program)
                die_with(parent)
                serve_program(judge, ready, source, limits, command, start, lock)
            finally:
                os._exit(0)
        os.close(source)
        wait_for_child(judge, pid, program)
        if ran_in_place(ready):
            with contextlib.suppress(OSError):  # the judge may have hung up
                REPORT.send(program)
        REPORT.forget()
        os.close(program)
        reap_orphans()


def ran_in_place(ready: int) -> bool:
    """Return whether the process of a program became a run. Otherwise the judge is told nothing of its end."""
    try:
        os.read(ready, 8)
    except BlockingIOError:
        return False
    return True


def limits_for_kernel(cpu: int, space: int, size: int, stack: int) -> list[tuple[int, bytes]]:
    """Return what ``setrlimit`` gets: made once for all programs with these limits."""
    limits = [(resource.RLIMIT_CPU, cpu, cpu), (resource.RLIMIT_AS, space, space), (resource.RLIMIT_FSIZE, size, size)]
    if stack >= 0:
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        limits.append((resource.RLIMIT_STACK, stack if hard == resource.RLIM_INFINITY else min(stack, hard), hard))
    return [(kind, struct.pack("=qq", soft, hard)) for kind, soft, hard in limits]


def loaded_objects() -> list[str]:
    with open("/proc/self/maps") as file:
        return sorted({line.split(None, 5)[5].strip() for line in file if ".so" in line})


def reap_orphans() -> None:
    """Wait for what a killed program leaves behind: the zygote, as the init of its namespace, inherits it."""
    while libc.waitpid(-1, None, os.WNOHANG) > 0:
        pass


def receive(sock: socket.socket, min_fds: int, max_fds: int) -> tuple[bytes, list[int]]:
    """Receive one message with its descriptors; raise EOFError when the other side has hung up."""
    while True:
        message, parts, _, _ = sock.recvmsg(MAX_MESSAGE_BYTES, socket.CMSG_SPACE(4 * max_fds), socket.MSG_CMSG_CLOEXEC)
        fds = [fd for _, _, data in parts for fd in memoryview(data).cast("i")]
        if not message:
            raise EOFError
        if len(fds) >= min_fds:
            return message, fds
        for fd in fds:  # a request for a pidfd that was sent when the child had just ended
            os.close(fd)


# --- one program ---


def serve_program(
    judge: socket.socket,
    ready: int,
    source: int,
    limits: list[tuple[int, bytes]],
    command: list[str],
    start: Start,
    lock: Lock,
) -> None:
    """Compile the source, report that, then fork a run for every input; or become the last one.

    The limits, those of a run, hold from the beginning: runs inherit them.
    """
    for kind, limit in limits:
        check(setrlimit(kind, limit), "setrlimit")
    code = None if command else compiled(judge, source)
    if start.names:
        vars(builtins).update(start.names)  # not the program's own names, so that those it defines come first
    judge.sendall(b"%c%d" % (COMPILED, time.process_time_ns()))
    if command and lock.launcher >= 0:
        become_launcher(judge.fileno(), source, command, lock)
    parent = os.getpid()
    while True:
        try:
            message, files = receive(judge, STREAMS, STREAMS + MAX_FILES)
        except EOFError:
            os._exit(0)
        words = message.split(b"\0")
        in_place = words[0] == RUN_IN_PLACE and code is not None
        lock.next_pid_follows(parent)
        if not in_place:
            REPORT.start()
        pid = 0 if in_place else fork()
        if pid == 0:
            try:
                if not in_place:
                    die_with(parent)
                prepare_run(files, lock)
                arguments = [os.fsdecode(word) for word in words[1:]]
                if code is None:
                    become(command, source, arguments)
                if in_place:
                    os.write(ready, EVENT)
                os.close(ready)
            except BaseException as error:
                judge.sendall(FAILURE + repr(error).encode())
                os._exit(1)
            os.close(judge.detach())
            run_python(code, arguments, start)
        close_all(files)
        wait_for_child(judge, pid)
        if lock.forks:
            kill_group(pid)
        REPORT.send(judge.fileno())
        REPORT.forget()


def close_all(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)


def prepare_run(files: list[int], lock: Lock) -> None:
    """Put the descriptors in place and apply the last layers of the lock. A failure here is the sandbox's fault."""
    for place, fd in enumerate(files):
        os.dup2(fd, place if place < STREAMS else FIRST_FILE + place - STREAMS)
        os.close(fd)
    if lock.forks:
        os.setsid()
    lock.apply_to_run()


def kill_group(pid: int) -> None:
    """Kill the processes that a compiler started and did not wait for."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


# --- programs that are not Python ---


def become(command: list[str], artifact: int, arguments: list[str]) -> NoReturn:
    """Execute the artifact itself, or a runtime that is given its path; never return."""
    restore_signals()
    words, environment = runtime_command(command)
    if words:
        os.dup2(artifact, ARTIFACT)
        os.execve(words[0], [*words, *arguments], environment)
    os.execve(artifact, [SOLUTION, *arguments], environment)


def become_launcher(control: int, artifact: int, command: list[str], lock: Lock) -> NoReturn:
    """Let launcher.c serve this program: it forks much faster than an interpreter. Never return."""
    restore_signals()
    ruleset = lock.run_ruleset if lock.holds("landlock") else -1
    code = bytes(lock.run_filter).hex() if lock.holds("seccomp") else ""
    places = ",".join(map(str, lock.config["pid_places"]))
    words, environment = runtime_command(command)
    for fd in (control, artifact, ruleset, lock.last_pid):
        if fd >= 0:
            fcntl.fcntl(fd, fcntl.F_SETFD, 0)
    arguments = ["launcher", str(control), str(artifact), str(ruleset), str(lock.last_pid), code, places]
    arguments += [words[0], *words] if words else ["", SOLUTION]
    os.execve(lock.launcher, arguments, environment)  # the runs inherit this environment


def runtime_command(command: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command line of a runtime, or [] where the artifact itself is executed; and the environment."""
    if command == ["{program}"]:
        return [], ENVIRONMENT
    words = [word.replace("{program}", f"/proc/self/fd/{ARTIFACT}") for word in command]
    first = next(place for place, word in enumerate(words) if word.startswith("/"))
    return words[first:], ENVIRONMENT | dict(word.split("=", 1) for word in words[:first])


def restore_signals() -> None:
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and an executed program would inherit that
        signal.signal(number, signal.SIG_DFL)
