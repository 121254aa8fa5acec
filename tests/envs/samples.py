"""Small problems and programs that the environment's tests share."""

from __future__ import annotations

from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.problems import CheckerSpec, Dataset, Problem, Solution, Test
from rlef_env.problems.problem import Role

SUM = Problem(
    id="sum",
    statement="Read two numbers, ä and ß, and print their sum",
    public_tests=(Test("1 2\n", "3\n"), Test("10 5\n", "15\n")),
    private_tests=(Test("4 4\n", "8\n"), Test("-7 2\n", "-5\n")),
    generated_tests=(Test("0 0\n", "0\n"),),
    time_limit=60.0,
    memory_limit=64 * 2**20,
    incorrect_solutions=(Solution("print('ü')"),),
)
DOUBLE = Problem(
    id="double",
    statement="Print twice the number",
    public_tests=(Test("21\n", "42\n"),),
    private_tests=(Test("1\n", "2\n"),),
    incorrect_solutions=(Solution("print(42)"), Solution("int main() {}", "cpp")),
)
NO_PUBLIC = Problem(id="no public tests", statement="Print one", private_tests=(Test("", "1\n"),))
NO_TESTS = Problem(id="no tests at all", statement="Anything")
BROKEN = Problem(
    id="broken checker",
    statement="Print anything",
    public_tests=(Test("1\n", "1\n"),),
    checker=CheckerSpec("python", source="raise ValueError('this checker does not load')"),
)
TINY = Dataset("tiny", "Tiny", (SUM, DOUBLE, NO_PUBLIC, NO_TESTS))


def fenced(source: str) -> str:
    """Return a response that holds a program."""
    return f"```python\n{source}\n```"


SUM_RIGHT = fenced("print(sum(map(int, input().split())))")
SUM_PASSES_PUBLIC = fenced("print(abs(sum(map(int, input().split()))))")
SUM_WRONG = fenced("a, b = map(int, input().split())\nprint(a - b)")
SUM_CRASHES = fenced("a, b = input().split()\nprint(a / b)")


def judged(verdict: Verdict, role: Role = "public", index: int = 0, stdout: str = "", stderr: str = "") -> Judgement:
    """Return a judgement of one test."""
    return Judgement(verdict, (TestResult(role, index, verdict, None, stdout, stderr),), 1)
