"""Tasks: the statement, inputs and programs that a family draws, and the answers computed from them."""

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

    All programs are Python, and use only ``input()`` and ``print()`` to read and write.

    Attributes:
        story: the question, without the form of input and output.
        reads: the form of the input, in words.
        prints: the form of the output, in words.
        public: inputs of public tests.
        private: inputs of private tests.
        generated: inputs of generated tests.
        solution: the correct program; its output is the answer.
        wrong: programs with a fault, each of which ends on every input. A program that passes all tests is left out.
        endless: programs that are correct, but take too long on at least one of the tests.
        examples: number of public tests shown in the statement.
        brief: whether the statement is only the story with examples of one word each, in one paragraph.
        split_by: text that decides the split with the statement, where the inputs of public tests depend on the
            secret; empty: these inputs.
        weak: whether hidden tests only repeat the public ones, so that a program that knows their outputs passes.
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
    split_by: str = ""
    weak: bool = False


def statement(task: Task) -> str:
    """Return the text that the agent sees."""
    examples = tests(task.solution, task.public[: task.examples])
    if task.brief:
        shown = "".join(f". Example: {test.input.strip()} gives {test.output.strip()}" for test in examples)
        return task.story + shown
    parts = [task.story, f"Input\n\n{task.reads}", f"Output\n\n{task.prints}"]
    parts += [f"Example\n\nInput\n\n{test.input}\nOutput\n\n{test.output.rstrip()}" for test in examples]
    return "\n\n".join(parts) + "\n"


def tests(solution: str, inputs: Sequence[str]) -> tuple[Test, ...]:
    """Return each input with the solution's output."""
    return tuple(Test(text, run(solution, text)) for text in inputs)


def label(source: str, ordered: Sequence[Test]) -> str | None:
    """Return the verdict of a program that ends on all of these tests; None if it passes them all."""
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
    """Return the output of a family's program for an input.

    The program runs in this process without protection: it is this package's own text with numbers and words filled in.
    Programs from elsewhere must run in the sandbox.

    Raises:
        Exception: any exception of the program.
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
    """Return the program with one fault: ``old``, which must occur exactly once in it, replaced by ``new``."""
    if source.count(old) != 1:
        raise ValueError(f"expected {old!r} once in the program, got it {source.count(old)} times:\n{source}")
    return source.replace(old, new)
