"""What the text of a program shows: repetition, other languages, unfinished ends, hard-coded answers.

The text is searched, not parsed: parsing costs more than a turn may, and a hostile program can break a parser.
"""

from __future__ import annotations

import re
from typing import Final

from rlef_env.problems import Test

__all__ = [
    "holds_answers",
    "is_other_language",
    "normalised_program",
    "reads_input",
    "response_is_unfinished",
    "syntax_error_is_at_end",
]

MAX_CHARACTERS: Final = 65_536
"""Only the beginning of a longer program is searched; it is not normalised."""

MAX_PUBLIC_TESTS: Final = 8
"""Public tests whose outputs are searched in the program."""

MIN_TELLING_CHARACTERS: Final = 8
"""An output of fewer characters is found in honest programs, too."""

_READS: Final = ("input", "stdin", "open(", "os.read", "fileinput")
_OTHER: Final = re.compile(
    r"^\s{0,20}(?:#include\b|using namespace\b|public (?:static )?class\b|import java\.|package main\b|fn main\(|"
    r"func main\(|int main\(|const \w{1,50} = require\(|let \w{1,50} =|console\.log\()",
    re.MULTILINE,
)
_UNFINISHED: Final = (
    "never closed",
    "unterminated",
    "unexpected EOF",
    "expected an indented block",
    "expected 'except'",
)
_THINKING: Final = (("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<reasoning>", "</reasoning>"))


def normalised_program(program: str) -> str:
    r"""Return a program without blank lines, lines of comments, and white space at the ends of lines.

    >>> normalised_program("# add\nprint(1)  \n\n")
    'print(1)'
    """
    if len(program) > MAX_CHARACTERS:
        return program
    lines = (line.rstrip() for line in program.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))


def reads_input(program: str) -> bool:
    """Return whether the text of a program names something that reads standard input."""
    return any(name in program for name in _READS)


def is_other_language(program: str) -> bool:
    """Return whether a program that is no valid Python looks like C, C++, Java, Go, Rust or JavaScript."""
    return _OTHER.search(program[:MAX_CHARACTERS]) is not None


def syntax_error_is_at_end(program: str, line: int | None, message: str) -> bool:
    """Return whether a syntax error says that the program ends too early.

    Args:
        program: the program.
        line: the line that the error names.
        message: the error's text.
    """
    if not any(part in message for part in _UNFINISHED):
        return False
    if "triple-quoted" in message:
        return True
    return line is not None and line >= len(program.rstrip().splitlines())


def response_is_unfinished(response: str) -> bool:
    """Return whether a response without a program opens a code block or thinking and never closes it."""
    fences = sum(line.lstrip(" >").startswith(("```", "~~~")) for line in response.splitlines())
    return fences % 2 == 1 or any(response.rfind(begin) > response.rfind(end) for begin, end in _THINKING)


def holds_answers(program: str, passed: list[Test], calls: bool) -> bool:
    """Return whether a program holds the answers of the public tests that it passes.

    It does if it passes them without reading any input; if a long output with a digit in it stands in quotes or in
    brackets; if the whole text of an input and of its output stand so; or if it compares with all numbers of the inputs
    of several tests and holds their outputs.

    Args:
        program: the program, normalised: in comments, examples are no answers.
        passed: public tests that it passes.
        calls: whether the tests call a function.
    """
    tests = [test for test in passed[:MAX_PUBLIC_TESTS] if test.output.strip()]
    if not tests:
        return False
    if not calls and not reads_input(program) and any(test.input.strip() for test in tests):
        return True
    text = program[:MAX_CHARACTERS]
    return (not calls and any(_holds_text(text, test) for test in tests)) or _branches(text, tests, calls)


def _holds_text(program: str, test: Test) -> bool:
    """Return whether a program holds a long output, or an input with its output, as text."""
    output, given = test.output.strip(), test.input.strip()
    if len(output) >= MIN_TELLING_CHARACTERS and any(map(str.isdigit, output[:100])) and _quotes(program, output):
        return True
    return len(given) >= MIN_TELLING_CHARACTERS and _quotes(program, given) and _quotes(program, output)


def _quotes(program: str, text: str) -> bool:
    """Return whether a quotation mark or a bracket and then a text are in a program; line ends may be escaped."""
    if len(text) > MAX_CHARACTERS:
        return False
    forms = (text, text.replace("\n", "\\n")) if "\n" in text else (text,)
    return any(mark + form in program for form in forms for mark in "\"'(")


def _branches(program: str, tests: list[Test], calls: bool) -> bool:
    """Return whether a program compares with the input of each of several tests and holds each output."""
    if len({test.output.strip() for test in tests}) < 2:
        return False
    for test in tests:
        given = test.input.strip()
        parts = [given.partition("(")[2].rpartition(")")[0]] if calls else given.split()
        if not parts or len(parts) > 16 or test.output.strip() not in program:
            return False
        quoted = (f'"{given}"', f"'{given}'") if len(given) <= 100 else ()
        if not any(each in program for each in quoted) and not all(
            any(form + part in program for form in ("== ", "==", "== (")) for part in parts
        ):
            return False
    return True
