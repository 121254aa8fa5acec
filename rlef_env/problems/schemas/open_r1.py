"""Open-R1: rows of ``open-r1/codeforces``.

The statement is put together from its parts. The examples are the public tests; the official tests that are not
examples are the private ones (``official_tests_complete`` false: long ones are missing). A ``generated_checker`` is a
Python program that gets the paths of input, correct output and contestant's output, and prints 1 if the output is
correct; it becomes a ``"python"`` checker that provides these files.

Interactive problems and problems that read a file cannot be judged with the contents of a row: they are marked in
``Problem.extra["known_issue"]``.
"""

from __future__ import annotations

from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, Problem, Test
from rlef_env.problems.schemas.parts.row_parts import megabytes, rest, seconds, text_or_none
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["OPEN_R1"]

_PARTS: Final = {"input_format": "Input", "output_format": "Output", "interaction_format": "Interaction"}
_PLACED: Final = {
    *("id", "description", "note", "examples", "official_tests", "generated_checker", "tags"),
    *("time_limit", "memory_limit", "input_mode", *_PARTS),
}
_MODES: Final = ("stdio", "file")


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    name, root = identified(root, "id")
    examples = _tests(root.child("examples"))
    shown = set(examples)
    extra = rest(root, _PLACED)
    if issue := _known_issue(root):
        extra["known_issue"] = issue
    source = text_or_none(root.child("generated_checker"))
    rating, tags = root.child("rating"), root.child("tags")
    return Problem(
        id=name,
        statement=_statement(root, examples),
        public_tests=examples,
        private_tests=tuple(test for test in _tests(root.child("official_tests")) if test not in shown),
        time_limit=seconds(root.child("time_limit")),
        memory_limit=megabytes(root.child("memory_limit")),
        checker=CheckerSpec("codecontests", ("exact_integers",)) if source is None else _checker(source),
        tags=tuple(tag for item in (tags.items() if tags.present else ()) if (tag := item.text())),
        difficulty=f"{rating.number():g}" if rating.present else None,
        source="codeforces",
        extra=extra,
    )


def _tests(field: Field) -> tuple[Test, ...]:
    if not field.present:
        return ()
    return tuple(Test(item.child("input").text(), item.child("output").text()) for item in field.items())


def _known_issue(root: Field) -> str | None:
    mode = root.child("input_mode")
    if mode.present and mode.value not in _MODES:
        raise mode.error(f"one of {', '.join(_MODES)}", "correct it")
    if text_or_none(root.child("interaction_format")):
        return "interactive, without an interactor"
    return "reads a file" if mode.value == "file" else None


def _statement(root: Field, examples: tuple[Test, ...]) -> str:
    parts = [root.child("description").text()]
    parts += [f"{title}\n\n{text}" for key, title in _PARTS.items() if (text := text_or_none(root.child(key)))]
    parts += [f"Example\n\nInput\n\n{test.input.strip()}\n\nOutput\n\n{test.output.strip()}" for test in examples]
    note = text_or_none(root.child("note"))
    return "\n\n".join(part.strip() for part in [*parts, *([f"Note\n\n{note}"] if note else [])]) + "\n"


def _checker(source: str) -> CheckerSpec:
    return CheckerSpec("python", source=_CALLS_PROGRAM.replace("SOURCE", repr(source)))


# A checker in the sandbox has no files, so the program reads these three from memory.
_CALLS_PROGRAM: Final = """\
import builtins, contextlib, io, os, sys

PROGRAM = SOURCE
OPEN = builtins.open


def check(input, output, expected):
    files = {"input.txt": input, "correct_output.txt": expected, "solution_output.txt": output}

    def opened(file, mode="r", *args, **kwargs):
        name = None if isinstance(file, int) else os.fspath(file)
        if name not in files:
            return OPEN(file, mode, *args, **kwargs)
        return io.BytesIO(files[name].encode()) if "b" in mode else io.StringIO(files[name])

    builtins.open = io.open = opened
    sys.argv = ["checker.py", *files]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        exec(compile(PROGRAM, "checker.py", "exec"), {"__name__": "__main__"})
    return printed.getvalue().split()[:1] == ["1"]
"""

OPEN_R1: Final = Schema("open_r1", "Codeforces (Open-R1)", frozenset({"id", "examples", "official_tests"}), problem)
