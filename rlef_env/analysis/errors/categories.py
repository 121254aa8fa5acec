"""The categories of failed turns: one table, from which the documentation's table is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["CATEGORIES", "FAMILIES", "Category", "family_of"]


@dataclass(frozen=True, slots=True)
class Category:
    """A way to fail.

    Attributes:
        family: group of similar categories, a key of ``FAMILIES``: few enough for one chart.
        meaning: when a turn has this category, as a sentence's part after "The turn's program ...".
    """

    family: str
    meaning: str


FAMILIES: Final[Mapping[str, str]] = {
    "infrastructure": "the judge failed, not the agent",
    "response": "the response holds no complete program, or no new one",
    "compile": "the program is no valid Python",
    "input": "the program does not read the input as it is given",
    "crash": "the program ended with an exception, a signal or an exit status",
    "limit": "the program exceeded a limit",
    "output": "the answer is near, but its form is wrong",
    "cheat": "the program repeats what the examples show",
    "logic": "the answer is wrong",
}
"""Families of categories, in the order in which charts show them."""


def _table() -> dict[str, Category]:
    rows = """
infrastructure no_verdict: has no verdict, because the judge or the machine failed
response empty_response: is missing: the response is empty
response unfinished_response: is missing: a code block or a thinking part is opened and never closed (token limit)
response no_program: is missing: the response holds no code block
response repeated_program: is the same as one of an earlier turn, apart from comments and blank lines
compile other_language: is in another language than Python
compile unfinished_program: ends in the middle of a statement
compile indentation_error: is indented wrongly
compile syntax_error: is no valid Python
compile compile_error: does not compile for another reason, such as a limit of the compiler
cheat hard_coded: passes public tests with outputs that are written in it
input ignores_input: does not read its input, or prints the same for all failing tests, which expect different outputs
input reads_input_wrongly: fails with an exception while it reads or converts its input
input missing_function: does not define the function that the tests call
input wrong_arguments: defines the function with other arguments than those of the calls
crash recursion: recurses too deeply
crash index_error: ended with an IndexError
crash key_error: ended with a KeyError
crash value_error: ended with a ValueError that is not about reading input
crash type_error: ended with a TypeError
crash attribute_error: ended with an AttributeError
crash name_error: uses a name before it has a value, or without one
crash import_error: imports a module or a name that is not installed
crash zero_division: divides by zero
crash assertion_error: ended with an AssertionError
crash system_error: ended with an OSError: a file, a socket or a process that the sandbox does not give
crash other_exception: ended with another exception
crash exit_status: ended with an exit status other than 0, without a traceback
crash signal: was ended by a signal
limit endless_loop: exceeds the time limit on an input that is small, or no larger than others that it passes
limit time_grows: exceeds the time limit on an input larger than all that it passes
limit idle_time: sleeps or waits until the time limit, without using the processor
limit time_limit: exceeds the time limit, and nothing shows why
limit memory_limit: uses too much memory
limit output_limit: prints too much
limit security_violation: made a system call that no honest program makes
output empty_output: prints nothing
output format_only: prints the right answer in another format: white space, case, brackets, number format, extra text
output wrong_type: prints a value of another type, such as None, a decimal number for an integer, text for a number
output extra_output: prints the right answer and more
output partial_output: prints only the beginning of the right answer
output wrong_order: prints the right tokens in another order
logic off_by_one: prints numbers that differ by one, or one line too many or too few
logic wrong_on_large: passes the public tests and fails on an input larger than all that it passes
logic wrong_on_edge: passes the public tests and fails on an edge case: empty, shortest, zero, one, negative, all equal
logic wrong_on_hidden: passes the public tests and fails on a hidden test that is neither large nor an edge case
logic wrong_answer: prints a wrong answer, and no rule above applies
"""
    parsed = (line.split(" ", 2) for line in rows.strip().splitlines())
    return {name.rstrip(":"): Category(family, meaning) for family, name, meaning in parsed}


CATEGORIES: Final[Mapping[str, Category]] = _table()
"""Every category by name."""


def family_of(category: str | None) -> str:
    """Return the family of a category, or of the verdict of a turn that was not analysed; ``"other"`` if unknown."""
    if category == "runtime_error":
        return "crash"
    known = CATEGORIES.get(category or "")
    return known.family if known else "other"
