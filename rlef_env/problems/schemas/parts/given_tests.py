"""Tests in the two forms that most data sets for training use, and the selection of public tests.

The forms are ``{"inputs": [...], "outputs": [...], "fn_name": ...}`` (APPS, TACO, PRIME, NeMo Gym) and a list of
``{"input", "output", "testtype" or "type", "fn_name"}`` (LiveCodeBench, DeepCoder, PrimeIntellect). A test gives its
input on standard input, or calls the named function. No data set of the first form marks public tests: those whose
input and output stand in the statement as an example are public.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.graders import GRADERS, PLAIN_GRADER
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.parsing.hashing import check_keys
from rlef_env.problems.parsing.literals import NotPlain, format_call, format_value
from rlef_env.problems.problem import CheckerSpec, FunctionSpec, Test
from rlef_env.problems.schemas.parts.asserts import assert_to_test, called_function
from rlef_env.problems.schemas.parts.examples import calls_shown, streams_shown
from rlef_env.problems.schemas.parts.nested import json_in
from rlef_env.problems.schemas.parts.result_types import fits, result_type
from rlef_env.problems.schemas.parts.row_parts import with_place

__all__ = [
    "APPS_CHECKER",
    "CALL_CHECKER",
    "GivenTests",
    "entry_point_in",
    "read_tests",
    "refuse_names",
    "require_tests",
    "split_public",
]

APPS_CHECKER: Final = CheckerSpec("apps", ("exact_integers",))
"""Checker of APPS, which most of these data sets use, without the steps that accept wrong answers."""
CALL_CHECKER: Final = CheckerSpec("value", ("json",))
"""Values as JSON can write them, because the expected values were written as JSON."""
_UNWRAPPED_CHECKER: Final = CheckerSpec("value", ("json", "list_of_one"))
"""Same for rows with each result in a list of one: the graders of such data accept both."""
_ASSERT_CHECKER: Final = CheckerSpec("value")
"""Values as Python compares them, because the expected values are Python source."""
_INPUT_TYPES: Final = ("stdin", "stdin_stdout", "stdio")
_NAMES: Final = ("fn_name", "func_name")
_OTHER_NAMES: Final = ("function_name", "method_name", "entry_point")
"""Names of this field in other data sets: nothing reads them, so they must not stand beside tests of standard input."""
_CALL_TYPES: Final = ("functional", "function_call", "call_based")


@dataclass(frozen=True, slots=True)
class GivenTests:
    """Tests of a row.

    Attributes:
        tests: the tests, in the row's order.
        entry_point: the function that they call; None if they give standard input.
        arguments: the arguments of each test that is a call, as JSON values.
        results: the expected results of these tests, as JSON values.
        asserts: number of tests after those with arguments; each of them is an assert.
        unwrapped: whether the results were taken out of lists of one.
        unknown: fields beside the tests that have no place here.
    """

    tests: tuple[Test, ...] = ()
    entry_point: str | None = None
    arguments: tuple[list[Any], ...] = ()
    results: tuple[Any, ...] = ()
    asserts: int = 0
    unwrapped: bool = False
    unknown: dict[str, Any] = field(default_factory=dict)

    @property
    def function(self) -> FunctionSpec | None:
        """Function for ``Problem.function``."""
        return None if self.entry_point is None else FunctionSpec(self.entry_point)

    def checker(self, stdio: CheckerSpec = APPS_CHECKER) -> CheckerSpec:
        """Return the checker: ``stdio`` if the tests give standard input."""
        if self.entry_point is None:
            return stdio
        if self.asserts and not self.arguments:
            return _ASSERT_CHECKER
        return _UNWRAPPED_CHECKER if self.unwrapped else CALL_CHECKER


def require_tests(field: Field, *given: GivenTests) -> None:
    """Refuse a row without any test, because nothing could be judged with it.

    Raises:
        DataError: there is no test.
    """
    if not any(each.tests for each in given):
        raise field.error("at least one test", "remove the row, or add its tests")


def split_public(statement: str, given: GivenTests) -> tuple[tuple[Test, ...], tuple[Test, ...]]:
    """Return the public and the hidden tests.

    Tests whose input and output stand in the statement as an example are public. If there are none, the first test is
    public if there is another one: an episode without public tests would give no feedback to learn from.
    """
    if given.entry_point is None:
        shown = streams_shown(statement, ((test.input, test.output) for test in given.tests))
    else:
        shown = calls_shown(statement, zip(given.arguments, given.results, strict=True))
        asserts = given.tests[len(shown) :]
        shown += [test.input.strip() in statement or _as_assert(test) in statement for test in asserts]
    if len(shown) > 1 and not any(shown):
        shown[0] = True
    pairs = list(zip(given.tests, shown, strict=True))
    return tuple(test for test, public in pairs if public), tuple(test for test, public in pairs if not public)


def refuse_names(given: GivenTests, *places: Field) -> None:
    """Refuse a function's name in a place where nothing reads it: the tests would be taken for standard input.

    Args:
        given: the tests; if they call a function, nothing is refused.
        places: objects in which a name might stand; other values are skipped.

    Raises:
        DataError: one of them contains a name.
    """
    if given.entry_point is not None:
        return
    for place in places:
        if isinstance(place.value, dict):
            for name in map(place.child, _NAMES + _OTHER_NAMES):
                if name.present and name.value != "":
                    raise name.error(
                        "no function's name, as the tests give standard input", "move it beside the tests, as fn_name"
                    )


def _as_assert(test: Test) -> str:
    return f"assert {test.input} == {test.output}"


def read_tests(
    found: Field, entry_point: str | None = None, starter: str | None = None, grader: str = ""
) -> GivenTests:
    """Read the tests of either form.

    Args:
        found: the unpacked value.
        entry_point: the function that is called, if another field of the row names it.
        starter: the starter code; its annotations distinguish an output that is a list from one that is wrapped in
            a list.
        grader: the grader of the row's data set, a key of ``GRADERS``; it determines whether results may be wrapped.

    Raises:
        DataError: neither form, lists of different lengths, a test of neither kind, or two names for one function.
    """
    unwraps = GRADERS.get(grader, PLAIN_GRADER).unwraps
    if isinstance(found.value, dict):
        return _columns(found, entry_point, starter, unwraps)
    if isinstance(found.value, list):
        return _records(found, entry_point, starter, unwraps)
    raise found.error(
        "tests as {'inputs': [...], 'outputs': [...]} or [{'input': ..., 'output': ...}, ...]", "write them so"
    )


def _columns(found: Field, entry_point: str | None, starter: str | None, unwraps: bool) -> GivenTests:
    known = ("inputs", "outputs", "fn_name", "assert_case")
    unknown = {key: found.child(key).plain() for key in found.table() if key not in known}
    entry_point = _one_name([found.child("fn_name")], entry_point)
    asserts = _asserts(found.child("assert_case"))
    absent = asserts and not (found.child("inputs").present or found.child("outputs").present)
    inputs, outputs = ([], []) if absent else (found.child("inputs").items(), found.child("outputs").items())
    if len(inputs) != len(outputs):
        raise DataError(
            f"{found.where}: field '{found.path}.outputs': expected length {len(inputs)}, that of "
            f"'{found.path}.inputs', got length {len(outputs)}; check that no entry was lost"
        )
    pairs = list(zip(inputs, outputs, strict=True))
    if asserts:
        if pairs and entry_point is None:
            raise found.child("assert_case").error("no asserts beside tests that give standard input", "separate them")
        return _with_asserts(entry_point, pairs, asserts, starter, unwraps, unknown)
    if entry_point is None:
        given = GivenTests(tuple(Test(_stream(given), _stream(wanted)) for given, wanted in pairs), unknown=unknown)
        refuse_names(given, found, found.child("metadata"))
        return given
    return _calls(entry_point, pairs, starter, unwraps, unknown)


def _asserts(field: Field) -> list[Field]:
    """Return the asserts of verl's ``assert_case``: Python source that runs behind the program."""
    return [item for item in field.items() if item.text().strip()] if field.present else []


