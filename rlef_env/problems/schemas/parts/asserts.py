"""Convert tests that a data set gives as ``assert`` statements into tests of a problem, without executing them.

An assert that one call of the function, with plain constant arguments, equals a plain constant becomes a call, whose
result the judge compares itself. Everything else stays code: tolerances, ``is``, ``not``, ``sorted(f(x)) == ...``,
loops, several statements. The kind never changes a verdict, only the speed and the detail of the result.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from typing import Final

from rlef_env.errors import DataError
from rlef_env.problems.parsing.literals import NotPlain, arguments_of, format_call, format_value, value_of
from rlef_env.problems.problem import Test

__all__ = [
    "assert_to_test",
    "called_function",
    "check_to_tests",
    "examples",
    "listed_tests",
    "parse_code",
    "unparsed",
    "without_numpy",
]

MAX_SOURCE = 2**22  # characters; the tree of a source takes several hundred bytes a character
MAX_LINE = 1000  # characters of a line that are searched for an example: the search may backtrack to each of them
UNUSED_NAMES = {"METADATA"}  # names that a test's source defines and nothing reads


def parse_code(source: str, what: str = "code") -> ast.Module:
    """Return the syntax tree of a source.

    Raises:
        DataError: not Python, too long, or nested too deeply.
    """
    if len(source) > MAX_SOURCE:
        raise DataError(f"{what}: expected at most {MAX_SOURCE} characters of Python, got {len(source)}; leave it out")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:  # the last three: deep or odd source
        start = " ".join(source[:60].split())
        raise DataError(
            f"{what}: expected Python 3, got {start!r} ({type(error).__name__}: {error}); correct it"
        ) from None


def unparsed(node: ast.AST) -> str:
    """Return the source of a statement, in a normal form.

    Raises:
        DataError: expressions are nested too deeply.
    """
    try:
        return ast.unparse(node)
    except RecursionError:
        raise DataError("test: expected less deeply nested expressions, got too many levels; simplify it") from None


def assert_to_test(source: str, entry_point: str, names: Iterable[str] = ()) -> Test:
    """Return the test of an assert.

    Args:
        source: the statement, or several.
        entry_point: the function's name.
        names: other names by which the source calls the function, e.g. ``candidate``.

    Raises:
        DataError: the source is not Python.

    >>> assert_to_test("assert add(1, 2 * 3) == 7", "add")
    Test(input='add(1, 6)', output='7')
    >>> assert_to_test("assert abs(half(1) - 0.5) < 1e-6", "half").output
    ''
    """
    body = parse_code(source, "test").body
    call = _call_test(body[0], entry_point, {entry_point, *names}) if len(body) == 1 else None
    return call or Test(source.strip() + "\n", "")


def _call_test(statement: ast.stmt, entry_point: str, names: set[str]) -> Test | None:
    """Convert ``assert f(constants) == constant`` to a call; return None for anything else."""
    if not isinstance(statement, ast.Assert):
        return None
    compared = statement.test
    if not isinstance(compared, ast.Compare) or len(compared.ops) != 1 or not isinstance(compared.ops[0], ast.Eq):
        return None
    call = compared.left
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in names:
        return None
    try:
        args, kwargs = arguments_of(call)
        return Test(format_call(entry_point, args, kwargs), format_value(value_of(compared.comparators[0])))
    except NotPlain:
        return None


def called_function(source: str, defined: Iterable[str] = ()) -> str:
    """Return the name of the function that an assert tests.

    Args:
        source: the assert.
        defined: the names that the reference defines; the first called function among these is chosen.

    Raises:
        DataError: the assert calls no function by its name.

    >>> called_function("assert set(shared((1, 2), (2,))) == set((2,))")
    'shared'
    """
    called = [
        node.func.id
        for node in ast.walk(parse_code(source, "test"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    known = set(defined)
    for name in [each for each in called if each in known] + [each for each in called if each not in BUILTINS]:
        return name
    raise DataError(
        f"test: expected an assert that calls the function, got {source[:60]!r}; write it like assert f(1) == 2"
    )


# Functions that tests wrap around the call of the function.
BUILTINS = frozenset(("abs", "all", "any", "bool", "dict", "float", "frozenset", "int", "isinstance", "len", "list"))
BUILTINS |= frozenset(("max", "min", "range", "round", "set", "sorted", "str", "sum", "tuple", "type"))


def check_to_tests(source: str, entry_point: str) -> tuple[Test, ...]:
    """Return the tests in the source of a function ``check(candidate)``, as in HumanEval.

    If its body contains only asserts, each is a test; otherwise the whole function is one test.

    Raises:
        DataError: the source is not Python, or defines no ``check`` with one parameter.
    """
    source = without_numpy(source)
    module = parse_code(source, "test")
    check = next((each for each in module.body if isinstance(each, ast.FunctionDef) and each.name == "check"), None)
    if check is None or len(check.args.args) != 1:
        raise DataError("test: expected a function check(candidate), got none; add it")
    names = {entry_point, check.args.args[0].arg}
    whole = Test(f"{source.strip()}\n\ncheck({entry_point})\n", "")
    body = [each for each in check.body if not _does_nothing(each)]
    if not body or not all(isinstance(each, ast.Assert) for each in body):
        return (whole,)
    around = [each for each in module.body if each is not check and not _does_nothing(each)]
    if any(not isinstance(each, (ast.Import, ast.ImportFrom)) for each in around):
        return (whole,)
    start = "".join(unparsed(each) + "\n" for each in around)
    start += f"{check.args.args[0].arg} = {entry_point}\n"
    calls = [_call_test(statement, entry_point, names) for statement in body]
    if len(start) * calls.count(None) > MAX_SOURCE:  # each test that is code would repeat the start
        return (whole,)
    segments = _segments(source, body)
    return tuple(call or Test(f"{start}{text}\n", "") for call, text in zip(calls, segments, strict=True))


def _segments(source: str, statements: Iterable[ast.stmt]) -> list[str]:
    """Return the source of each statement; ``ast.get_source_segment`` would scan the whole source for each."""
    # Positions count bytes in the tokenizer's lines, which end only at these line breaks.
    lines = re.split("\r\n|\r|\n", source)
    segments = []
    for each in statements:
        first, last = each.lineno - 1, (each.end_lineno or each.lineno) - 1
        parts = [line.encode() for line in lines[first : last + 1]]
        parts[-1] = parts[-1][: each.end_col_offset]
        parts[0] = parts[0][each.col_offset :]
        segments.append(b"\n".join(parts).decode())
    return segments


NUMPY: Final = """\
class np:
    ndarray, float32, float64 = (), None, None

    def allclose(out, exp, rtol=1e-5, atol=1e-8):
        if isinstance(exp, (list, tuple)):
            return len(out) == len(exp) and all(np.allclose(*pair, rtol, atol) for pair in zip(out, exp))
        return out == exp or out != out and exp != exp or abs(out - exp) <= atol + rtol * abs(exp)

    class testing:
        def assert_allclose(out, exp, rtol=1e-7, atol=0):
            assert np.allclose(out, exp, rtol, atol)
