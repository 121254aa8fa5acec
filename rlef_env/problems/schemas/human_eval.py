"""HumanEval: a prompt that is the start of a function, and the source of its tests (openai/human-eval).

The agent writes a whole program, not the rest of the prompt; the code before the function in the prompt (imports,
helpers) is available to it. Public tests are the examples in the prompt, private ones the asserts of ``check``. An
example that contradicts an assert (as in HumanEval/47, 116 and 130) is left out.

Other data sets use the same schema, e.g. HumanEval+ as EvalPlus publishes it on the hub, which compares floats with its
tolerance.
"""

from __future__ import annotations

import keyword
import re
from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, FunctionSpec, Problem, Solution
from rlef_env.problems.schemas.parts.asserts import check_to_tests, examples, listed_tests, parse_code
from rlef_env.problems.schemas.parts.row_parts import rest, with_place
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["EVALPLUS_CHECKER", "HUMAN_EVAL", "entry_point_of", "function_of"]

KEYS: Final = frozenset({"task_id", "prompt", "canonical_solution", "entry_point", "test"})
ASKED: Final = "Write a whole Python program that defines this function."
EVALPLUS_CHECKER: Final = CheckerSpec("value", ("float_absolute_tolerance", "1e-6", "float_relative_tolerance", "1e-7"))


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    name, root = identified(root, "task_id")
    prompt, function = root.child("prompt").text(), function_of(root)
    entry_point = function.entry_point
    source = root.child("test")
    with with_place(source):
        listed = listed_tests(source.text(), entry_point)
        private = check_to_tests(source.text(), entry_point) if listed is None else listed
    expected = {test.input: test.output for test in private}
    shown = examples(prompt, entry_point)
    return Problem(
        id=name,
        statement=f"{prompt.rstrip()}\n\n{ASKED}\n",
        public_tests=tuple(each for each in shown if expected.get(each.input, each.output) == each.output),
        private_tests=private,
        checker=CheckerSpec("value") if listed is None else EVALPLUS_CHECKER,
        solutions=(Solution(prompt + root.child("canonical_solution").text()),),
        source="humaneval",
        function=function,
        extra=rest(root, KEYS),
    )


def function_of(root: Field) -> FunctionSpec:
    """Return the function that a prompt begins, and the code before it."""
    prompt, entry_point = root.child("prompt").text(), entry_point_of(root)
    match = re.search(rf"^(?:async )?def {re.escape(entry_point)}\b", prompt, re.MULTILINE)
    if match is None:
        raise root.child("prompt").error(f"Python that begins a function {entry_point}", "add 'def' and its name")
    preamble = prompt[: match.start()].strip()
    with with_place(root.child("prompt")):
        parse_code(preamble, "what stands before the function")
    return FunctionSpec(entry_point, preamble + "\n" if preamble else "")


def entry_point_of(root: Field) -> str:
    """Return the name of the function under test."""
    field = root.child("entry_point")
    if not field.text().isidentifier() or keyword.iskeyword(field.text()):
        raise field.error("the name of a function", "write it without arguments or dots")
    return field.text()


HUMAN_EVAL: Final = Schema("human_eval", "HumanEval", KEYS, problem)