def _with_asserts(
    entry_point: str | None,
    pairs: Sequence[tuple[Field, Field]],
    asserts: Sequence[Field],
    starter: str | None,
    unwraps: bool,
    unknown: dict[str, Any],
) -> GivenTests:
    if entry_point is None:
        with with_place(asserts[0]):
            entry_point = called_function(asserts[0].text())
    tests = []
    for item in asserts:
        with with_place(item):
            test = assert_to_test(item.text(), entry_point)
            # Beside calls it stays code: the calls of one problem share a checker, and theirs compares JSON values.
            tests.append(Test(item.text().strip() + "\n", "") if pairs else test)
    given = _calls(entry_point, pairs, starter, unwraps, unknown)
    return replace(given, tests=given.tests + tuple(tests), asserts=len(tests))


def _one_name(names: Iterable[Field], entry_point: str | None) -> str | None:
    """Return the name of the function that is called, if any of these fields names one.

    Raises:
        DataError: a field names another function than ``entry_point``, or than an earlier field.
    """
    for name in names:
        if name.present and name.value != "":
            own = entry_point_in(name)
            if entry_point not in (None, own):
                raise name.error(f"{entry_point!r}, the function that the row's other tests call", "name one function")
            entry_point = own
    return entry_point


def _records(found: Field, entry_point: str | None, starter: str | None, unwraps: bool) -> GivenTests:
    known = ("input", "output", "testtype", "type", "fn_name", "metadata")
    pairs, kinds, unknown = [], set(), []
    for item in found.items():
        pairs.append((item.child("input"), item.child("output")))
        metadata = _metadata(item.child("metadata"))
        names = list(map(metadata.child, _NAMES)) if metadata is not None else []
        entry_point = _one_name([item.child("fn_name"), *names], entry_point)
        kind = item.child("testtype") if item.child("testtype").present else item.child("type")
        if kind.present and kind.value not in _INPUT_TYPES + _CALL_TYPES:
            raise kind.error(f"one of {', '.join(_INPUT_TYPES + _CALL_TYPES)}", "correct it")
        kinds.add(kind.value in _CALL_TYPES if kind.present else entry_point is not None)
        unknown.append({key: item.child(key).plain() for key in item.table() if key not in known})
        if left := _left_of(item.child("metadata"), metadata):
            unknown[-1]["metadata"] = left
    rest = {"unknown": unknown} if any(unknown) else {}
    if len(kinds) > 1:
        raise found.error("tests that all give standard input, or all call a function", "separate them")
    if True not in kinds:
        given = GivenTests(tuple(Test(_stream(given), _stream(wanted)) for given, wanted in pairs), unknown=rest)
        refuse_names(given, *(Field(each, found.where, f"{found.path}[{number}]") for number, each in _rests(unknown)))
        return given
    if entry_point is None:
        raise found.error("the name of the function that the tests call", "add fn_name, or func_name in the metadata")
    return _calls(entry_point, pairs, starter, unwraps and not isinstance(pairs[0][0].value, str), rest)


