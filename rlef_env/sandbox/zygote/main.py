"""The zygote: a small locked interpreter that forks once per program and once more per run.

`source.py` sends it, as text, to the interpreter that runs the programs, after the modules that it imports here. It
needs only the standard library, imports nothing of this package, and holds no program, input or expected output.

    zygote (locks itself once) --fork--> program (compiles, never runs it) --fork--> run (locks itself further, runs)

`protocol.py` lists the messages. A run has no channel to the judge: it can influence only the bytes in its output
files and its wait status.
"""

from __future__ import annotations

import builtins
import fcntl
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from typing import NoReturn

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

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "UV_USE_IO_URING": "0"}  # of programs that are not Python


# --- the zygote ---


def main(control: int) -> None:
    """Lock this process, report which layers hold, then fork a process per program until the judge hangs up."""
    judge = socket.socket(fileno=control)
    judge.sendall(json.dumps({"path": sys.path, "objects": loaded_objects(), "version": sys.version}).encode())
    config = json.loads(judge.recv(MAX_CONFIG_BYTES))
    preload_numpy(config["preload"])
    lock = Lock(config)
    del config
    judge.sendall(json.dumps(lock.apply()).encode())
    lock.hand_over_scratch(judge)
    if lock.has_named_pipes:
        ENVIRONMENT["LD_PRELOAD"] = f"{NAMED_PIPES}/pipes.so"
    if lock.holds("seccomp"):
        replace_refused_functions()
    become_plain_python()
    while True:
        try:
            message, (source, programs_control) = receive(judge, 2, 2)
        except EOFError:
            os._exit(0)
        command, imports, recursion_limit = json.loads(message[len(LOAD) + LIMITS.size :])
        start = Start(imported(imports), recursion_limit)  # imported once for all programs that start with them
        parent = os.getpid()
        lock.next_pid_follows(parent)
        if (pid := os.fork()) == 0:
            judge.close()
            try:
                die_with(parent)
                limits = LIMITS.unpack_from(message, len(LOAD))
                serve_program(socket.socket(fileno=programs_control), source, limits, command, start, lock)
            finally:
                os._exit(0)
        os.close(source)
        os.close(programs_control)
        wait_for_child(judge, pid)
        reap_orphans()


def loaded_objects() -> list[str]:
    with open("/proc/self/maps") as file:
        return sorted({line.split(None, 5)[5].strip() for line in file if ".so" in line})


def reap_orphans() -> None:
    """Wait for what a killed program leaves behind: the zygote, as the init of its namespace, inherits it."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def wait_for_child(judge: socket.socket, pid: int) -> tuple[int, resource.struct_rusage]:
    """Wait for a child. Meanwhile answer the judge's requests for its pidfd, and kill it if the judge hangs up."""
    handle = check(syscall(PIDFD_OPEN, pid, 0), "pidfd_open")
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(judge.fileno(), select.POLLIN)
    try:
        while True:
            ready = {fd for fd, _ in poll.poll()}
            if handle in ready:
                _, status, usage = os.wait4(pid, 0)
                return status, usage
            message = judge.recv(HANDLE_REQUEST_BYTES, socket.MSG_PEEK)
            if message[:1] == HANDLE_REQUEST:
                send_handle(judge, judge.recv(HANDLE_REQUEST_BYTES), handle)
            elif message:
                poll.unregister(judge.fileno())  # the next program, to be read when this one has ended
            else:
                os.kill(pid, signal.SIGKILL)
                os._exit(0)
    finally:
        os.close(handle)


def send_handle(judge: socket.socket, request: bytes, handle: int) -> None:
    """Answer a request with the same message, so that a late answer is recognised, and a pidfd of the child."""
    try:
        socket.send_fds(judge, [request], [handle])
    except OSError:
        judge.sendall(request)  # the kernel accepts no descriptor just now; the judge will ask again


def receive(sock: socket.socket, min_fds: int, max_fds: int) -> tuple[bytes, list[int]]:
    """Receive one message with its descriptors; raise EOFError when the other side has hung up."""
    while True:
        message, fds, _, _ = socket.recv_fds(sock, MAX_MESSAGE_BYTES, max_fds)
        for fd in fds:
            os.set_inheritable(fd, False)  # none of these is for what a run may execute
        if not message:
            raise EOFError
        if len(fds) >= min_fds:
            return message, fds
        for fd in fds:  # a request for a pidfd that was sent when the child had just ended
            os.close(fd)


# --- one program ---


def serve_program(
    judge: socket.socket, source: int, limits: tuple[int, ...], command: list[str], start: Start, lock: Lock
) -> None:
    """Compile the source, report that, then fork a run for every input. Never run the program in this process."""
    cpu, space, size, stack = limits
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    if stack >= 0:
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        soft = stack if hard == resource.RLIM_INFINITY else min(stack, hard)
        resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    code = None if command else compiled(judge, source)
    vars(builtins).update(start.names)  # not the program's own names, so that those it defines come first
    judge.sendall(COMPILED)
    if command and lock.launcher >= 0:
        become_launcher(judge.fileno(), source, cpu, command, lock)
    while True:
        try:
            message, files = receive(judge, STREAMS, STREAMS + MAX_FILES)
        except EOFError:
            os._exit(0)
        started, parent = time.monotonic(), os.getpid()
        lock.next_pid_follows(parent)
        if (pid := os.fork()) == 0:
            try:
                die_with(parent)
                prepare_run(files, cpu, lock)
                arguments = [os.fsdecode(word) for word in message.split(b"\0")[1:]]
                if code is None:
                    become(command, source, arguments)
            except BaseException as error:
                judge.sendall(FAILURE + repr(error).encode())
                os._exit(1)
            judge.close()
            run_python(code, arguments, start)
        for fd in files:
            os.close(fd)
        status, usage = wait_for_child(judge, pid)
        if lock.forks:
            kill_group(pid)
        cpu_seconds = usage.ru_utime + usage.ru_stime
        judge.sendall(RESULT.pack(status, cpu_seconds, usage.ru_maxrss * 1024, time.monotonic() - started))


def prepare_run(files: list[int], cpu: int, lock: Lock) -> None:
    """Put the descriptors in place and apply the last layers of the lock. A failure here is the sandbox's fault."""
    for place, fd in enumerate(files):
        os.dup2(fd, place if place < STREAMS else FIRST_FILE + place - STREAMS)
        os.close(fd)
    if lock.forks:
        os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
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


def become_launcher(control: int, artifact: int, cpu: int, command: list[str], lock: Lock) -> NoReturn:
    """Let launcher.c serve this program: it forks much faster than an interpreter. Never return."""
    restore_signals()
    ruleset = lock.run_ruleset if lock.holds("landlock") else -1
    code = bytes(lock.run_filter).hex() if lock.holds("seccomp") else ""
    places = ",".join(map(str, lock.config["pid_places"]))
    words, environment = runtime_command(command)
    for fd in (control, artifact, ruleset, lock.last_pid):
        if fd >= 0:
            fcntl.fcntl(fd, fcntl.F_SETFD, 0)
    arguments = ["launcher", str(control), str(artifact), str(ruleset), str(lock.last_pid), str(cpu), code, places]
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