"""
NUMPY_NAMES: Final = {"ndarray", "float32", "float64", "allclose", "testing"}


def without_numpy(source: str) -> str:
    """Return the source of a test with numpy replaced by the few functions that EvalPlus uses: tests run without numpy.

    Raises:
        DataError: the source is not Python.
    """
    line = re.search(r"^import numpy as np[ \t]*$", source, re.MULTILINE)
    if line is None:
        return source
    used = {
        each.attr
        for each in ast.walk(parse_code(source, "test"))
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "np"
    }
    return source[: line.start()] + NUMPY + source[line.end() :] if used <= NUMPY_NAMES else source


def _does_nothing(statement: ast.stmt) -> bool:
    """Return whether a statement is a docstring, a name, ``pass``, ``assert True`` or an unused assignment."""
    if isinstance(statement, ast.Assign):
        return all(isinstance(each, ast.Name) and each.id in UNUSED_NAMES for each in statement.targets)
    if isinstance(statement, ast.Assert):
        return isinstance(statement.test, ast.Constant) and bool(statement.test.value)
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, (ast.Constant, ast.Name))
    )


def listed_tests(source: str, entry_point: str) -> tuple[Test, ...] | None:
    """Return the tests of a source in EvalPlus' form, one per call; None for other sources.

    The form is ``inputs = [...]`` and ``results = [...]``, a loop over both that calls ``assertion(f(*inp), exp, 0)``,
    and an ``assertion`` that compares with ``==``, and floats with ``allclose``.

    Raises:
        DataError: the source is not Python.
    """
    module = parse_code(source, "test")
    functions = {each.name: each for each in module.body if isinstance(each, ast.FunctionDef)}
    check, assertion = functions.get("check"), functions.get("assertion")
    if assertion is None or not _is_plain_assertion(assertion):
        return None
    body = check.body if check else module.body
    names = {entry_point, *([check.args.args[0].arg] if check and check.args.args else [])}
    assigned: dict[str, ast.expr] = {}
    loops = []
    for statement in body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            assigned[target.id if isinstance(target, ast.Name) else ""] = statement.value
        elif isinstance(statement, ast.For):
            loops.append(statement)
        elif not isinstance(statement, (ast.FunctionDef, ast.Import, ast.ImportFrom)) and not _does_nothing(statement):
            return None
    if set(assigned) != {"inputs", "results"} or len(loops) != 1 or not _compares(loops[0], names):
        return None
    try:
        inputs, results = value_of(assigned["inputs"]), value_of(assigned["results"])
        return tuple(
            Test(format_call(entry_point, args), format_value(result))
            for args, result in zip(inputs, results, strict=True)
        )
    except (NotPlain, TypeError, ValueError):
        return None


def _is_plain_assertion(function: ast.FunctionDef) -> bool:
    """Return whether the function begins with ``exact_match = out == exp``, and not with another comparison."""
    first = function.body[0]
    return isinstance(first, ast.Assign) and unparsed(first) == "exact_match = out == exp"


LOOP = re.compile(
    r"for\w+,\((?P<inp>\w+),(?P<exp>\w+)\)inenumerate\(zip\(inputs,results\)\):"
    r"assertion\((?P<f>\w+)\(\*(?P=inp)\),(?P=exp),0\)"
)


def _compares(loop: ast.For, names: set[str]) -> bool:
    """Check that the loop is ``for i, (inp, exp) in enumerate(zip(inputs, results)): assertion(f(*inp), exp, 0)``."""
    if len(loop.body) != 1 or loop.orelse:
        return False
    match = LOOP.fullmatch(re.sub(r"\s", "", unparsed(loop)))
    return match is not None and match["f"] in names


def examples(prompt: str, entry_point: str) -> tuple[Test, ...]:
    r"""Return the examples in a text whose call and value are plain constants.

    They are ``>>> f(x)`` with a value on the next line, and lines such as ``f(x) == 1``, ``f(x) => 1``.

    >>> examples('Adds.\n>>> add(1, 2)\n3\n  add(1, 1) ➞ 2\n>>> add("a")\nTraceback: ...\n', "add")
    (Test(input='add(1, 2)', output='3'), Test(input='add(1, 1)', output='2'))
    """
    call = rf"(?P<call>\b{re.escape(entry_point)}\(.*\))"
    same_line = re.compile(call + r"[ \t]*(?:==|=>|=|->|➞|→|[Rr]eturns|should return|# ?returns)[ \t]*(?P<value>\S.*)$")
    found = []
    lines = prompt.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        match = same_line.search(line[:MAX_LINE])
        if match:
            pairs = [(match["call"], match["value"])]
        elif line.lstrip().startswith(">>>"):
            pairs = [(line.lstrip()[3:], following)]
        else:
            continue
        found += [test for pair in pairs if (test := _example(*pair, entry_point))]
    return tuple(dict.fromkeys(found))


def _example(call: str, value: str, entry_point: str) -> Test | None:
    for text in (value.strip(), value.partition("#")[0].strip(), value.strip().rstrip(".,;")):
        try:
            body = parse_code(f"assert ({call.strip()}) == ({text})").body if text else []
        except DataError:
            continue
        if len(body) == 1 and (test := _call_test(body[0], entry_point, {entry_point})):
            return test
    return None
