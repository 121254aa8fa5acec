"""Lower bound of judging a Python program: a bare warm fork that compiles and runs it, without a lock.

This is a separate program for ``python -I -S``, so that only the interpreter is forked. It reads one command per line
and answers each with a number:

* ``cpu RUNS``: CPU seconds (user + system, parent and children) of this many runs of A+B, each of which compiles it;
* ``once RUNS TESTS``: the same, compiled in the parent once for every TESTS runs;
* ``wall PATH``: wall seconds of one run of the program in that file, on an A+B input.
"""

import gc
import os
import resource
import sys
import time
import types

SOURCE = "a, b = map(int, input().split())\nprint(a + b)\n"


def execute(source: "str | types.CodeType", data: bytes) -> bytes:
    stdin_r, stdin_w = os.pipe()
    stdout_r, stdout_w = os.pipe()
    os.write(stdin_w, data)
    os.close(stdin_w)
    pid = os.fork()
    if pid == 0:
        os.dup2(stdin_r, 0)
        os.dup2(stdout_w, 1)
        sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
        try:
            code = compile(source, "solution.py", "exec") if isinstance(source, str) else source
            exec(code, {"__name__": "__main__"})
            sys.stdout.flush()
        finally:
            os._exit(0)
    os.close(stdin_r)
    os.close(stdout_w)
    output = b""
    while chunk := os.read(stdout_r, 1 << 20):
        output = output + chunk if len(output) < 1 << 16 else output  # enough to compare; the rest is discarded
    os.close(stdout_r)
    os.wait4(pid, 0)
    return output


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    gc.freeze()
    for line in sys.stdin:
        command, argument = line.split(None, 1)
        if command in ("cpu", "once"):
            runs, *tests = map(int, argument.split())
            before = cpu_seconds()
            for number in range(runs):
                if tests and number % tests[0] == 0:
                    code = compile(SOURCE, "solution.py", "exec")
                if execute(code if tests else SOURCE, b"12 30\n") != b"42\n":
                    sys.exit("floor: a run gave a wrong answer")
            print(cpu_seconds() - before, flush=True)
        else:
            with open(argument.strip()) as file:  # noqa: PTH123 (importing pathlib would make the forked process larger)
                source = file.read()
            began = time.monotonic()
            execute(source, b"12 30\n")
            print(time.monotonic() - began, flush=True)


if __name__ == "__main__":
    main()
