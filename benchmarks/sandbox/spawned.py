"""Start a new process per run, as most graders do: a command that reads two numbers and prints their sum.

This is a separate program: ``python -I -S spawned.py HOW COMMAND...``. HOW is ``run`` (``subprocess.run``), ``limited``
(the same, under resource limits) or ``bare`` (``posix_spawn`` and ``wait4``, the minimum). It reads a number of runs
per line, and answers with their CPU seconds (user + system, all processes).

Resource limits are set once, here, and inherited; this is the cheapest way to set them. Orphaned processes
(bubblewrap leaves some) are adopted and waited for here, so that their time counts.
"""

import ctypes
import os
import resource
import subprocess
import sys

SET_CHILD_SUBREAPER = 36

LIMITS = (
    (resource.RLIMIT_CPU, 3600),  # applies to this process as well, which runs much longer than one run
    (resource.RLIMIT_AS, 2**31),
    (resource.RLIMIT_FSIZE, 2**26),
    (resource.RLIMIT_NOFILE, 64),
    (resource.RLIMIT_CORE, 0),
)


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def wait_for_adopted() -> None:
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass


def run(command: list[str]) -> bytes:
    return subprocess.run(command, input=b"12 30\n", stdout=subprocess.PIPE).stdout


def spawn(command: list[str]) -> bytes:
    stdin_r, stdin_w = os.pipe()
    stdout_r, stdout_w = os.pipe()
    os.write(stdin_w, b"12 30\n")
    os.close(stdin_w)
    redirected = [(os.POSIX_SPAWN_DUP2, stdin_r, 0), (os.POSIX_SPAWN_DUP2, stdout_w, 1)]
    pid = os.posix_spawn(command[0], command, {}, file_actions=redirected)
    os.close(stdin_r)
    os.close(stdout_w)
    output = os.read(stdout_r, 65536)
    os.close(stdout_r)
    os.wait4(pid, 0)
    return output


def main() -> None:
    how, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if how == "limited":
        for limit, value in LIMITS:
            resource.setrlimit(limit, (value, value))
    for line in sys.stdin:
        before = cpu_seconds()
        for _ in range(int(line)):
            output = spawn(command) if how == "bare" else run(command)
            if output != b"42\n":
                sys.exit(f"spawned: {command} printed {output!r}")
            wait_for_adopted()
        print(cpu_seconds() - before, flush=True)


if __name__ == "__main__":
    main()
