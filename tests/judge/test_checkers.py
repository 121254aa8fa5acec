"""The comparisons: the conformance cases of their origins, hand-computed examples, and properties for any bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rlef_env.errors import DataError, UsageError
from rlef_env.judge.checkers import COMPARISONS, make_checker
from rlef_env.judge.checkers.codecontests import check_codecontests
from rlef_env.judge.checkers.kattis import check_kattis
from rlef_env.judge.checkers.text import lines_of
from rlef_env.judge.checkers.tokens import check_tokens
from rlef_env.problems import CheckerSpec
from rlef_env.problems.checker_spec import CHECKER_FLAGS, CHECKERS, parse_checker_flags

KATTIS_CASES = Path(__file__).parents[3] / "shared/data/checkers/kattis_default_validator_cases.jsonl"
FLOAT = parse_checker_flags("kattis", ["float_tolerance", "1e-6"])


# --- the same output under different checkers -----------------------------------------------------------------------

TABLE = [
    # output, expected, tokens, CodeContests, Kattis, Kattis with float_tolerance 1e-6
    pytest.param(b"1 2 \n\n", b"1 2", True, True, True, True, id="trailing white space"),
    pytest.param(b"\n 1 2", b"1 2", True, True, True, True, id="leading white space"),
    pytest.param(b"1\n2", b"1 2", True, True, True, True, id="other line breaks"),
    pytest.param(b"yes", b"YES", False, True, True, True, id="letter case"),
    pytest.param(b"0.5", b"0.500000", False, True, False, True, id="digits after the point"),
    pytest.param(b"0.333333", b"0.3333333", False, True, False, True, id="rounded"),
    pytest.param(b"1234567.0", b"1234567.1", False, False, False, True, id="large numbers, relatively close"),
    pytest.param(b"2 1", b"1 2", False, False, False, False, id="permuted"),
    pytest.param(b"9007199254740993", b"9007199254740992", False, True, False, True, id="beyond 2^53, off by one"),
    pytest.param(b"1 2 3", b"1 2", False, False, False, False, id="too many tokens"),
    pytest.param(b"1", b"1 2", False, False, False, False, id="too few tokens"),
    pytest.param(b"", b"1", False, False, False, False, id="nothing"),
    pytest.param(b"1", b"", False, False, False, False, id="something where nothing is expected"),
    pytest.param(b" \n", b"", True, True, True, True, id="nothing expected, white space given"),
    pytest.param(b"12", b"1 2", False, False, False, False, id="space lost"),
    pytest.param("\N{NO-BREAK SPACE}1".encode(), b"1", False, False, False, False, id="white space beyond ASCII"),
    pytest.param("Ä".encode(), "ä".encode(), False, False, False, False, id="letter case beyond ASCII"),
    pytest.param(b"1_0", b"10", False, False, False, False, id="Python's digit separator is no number"),
    pytest.param("\N{ARABIC-INDIC DIGIT ONE}".encode(), b"1", False, False, False, False, id="digits beyond ASCII"),
    pytest.param(b"+1", b"1", False, True, False, True, id="plus sign"),
    pytest.param(b"1e2", b"100", False, True, False, True, id="exponent"),
    pytest.param(b"1.", b"1", False, True, False, True, id="no digits after the point"),
    pytest.param(b".5", b"0.5", False, True, False, True, id="no digits before the point"),
    pytest.param(b"-0", b"0", False, True, False, True, id="minus zero"),
    pytest.param(b"0x10", b"16", False, False, False, True, id="hexadecimal: scanf reads it, CodeContests does not"),
    pytest.param(b"1e", b"1", False, False, False, False, id="exponent without digits"),
    pytest.param(b".", b"0", False, False, False, False, id="a point alone"),
    pytest.param(b"--1", b"1", False, False, False, False, id="two signs"),
    pytest.param(b"nan", b"1", False, False, False, False, id="NaN for a number"),
    pytest.param(b"inf", b"1e400", False, False, False, False, id="infinity for a number too large"),
    pytest.param(b"nan 1.0", b"nan 1", False, False, False, True, id="NaN beside another difference"),
    pytest.param(b"NaN", b"nan", False, True, True, True, id="NaN alone, letter case"),
    pytest.param(b"1\0", b"1", False, False, False, False, id="NUL"),
]


@pytest.mark.parametrize(("output", "expected", "tokens", "codecontests", "kattis", "kattis_float"), TABLE)
def test_the_same_output_under_each_checker(
    output: bytes, expected: bytes, tokens: bool, codecontests: bool, kattis: bool, kattis_float: bool
) -> None:
    assert check_tokens(output, expected) is tokens
    assert check_codecontests(output, expected) is codecontests
    assert check_kattis(output, expected) is kattis
    assert check_kattis(output, expected, FLOAT) is kattis_float


@pytest.mark.parametrize(
    ("output", "expected", "right"),
    [
        (b"0.000009", b"0", True),
        (b"0.00001", b"0", False),  # the difference must be below 1e-5, not at it
        (b"0.000011", b"0", False),
        (b"100000.000009", b"100000", True),
        (b"100000.1", b"100000", False),  # relatively close, but only the absolute difference counts
        (b"-1", b"1", False),
        (b"3.14159 yes", b"3.141592 YES", True),
        (b"3.14159 yes", b"3.141592 no", False),
        (b"inf 1.0", b"inf 1", False),  # infinity minus infinity is not below 1e-5
        (b"inf 1", b"inf 1", True),
    ],
)
def test_codecontests_tolerance(output: bytes, expected: bytes, right: bool) -> None:
    assert check_codecontests(output, expected) is right


def test_a_form_feed_separates_tokens_except_in_codecontests() -> None:
    assert check_tokens(b"a\fb", b"a b")
    assert check_kattis(b"a\fb", b"a b")
    assert not check_codecontests(b"a\fb", b"a b")
    assert check_codecontests(b"a\vb\tc\rd\ne", b"a b c d e")


# --- Kattis ----------------------------------------------------------------------------------------------------------


def kattis_cases() -> list[Any]:
    if not KATTIS_CASES.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no {KATTIS_CASES}"))]
    rows = [json.loads(line) for line in KATTIS_CASES.read_text(encoding="utf-8").splitlines() if line]
    assert len(rows) == 23
    return [pytest.param(row, id=row["id"]) for row in rows]


@pytest.mark.shared
@pytest.mark.parametrize("case", kattis_cases())
def test_kattis_conformance(case: dict[str, Any]) -> None:
    right = check_kattis(
        case["output"].encode(), case["expected"].encode(), parse_checker_flags("kattis", case["args"])
    )
    assert right is (case["verdict"] == "AC")


@pytest.mark.parametrize(
    ("flags", "output", "expected", "right"),
    [
        ("float_absolute_tolerance 0.5", b"1.5", b"1", True),  # a difference equal to the tolerance is within it
        ("float_absolute_tolerance 0.5", b"150", b"100", False),
        ("float_relative_tolerance 0.5", b"150", b"100", True),
        ("float_relative_tolerance 0.5", b"151", b"100", False),
        ("float_relative_tolerance 0.5", b"-50", b"-100", True),
        ("float_tolerance 0.5", b"0.5", b"0", True),  # either tolerance is enough
        ("float_tolerance 0.5", b"150", b"100", True),
        ("float_relative_tolerance 0.5 float_absolute_tolerance 1", b"1", b"0", True),
        ("float_tolerance 0.5", b"inf", b"1", False),
        ("float_tolerance 0.5", b"one", b"1", False),
        ("float_tolerance 0.5", b"INF", b"inf", True),  # not a finite number, so it is compared as text
        ("float_tolerance 0.5 case_sensitive", b"INF", b"inf", False),
        ("float_tolerance 0.5", b"1e999", b"1e998", False),
        ("float_tolerance 0.5", b"0x1p9999999999999999999", b"1", False),
        ("float_tolerance 0", b"1.0", b"1", True),
        ("case_sensitive", b"yes", b"YES", False),
        ("space_change_sensitive", b"a  b", b"a b", False),
        ("space_change_sensitive", b"a\tb", b"a b", False),
        ("space_change_sensitive", b"a b\n", b"a b", False),
        ("space_change_sensitive", b"A b", b"a B", True),
        ("space_change_sensitive float_tolerance 0.5", b"1.2 b", b"1 b", True),
    ],
)
def test_kattis_flags_decide(flags: str, output: bytes, expected: bytes, right: bool) -> None:
    assert check_kattis(output, expected, parse_checker_flags("kattis", flags.split())) is right


# --- make_checker ----------------------------------------------------------------------------------------------------


def test_make_checker_makes_the_checker_that_is_named() -> None:
    def accepts(spec: CheckerSpec, output: bytes) -> bool:
        return make_checker(spec)(b"input", output, b"Yes 1.0")

    assert accepts(CheckerSpec("codecontests"), b"yes 1")
    assert not accepts(CheckerSpec("tokens"), b"yes 1.0")
    assert accepts(CheckerSpec("tokens"), b"Yes\n1.0")
    assert accepts(CheckerSpec("kattis"), b"yes 1.0")
    assert not accepts(CheckerSpec("kattis"), b"yes 1")
    assert accepts(CheckerSpec("kattis", ("float_tolerance", "0.1")), b"yes 1")


def test_make_checker_refuses_programs_values_and_unknown_names() -> None:
    with pytest.raises(UsageError, match="sandbox"):
        make_checker(CheckerSpec("python", source="def check(input, output, expected): return True"))
    with pytest.raises(UsageError, match="functions return"):
        make_checker(CheckerSpec("value"))
    with pytest.raises(UsageError, match=r"codecontests, tokens, lines, .*, testlib, got 'loosely'"):
        make_checker(CheckerSpec("loosely"))
    with pytest.raises(DataError, match="float_tolerance"):
        make_checker(CheckerSpec("kattis", ("float_tolerance",)))
    with pytest.raises(DataError, match="tokens flags: expected ignore_case, unordered, got 'strip'"):
        make_checker(CheckerSpec("tokens", ("strip",)))


def test_every_checker_is_a_comparison_a_program_or_compares_values() -> None:
    programs = {name for name, info in CHECKERS.items() if info.program}
    assert set(CHECKERS) == set(COMPARISONS) | programs | {"value"}
    assert {flag for info in CHECKERS.values() for flag in info.flags} == set(CHECKER_FLAGS)


# --- properties for any bytes ----------------------------------------------------------------------------------------

SPECS = {
    "tokens": CheckerSpec("tokens"),
    "tokens, any case": CheckerSpec("tokens", ("ignore_case",)),
    "tokens, unordered": CheckerSpec("tokens", ("unordered",)),
    "codecontests": CheckerSpec("codecontests"),
    "codecontests, exact": CheckerSpec("codecontests", ("exact_integers",)),
    "kattis": CheckerSpec("kattis"),
    "kattis, float": CheckerSpec("kattis", ("float_tolerance", "1e-6")),
    "kattis, spaces": CheckerSpec("kattis", ("space_change_sensitive", "float_relative_tolerance", "1e-6")),
    "lines": CheckerSpec("lines"),
    "lines, loose": CheckerSpec("lines", ("ignore_spaces", "ignore_blank_lines", "ignore_case")),
    "lines, unordered": CheckerSpec("lines", ("unordered", "strip")),
    "lines, float": CheckerSpec("lines", ("ignore_blank_lines", "float_tolerance", "1e-6")),
    "lines, strict": CheckerSpec("lines", ("keep_spaces",)),
    "exact": CheckerSpec("exact"),
    "characters": CheckerSpec("characters"),
    "yesno": CheckerSpec("yesno"),
    "livecodebench": CheckerSpec("livecodebench"),
    "sandboxfusion": CheckerSpec("sandboxfusion"),
    "sandboxfusion, exact": CheckerSpec("sandboxfusion", ("exact_integers",)),
    "apps": CheckerSpec("apps"),
    "apps, exact": CheckerSpec("apps", ("exact_integers",)),
}


def comparison_for(spec: CheckerSpec) -> Any:
    checker = make_checker(spec)
    return lambda output, expected: checker(b"input", output, expected)


COMPARE = {name: comparison_for(spec) for name, spec in SPECS.items()}
comparisons = pytest.mark.parametrize("compare", COMPARE.values(), ids=COMPARE.keys())


def some_comparisons(*names: str) -> Any:
    return pytest.mark.parametrize("compare", [COMPARE[name] for name in names], ids=names)


token = st.one_of(
    st.sampled_from([b"nan", b"inf", b"-Infinity", b"1e400", b"0x1p5", b"1_0", b"-0", b"YES", b"yes", b"\xff", b"\0"]),
    st.integers().map(lambda value: str(value).encode()),
    st.floats().map(lambda value: repr(value).encode()),
    st.text("0123456789.eE+-xXpPinfa", min_size=1, max_size=8).map(str.encode),
    st.binary(min_size=1, max_size=5).filter(lambda value: not any(byte in b" \t\n\v\f\r" for byte in value)),
)
tokens = st.lists(token, max_size=6)
texts = st.one_of(st.binary(max_size=40), tokens.map(b" ".join))


@comparisons
@given(left=texts, right=texts)
@example(left=b"1e400 2", right=b"1e400 2.0")
def test_a_verdict_for_any_bytes(compare: Any, left: bytes, right: bytes) -> None:
    assert compare(left, right) in (True, False)
    assert compare(left, left) is True


@comparisons
@given(values=tokens)
def test_one_token_too_many_is_wrong(compare: Any, values: list[bytes]) -> None:
    text = b"".join(value + b"\n" for value in values)
    assert compare(text + b"x", text) is False
    assert compare(text, text + b"x") is False


@some_comparisons("tokens", "tokens, unordered", "codecontests", "kattis", "kattis, float", "yesno", "characters")
@given(values=tokens, data=st.data())
def test_white_space_does_not_matter(compare: Any, values: list[bytes], data: st.DataObject) -> None:
    space = st.text(" \t\n\v\r", min_size=1, max_size=3).map(str.encode)
    text = data.draw(space) + b"".join(value + data.draw(space) for value in values)
    assert compare(text, b" ".join(values)) is True


@some_comparisons("lines, loose", "apps", "livecodebench", "lines, float")
@given(rows=st.lists(st.lists(token, min_size=1, max_size=3), max_size=3), data=st.data())
def test_white_space_at_line_ends_does_not_matter(compare: Any, rows: list[list[bytes]], data: st.DataObject) -> None:
    blank = st.text(" \t", max_size=3).map(str.encode)
    end = st.sampled_from([b"\n", b"\r\n"])
    lines = [b" ".join(row) for row in rows]
    text = b"".join(data.draw(blank) + line + data.draw(blank) + data.draw(end) for line in lines)
    assert compare(text + data.draw(st.text(" \n\t", max_size=3)).encode(), b"\n".join(lines)) is True


@some_comparisons(
    *("tokens", "tokens, any case", "tokens, unordered", "lines", "lines, loose", "lines, unordered", "lines, strict"),
    *("exact", "characters", "yesno", "livecodebench", "codecontests", "kattis"),
)
@given(left=texts, right=texts)
def test_symmetric_comparisons(compare: Any, left: bytes, right: bytes) -> None:
    assert compare(left, right) is compare(right, left)


@some_comparisons("tokens, unordered", "characters")
@given(values=tokens, data=st.data())
def test_order_does_not_matter_but_number_does(compare: Any, values: list[bytes], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(values))
    assert compare(b" ".join(shuffled), b"\n".join(values)) is True
    if values:
        assert compare(b" ".join([*shuffled, values[0]]), b" ".join(values)) is False
        assert compare(b" ".join(shuffled[1:]), b" ".join(values)) is False


@some_comparisons("codecontests, exact", "sandboxfusion, exact", "apps, exact", "livecodebench")
@given(st.integers(), st.integers(1, 10**6), st.integers(0, 3))
def test_exact_integers(compare: Any, value: int, offset: int, zeros: int) -> None:
    assert compare(f"{value + offset}".encode(), f"{value}".encode()) is False
    digits = f"{'-' if value < 0 else ''}{'0' * zeros}{abs(value)}"
    assert compare(digits.encode(), f"{value}".encode()) is True
    assert compare(f"{digits}.0".encode(), f"{value}".encode()) is True


@given(left=texts, right=texts)
def test_what_tokens_accepts_looser_checkers_accept(left: bytes, right: bytes) -> None:
    if check_tokens(left, right):
        assert check_kattis(left, right)
        if b"\f" not in left + right:
            assert check_codecontests(left, right)


@given(
    value=st.floats(-1e6, 1e6),
    offset=st.floats(-3e-5, 3e-5),
)
def test_the_codecontests_tolerance_is_an_absolute_difference(value: float, offset: float) -> None:
    other = value + offset
    assert check_codecontests(repr(other).encode(), repr(value).encode()) is (abs(other - value) < 1e-5)


# --- outputs of many megabytes ---------------------------------------------------------------------------------------

MEGABYTE = 2**20
HUGE = {
    "one number": (b"1" * (4 * MEGABYTE), b"2" * (4 * MEGABYTE)),
    "almost a number": (b"1" * (4 * MEGABYTE) + b"x", b"1"),
    "almost a fraction": (b"0." + b"1" * (4 * MEGABYTE) + b"e", b"0.1"),
    "almost an exponent": (b"1e" + b"1" * (4 * MEGABYTE) + b"x", b"1"),
    "almost hexadecimal": (b"0x" + b"a" * (4 * MEGABYTE) + b".g", b"1"),
    "blanks": (b" " * (4 * MEGABYTE), b"1"),
    "blank lines": (b"\n" * (4 * MEGABYTE) + b"2", b"1"),
    "many lines": (b"1\n" * 200_000, b"1\n" * 199_999),
    "many tokens": (b"1 " * 200_000, b"1 " * 199_999),
}


@some_comparisons(  # one for each way to split and to compare
    *("tokens", "tokens, unordered", "codecontests, exact", "kattis, float", "kattis, spaces", "lines, loose"),
    *("lines, unordered", "lines, float", "characters", "yesno", "livecodebench", "sandboxfusion", "apps, exact"),
)
@pytest.mark.timeout(60)  # in more than linear time it would take hours
@pytest.mark.parametrize(("output", "expected"), HUGE.values(), ids=HUGE.keys())
def test_huge_outputs_are_refused_in_linear_time(compare: Any, output: bytes, expected: bytes) -> None:
    assert compare(output, expected) is False


@some_comparisons("tokens", "codecontests", "kattis", "tokens, unordered", "lines, loose", "apps")
def test_blocks_cut_no_token(compare: Any) -> None:
    for length in range(65_530, 65_542):
        assert compare(b"x" * length + b"  yz\n1", b"x" * length + b" yz\n1")
        assert not compare(b"x" * length + b" yz 1", b"x" * length + b" y z1")
        assert not compare(b"x" * length + b"\nyz 1", b"x" * length + b"\ny z1")


def test_blocks_add_no_line_and_lose_none() -> None:
    for length in range(65_530, 65_542):
        text = b"x" * length + b"\n\ny"
        assert list(lines_of(text + b"\n \n")) == [b"x" * length, b"", b"y"]


def test_a_long_number_is_still_a_number() -> None:
    assert check_codecontests(b"0." + b"3" * MEGABYTE, b"0.333333")
    assert check_codecontests(b"0" * MEGABYTE + b"7", b"7.0")
