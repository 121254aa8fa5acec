"""Tests that stand in texts: examples of a statement, failed tests of feedback, tests that a model proposes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from rlef_agents.prompting.steps import Messages
from rlef_env.envs import prompt_text
from rlef_env.errors import DataError
from rlef_env.problems import Test, parse_call, parse_value

__all__ = ["called", "examples", "failed_tests", "proposed_tests", "public_tests", "same_input"]

MAX_TEXT: Final = 100_000  # characters that are read
MAX_LISTS: Final = 50  # places where a list of tests may begin
CUT: Final = "[...]"  # the mark of feedback whose text was cut

_HEADING: Final = re.compile(r"\W*(?:examples?|samples?)(?: tests?| cases?)?\W*\d{0,3}\W*", re.IGNORECASE)
_LABEL: Final = re.compile(r"\W*(?P<example>sample |example )?(?P<kind>input|output)\W*\d{0,3}\W*", re.IGNORECASE)
_END: Final = re.compile(r"\W*(?:notes?|explanations?|constraints|hints?)\b.{0,80}", re.IGNORECASE)
_FENCE: Final = re.compile(r"\s*```\w*\s*")
_SHORT: Final = re.compile(r"\bExample: (\S+) gives (\S+)")
_CALL: Final = re.compile(r"(?:>>> (\w+\(.*\))\n\s*|assert (\w+\(.*\)) == )(\S.*)$", re.MULTILINE)
_FAILED: Final = re.compile(r"^- input `(.*?)` failed:\nExpected output `(.*?)` but got `", re.DOTALL | re.MULTILINE)
_BEFORE, _AFTER = prompt_text("\0").split("\0")


def public_tests(messages: Messages) -> tuple[Test, ...]:
    """Return the tests that a conversation shows. Where two have the same input, the one of later feedback counts."""
    found = list(examples(messages[0]["content"]))
    for message in messages[1:]:
        if message["role"] == "user":
            found += failed_tests(message["content"])
    return tuple({same_input(test): test for test in found}.values())


def same_input(test: Test) -> str:
    """Return a text that is equal for tests whose inputs differ in white space only."""
    return " ".join(test.input.split())


def called(test: Test) -> str:
    """Return the name of the function that a test calls; empty if its input is no call, or its output no value."""
    try:
        name = parse_call(test.input.strip()).name
        parse_value(test.output.strip())
    except DataError:
        return ""
    return name


def examples(prompt: str) -> tuple[Test, ...]:
    """Return the examples of the statement in an environment's first message.

    Below a line "Example", "Sample 1" or the like, a line "Input" begins an input and a line "Output" the output behind
    it; "Sample Input 1" needs no such line above it. Another heading, "Note" or "Explanation" ends an output. Calls
    of a function are also read as in a docstring or after "assert".
    """
    statement = prompt.removeprefix(_BEFORE).removesuffix(_AFTER)[:MAX_TEXT]
    short = [Test(f"{given}\n", f"{wanted}\n") for given, wanted in _SHORT.findall(statement)]
    calls = [Test(f"{one or other}\n", f"{value}\n") for one, other, value in _CALL.findall(statement)]
    return (*short, *filter(called, calls), *_labelled(statement))


def _labelled(statement: str) -> Iterator[Test]:
    inside, kind = False, ""
    parts: dict[str, list[str]] = {}
    for line in (*statement.split("\n"), "Note"):
        label = _LABEL.fullmatch(line)
        heading, end = _HEADING.fullmatch(line), _END.fullmatch(line)
        starts_example = heading or (label and label["example"])
        if label or heading or end:
            if kind == "output" and "input" in parts:
                given, wanted = ("\n".join(parts[name]).strip("\n") for name in ("input", "output"))
                if wanted.strip():
                    yield Test(f"{given}\n", f"{wanted}\n")
                parts = {}
            inside = bool(starts_example or (inside and label))
            kind = label["kind"].lower() if label and inside else ""
            if kind:
                parts[kind] = []
        elif kind and not _FENCE.fullmatch(line):
            parts[kind].append(line)


def failed_tests(feedback: str) -> list[Test]:
    """Return the failed tests of an environment's feedback that show what was expected, as far as they are whole."""
    found = _FAILED.findall(feedback[:MAX_TEXT])
    return [Test(given, wanted) for given, wanted in found if not given.endswith(CUT) and not wanted.endswith(CUT)]


def proposed_tests(text: str) -> tuple[Test, ...]:
    """Return the tests in a model's answer: the first JSON list of objects with ``input`` and ``output``."""
    decoder, text = json.JSONDecoder(), text[:MAX_TEXT]
    for start in [match.start() for match in re.finditer(r"\[", text)][:MAX_LISTS]:
        try:
            rows = decoder.raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            continue
        tests = [test for row in rows if isinstance(row, dict) and (test := _proposed(row))]
        if tests:
            return tuple({same_input(test): test for test in tests}.values())
    return ()


def _proposed(row: dict[str, Any]) -> Test | None:
    """Return the test of an object; None if it is none, or no text that a program can read."""
    values = [row.get(name) for name in ("input", "output")]
    if not all(isinstance(value, (str, int, float)) for value in values):
        return None
    given, wanted = (str(value).rstrip("\n") + "\n" for value in values)
    try:
        (given + wanted).encode()
    except UnicodeEncodeError:  # half of a character
        return None
    return Test(given, wanted) if wanted.strip() else None