def _rests(unknown: list[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the unread fields of each test that has any, with the test's index."""
    return ((number, each) for number, each in enumerate(unknown) if each)


def _metadata(field: Field) -> Field | None:
    """Return a test's own metadata, an object or JSON in a string; None if it is not an object."""
    if isinstance(field.value, str) and field.value.lstrip().startswith("{"):
        field = json_in(field)
    return field if isinstance(field.value, dict) else None


def _left_of(field: Field, metadata: Field | None) -> Any:
    """Return the metadata without the function's name."""
    if metadata is None:
        return field.plain() if field.present else None
    return {key: metadata.child(key).plain() for key in metadata.table() if key not in _NAMES}


def _stream(item: Field) -> str:
    """Return the contents of standard input or output: a text, or a list of lines."""
    if isinstance(item.value, list):
        return "\n".join(line.text() for line in item.items())
    return item.text()


def entry_point_in(name: Field) -> str:
    """Return the name of a function.

    Raises:
        DataError: not a name in Python.
    """
    text = name.text()
    if not text.isidentifier() or keyword.iskeyword(text):
        raise name.error("the name of a Python function", "correct it, or write null where programs read input")
    return text


def _calls(
    entry_point: str,
    pairs: Sequence[tuple[Field, Field]],
    starter: str | None,
    unwraps: bool,
    unknown: dict[str, Any],
) -> GivenTests:
    """Read calls: each is a list of arguments and a result, or text with one JSON value per line and a JSON result."""
    arguments, results = [], []
    for given, wanted in pairs:
        if isinstance(given.value, str):
            lines = [line for line in given.text().split("\n") if line.strip()]
            arguments.append([json_in(Field(line, given.where, given.path)) for line in lines])
            results.append(json_in(wanted))
        else:
            arguments.append([_integer_keys(argument) for argument in given.items()])
            if wanted.missing:
                raise wanted.error("the result of the call", "add it; write null if the function returns nothing")
            results.append(wanted)
    unwrapped = unwraps and bool(pairs) and _are_wrapped(entry_point, [result.value for result in results], starter)
    if unwrapped:
        results = [result.items()[0] for result in results]
    tests = tuple(_call(entry_point, given, wanted) for given, wanted in zip(arguments, results, strict=True))
    return GivenTests(
        tests,
        entry_point,
        tuple([argument.value for argument in each] for each in arguments),
        tuple(result.value for result in results),
        unwrapped=unwrapped,
        unknown=unknown,
    )


def _integer_keys(argument: Field) -> Field:
    """Convert keys to integers if all keys of an argument are integers: JSON has only text for keys."""
    value = argument.value
    if isinstance(value, dict) and value and all(re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", key) for key in value):
        keys = list(map(int, value))
        try:
            check_keys(keys)
        except ValueError as error:
            raise argument.error(f"keys that a dict can hold ({error})", "remove this test") from None
        return Field(dict(zip(keys, value.values(), strict=True)), argument.where, argument.path)
    return argument


def _are_wrapped(entry_point: str, results: Sequence[Any], starter: str | None) -> bool:
    """Return whether all results are lists of one value that stand for that value.

    APPS often writes results so, and its grader accepts both. They are not wrapped if the starter code's annotation
    fits the lists and does not fit the values in them.
    """
    if not all(isinstance(result, list) and len(result) == 1 for result in results):
        return False
    annotation = result_type(starter or "", entry_point)
    are_results = all(fits(annotation, result) is not False for result in results)
    hold_results = all(fits(annotation, result[0]) is not False for result in results)
    return hold_results or not are_results


def _call(entry_point: str, arguments: Sequence[Field], result: Field) -> Test:
    for value in (*arguments, result):
        _check_text(value)
    try:
        return Test(format_call(entry_point, [each.value for each in arguments]), format_value(result.value))
    except NotPlain as error:
        raise result.error(f"plain values ({error})", "remove this test") from None


def _check_text(value: Field) -> None:
    """Refuse text that a file could not hold: lone surrogates, which JSON can write."""
    try:
        json.dumps(value.value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise value.error("text that UTF-8 can hold", "remove the lone surrogates (\\ud800 to \\udfff)") from None
    except (ValueError, RecursionError):
        pass  # format_value checks numbers of thousands of digits, and depth
