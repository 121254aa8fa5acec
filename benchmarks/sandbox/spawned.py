"""A new process per run, as most graders do: ``subprocess.run`` of a command that reads A+B and prints the sum.

A program of its own, run by ``python -I -S spawned.py COMMAND...``. It reads a number of runs a line and answers with
the CPU seconds (user + system, all processes) they took. The resource limits are set once, here, and inherited, which
is the cheapest way to have them. A process that its own parent leaves behind (bubblewrap does) is adopted and waited
for here, so that its time counts.
"""

import ctypes
import os
import resource
import subprocess
import sys

SET_CHILD_SUBREAPER = 36

LIMITS = (
    (resource.RLIMIT_CPU, 3600),  # counts this process as well, which outlives many runs
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


def main() -> None:
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    command = sys.argv[1:]
    if command[0] == "limited":
        command = command[1:]
        for limit, value in LIMITS:
            resource.setrlimit(limit, (value, value))
    for line in sys.stdin:
        before = cpu_seconds()
        for _ in range(int(line)):
            done = subprocess.run(command, input=b"12 30\n", stdout=subprocess.PIPE)
            if done.stdout != b"42\n":
                sys.exit(f"spawned: {command} gave {done}")
            wait_for_adopted()
        print(cpu_seconds() - before, flush=True)


if __name__ == "__main__":
    main()
