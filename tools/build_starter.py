"""Build `rlef_env/problems/starter.jsonl` from `data/starter`: `python -m tools.build_starter`.

Every input is validated and answered by the reference (a problem's first solution); every other solution must agree.
The same sources give the same file, byte for byte. The labels of *incorrect* programs are not checked here: a test
judges every stored program with the real judge and compares the verdict with the label
(`tests/problems/test_starter.py`).
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import pkgutil
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import data.starter

__all__ = ["OUTPUT", "build", "row_of", "slugs"]

OUTPUT = Path(__file__).resolve().parent.parent / "rlef_env" / "problems" / "starter.jsonl"
PYTHON3 = 3  # the code of Python 3 among CodeContests' languages
SECONDS_PER_RUN = 20.0  # far more than any reference takes: only a program that hangs reaches it
FLOAT_TOLERANCE = 1e-6
EXAMPLES = "{examples}"  # the place of the public tests in a statement

Agrees = Callable[[str, str, str], bool]


def slugs() -> list[str]:
    """Return the slugs of all problems, in order: a module's name with dashes."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(data.starter.__path__))


def build(path: Path = OUTPUT, progress: Callable[[str], None] | None = None) -> None:
    """Write the whole starter set to ``path``, one problem per line."""
    rows = []
    for slug in slugs():
        rows.append(json.dumps(row_of(slug), ensure_ascii=False))
        if progress:
            progress(f"{slug}: {len(rows[-1].encode()) / 1000:.1f} kB")
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def row_of(slug: str) -> dict[str, Any]:
    """Return a problem as a row in the CodeContests schema with extension fields.

    Raises:
        ValueError: an input is invalid or a duplicate, or the solutions disagree on it.
    """
    problem = importlib.import_module(f"data.starter.{slug.replace('-', '_')}")
    inputs = {
        "public": list(problem.PUBLIC),
        "private": list(problem.PRIVATE),
        "generated": list(problem.generated(random.Random(slug))),
    }
    everything = [text for texts in inputs.values() for text in texts]
    for text in everything:
        _validate(slug, problem, text)
    if len(set(everything)) != len(everything):
        raise ValueError(
            f"starter/{slug}: expected distinct inputs, got a duplicate: {_first_repeated(everything)[:80]!r}"
        )
    answers = dict(zip(everything, _answers(slug, problem, everything), strict=True))
    tests = {role: {"input": texts, "output": [answers[text] for text in texts]} for role, texts in inputs.items()}
    seconds, nanos = divmod(round(problem.TIME_LIMIT * 1_000_000_000), 1_000_000_000)
    verdicts = [verdict for verdict, _ in problem.INCORRECT]
    function = getattr(problem, "FUNCTION", None)
    return {
        "name": f"starter/{slug}",
        "description": _statement(problem.STATEMENT, tests["public"]),
        "public_tests": tests["public"],
        "private_tests": tests["private"],
        "generated_tests": tests["generated"],
        "source": 0,
        "difficulty": 0,
        "solutions": _programs(list(problem.SOLUTIONS)),
        "incorrect_solutions": {**_programs([program for _, program in problem.INCORRECT]), "verdict": verdicts},
        "cf_contest_id": 0,
        "cf_index": "",
        "cf_points": 0.0,
        "cf_rating": 0,
        "cf_tags": list(problem.TAGS),
        "is_description_translated": False,
        "untranslated_description": "",
        "time_limit": {"seconds": seconds, "nanos": nanos},
        "memory_limit_bytes": problem.MEMORY_LIMIT,
        "input_file": "",
        "output_file": "",
        "checker": _checker_spec(problem),
        "difficulty_name": problem.DIFFICULTY,
        **({"function": {"entry_point": function, "preamble": ""}} if function else {}),
    }


def _validate(slug: str, problem: ModuleType, text: str) -> None:
    try:
        problem.validate(text)
    except ValueError as error:
        raise ValueError(f"starter/{slug}: input {text[:80]!r} is not valid: {error}") from error


