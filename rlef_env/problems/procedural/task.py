"""What a family draws: a statement, inputs and programs; and the problem that comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

from rlef_env.problems.problem import Test

__all__ = ["Task", "label", "mutated", "run", "statement", "tests"]


@dataclass(frozen=True, slots=True)
class Task:
    """A problem before its answers are known.

    All programs are Python, and use nothing but ``input()`` and ``print()`` to read and write.

    Attributes:
        story: what is asked, without the form of input and output.
        reads: the form of the input, in words.
        prints: the form of the output, in words.
        public: inputs of public tests.
        private: inputs of private tests.
        generated: inputs of generated tests.
        solution: the right program; what it prints is the answer.
        wrong: programs with a fault, each of which ends on every input. One that all tests let pass is left out.
        endless: programs that are right, but take too long on at least one of the tests.
        examples: so many of the public tests stand in the statement.
        brief: the statement is the story, and examples of one word each, in one paragraph.
    """

    story: str
    reads: str
    prints: str
    public: tuple[str, ...]
    private: tuple[str, ...]
    generated: tuple[str, ...]
    solution: str
    wrong: tuple[str, ...]
    endless: tuple[str, ...] = ()
    examples: int = 1
    brief: bool = False


def statement(task: Task) -> str:
    """The text that the agent sees."""
    examples = tests(task.solution, task.public[: task.examples])
    if task.brief:
        shown = "".join(f". Example: {test.input.strip()} gives {test.output.strip()}" for test in examples)
        return task.story + shown
    parts = [task.story, f"Input\n\n{task.reads}", f"Output\n\n{task.prints}"]
    parts += [f"Example\n\nInput\n\n{test.input}\nOutput\n\n{test.output.rstrip()}" for test in examples]
    return "\n\n".join(parts) + "\n"


def tests(solution: str, inputs: Sequence[str]) -> tuple[Test, ...]:
    """Each input with what the solution prints."""
    return tuple(Test(text, run(solution, text)) for text in inputs)


def label(source: str, ordered: Sequence[Test]) -> str | None:
    """The verdict of a program that ends on all of these tests; None where it passes them all."""
    for test in ordered:
        try:
            printed = run(source, test.input)
        except SyntaxError:
            return "compile_error"
        except Exception:  # noqa: BLE001 (whatever a faulty program raises is its verdict)
            return "runtime_error"
        if printed.split() != test.output.split():
            return "wrong_answer"
    return None


def run(source: str, text: str) -> str:
    """What a program of a family prints, given an input.

    It runs in this process, unprotected: these programs are this package's own text with numbers and words filled in.
    Programs of anybody else belong into the sandbox.

    Raises:
        Exception: whatever the program raises.
    """
    lines = _lines(text)
    printed: list[str] = []

    def write(*values: object, sep: str = " ", end: str = "\n") -> None:
        printed.append(sep.join(map(str, values)) + end)

    names: dict[str, Any] = {"__name__": "__main__", "input": lines.__next__, "print": write}
    exec(_compiled(source), names)
    return "".join(printed)


def _lines(text: str) -> Iterator[str]:
    yield from text.split("\n")[:-1]
    raise EOFError("EOF when reading a line")


@lru_cache(maxsize=256)
def _compiled(source: str) -> CodeType:
    return compile(source, "program", "exec")


def mutated(source: str, old: str, new: str) -> str:
    """The program with one fault: ``old``, which must stand in it once, replaced by ``new``."""
    if source.count(old) != 1:
        raise ValueError(f"expected {old!r} once in the program, got it {source.count(old)} times:\n{source}")
    return source.replace(old, new)
