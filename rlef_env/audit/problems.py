"""Two problems: one that no program can solve without cheating, and one that the honest program solves."""

from __future__ import annotations

import secrets
from dataclasses import replace

from rlef_env.audit.audit import HonestProgram
from rlef_env.problems import CheckerSpec, Problem, Solution, Test
from rlef_env.sandbox import Program

__all__ = ["HONEST_PROBLEM", "honest_program", "secret_problem"]

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

C_SOLUTION = """\
#include <stdio.h>
#include <stdlib.h>

static int ascending(const void *one, const void *other) { return *(const int *)one - *(const int *)other; }

int main(void) {
    int n, total = 0;
    if (scanf("%d", &n) != 1) return 1;
    int *numbers = malloc(2 * n * sizeof *numbers), *sorted = numbers + n;
    for (int i = 0; i < n && scanf("%d", &numbers[i]) == 1; i++) total += sorted[i] = numbers[i];
    qsort(sorted, n, sizeof *sorted, ascending);
    printf("%d %g\\n", total, (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0);
    for (int i = 0; i < n; i++) printf("%d", numbers[i]);
    puts("");
}
"""

HONEST_PROBLEM = Problem(
    id="adding up",
    statement="The first line holds n, the second n whole numbers. Print their sum, their median and their digits.",
    public_tests=(Test("3\n1 2 3\n", "6 2.0\n123\n"),),
    private_tests=(Test("5\n10 20 30 40 50\n", "150 30\n1020304050\n"),),
    generated_tests=(Test("2\n-1 1\n", "0 0.0\n-11\n"),),
    time_limit=HONEST_SECONDS,
    memory_limit=MEMORY_BYTES,
    solutions=(Solution(SOLUTION), Solution(C_SOLUTION, "c")),
)
"""A problem whose Python solution imports modules, allocates memory, sorts, uses a thread, and takes some time."""


def honest_program(language: str) -> HonestProgram:
    """Return the solution of ``HONEST_PROBLEM`` in the attacks' language, or else in Python.

    One in C has the attacks' limits, so that one launcher serves both.
    """
    for solution in HONEST_PROBLEM.solutions:
        if solution.language == language != "python":
            problem = replace(HONEST_PROBLEM, time_limit=TIME_SECONDS)
            return HonestProgram(problem, Program(solution.source, language))
    return HonestProgram(HONEST_PROBLEM, Program(SOLUTION))
