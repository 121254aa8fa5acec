"""Evaluate with brackets but without precedence. The traps: the usual rules, subtraction, deep nesting."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("parsing", "stack", "strings")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
The pocket calculator of a corner shop has the keys + - * and brackets, but it does not know that
multiplication comes first: it works strictly from left to right. 2+3*4 is 20, as 2+3 is 5 and 5*4 is 20.
What stands between brackets is worked out first, in the same way: 2+(3*4) is 14.

What does it show for a given expression?

Input

One line with an expression of 1 to 3000 characters, without spaces. An expression is an operand, or
several operands with one of the signs + - * between each two of them. An operand is an integer from 0 to
1000 without leading zeros, or an expression in a pair of brackets ( and ). No other signs occur; in
particular there is no minus sign before a number.

Output

Print the result. It is promised that it and all results on the way to it lie between -10^15 and 10^15.

{examples}

Note

In the second example the bracket is worth 4, so that the expression is 10-4*2, which is 6*2.
"""

SOLUTIONS = (
    r"""
# a stack of what waits outside of the open brackets: a value and a sign
import re


def apply(left, sign, right):
    if sign == "+":
        return left + right
    return left - right if sign == "-" else left * right


waiting = []
value, sign = 0, "+"
for token in re.findall(r"\d+|.", input()):
    if token == "(":
        waiting.append((value, sign))
        value, sign = 0, "+"
    elif token == ")":
        left, sign = waiting.pop()
        value = apply(left, sign, value)
    elif token in "+-*":
        sign = token
    else:
        value = apply(value, sign, int(token))
print(value)
""",
    r"""
# replace the innermost brackets by their results until none is left; m stands for a minus before a number
import re


def flat(text):
    value, sign = 0, "+"
    for token in re.findall(r"m?\d+|.", text):
        if token in "+-*":
            sign = token
            continue
        number = int(token.replace("m", "-"))
        value = value + number if sign == "+" else value - number if sign == "-" else value * number
    return str(value).replace("-", "m")


text = input()
while "(" in text:
    text = re.sub(r"\(([^()]*)\)", lambda found: flat(found.group(1)), text)
print(flat(text).replace("m", "-"))
""",
)

INCORRECT = (
    (  # the rules of school
        "wrong_answer",
        r"""
print(eval(input()))
""",
    ),
    (  # from right to left
        "wrong_answer",
        r"""
import re

tokens = re.findall(r"\d+|.", input())


def operand():
    token = tokens.pop(0)
    if token != "(":
        return int(token)
    value = expression()
    tokens.pop(0)
    return value


def expression():
    value = operand()
    if not tokens or tokens[0] == ")":
        return value
    sign = tokens.pop(0)
    rest = expression()
    return value + rest if sign == "+" else value - rest if sign == "-" else value * rest


print(expression())
""",
    ),
    (  # numbers of one digit
        "wrong_answer",
        r"""
waiting = []
value, sign = 0, "+"


def apply(right):
    return value + right if sign == "+" else value - right if sign == "-" else value * right


for token in input():
    if token == "(":
        waiting.append((value, sign))
        value, sign = 0, "+"
    elif token == ")":
        right = value
        value, sign = waiting.pop()
        value = apply(right)
    elif token in "+-*":
        sign = token
    else:
        value = apply(int(token))
print(value)
""",
    ),
    (  # forgets which sign stood before a bracket
        "wrong_answer",
        r"""
import re

waiting = []
value, sign = 0, "+"
for token in re.findall(r"\d+|.", input()):
    if token == "(":
        waiting.append(value)
        value, sign = 0, "+"
    elif token == ")":
        value += waiting.pop()
    elif token in "+-*":
        sign = token
    else:
        number = int(token)
        value = value + number if sign == "+" else value - number if sign == "-" else value * number
print(value)
""",
    ),
    (  # ignores brackets
        "wrong_answer",
        r"""
import re

value, sign = 0, "+"
for token in re.findall(r"\d+|[-+*]", input()):
    if token in "+-*":
        sign = token
    else:
        number = int(token)
        value = value + number if sign == "+" else value - number if sign == "-" else value * number
print(value)
""",
    ),
    (  # a call for every bracket
        "runtime_error",
        r"""
import re

tokens = re.findall(r"\d+|.", input())[::-1]


def expression():
    value, sign = 0, "+"
    while tokens and tokens[-1] != ")":
        token = tokens.pop()
        if token in "+-*":
            sign = token
            continue
        number = expression() if token == "(" else int(token)
        value = value + number if sign == "+" else value - number if sign == "-" else value * number
    if tokens:
        tokens.pop()
    return value


print(expression())
""",
    ),
)

PUBLIC = ("2+3*4\n", "10-(1+3)*2\n", "7-2-1\n")

PRIVATE = (
    "0\n",
    "1000\n",
    "(5)\n",
    "((2+3))*4\n",
    "2*(3+4)\n",
    "1-(2-(3-(4-5)))\n",
    "(1-2)*(3-4)*(5-6)\n",
    "3-(4)-(5)*(0-1)\n",
    lines("(" * 1499 + "7" + ")" * 1499),
    lines("1-(" * 700 + "5" + ")" * 700),
    lines("1000-1" + "+1-1" * 700),
    "1000*1000*1000*1000*1000\n",
)


def generated(rng: Random) -> Iterator[str]:
    for length in (5, 9, 15, 25, 50, 90, 300, 600, 1500):
        while True:
            text = _expression(rng, length)
            if len(text) <= 3000 and _within_bounds(text):
                yield lines(text)
                break


def _expression(rng: Random, length: int) -> str:
    text = ""
    while len(text) < length:
        if text:
            text += rng.choice("+-+-+-*" if length < 60 else "+-")
        left = length - len(text)
        if left > 6 and rng.random() < 0.5:
            text += f"({_expression(rng, rng.randint(3, left // 2))})"
        else:
            text += str(rng.randint(0, rng.choice((3, 12, 1000))))
    return text


def _within_bounds(text: str) -> bool:
    """Stay all results on the way within the promise? Raises ``ValueError`` where a bracket has no partner."""
    waiting = []
    value, sign, number = 0, "+", ""
    for token in text + ")":
        if token.isdigit():
            number += token
            continue
        if number:
            value, number = _applied(value, sign, int(number)), ""
        if token == "(":
            waiting.append((value, sign))
            value, sign = 0, "+"
        elif token == ")" and waiting:
            inner = value
            value, sign = waiting.pop()
            value = _applied(value, sign, inner)
        else:
            sign = token
        if abs(value) > 10**15:
            return False
    return not waiting


def _applied(left: int, sign: str, right: int) -> int:
    return left + right if sign == "+" else left - right if sign == "-" else left * right


def validate(text: str) -> None:
    reader = Reader(text)
    expression = reader.line("[0-9+*()-]{1,3000}")
    reader.end()
    depth = 0
    before = "("
    number = ""
    for token in expression:
        if token.isdigit():
            require(before != ")" and number != "0", "no leading zeros, and a sign after a bracket")
            number += token
        else:
            require(not number or int(number) <= 1000, "numbers up to 1000")
            number = ""
            opens = token == "("
            require((before in "(+-*") == opens, "operands with one sign between each two of them")
            depth += opens - (token == ")")
            require(depth >= 0, "brackets in pairs")
        before = token
    require(before not in "(+-*" and depth == 0, "an operand at the end and brackets in pairs")
    require(not number or int(number) <= 1000, "numbers up to 1000")
    require(_within_bounds(expression), "results from -10^15 to 10^15")
