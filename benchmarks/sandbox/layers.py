"""Measure each layer that is applied per run, in a bare warm fork whose child applies it and exits.

This is a separate program: ``python -I -S layers.py CONFIG``. CONFIG is JSON with ``inherited`` (whether to apply the
zygote's own layers first, once: a base filter and a Landlock layer), ``base`` and ``run`` (the two seccomp filters, in
hex) and ``apply`` (the layers that a child applies). It reads a number of runs per line, and answers with their CPU
seconds (user + system, parent and children).
"""

import ctypes
import gc
import json
import os
import resource
import struct
import sys
import time

NO_NEW_PRIVS, SECCOMP_FILTER = 38, 1
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
NUMBER = {"x86_64": 317, "aarch64": 277}.get(os.uname().machine, -1)

libc = ctypes.CDLL(None, use_errno=True)
syscall = libc.syscall
syscall.restype = ctypes.c_long


def check(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def prepared(program: bytes) -> tuple[object, bytes]:
    """Return a filter in the kernel's format: the buffer, which must stay alive, and the header that points to it."""
    buffer = ctypes.create_string_buffer(program, len(program))
    return buffer, struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))


def install(header: bytes) -> None:
    check(syscall(NUMBER, SECCOMP_FILTER, 0, header))


def create_ruleset(rights: int) -> int:
    attributes = struct.pack("<Q", rights)
    return check(syscall(LANDLOCK_CREATE, attributes, len(attributes), 0))


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**26, 2**26))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))


def main() -> None:
    config = json.loads(sys.argv[1])
    run_filter, chosen = bytes.fromhex(config["run"]), set(config["apply"])
    check(libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0))
    if config["inherited"]:
        ruleset = create_ruleset((1 << 13) - 1)
        root = os.open("/", os.O_PATH)
        check(syscall(LANDLOCK_ADD, ruleset, 1, struct.pack("<Qi", (1 << 13) - 1, root), 0))
        check(syscall(LANDLOCK_RESTRICT, ruleset, 0))
    run_ruleset = create_ruleset(1)
    if config["inherited"]:
        _base, header = prepared(bytes.fromhex(config["base"]))
        install(header)
    _run, header = prepared(run_filter)  # the buffers live as long as this function runs
    gc.freeze()
    for line in sys.stdin:
        began, children = time.process_time(), 0.0  # not with getrusage, which the base filter forbids
        for _ in range(int(line)):
            pid = os.fork()
            if pid == 0:
                try:
                    if "rlimits" in chosen:
                        limit()
                    if "landlock" in chosen:
                        check(syscall(LANDLOCK_RESTRICT, run_ruleset, 0))
                    if "seccomp" in chosen:
                        install(header)
                    if "seccomp, built in the child" in chosen:
                        _kept, header = prepared(run_filter)
                        install(header)
                    os._exit(0)
                finally:
                    os._exit(1)
            _, status, used = os.wait4(pid, 0)
            children += used.ru_utime + used.ru_stime
            if status != 0:
                sys.exit(f"layers: {sorted(chosen)} could not be applied")
        print(time.process_time() - began + children, flush=True)


if __name__ == "__main__":
    main()
