"""The same output under the checker of each source, and the effect of each flag."""

from __future__ import annotations

import pytest

from rlef_env.judge.checkers import make_checker
from rlef_env.problems import CheckerSpec
from rlef_env.problems.stock_checkers import TESTLIB_CHECKERS, dmoj_checker


def accepts(spec: CheckerSpec, output: bytes, expected: bytes) -> bool:
    return make_checker(spec)(b"input", output, expected)


# --- the same output, different benchmarks ---------------------------------------------------------------------------

SOURCES = {
    "C": CheckerSpec("codecontests"),
    "K": CheckerSpec("kattis"),
    "k": CheckerSpec("kattis", ("float_tolerance", "1e-6")),
    "D": dmoj_checker("standard"),
    "S": CheckerSpec("sandboxfusion"),
    "L": CheckerSpec("livecodebench"),
    "A": CheckerSpec("apps"),
}
WHO_ACCEPTS_WHAT = [
    # output, expected, the sources that accept it
    pytest.param(b"1 2 \n\n", b"1 2\n", "CKkDSLA", id="trailing blank and line breaks"),
    pytest.param(b"1 2", b"1 2\n", "CKkDSLA", id="no final line break"),
    pytest.param(b"1 2", b"1\n2", "CKk", id="line break for a blank"),
    pytest.param(b"yes", b"YES", "CKkS", id="letter case"),
    pytest.param(b"0.5", b"0.500000", "CkSLA", id="digits after the point"),
    pytest.param(b"0.333333", b"0.3333333", "CkSA", id="rounded"),
    pytest.param(b"0.333333 1", b"0.3333333 1", "CkA", id="rounded, two numbers in a line"),
    pytest.param(b"1234567.0", b"1234567.1", "kSA", id="large numbers, relatively close"),
    pytest.param(b"2 1", b"1 2", "", id="permuted in a line"),
    pytest.param(b"b a", b"a b", "", id="words permuted in a line"),
    pytest.param(b"1 1 2", b"1 2", "", id="a token twice"),
    pytest.param(b"2\n1", b"1\n2", "", id="lines permuted"),
    pytest.param(b"9007199254740993", b"9007199254740992", "CkSA", id="integers beyond 2^53, off by one"),
    pytest.param(b"1000001", b"1000000", "kSA", id="integers, relatively close"),
    pytest.param(b"1\n\n2", b"1\n2", "CKkDA", id="a blank line between"),
    pytest.param(b"a  b", b"a b", "CKkDA", id="two blanks for one"),
    pytest.param(b" a", b"a", "CKkDSLA", id="blank at the start"),
    pytest.param(b"1\r\n2\r\n", b"1\n2\n", "CKkDSLA", id="line breaks of Windows"),
    pytest.param(b"", b"1", "", id="nothing"),
    pytest.param(b"1\n2\n3", b"1\n2", "", id="a line more"),
    pytest.param(b"1_0", b"10", "SLA", id="Python's digit separator"),
    pytest.param("\N{ARABIC-INDIC DIGIT ONE}".encode(), b"1", "SLA", id="digits beyond ASCII"),
    pytest.param("\N{SUPERSCRIPT TWO}".encode(), b"2", "", id="a superscript"),
    pytest.param(b"nan", b"1", "", id="NaN"),
    pytest.param(b"inf", b"1e999", "", id="infinity for a number too large"),
    pytest.param(b"1e999", b"1" * 400, "", id="a number too large for another one"),
    pytest.param(b"0x10", b"16", "k", id="hexadecimal"),
    pytest.param(b"YES 0.5", b"YES 0.50", "Ck", id="a word and a number"),
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("output", "expected", "accepted_by"), WHO_ACCEPTS_WHAT)
def test_the_same_output_under_each_checker(source: str, output: bytes, expected: bytes, accepted_by: str) -> None:
    assert accepts(SOURCES[source], output, expected) is (source in accepted_by)


@pytest.mark.parametrize("name", ["codecontests", "sandboxfusion", "apps"])
@pytest.mark.parametrize(
    ("output", "expected", "right"),
    [
        (b"9007199254740993", b"9007199254740992", False),
        (b"1000001", b"1000000", False),
        (b"0" * 50 + b"9007199254740993", b"+9007199254740993", True),
        (b"-9007199254740993", b"9007199254740993", False),
        (b"9007199254740993.0", b"9007199254740993", True),
        (b"9007199254740992.0", b"9007199254740993", False),
        (b"9.007199254740993e15", b"9007199254740993", True),
        (b"1e999", b"1" * 400, False),
        (b"-0", b"0", True),
        (b"1.0000001", b"1", True),  # a number where a small integer is expected: the source's own tolerance
        (b"0.333333", b"0.3333333", True),
    ],
)
def test_exact_integers(name: str, output: bytes, expected: bytes, right: bool) -> None:
    assert accepts(CheckerSpec(name, ("exact_integers",)), output, expected) is right


