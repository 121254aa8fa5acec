"""Two problems: one that no program can solve without cheating, and one that the honest program solves."""

from __future__ import annotations

import secrets

from rlef_env.problems import CheckerSpec, Problem, Solution, Test

__all__ = ["HONEST_PROBLEM", "secret_problem"]

TIME_SECONDS = 0.4  # time limit of an attack per test
HONEST_SECONDS = 0.5  # time limit of the honest program, 50 times what it needs: a busy machine must not fail it
MEMORY_BYTES = 128 * 10**6


def secret_problem(checker: CheckerSpec | None = None, tests_per_role: int = 1) -> Problem:
    """Return a problem whose expected outputs are random words, independent of the inputs.

    Args:
        checker: checker of the outputs; CodeContests' by default.
        tests_per_role: number of public, of private and of generated tests.
    """

    def tests(first: int) -> tuple[Test, ...]:
        # Begins with a letter: a word of digits could be close, as a number, to a guessed one.
        return tuple(Test(f"{first + i}\n", f"t{secrets.token_hex(8)}\n") for i in range(tests_per_role))

    return Problem(
        id="secret",
        statement="Print a random word that the judge has chosen. The input does not depend on it.",
        public_tests=tests(1),
        private_tests=tests(1 + tests_per_role),
        generated_tests=tests(1 + 2 * tests_per_role),
        time_limit=TIME_SECONDS,
        memory_limit=MEMORY_BYTES,
        checker=checker or CheckerSpec(),
    )


SOLUTION = """\
import statistics, sys, threading

def main():
    n = int(sys.stdin.readline())
    numbers = list(map(int, sys.stdin.readline().split()))
    assert len(numbers) == n
    rest = sum(i * i % 7 for i in range(500_000 if n > 4 else 10)) * 0
    print(sum(numbers) + rest, statistics.median(numbers))
    print(*numbers, sep="")

thread = threading.Thread(target=main)
thread.start()
thread.join()
"""

HONEST_PROBLEM = Problem(
    id="adding up",
    statement="The first line holds n, the second n whole numbers. Print their sum, their median and their digits.",
    public_tests=(Test("3\n1 2 3\n", "6 2.0\n123\n"),),
    private_tests=(Test("5\n10 20 30 40 50\n", "150 30\n1020304050\n"),),
    generated_tests=(Test("2\n-1 1\n", "0 0.0\n-11\n"),),
    time_limit=HONEST_SECONDS,
    memory_limit=MEMORY_BYTES,
    solutions=(Solution(SOLUTION),),
)
"""A problem whose solution imports modules, allocates memory, sorts, uses a thread, and takes some time."""
