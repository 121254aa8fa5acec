"""HumanEval+ and MBPP+: rows with inputs but without expected values (evalplus/evalplus, v0.3).

Expected values come from running the reference, so each test is code: it contains the reference, calls the program's
function and the reference with each input, and compares. It runs beside the program, in a separate process; one test
holds all of ``base_input``, another all of ``plus_input``. Values are compared with ``==``, floats and lists of floats
within ``atol`` (1e-6 if it is 0) plus 1e-7 of the expected value, with equal type and length; some functions have their
own comparison (``ORACLES``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.parsing.literals import NotPlain, format_value
from rlef_env.problems.problem import CheckerSpec, FunctionSpec, Problem, Solution, Test
from rlef_env.problems.schemas.human_eval import ASKED, entry_point_of, function_of
from rlef_env.problems.schemas.parts.asserts import assert_to_test, examples, parse_code, unparsed
from rlef_env.problems.schemas.parts.row_parts import rest, with_place
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["HUMAN_EVAL_PLUS", "MBPP_PLUS", "input_types"]

KEYS: Final = frozenset({"task_id", "prompt", "canonical_solution", "entry_point", "base_input", "plus_input"})
PLACED: Final = KEYS | {"atol", "assertion"}
WRONG_EXAMPLES: Final = frozenset({"HumanEval/47", "HumanEval/116", "HumanEval/130"})  # in the original prompts

COMPARE: Final = """
def _close(out, exp, atol):
    if type(exp) in (list, tuple):
        return type(out) is type(exp) and len(out) == len(exp) and all(_close(*pair, atol) for pair in zip(out, exp))
    if type(out) not in (int, float, bool) or type(exp) not in (int, float, bool):
        return out == exp
    if out != out or exp != exp:
        return out != out and exp != exp
    return out == exp or abs(out - exp) <= atol + 1e-7 * abs(exp)


def _same(out, exp, atol):
    if out == exp:
        return True
    floats = type(exp) is float or type(exp) in (list, tuple) and exp and all(type(each) is float for each in exp)
    if not atol and floats:
        atol = 1e-6
    return bool(atol) and type(out) is type(exp) and _close(out, exp, atol)
"""
SAME: Final = "_same(out, exp, atol)"
SAME_ELEMENTS: Final = f"{SAME} or type(out) in (list, tuple, set) and set(out) == set(exp)"
FOUND: Final = "(out if type(out) is bool else out is not None) == (exp if type(exp) is bool else exp is not None)"
# By function: the comparison that replaces equality (evalplus/eval/_special_oracle.py).
ORACLES: Final[Mapping[str, str]] = {
    "find_zero": "abs(sum(each * out**power for power, each in enumerate(args[0]))) <= max(atol, 1e-4)",
    **dict.fromkeys(
        ("similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum",
         "intersection_array", "find_dissimilar", "Diff"),
        SAME_ELEMENTS,
    ),
    **dict.fromkeys(("check_str", "text_match_three", "text_starta_endb"), FOUND),
    "are_equivalent": "True",
    "sum_div": f"{SAME} or out == 0",
    "surface_Area": f"{SAME} or out == round(args[0]**2 + 2 * args[0] * ((args[0] / 2)**2 + args[1]**2)**0.5)",
    "digit_distance_nums": (
        f"{SAME} or out == sum(abs(int(one) - int(other)) for one, other in "
        "zip(*(str(each).zfill(max(len(str(args[0])), len(str(args[1])))) for each in args)))"
    ),
}  # fmt: skip
MBPP_ONLY: Final = frozenset(ORACLES) - {"find_zero"}

TEST: Final = """
from math import inf, nan

_scope = {{}}
exec({reference}, _scope)
{compare}
def _right(args, out, exp, atol):
    return {oracle}


for _args in {inputs}:
    _out = {entry_point}(*_args)
    _exp = _scope[{name}](*_args)
    assert _right(_args, _out, _exp, {atol}), f"{entry_point}{{tuple(_args)!r}} should return {{_exp!r}}"