# --- flags -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("checker", "output", "expected", "right"),
    [
        ("exact", b"1\n", b"1", False),
        ("exact", b"1\n", b"1\n", True),
        ("tokens ignore_case", b"Yes", b"yES", True),
        ("tokens ignore_case", "Ä".encode(), "ä".encode(), False),
        ("tokens unordered", b"b\na b", b"a b b", True),
        ("tokens unordered", b"a a b", b"a b b", False),
        ("tokens unordered", b"A b", b"a b", False),
        ("tokens unordered ignore_case", b"B A", b"a b", True),
        ("characters", b"b\na A", b"aab", True),
        ("characters", b"ab", b"aab", False),
        ("yesno", b"yes\nNO", b"YES no", True),
        ("yesno", b"no", b"yes", False),
        ("yesno", b"yes yes", b"yes", False),
        ("yesno", b"YES abc", b"Yes abc", True),
        ("yesno", b"YES ABC", b"YES abc", False),
        ("yesno", b"y", b"yes", False),
        ("lines", b"a b  \r\nc\t\n \n\n", b"a b\nc", True),
        ("lines", b" a", b"a", False),
        ("lines", b"a  b", b"a b", False),
        ("lines", b"a\n\nb", b"a\nb", False),
        ("lines", b"\na", b"a", False),
        ("lines", b"a b", b"a\nb", False),
        ("lines", b"\n \n", b"", True),
        ("lines ignore_case", b"A", b"a", True),
        ("lines", b"a\rb", b"a\nb", True),
        ("lines strip", b" a", b"\ta ", True),
        ("lines strip", b"a  b", b"a b", False),
        ("lines ignore_spaces", b" a \t b ", b"a b", True),
        ("lines ignore_spaces", b"a" + b" " * 100_000 + b"b", b"a b", True),
        ("lines ignore_spaces", b"a\nb", b"a b", False),
        ("lines ignore_spaces", b"ab", b"a b", False),
        ("lines ignore_blank_lines", b"\na\n \n\nb", b"a\nb", True),
        ("lines keep_spaces", b"a \nb", b"a\nb", False),
        ("lines keep_spaces", b"a\nb\n \n", b"a\nb", True),
        ("lines keep_spaces", b"a ", b"a", False),
        ("lines unordered", b"b\na \n", b"a\nb", True),
        ("lines unordered", b"b\na\na", b"a\nb\nb", False),
        ("lines unordered", b"a\nb", b"a\nb\n\nc", False),
        ("lines unordered", b"b a", b"a b", False),
        ("lines float_tolerance 0.1", b"a 1.05\n2", b"a  1\n2.1", True),
        ("lines float_tolerance 0.1", b"a 1.05 2", b"a 1\n2", False),
        ("lines float_tolerance 0.1", b"a 1.2", b"a 1", False),
        ("lines float_tolerance 0.1", b"b 1", b"a 1", False),
        ("lines float_absolute_tolerance 1", b"1000", b"1001", True),
        ("lines float_absolute_tolerance 1", b"1000", b"1002", False),
        ("lines float_relative_tolerance 0.1", b"91", b"100", True),
        ("lines float_relative_tolerance 0.1", b"0.01", b"0", False),
        ("livecodebench", b"1 \n 2.0 +3", b"1\n2 3.00", True),
        ("livecodebench", b"50000000000000000", b"50000000000000001", False),
        ("livecodebench", b"1 a", b"1.0 a", False),
        ("livecodebench", b"1e999999999999999999999", b"10e999999999999999999998", False),
        ("livecodebench", b"1e400", b"10e399", True),
        ("livecodebench", b"1\n\n2", b"1\n2", False),
        ("livecodebench", b"\n \n1", b"1", True),
        ("sandboxfusion", b"\n \n1", b"1", True),
        ("sandboxfusion", b"1.000009", b"1", True),
        ("sandboxfusion", b"1.00001", b"1", False),
        ("sandboxfusion", b"0.0000000000000001", b"0", True),
        ("sandboxfusion", b"0.00000001", b"0", False),
        ("sandboxfusion", b"1e400\n1.0", b"1e401\n1", False),
        ("apps", b"5", b"1e400", False),
        ("apps", b"1e400 1.0", b"1e400 1", True),
        ("apps", b"0.00000001", b"0", True),
        ("apps", b"0.0000001", b"0", False),
        ("apps", b"1 2\n3", b"1.0 2.0\n3.0", True),
        ("apps", b"1 2\n3", b"1.0\n2.0 3.0", False),
    ],
)
def test_the_effect_of_a_flag(checker: str, output: bytes, expected: bytes, right: bool) -> None:
    name, *flags = checker.split()
    assert accepts(CheckerSpec(name, tuple(flags)), output, expected) is right


