"""MBPP: a sentence, a reference and a few asserts (google-research/mbpp); the full rows, and the sanitized ones.

Only the asserts contain the function's name, so the statement shows the first assert, which is the public test. The
other tests, including the challenge tests, are private. MBPP+ as EvalPlus publishes it on the hub has the sanitized
schema; its field ``test`` holds the private tests.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, FunctionSpec, Problem, Solution, Test
from rlef_env.problems.schemas.human_eval import EVALPLUS_CHECKER
from rlef_env.problems.schemas.parts.asserts import (
    MAX_SOURCE,
    assert_to_test,
    called_function,
    check_to_tests,
    listed_tests,
    parse_code,
    unparsed,
    without_numpy,
)
from rlef_env.problems.schemas.parts.row_parts import rest, with_place
from rlef_env.problems.schemas.schema import Schema

__all__ = ["MBPP", "MBPP_SANITIZED"]

PLACED: Final = frozenset(
    {"task_id", "text", "prompt", "code", "test_setup_code", "test_imports", "test_list", "challenge_test_list", "test"}
)


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    number = root.child("task_id").integer()
    root = replace(root, where=f"{root.where}: problem 'MBPP/{number}'")
    text = root.child("text" if root.child("text").present else "prompt").text().strip()
    code = root.child("code").text().replace("\r\n", "\n").replace("\r", "\n")
    with with_place(root.child("code")):
        body = parse_code(code).body
        defined = [each.name for each in body if isinstance(each, ast.FunctionDef)]
        # A test that is code gets the imports of the reference, because MBPP runs both in one name space.
        imports = "".join(unparsed(each) + "\n" for each in body if isinstance(each, (ast.Import, ast.ImportFrom)))
    asserts = _texts(root.child("test_list"))
    if not asserts:
        raise root.child("test_list").error("a list of asserts", "add one at least")
    with with_place(root.child("test_list")):
        entry_point = called_function(asserts[0], defined)
        tests = [assert_to_test(each, entry_point) for each in asserts]
    with with_place(root.child("challenge_test_list")):
        tests += [assert_to_test(each, entry_point) for each in _texts(root.child("challenge_test_list"))]
    if len(imports) * sum(not each.output for each in tests) > MAX_SOURCE:
        raise root.child("code").error(f"imports of at most {MAX_SOURCE} characters in all tests", "remove some")
    tests = [each if each.output else Test(imports + each.input, "") for each in tests]
    checker = CheckerSpec("value")
    if root.child("test").present:
        listed, checker = _given(root.child("test"), entry_point)
        tests += listed
    return Problem(
        id=f"MBPP/{number}",
        statement=f"{text}\n\nWrite a whole Python program. It must pass this test:\n\n{asserts[0].strip()}\n",
        public_tests=tuple(tests[:1]),
        private_tests=tuple(tests[1:]),
        checker=checker,
        solutions=(Solution(code),),
        source="mbpp",
        function=FunctionSpec(entry_point, _preamble(root)),
        extra=rest(root, PLACED),
    )


def _texts(field: Field) -> list[str]:
    return [each.text().replace("\r\n", "\n") for each in field.items()] if field.present else []


def _preamble(root: Field) -> str:
    """Return the code that runs before the program and the tests: imports, and classes that the tests use."""
    parts = _texts(root.child("test_imports"))
    if root.child("test_setup_code").present:
        parts.append(root.child("test_setup_code").text().replace("\r\n", "\n"))
    text = "".join(part.rstrip() + "\n" for part in parts if part.strip())
    with with_place(root.child("test_setup_code" if root.child("test_setup_code").present else "test_imports")):
        parse_code(text, "what runs before the tests")
    return text


def _given(field: Field, entry_point: str) -> tuple[list[Test], CheckerSpec]:
    """Return the tests in EvalPlus' source."""
    with with_place(field):
        if (listed := listed_tests(field.text(), entry_point)) is not None:
            return list(listed), EVALPLUS_CHECKER
        if "def check(" in field.text():
            return list(check_to_tests(field.text(), entry_point)), CheckerSpec("value")
        return [assert_to_test(without_numpy(field.text()), entry_point)], CheckerSpec("value")


MBPP: Final = Schema("mbpp", "MBPP", frozenset({"task_id", "text", "code", "test_list"}), problem)
MBPP_SANITIZED: Final = Schema(
    "mbpp_sanitized", "MBPP sanitized", frozenset({"task_id", "prompt", "code", "test_list"}), problem
)
