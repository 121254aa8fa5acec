"""Every spelling of a number under every checker with a tolerance: which read it, which keep integers exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.judge.checkers import make_checker
from rlef_env.problems import CheckerSpec

CHECKERS: Final = {
    "C": CheckerSpec("codecontests", ("exact_integers",)),
    "S": CheckerSpec("sandboxfusion", ("exact_integers",)),
    "A": CheckerSpec("apps", ("exact_integers",)),
    "L": CheckerSpec("livecodebench"),
}
"""Checkers that compare exactly: the first three if an integer is expected, the last one always."""


def accepts(spec: CheckerSpec, output: str, expected: str) -> bool:
    return make_checker(spec)(b"", output.encode(), expected.encode())


def with_digits(text: str, zero: str) -> str:
    return text.translate({ord("0") + digit: ord(zero) + digit for digit in range(10)})


def split_after_first(digits: str) -> str:
    return f"{digits[0]}.{digits[1:]}e{len(digits) - 1}"


SPELLINGS: Final[dict[str, tuple[Callable[[str], str], str]]] = {
    # a spelling of the digits of a natural number, and the checkers that read it as a number
    "plain": (str, "CSAL"),
    "zeros in front": (lambda n: "000" + n, "CSAL"),
    "point": (lambda n: n + ".", "CSAL"),
    "point zero": (lambda n: n + ".0", "CSAL"),
    "many zeros": (lambda n: n + "." + "0" * 400, "CSAL"),
    "e0": (lambda n: n + "e0", "CSAL"),
    "E+00": (lambda n: n + "E+00", "CSAL"),
    "e-1": (lambda n: n + "0e-1", "CSAL"),
    "scientific": (split_after_first, "CSAL"),
    "only a fraction": (lambda n: f".{n}e{len(n)}", "CSAL"),
    "a long exponent": (lambda n: n + "e" + "0" * 400, "CSAL"),
    "marks between digits": (lambda n: "_".join(n), "SAL"),
    "full-width digits": (lambda n: with_digits(n, "\N{FULLWIDTH DIGIT ZERO}"), "SAL"),
    "Arabic digits": (lambda n: with_digits(n, "\N{ARABIC-INDIC DIGIT ZERO}"), "SAL"),
    "a no-break space behind": (lambda n: n + "\N{NO-BREAK SPACE}", "SAL"),
    "a thin space in front": (lambda n: "\N{THIN SPACE}" + n, "SAL"),
    "a unit separator behind": (lambda n: n + "\x1f", "SAL"),
    "hexadecimal": (lambda n: hex(int(n)), ""),
    "a comma": (lambda n: n + ",0", ""),
    "a letter": (lambda n: n + "f", ""),
    "two exponents": (lambda n: n + "e0e0", ""),
    "no exponent": (lambda n: n + "e", ""),
}
BASES: Final = (10**6, 10**9 + 7, 2**53 - 2, 2**53, 2**53 + 1, 10**16, 2**63, 10**18 + 9, 10**30, 10**399 + 7)


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_integer_is_never_right_however_it_is_written(checker: str, spelling: str) -> None:
    spell, readers = SPELLINGS[spelling]
    for base in BASES:
        for step in (-1, 0, 1, 9):
            for sign in ("", "-", "+"):
                output, expected = sign + spell(str(base + step)), sign + str(base)
                if not spell("1")[0].isspace():
                    right = step == 0 and checker in readers
                    assert accepts(CHECKERS[checker], output, expected) is right, (output, expected)
                    assert not accepts(CHECKERS[checker], "-" + spell(str(base + step)), str(base))


@pytest.mark.parametrize("checker", "SAL")
def test_integers_expected_in_digits_of_other_scripts(checker: str) -> None:
    for spell in (lambda n: "_".join(n), lambda n: with_digits(n, "\N{FULLWIDTH DIGIT ZERO}")):
        assert accepts(CHECKERS[checker], "1000000", spell("1000000"))
        assert accepts(CHECKERS[checker], "1000000.0", spell("1000000"))
        assert not accepts(CHECKERS[checker], "1000001.0", spell("1000000"))


@given(
    st.integers(2**53, 10**40),
    st.integers(-(10**6), 10**6),
    st.sampled_from(sorted(SPELLINGS)),
    st.sampled_from("CSAL"),
)
def test_integers_beyond_doubles(base: int, step: int, spelling: str, checker: str) -> None:
    spell, readers = SPELLINGS[spelling]
    if not spell("1")[0].isspace():
        assert accepts(CHECKERS[checker], spell(str(base + step)), str(base)) is (step == 0 and checker in readers)


@pytest.mark.parametrize(
    ("output", "expected", "accepted_by"),
    [
        # If an integer is expected, the source's tolerance holds up to the middle between two integers.
        ("1.0000001", "1", "CSA"),
        ("0.9999999", "1", "CSA"),
        ("333333.3333", "333333", "SA"),
        ("333333.5", "333333", ""),
        ("333333.6", "333333", ""),
        ("1000003.25", "1000000", ""),
        ("-0.000000001", "0", "CA"),
        ("9007199254740991.25", "9007199254740991", "CSA"),
        ("9007199254740992.25", "9007199254740992", ""),
        ("-0", "0", "CSAL"),
        ("-0.0", "0", "CSAL"),
        ("0e999999999", "0", "CSAL"),
        # If a number with a point is expected, the source's tolerance holds unchanged.
        ("1000009", "1000000.0", "SA"),
        ("1000009.0", "1000000.0", "SA"),
        ("1000009", "1e6", "SA"),
        # Not finite numbers.
        ("inf", "1" * 400, ""),
        ("1e999", "1" * 400, ""),
        ("nan", "1", ""),
        ("inf", "1000000", ""),
        ("inf", "infinity", "AL"),
        ("-inf", "inf", ""),
        ("nan", "NaN", "CS"),  # the same text in any letter case
        ("inf", "1e999", ""),
        ("1e400", "10e399", "AL"),
        ("1e999999999", "10e999999998", "AL"),
        ("1e999999999", "1", ""),
        ("1", "1e-999999999", ""),
        ("1e99999999999999999999", "1e999999999999999999999", ""),
        ("1e-99999999999999999999", "0", "CSA"),
        ("\N{SUPERSCRIPT TWO}", "2", ""),
        ("\N{ROMAN NUMERAL FIVE}", "5", ""),
        ("1\N{NO-BREAK SPACE}2", "1 2", "AL"),
        ("1__0", "10", "L"),
        ("1_", "1", "L"),
        ("0x10", "16", ""),
        ("True", "1", ""),
        ("1+0j", "1", ""),
        ("1/1", "1", ""),
        ("\f5", "5", "CSAL"),
    ],
)
def test_which_checkers_accept_a_number(output: str, expected: str, accepted_by: str) -> None:
    accepting = "".join(name for name, spec in CHECKERS.items() if accepts(spec, output, expected))
    assert accepting == "".join(name for name in CHECKERS if name in accepted_by)


@pytest.mark.parametrize(
    ("token", "read_by"),
    [
        ("1.0", "kl"),
        ("+1", "kl"),
        ("1.", "kl"),
        ("01", "kl"),
        ("1e0", "kl"),
        ("10E-1", "kl"),
        ("0x1", "k"),
        ("0x1p0", "k"),
        ("0_1", "l"),
        ("\N{FULLWIDTH DIGIT ONE}", ""),
        ("1e", ""),
        ("1e0x", ""),
        ("1\N{NO-BREAK SPACE}", ""),
        ("inf", ""),
        ("nan", ""),
        ("1e400", ""),
    ],
)
def test_which_checkers_read_a_token_as_a_number(token: str, read_by: str) -> None:
    tolerance = ("float_tolerance", "1e-6")
    checkers = {"k": CheckerSpec("kattis", tolerance), "l": CheckerSpec("lines", ("ignore_spaces", *tolerance))}
    assert "".join(name for name, spec in checkers.items() if accepts(spec, token, "1")) == read_by
    assert "".join(name for name, spec in checkers.items() if accepts(spec, "1.0000001", token)) == read_by