# --- stock checkers of other judges ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "output", "expected", "right"),
    [
        # Results of the compiled testlib checkers for these files.
        ("wcmp", b"a\nb", b"a b\n", True),
        ("wcmp", b"A b", b"a b\n", False),
        ("ncmp", b"1 2\n3", b"1 2 3\n", True),
        ("ncmp", b"01 2 3", b"1 2 3\n", False),
        ("ncmp", b"+1 2 3", b"1 2 3\n", False),
        ("ncmp", b"1 2 3.0", b"1 2 3\n", False),
        ("ncmp", b"-5 -0", b"-5\n0\n", False),
        ("ncmp", b"1 2 3 4", b"1 2 3\n", False),
        ("icmp", b"5 5", b"5\n", False),
        ("hcmp", b"12345678901234567890124", b"12345678901234567890123", False),
        ("uncmp", b"3 2 1", b"1 2 3\n", True),
        ("uncmp", b"1 2 2", b"1 2 3\n", False),
        ("lcmp", b"a  b\nc", b"a b\nc\n", True),
        ("lcmp", b"a b c", b"a b\nc\n", False),
        ("lcmp", b"a b\n\nc", b"a b\nc\n", False),
        ("lcmp", b"a b\nc\n\n\n", b"a b\nc\n", True),
        ("fcmp", b"a b \nc", b"a b\nc\n", False),
        ("fcmp", b"a b\nc\n \n", b"a b\nc\n", True),
        ("fcmp", b"a b\r\nc\r\n", b"a b\nc\n", True),
        ("yesno", b"yes", b"YES\n", True),
        ("yesno", b"YES YES", b"YES\n", False),
        ("nyesno", b"yes No", b"YES\nNO\n", True),
        ("nyesno", b"yes", b"YES\nNO\n", False),
        ("rcmp4", b"1.00009 2.5", b"1.0 2.5\n", True),
        ("rcmp4", b"1000101", b"1000000\n", False),
        ("rcmp6", b"1.0000009 2.5", b"1.0 2.5\n", True),
        ("rcmp6", b"1.000002 2.5", b"1.0 2.5\n", False),
        ("rcmp6", b"1000001", b"1000000\n", True),
        ("rcmp6", b"nan", b"1000000\n", False),
        ("rcmp6", b"1.0", b"1.0 2.5\n", False),
        ("rcmp9", b"1.0000000009 2.5", b"1.0 2.5\n", True),
        ("rcmp9", b"1.0000009 2.5", b"1.0 2.5\n", False),
        ("dcmp", b"-3.250001", b"-3.25", True),
    ],
)
def test_testlib(name: str, output: bytes, expected: bytes, right: bool) -> None:
    assert accepts(TESTLIB_CHECKERS[name], output, expected) is right


@pytest.mark.parametrize(
    ("name", "arguments", "output", "expected", "right"),
    [
        ("standard", {}, b"  a   b\n\nc", b"a b\nc\n", True),
        ("standard", {}, b"a\nb c", b"a b\nc", False),
        ("easy", {}, b"T a C", b"cat", True),
        ("identical", {}, b"a", b"a\n", False),
        ("floats", {}, b"a 1.0000001\n\n2", b"a 1\n2.0", True),
        ("floats", {}, b"1 2", b"1\n2", False),
        ("floats", {"precision": 2}, b"1.009", b"1", True),
        ("floats", {"precision": 2}, b"1.02", b"1", False),
        ("floats", {"precision": 2, "error_mode": "absolute"}, b"1001", b"1000", False),
        ("floatsabs", {"precision": 2}, b"1001", b"1000", False),
        ("floatsrel", {"precision": 2}, b"1001", b"1000", True),
        ("floatsrel", {"precision": 2}, b"0.001", b"0", False),
        ("sorted", {}, b"b c\na", b"a\nb  c", True),
        ("sorted", {}, b"c b\na", b"a\nb c", False),
        ("sorted", {"split_on": "whitespace"}, b"c b\na", b"a\nb c", True),
        ("unordered", {}, b"c b\na", b"a\nb c", True),
        ("linecount", {}, b" a\n\nb ", b"a\nb", True),
        ("linecount", {}, b"a", b"a\nb", False),
        ("linematches", {}, b"a\n\nb", b"a\nb", True),
        ("linematches", {}, b"a \nb", b"a\nb", False),
        ("rstripped", {}, b"a \nb", b"a\nb", True),
        ("rstripped", {}, b"a\n\nb", b"a\nb", False),
        ("rstripped", {"filter_new_line": True}, b"a\n\nb", b"a\nb", True),
    ],
)
def test_dmoj(name: str, arguments: dict[str, object], output: bytes, expected: bytes, right: bool) -> None:
    assert accepts(dmoj_checker(name, arguments), output, expected) is right
