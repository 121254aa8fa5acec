"""Plain values as Python source: everything is read back equal, and nothing is executed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.errors import DataError
from rlef_env.problems.parsing.literals import CallText, NotPlain, format_call, format_value, parse_call, parse_value

KEYS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
HASHABLE = st.recursive(KEYS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4), max_leaves=8)
SCALARS = KEYS | st.complex_numbers(allow_nan=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.sets(HASHABLE, max_size=4)
        | st.frozensets(HASHABLE, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=4)
    ),
    max_leaves=15,
)


@given(VALUES)
def test_every_plain_value_comes_back(value: object) -> None:
    again = parse_value(format_value(value))
    assert again == value
    assert type(again) is type(value)


@given(st.lists(VALUES, max_size=3), st.dictionaries(st.sampled_from(["a", "key"]), VALUES))
def test_every_call_comes_back(args: list[object], kwargs: dict[str, object]) -> None:
    call = parse_call(format_call("some_name", args, kwargs))
    assert (call.name, call.args, dict(call.kwargs)) == ("some_name", tuple(args), kwargs)


@pytest.mark.parametrize("power", [999, 1000, 3999, 4000, 4300, 4301, 5000])
def test_integers_of_any_size_come_back(power: int) -> None:
    assert parse_value(format_value([10**power, -(10**power) + 1])) == [10**power, -(10**power) + 1]


def test_numbers_that_equality_does_not_tell_apart_come_back() -> None:
    again = parse_value(format_value([math.nan, -0.0, math.inf, "\ud800", complex(-0.0, math.inf)]))
    assert math.isnan(again[0])
    assert math.copysign(1, again[1]) == -1
    assert again[2:4] == [math.inf, "\ud800"]
    assert math.copysign(1, again[4].real) == -1
    assert again[4].imag == math.inf


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("3 * 19", 57),
        ("[0] * 3 + [1]", [0, 0, 0, 1]),
        ("'ab' * 2 + 'c'", "ababc"),
        ("2 ** 10 - 1 // 2 % 5", 1024),
        ("2.0 / 3.0", 2.0 / 3.0),
        ("-1e400", -math.inf),
        ("float('-inf')", -math.inf),
        ("set(['a', 'a'])", {"a"}),
        ("frozenset()", frozenset()),
        ("tuple([1, (2,)])", (1, (2,))),
        ("dict()", {}),
        ("list('abc')", ["a", "b", "c"]),
        ("0xff", 255),
        (" [1,\n 2.,] ", [1, 2.0]),
        ("f'x'", None),
        ("'\\d'", "\\d"),
    ],
)
def test_what_counts_as_a_constant(source: str, value: object) -> None:
    if value is None:
        with pytest.raises(DataError, match="expected a plain value"):
            parse_value(source)
    else:
        assert parse_value(source) == value
        assert type(parse_value(source)) is type(value)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "1 2",
        "x",
        "f(1)",
        "open('/etc/passwd')",
        "__import__('os')",
        "().__class__",
        "[*range(3)]",
        "{**{}}",
        "{[]: 1}",
        "1 if 1 else 2",
        "[x for x in 'abc']",
        "...",
        "1 / 0",
        "'a' + 1",
        "[[0] * 3] * 3",
        "list({'a', 'b'})",
        "10 ** 10 ** 10",
        "2 ** -1",
        "'a' * 10 ** 9",
        "((1 << 40))",
        "9" * 100_001,
        "int('9' * 5000)",
        "[" + "[0] * 1_000_000, " * 5 + "]",
        "['a' * 1_000_000] * 2",
        "(((0,) * 1000,) * 1000,) * 1000",
        "[" + "2 ** 100_000, " * 3000 + "]",
        "[" + "list('a' * 600_000), " * 4 + "]",
        "[" * 150 + "]" * 150,
        "(" * 250 + "1" + ")" * 250,
        "[" * 5000,
        "-" * 100_000 + "1",
        "1" + "+1" * 100_000,
        "lambda: 0",
        "\0",
        "[" + "1, 'x', " * 600_000 + "]",
        "{" + ", ".join(str(n * (2**61 - 1)) for n in range(100)) + "}",
    ],
)
def test_what_is_no_constant_is_refused_and_never_run(source: str) -> None:
    with pytest.raises(DataError, match="expected a plain value") as caught:
        parse_value(source)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("source", ["f", "f(x)", "f(*[1])", "f(**{})", "a.b(1)", "f(1)(2)", "f(1), 2", "f(1", "1"])
def test_what_is_no_plain_call_is_refused(source: str) -> None:
    with pytest.raises(DataError, match="expected a call with plain values"):
        parse_call(source)


@pytest.mark.parametrize("value", [object(), [range(3)], {1: (bool,)}, type("L", (list,), {})()])
def test_values_that_are_not_plain_have_no_source(value: object) -> None:
    with pytest.raises(NotPlain, match="expected a plain value"):
        format_value(value)


def test_nesting_has_a_bound() -> None:
    value: list[object] = []
    for _ in range(89):
        value = [value]
    assert parse_value(format_value(value)) == value
    with pytest.raises(NotPlain, match="90 nested containers"):
        format_value([value])


def test_whole_numbers_of_any_length_are_read() -> None:
    digits = "7" * 6000
    number = sum(7 * 10**place for place in range(6000))
    assert parse_value(digits) == number
    assert parse_value(f"{{1: [-{digits}], 2: {digits}.5}}") == {1: [-number], 2: float("inf")}
    assert parse_call(f"f({digits}, x=(0, {digits}))") == CallText("f", (number,), {"x": (0, number)})
    assert parse_value(f"'{digits}'") == digits
    for refused in ("7" * 100_001, f"['a', {digits}]", f"0{digits}", f"x{digits}"):
        with pytest.raises(DataError, match=r"^test: expected a plain value"):
            parse_value(refused)
