"""Build `rlef_env/sandbox/policy/syscalls.py` from the kernel's headers: `python -m tools.build_syscalls`.

The table holds every system call that `syscall_policy.py` names. The numbers are read from the headers that the
machine has (Debian and Ubuntu: `linux-libc-dev`), or from files that are given as arguments. 64-bit Arm uses the
numbers of `asm-generic/unistd.h`. A call that a header does not define keeps its number in the present table, so that
older headers do not remove calls of newer kernels.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

from rlef_env.sandbox import LANGUAGES
from rlef_env.sandbox.policy import syscall_policy
from rlef_env.sandbox.policy.syscalls import NUMBERS

__all__ = ["ARM64_HEADERS", "OUTPUT", "X86_64_HEADERS", "find", "named_calls", "numbers", "table"]

OUTPUT = Path(__file__).resolve().parent.parent / "rlef_env" / "sandbox" / "policy" / "syscalls.py"
X86_64_HEADERS = ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h")
ARM64_HEADERS = ("/usr/include/asm-generic/unistd.h",)
MISSING = -1

DEFINITION = re.compile(r"^#define\s+(__NR\w*?_\w+)\s+(\d+|__NR\w+)\s*$", re.MULTILINE)
"""Calls that differ between 32 and 64 bits have two lines: ``__NR3264_mmap 222``, then ``__NR_mmap __NR3264_mmap``."""

HEADER = '''\
"""System call numbers from the kernel's headers: name -> (x86-64, 64-bit Arm), -1 where a processor has none.

`python -m tools.build_syscalls` writes this file.
"""

from __future__ import annotations

__all__ = ["NUMBERS"]

# fmt: off
NUMBERS: dict[str, tuple[int, int]] = {
'''


def named_calls() -> set[str]:
    """Return the names of all system calls in the policy, and those that single languages may make."""
    texts = [*syscall_policy.ALLOWED.values(), *(calls for _, calls in syscall_policy.REFUSED.values())]
    texts += [syscall_policy.KILLED, syscall_policy.REFUSED_IN_RUN, syscall_policy.EXECUTE]
    names = {name for text in texts for name in text.split()}
    names |= {
        condition.call
        for condition in (*syscall_policy.CONDITIONS, *syscall_policy.RUN_CONDITIONS, syscall_policy.THREAD_JOIN)
    }
    return names | {name for language in LANGUAGES.values() for name in language.calls}


def numbers(header: str) -> dict[str, int]:
    """Read the text of a header; return name -> number.

    Raises:
        ValueError: it defines no numbers.
    """
    definitions: dict[str, str] = dict(DEFINITION.findall(header))
    found = {}
    for name, value in definitions.items():
        number = definitions.get(value, value)
        if name.startswith("__NR_") and number.isdecimal():
            found[name.removeprefix("__NR_")] = int(number)
    if not found:
        raise ValueError("header: expected lines like '#define __NR_read 0', got none; give another file")
    return found


def table(x86_64: str, arm64: str) -> str:
    """Return the text of the module, given the texts of both headers.

    Raises:
        ValueError: a call that the policy names is in neither header, and not in the present table.
    """
    columns = numbers(x86_64), numbers(arm64)
    entries = []
    for name in sorted(named_calls()):
        present = NUMBERS.get(name, (MISSING, MISSING))
        row = tuple(column.get(name, number) for column, number in zip(columns, present, strict=True))
        if row == (MISSING, MISSING):
            raise ValueError(f"{name}: expected a system call that the headers define, got none; give newer headers")
        entries.append(f'"{name}": {row},'.replace(" ", "\N{NO-BREAK SPACE}"))
    rows = textwrap.fill(" ".join(entries), 120, initial_indent="    ", subsequent_indent="    ")
    return HEADER + rows.replace("\N{NO-BREAK SPACE}", " ") + "\n}\n"


def find(paths: Iterable[str]) -> Path | None:
    """Return the first of these files that exists."""
    return next((path for path in map(Path, paths) if path.is_file()), None)


def main() -> int:
    """Write the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--x86-64", type=Path, default=find(X86_64_HEADERS), help="asm/unistd_64.h of x86-64")
    parser.add_argument("--arm64", type=Path, default=find(ARM64_HEADERS), help="asm-generic/unistd.h")
    arguments = parser.parse_args()
    if arguments.x86_64 is None or arguments.arm64 is None:
        parser.error("expected both headers on this machine, found not both; install linux-libc-dev, or give the files")
    OUTPUT.write_text(table(arguments.x86_64.read_text(), arguments.arm64.read_text()))
    print(f"{OUTPUT}: {len(named_calls())} system calls")
    return 0


if __name__ == "__main__":
    sys.exit(main())
