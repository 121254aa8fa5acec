"""The table of system call numbers is what its generator gives."""

from __future__ import annotations

import pytest

from rlef_env.sandbox.policy.syscalls import NUMBERS
from tools.build_syscalls import ARM64_HEADERS, OUTPUT, X86_64_HEADERS, find, named_calls, numbers, table

HEADERS = find(X86_64_HEADERS), find(ARM64_HEADERS)


def test_the_table_has_exactly_the_calls_that_the_policy_names() -> None:
    assert list(NUMBERS) == sorted(named_calls())


@pytest.mark.skipif(None in HEADERS, reason="the kernel's headers (linux-libc-dev) are not installed here")
def test_the_file_is_what_the_generator_gives() -> None:
    x86_64, arm64 = (header.read_text() for header in HEADERS if header is not None)
    assert OUTPUT.read_text() == table(x86_64, arm64)


def test_numbers_are_read_as_64_bit_processors_see_them() -> None:
    header = """\
#define __NR_read 63
#define __NR3264_mmap 222
#if __BITS_PER_LONG == 64 && !defined(__SYSCALL_COMPAT)
#define __NR_mmap __NR3264_mmap
#else
#define __NR_mmap2 __NR3264_mmap
#endif
"""
    assert numbers(header) == {"read": 63, "mmap": 222, "mmap2": 222}


def test_a_header_without_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="got none"):
        numbers("#define _ASM_UNISTD_64_H\n")
