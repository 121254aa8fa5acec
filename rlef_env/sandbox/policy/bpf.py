"""Turns the system call policy into seccomp programs (classic BPF), as bytes that the zygote installs.

There are two: the base filter is installed once in the zygote, and every run inherits it at no cost. A small filter per
run takes away what only the zygote needs.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable

from rlef_env.errors import IsolationUnavailable
from rlef_env.sandbox.policy import syscall_policy
from rlef_env.sandbox.policy.syscalls import NUMBERS
from rlef_env.sandbox.zygote.zygote_profile import PYTHON, Profile

__all__ = ["base_filter", "run_filter"]

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000  # x86-64 also takes calls of the x32 ABI, under numbers with this bit

ALLOW, KILL_PROCESS, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, JUMP_EQ, JUMP_GE, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, ...
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; each argument is 8 bytes, low half first

Instruction = tuple[int, int, int, int]


def base_filter(profile: Profile = PYTHON, machine: str | None = None, pipes: bool = False) -> bytes:
    """Return the base filter.

    Args:
        profile: of the zygote.
        machine: the processor, as ``platform.machine()`` names it; None for this one.
        pipes: allow ``profile.calls``, for a zygote without named pipes.

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
    # 64-bit Arm has no open, for example.
    conditions = {condition.call: condition for condition in syscall_policy.CONDITIONS if condition.call in numbers}
    if profile.compiles:
        conditions = {call: conditions[call] for call in conditions if call in syscall_policy.COMPILER_CONDITIONS}
    elif profile.native:
        threads = syscall_policy.THREAD_JOIN if profile.executables else syscall_policy.COMPILED_THREADS
        conditions[threads.call] = threads
    for call, condition in conditions.items():
        code += _on_call(numbers[call], _body(condition))
    if profile.compiles:
        code += _each(
            numbers,
            [call for group in syscall_policy.COMPILER_GROUPS for call in syscall_policy.REFUSED[group][1].split()],
            ALLOW,
        )
    code += _each(numbers, profile.calls if pipes else (), ALLOW)
    if profile.native:
        code += _each(numbers, syscall_policy.EXECUTE.split(), ALLOW)
    for calls in syscall_policy.ALLOWED.values():
        code += _each(numbers, [call for call in calls.split() if call not in conditions], ALLOW)
    for refusal, calls in syscall_policy.REFUSED.values():
        code += _each(numbers, calls.split(), ERRNO | refusal)
    code += _each(numbers, syscall_policy.KILLED.split(), KILL_PROCESS)
    code.append((RETURN, 0, 0, ERRNO | errno.ENOSYS))
    return _assemble(code)


def run_filter(profile: Profile = PYTHON, machine: str | None = None) -> tuple[bytes, tuple[int, ...]]:
    """Return the filter of a run, and the offsets in it where the run's process id (4 bytes) goes."""
    numbers = _numbers(machine)
    code: list[Instruction] = [(LOAD, 0, 0, NUMBER)]
    for condition in () if profile.compiles else syscall_policy.RUN_CONDITIONS:
        code += _on_call(numbers[condition.call], _body(condition))
    refused = [
        call
        for call in syscall_policy.REFUSED_IN_RUN.split()
        if not (profile.native and call in syscall_policy.EXECUTE.split())
    ]
    if not (profile.native or profile.compiles):
        refused += syscall_policy.REFUSED_IN_PYTHON.split()
    code += _each(numbers, refused, ERRNO | errno.EPERM)
    code.append((RETURN, 0, 0, ALLOW))
    own = syscall_policy.OWN_PROCESS & 0xFFFFFFFF
    places = tuple(
        8 * row + 4 for row, instruction in enumerate(code) if instruction[0] == JUMP_EQ and instruction[3] == own
    )
    return _assemble(code), places


def _numbers(machine: str | None) -> dict[str, int]:
    machine = machine or platform.machine()
    if machine not in AUDIT_ARCH:
        raise IsolationUnavailable(
            f"seccomp: expected a processor of {sorted(AUDIT_ARCH)}, got {machine!r}; run on one of those, or ask for "
            'isolation="none" by name (no protection at all)'
        )
    column = list(AUDIT_ARCH).index(machine)
    return {name: row[column] for name, row in NUMBERS.items() if row[column] >= 0}


def _each(numbers: dict[str, int], calls: Iterable[str], action: int) -> list[Instruction]:
    chosen = [numbers[call] for call in calls if call in numbers]
    return [line for number in chosen for line in ((JUMP_EQ, 0, 1, number), (RETURN, 0, 0, action))]


def _on_call(number: int, body: list[Instruction]) -> list[Instruction]:
    """Execute ``body``, which returns on every path, for this call; otherwise continue with the number still loaded."""
    return [(JUMP_EQ, 0, len(body), number), *body]


def _body(condition: syscall_policy.Condition) -> list[Instruction]:
    """Allow the call if one of the alternatives holds, else refuse it."""
    tests = [line for argument in condition.arguments for line in _test(argument)]
    return [*tests, (RETURN, 0, 0, ERRNO | condition.refusal)]


def _test(argument: syscall_policy.Argument) -> list[Instruction]:
    """Return ALLOW if the argument has one of its values; else fall through to what follows."""
    low = ARGUMENTS + 8 * argument.place
    if argument.wide:
        (value,) = argument.values
        high_half = [(LOAD, 0, 0, low + 4), (JUMP_EQ, 0, 1, value >> 32), (RETURN, 0, 0, ALLOW)]
        return [(LOAD, 0, 0, low), (JUMP_EQ, 0, len(high_half), value & 0xFFFFFFFF), *high_half]
    if argument.only_with is not None:
        (value,) = argument.values
        other = _test(argument.only_with)
        return [(LOAD, 0, 0, low), (JUMP_EQ, 0, len(other), value), *other]
    masked = [] if argument.mask == 0xFFFFFFFF else [(AND, 0, 0, argument.mask)]
    equal = [line for value in argument.values for line in ((JUMP_EQ, 0, 1, value & 0xFFFFFFFF), (RETURN, 0, 0, ALLOW))]
    return [(LOAD, 0, 0, low), *masked, *equal]


def _assemble(code: list[Instruction]) -> bytes:
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)
