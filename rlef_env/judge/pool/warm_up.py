"""Jobs that start all that judging needs: interpreters, compilers, launchers, and the sandbox of checker programs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rlef_env.errors import UsageError
from rlef_env.judge.job import JudgeJob
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import Program, installed_languages

__all__ = ["PRINTS_ONE", "warm_jobs"]

SECONDS: Final = 60.0
PRINTS_ONE: Final = {
    "python": "print(1)",
    "c": '#include <stdio.h>\nint main(void) { puts("1"); return 0; }\n',
    "cpp": "#include <iostream>\nint main() { std::cout << 1 << std::endl; }\n",
    "rust": 'fn main() { println!("1"); }\n',
    "go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n',
    "java": "public class Main { public static void main(String[] a) { System.out.println(1); } }\n",
    "javascript": "console.log(1);\n",
}
"""Language -> a program that prints 1."""
CHECKER: Final = "import sys\nsys.exit(42)\n"  # accepts, in the protocol of Kattis
PRINT_ONE: Final = Problem("warm-up", "Print 1.", (Test("", "1\n"),), time_limit=SECONDS)
CHECKED: Final = Problem(
    "warm-up with a checker program",
    "Print 1.",
    (Test("", "1\n"),),
    time_limit=SECONDS,
    checker=CheckerSpec("kattis_program", source=CHECKER, language="python"),
)


def warm_jobs(languages: Collection[str] | None = None) -> dict[str, JudgeJob]:
    """The jobs that a worker judges to be warm, by what each starts: ``"python"``, ``"checker"``, then languages.

    Args:
        languages: beyond Python; every one that is installed where None.

    Raises:
        UsageError: a language is unknown or not installed.
    """
    installed = installed_languages()
    wanted = list(installed) if languages is None else list(languages)
    if missing := [name for name in wanted if name not in installed]:
        raise UsageError(f"languages: expected some of {list(installed)}, which are installed, got {missing}")
    jobs = {"python": JudgeJob(PRINT_ONE, Program(PRINTS_ONE["python"]))}
    jobs["checker"] = JudgeJob(CHECKED, Program(PRINTS_ONE["python"]))
    return jobs | {name: JudgeJob(PRINT_ONE, Program(PRINTS_ONE[name], name)) for name in wanted}
