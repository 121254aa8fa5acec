"""What every checker of outputs must do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rlef_env.problems import Test
from rlef_env.testing.findings import Findings

__all__ = ["check_checker"]

TESTS: Final = (Test("3\n", "1 2 3\n"), Test("", "YES\n"), Test("x", "0.5\n"), Test("2\n", "a\nb\n"))
HOSTILE: Final = (
    b"",
    b"\n",
    b"\0",
    bytes(range(256)),
    b"\xff\xfe",
    b"nan\n",
    b"inf\n",
    b"1e999999\n",
    b"9" * 5000,
    b"-",
    b"(" * 5000,
    b"a" * 10**6,
    b" " * 10**6,
    b"1 " * 10**5,
    b"\n" * 10**6,
)
"""Outputs that break careless checkers."""


def check_checker(
    make: Callable[[], Callable[[bytes, bytes, bytes], bool]],
    tests: Sequence[Test] = TESTS,
    wrong: Sequence[tuple[Test, str]] = (),
) -> None:
    r"""Check a checker: it accepts the expected output, refuses wrong ones, and survives any bytes.

    ::

        check_checker(lambda: my_checker, tests=my_tests, wrong=[(my_tests[0], "17\n")])

    Args:
        make: returns the checker, a function ``(input, output, expected) -> bool`` of bytes, as
            ``Judge(checkers={...})`` takes it.
        tests: tests whose expected output is right.
        wrong: tests with an output that is wrong.

    Raises:
        AssertionError: something was not as expected; the message lists everything.
    """
    findings, checker = Findings("checker"), make()
    for number, test in enumerate(tests):
        given, expected = test.input.encode(), test.output.encode()
        with findings.check(f"test {number}") as expect:
            for _ in range(2):
                expect(checker(given, expected, expected) is True, "expected True for the expected output itself")
        for output in HOSTILE:
            with findings.check(f"test {number}, output {output[:20]!r} of {len(output)} bytes") as expect:
                first = checker(given, output, expected)
                expect(first in (True, False), f"expected True or False, got {first!r}")
                expect(checker(given, output, expected) == first, "expected the same answer the second time")
        with findings.check(f"test {number}, empty output") as expect:
            if expected.strip():
                expect(checker(given, b"", expected) is not True, "expected False for an empty output")
    for test, output_text in wrong:
        with findings.check(f"wrong output {output_text[:20]!r}") as expect:
            answer = checker(test.input.encode(), output_text.encode(), test.output.encode())
            expect(answer is not True, "expected False for an output that is wrong")
    findings.report()
