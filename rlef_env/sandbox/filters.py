"""Turns the policy table into seccomp programs (classic BPF), as bytes that the zygote installs.

Two of them: the base filter, installed once in the zygote and inherited by every run at no cost, and a small one
per run that takes away what only the zygote needs.
"""

from __future__ import annotations

import errno
import platform
import struct

from rlef_env.errors import IsolationUnavailable
from rlef_env.sandbox import policy
from rlef_env.sandbox.syscalls import NUMBERS

__all__ = ["base_filter", "run_filter"]

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000  # x86-64 also takes calls of the x32 ABI, under numbers with this bit

ALLOW, KILL_PROCESS, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, JUMP_EQ, JUMP_GE, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, ...
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; each argument is 8 bytes, low half first

CLONE_THREAD = 0x00010000
CLONE_NEW_NAMESPACE = 0x7E020000
PRCTL_HARMLESS = (15, 16, 0x53564D41)  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA

Instruction = tuple[int, int, int, int]


def base_filter(machine: str | None = None) -> bytes:
    """Return the allow-list for this processor.

    Raises:
        IsolationUnavailable: the processor is neither x86-64 nor 64-bit Arm.
    """
    numbers = _numbers(machine)
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCH),
        (JUMP_EQ, 1, 0, AUDIT_ARCH[machine or platform.machine()]),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER),
        (JUMP_GE, 0, 1, X32_BIT),
        (RETURN, 0, 0, ERRNO | errno.ENOSYS),
    ]
    conditional = {
        "clone": _unless_set(0, CLONE_NEW_NAMESPACE, errno.EPERM),
        "prlimit64": _only_if_low_half_equals(0, (0,), errno.EPERM),  # process 0 is the caller itself
    }
    for name, body in conditional.items():
        code += _on_call(numbers[name], body)
    for calls in policy.ALLOWED.values():
        code += _each(numbers, calls.split(), ALLOW, skip=conditional)
    for refusal, calls in policy.REFUSED.values():
        code += _each(numbers, calls.split(), ERRNO | refusal)
    code += _each(numbers, policy.KILLED.split(), KILL_PROCESS)
    code.append((RETURN, 0, 0, ERRNO | errno.ENOSYS))
    return _assemble(code)


def run_filter(machine: str | None = None) -> tuple[bytes, tuple[int, ...]]:
    """Return the filter added to each run, and the offsets in it where the run's own process id (4 bytes) goes."""
    numbers = _numbers(machine)
    code: list[Instruction] = [(LOAD, 0, 0, NUMBER)]
    code += _on_call(numbers["clone"], _only_if_set(0, CLONE_THREAD, errno.EPERM))
    code += _on_call(numbers["prlimit64"], _only_if_zero(2, errno.EPERM))  # no new limit: reading its own is fine
    code += _on_call(numbers["prctl"], _only_if_low_half_equals(0, PRCTL_HARMLESS, errno.EPERM))
    places = []
    for name in policy.OWN_PROCESS_ONLY.split():
        body = _only_if_low_half_equals(0, (0,), errno.EPERM)
        places.append((len(code) + 1 + 1) * 8 + 4)  # the JUMP_EQ after the call test and the load; its constant is last
        code += _on_call(numbers[name], body)
    code += _each(numbers, policy.REFUSED_IN_RUN.split(), ERRNO | errno.EPERM)
    code.append((RETURN, 0, 0, ALLOW))
    return _assemble(code), tuple(places)


def _numbers(machine: str | None) -> dict[str, int]:
    machine = machine or platform.machine()
    if machine not in AUDIT_ARCH:
        raise IsolationUnavailable(
            f"seccomp: expected a processor of {sorted(AUDIT_ARCH)}, got {machine!r}; run on one of those, or ask for "
            'isolation="none" by name (no protection at all)'
        )
    column = list(AUDIT_ARCH).index(machine)
    return {name: row[column] for name, row in NUMBERS.items() if row[column] >= 0}


def _each(
    numbers: dict[str, int], calls: list[str], action: int, skip: dict[str, list[Instruction]] | None = None
) -> list[Instruction]:
    chosen = [numbers[call] for call in calls if call in numbers and call not in (skip or {})]
    return [line for number in chosen for line in ((JUMP_EQ, 0, 1, number), (RETURN, 0, 0, action))]


def _on_call(number: int, body: list[Instruction]) -> list[Instruction]:
    """Run ``body`` (which returns on every path) for this call; else go on with the number still loaded."""
    return [(JUMP_EQ, 0, len(body), number), *body]


def _only_if_set(argument: int, bits: int, refusal: int) -> list[Instruction]:
    return [
        (LOAD, 0, 0, ARGUMENTS + 8 * argument),
        (JUMP_SET, 0, 1, bits),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, ERRNO | refusal),
    ]


def _unless_set(argument: int, bits: int, refusal: int) -> list[Instruction]:
    return [
        (LOAD, 0, 0, ARGUMENTS + 8 * argument),
        (JUMP_SET, 1, 0, bits),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, ERRNO | refusal),
    ]


def _only_if_low_half_equals(argument: int, values: tuple[int, ...], refusal: int) -> list[Instruction]:
    tests = [(JUMP_EQ, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [
        (LOAD, 0, 0, ARGUMENTS + 8 * argument),
        *tests,
        (RETURN, 0, 0, ERRNO | refusal),
        (RETURN, 0, 0, ALLOW),
    ]


def _only_if_zero(argument: int, refusal: int) -> list[Instruction]:
    return [
        (LOAD, 0, 0, ARGUMENTS + 8 * argument),
        (JUMP_EQ, 0, 2, 0),
        (LOAD, 0, 0, ARGUMENTS + 8 * argument + 4),
        (JUMP_EQ, 1, 0, 0),
        (RETURN, 0, 0, ERRNO | refusal),
        (RETURN, 0, 0, ALLOW),
    ]


def _assemble(code: list[Instruction]) -> bytes:
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)