"""


def human_eval_plus(root: Field) -> Problem:
    """Return the problem in a row of HumanEval+."""
    name, root = identified(root, "task_id")
    prompt, function = root.child("prompt").text(), function_of(root)
    reference = prompt + root.child("canonical_solution").text()
    oracle = ORACLES["find_zero"] if function.entry_point == "find_zero" else SAME
    return Problem(
        id=name,
        statement=f"{prompt.rstrip()}\n\n{ASKED}\n",
        public_tests=() if name in WRONG_EXAMPLES else examples(prompt, function.entry_point),
        private_tests=_tests(root, function.entry_point, reference, oracle, lambda args: args),
        checker=CheckerSpec("value"),
        solutions=(Solution(reference),),
        source="humaneval+",
        function=function,
        extra=rest(root, PLACED),
    )


def mbpp_plus(root: Field) -> Problem:
    """Return the problem in a row of MBPP+. Its public test is the first of its asserts, which its prompt shows."""
    name, root = identified(root, "task_id")
    prompt, reference = root.child("prompt").text(), root.child("canonical_solution").text()
    entry_point = entry_point_of(root)
    field = root.child("assertion")
    with with_place(field):
        statements = parse_code(field.text(), "test").body
        asserts = [unparsed(each) for each in statements if isinstance(each, ast.Assert)]
        shown = tuple(assert_to_test(each, entry_point) for each in asserts[:1])
    oracle = ORACLES[entry_point] if entry_point in MBPP_ONLY else SAME
    number = int(digits) if re.fullmatch("[0-9]{1,9}", digits := name.rpartition("/")[2]) else 0
    return Problem(
        id=name,
        statement=f"{prompt.strip().strip(chr(34)).strip()}\n",
        public_tests=shown,
        private_tests=_tests(root, entry_point, reference, oracle, input_types(number)),
        checker=CheckerSpec("value"),
        solutions=(Solution(reference),),
        source="mbpp+",
        function=FunctionSpec(entry_point),
        extra=rest(root, PLACED),
    )


def _tests(
    root: Field, entry_point: str, reference: str, oracle: str, typed: Callable[[list[Any]], Sequence[Any]]
) -> tuple[Test, ...]:
    with with_place(root.child("canonical_solution")):
        parse_code(reference, "the reference")
    atol = root.child("atol").number() if root.child("atol").present else 0
    found = []
    for key in ("base_input", "plus_input"):
        field = root.child(key)
        rows = field.items() if field.present and field.value != {} else []
        if not rows:
            continue
        for row in rows:
            row.items()
        try:
            inputs = format_value([list(typed(row.value)) for row in rows])
        except (NotPlain, TypeError, ValueError, IndexError, AttributeError) as error:
            raise field.error(f"lists of arguments as this function takes them ({error})", "correct the row") from None
        text = TEST.format(
            reference=format_value(reference), compare=COMPARE, oracle=oracle, inputs=inputs, entry_point=entry_point,
            name=repr(entry_point), atol=repr(atol),
        )  # fmt: skip
        found.append(Test(text, ""))
    return tuple(found)


def _tuples(depth: int) -> Callable[[Any], Any]:
    """Return a function that converts the lists at this depth of a value into tuples; depth 0 is the value itself."""

    def convert(value: Any) -> Any:
        return tuple(value) if depth == 0 else [_tuples(depth - 1)(each) for each in value]

    return convert


def _all_tuples(value: Any) -> Any:
    return tuple(map(_all_tuples, value)) if isinstance(value, list) else value


def _same_value(value: Any) -> Any:
    return value


def _pairs(value: Any) -> Any:
    return tuple(tuple(each) if isinstance(each, list) else each for each in value)


def _sets(value: Any) -> Any:
    return [set(each) if isinstance(each, list) and each else {} for each in value]


def _tuple_values(value: Any) -> Any:
    return {key: tuple(each) for key, each in value.items()}


# By the number of the task: the conversion of each argument; the last one holds for all that follow. JSON has no
# tuples, sets and complex numbers (mbpp_deserialize_inputs in evalplus/data/mbpp.py).
TYPES: Final[Mapping[tuple[int, ...], tuple[Callable[[Any], Any], ...]]] = {
    (2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424): (tuple,),
    (429, 470, 560, 579, 596, 616, 630, 726, 740, 744, 809): (tuple,),
    (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780): (_tuples(1),),
    (75, 413, 444, 753): (_tuples(1), _same_value),
    (106, 750): (_same_value, tuple),
    (115,): (_sets,),
    (124,): (float, complex),
    (250, 405, 446, 617, 720, 763, 808, 307): (tuple, _same_value),
    (259, 401, 445): (_pairs,),
    (278,): (_pairs,),
    (722,): (_tuple_values, _same_value),
    (252,): (complex,),
    (580, 615, 791): (_all_tuples,),
}


def input_types(number: int) -> Callable[[list[Any]], list[Any]]:
    """Return a function that gives the arguments of an MBPP+ task the types that JSON does not have."""
    for numbers, kinds in TYPES.items():
        if number in numbers:
            return lambda args: [kinds[min(place, len(kinds) - 1)](each) for place, each in enumerate(args)]
    return lambda args: args


HUMAN_EVAL_PLUS: Final = Schema("human_eval_plus", "HumanEval+", KEYS, human_eval_plus, python_json=True)
MBPP_PLUS: Final = Schema("mbpp_plus", "MBPP+", KEYS | {"assertion"}, mbpp_plus, python_json=True)