def _answers(slug: str, problem: ModuleType, inputs: list[str]) -> list[str]:
    """Return the reference's answers, after the other solutions agreed with them."""
    agrees = _agreement(problem)
    programs = [_tidy(program) for program in problem.SOLUTIONS]
    if hasattr(problem, "FUNCTION"):
        # the input is a call: it stands at the end of the program, and what it returns is printed
        runs = [(f"{program}\nprint(repr({text.strip()}))\n", text) for program in programs for text in inputs]
    else:
        runs = [(program, text) for program in programs for text in inputs]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = list(pool.map(lambda run: _run(slug, *run), runs))
    reference = outputs[: len(inputs)]
    for index, ((_, text), output) in enumerate(zip(runs, outputs, strict=True)):
        answer = reference[index % len(inputs)]
        if not agrees(text, output, answer):
            raise ValueError(
                f"starter/{slug}: solution {index // len(inputs)} disagrees with the reference on input {text[:80]!r}: "
                f"expected {answer[:80]!r}, got {output[:80]!r}"
            )
    return reference


def _run(slug: str, program: str, text: str) -> str:
    """Return what the program prints, run alone in an interpreter without site packages."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", program]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=SECONDS_PER_RUN, check=False)
    if done.returncode != 0:
        raise ValueError(f"starter/{slug}: a solution failed on input {text[:80]!r}: {done.stderr.decode()[-400:]}")
    return done.stdout.decode()


def _agreement(problem: ModuleType) -> Agrees:
    """Return a function that decides whether two answers to one input are both right."""
    spec = _checker_spec(problem)
    if spec["name"] == "python":
        namespace: dict[str, Any] = {"__name__": "checker"}
        exec(compile(spec["source"], "checker.py", "exec"), namespace)
        check: Agrees = namespace["check"]
        return check
    if spec["name"] == "value":
        return lambda _, output, answer: bool(ast.literal_eval(output) == ast.literal_eval(answer))
    if spec["name"] == "kattis":
        return lambda _, output, answer: _close(output.split(), answer.split())
    return lambda _, output, answer: output.split() == answer.split()


def _close(output: list[str], answer: list[str]) -> bool:
    return len(output) == len(answer) and all(
        abs(float(a) - float(b)) <= FLOAT_TOLERANCE * max(1.0, abs(float(b)))
        for a, b in zip(output, answer, strict=True)
    )


def _checker_spec(problem: ModuleType) -> dict[str, Any]:
    """Return the checker: the module's ``CHECKER`` (source text, or a whole spec), else equal values or tokens."""
    usual = {"name": "value" if hasattr(problem, "FUNCTION") else "tokens"}
    checker = getattr(problem, "CHECKER", usual)
    return {"name": "python", "source": _tidy(checker)} if isinstance(checker, str) else dict(checker)


def _statement(text: str, public: dict[str, list[str]]) -> str:
    """Return the statement with the public tests in the place of ``{examples}``, so that they cannot differ."""
    if text.count(EXAMPLES) != 1:
        raise ValueError(f"expected {EXAMPLES} once in the statement, got it {text.count(EXAMPLES)} times")
    pairs = zip(public["input"], public["output"], strict=True)
    shown = "\n".join(f"Input\n\n{given}\nOutput\n\n{answer}" for given, answer in pairs)
    return _tidy(text.replace(EXAMPLES, f"Examples\n\n{shown.rstrip()}"))


def _programs(programs: list[str]) -> dict[str, list[Any]]:
    return {"language": [PYTHON3] * len(programs), "solution": [_tidy(program) for program in programs]}


def _tidy(text: str) -> str:
    return text.strip("\n") + "\n"


def _first_repeated(texts: list[str]) -> str:
    return next(text for index, text in enumerate(texts) if text in texts[:index])


def main() -> None:
    """Build the file; ``--output`` writes it elsewhere."""
    parser = argparse.ArgumentParser(prog="python -m tools.build_starter", description="Build the starter set.")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where to write it (default: in the package)")
    output: Path = parser.parse_args().output
    build(output, progress=print)
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
