"""Solutions agree with statements: both are compared with programs that read only the statement.

Each reference below knows a family's wording, takes the rule from the statement, and finds the answer with another
method than the family's own solution.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.problems.procedural import FAMILIES


def found(pattern: str, statement: str) -> Any:
    match = re.search(pattern, statement)
    assert match, f"{pattern!r} is not in:\n{statement}"
    return match[1] if len(match.groups()) == 1 else match.groups()


def bases(statement: str, text: str) -> str:
    digits = found(r"letters: (.*?) stand for", statement).split(", ")
    source, target = map(int, found(r"in base (\d+); print their sum in base (\d+)", statement))
    total = sum(
        digits.index(digit) * source**place for word in text.split() for place, digit in enumerate(reversed(word))
    )
    power = 1
    while power * target <= total:
        power *= target
    result = ""
    while power:
        result += digits[total // power % target]
        power //= target
    return result


def brackets(statement: str, text: str) -> str:
    pairs = re.findall(r"(\S) with (\S)", found(r"come in pairs: (.*?)\. ", statement))
    which = {"first": min, "last": max}[found(r"place of the (first|last) one", statement)]
    line = [(sign, place) for place, sign in enumerate(text.strip(), 1) if any(sign in pair for pair in pairs)]
    # Neighbours that match are taken out until none are left.
    changed = True
    while changed:
        changed = False
        for index in range(len(line) - 1):
            if (line[index][0], line[index + 1][0]) in pairs:
                del line[index : index + 2]
                changed = True
                break
    wrong = [place for sign, place in line if sign in {closed for _, closed in pairs}]
    return str(wrong[0] if wrong else which(place for _, place in line) if line else 0)


def clock(statement: str, text: str) -> str:
    hours, minutes = map(int, found(r"a day has (\d+) hours and an hour has (\d+) minutes", statement))
    whole = "lasts a whole day" in statement
    total = 0
    for row in text.splitlines()[1:]:
        (a, b), (c, d) = (map(int, time.split(":")) for time in row.split())
        length = (c * minutes + d) - (a * minutes + b)
        if length < 0 or (length == 0 and whole):
            length += hours * minutes
        total += length
    days, rest = divmod(total, hours * minutes)
    return f"{days} {rest // minutes} {rest % minutes}"


def expressions(statement: str, text: str) -> str:
    order = re.findall(r"\(([-+*])\)", statement)  # tightest first
    from_right = "from the right to the left" in statement
    mod = int(found(r"divided by (\d+)\.", statement))

    def value(tokens: list[str]) -> int:
        if len(tokens) == 1:
            return int(tokens[0])
        for sign in reversed(order):
            depth, places = 0, []
            for place, token in enumerate(tokens):
                depth += (token == "(") - (token == ")")
                if token == sign and not depth:
                    places.append(place)
            if places:  # the operation done last
                place = places[0] if from_right else places[-1]
                left, right = value(tokens[:place]), value(tokens[place + 1 :])
                return {"+": left + right, "-": left - right, "*": left * right}[sign]
        return value(tokens[1:-1])

    return str(value(text.split()) % mod)


def grid_walk(statement: str, text: str) -> str:
    step = {"up": -1j, "right": 1, "down": 1j, "left": -1}[found(r"and faces (\w+)\.", statement)]
    cells, wraps = int(found(r"forward by (\d)", statement)), "opposite end" in statement
    size, commands = text.splitlines()
    rows, columns = map(int, size.split())
    at, been = 0j, {0j}
    for command in commands:
        if command in "LR":
            step *= -1j if command == "L" else 1j
            continue
        for _ in range(cells):
            new = at + (step if command == "F" else -step)
            if wraps:
                new = complex(new.real % columns, new.imag % rows)
            if 0 <= new.real < columns and 0 <= new.imag < rows:
                at = new
            been.add(at)
    return f"{int(at.imag) + 1} {int(at.real) + 1} {len(been)}"


def intervals(statement: str, text: str) -> str:
    last = "to the end of day b" in statement
    least = int(found(r"at least (\d+) guards", statement))
    rows = [tuple(map(int, row.split())) for row in text.splitlines()[1:]]
    ends = sorted({a for a, _ in rows} | {b + last for _, b in rows})
    covered = 0
    for start, end in pairwise(ends):
        if sum(a <= start and end <= b + last for a, b in rows) >= least:
            covered += end - start
    return str(covered)


def ledger(statement: str, text: str) -> str:
    between, mark = found(r"entries with (\S) between them\. An entry is a name, (\S) and", statement)
    void = found(r"begins with (\S) are void", statement)
    amounts: dict[str, list[int]] = {}
    for entry in text.strip().split(between):
        name, amount = entry.split(mark)
        if not name.startswith(void):
            amounts.setdefault(name, []).append(int(amount))
    if not amounts:
        return "nobody"
    rule = found(r"Of the others, (.*?)\. ", statement)
    made: Callable[[list[int]], int] = (
        sum if "added up" in rule else max if "largest" in rule else lambda all_: all_[-1]
    )
    results = {name: made(listed) for name, listed in amounts.items()}
    best = {"largest": max, "smallest": min}[found(r"with the (\w+) result", statement)](results.values())
    names = sorted(name for name, result in results.items() if result == best)
    return f"{names[{'first': 0, 'last': -1}[found(r'comes (first|last) in', statement)]]} {best}"


def list_statistics(statement: str, text: str) -> str:
    numbers = [int(word) for word in text.splitlines()[1].split()]
    rule = found(r"^Of a list keep (.*?)\. If no number", statement)
    keep, _, result = rule.rpartition(", and print ")
    keep, _, change = keep.partition(", take ") if ", take " in keep else keep.partition(", ")
    if "counting from 1" in rule:
        keep, change = keep + ", counting from 1", change.removeprefix("counting from 1").removeprefix(", ")
        keep = keep.replace(", counting from 1, counting from 1", ", counting from 1")
        change = change.removeprefix("take ")
    number = int((re.findall(r"\d+", keep.replace("remainder of 1", "remainder").replace("from 1", "")) or ["0"])[0])

    def kept(place: int, x: int) -> bool:
        if "at places" in keep:
            return place % number == 0
        if "even digit sum" in keep:
            return sum(map(int, str(x))) % 2 == 0
        if "remainder" in keep:
            return x % number == 1
        return x > number if "greater" in keep else x % number == 0

    def changed(x: int) -> int:
        if "square" in change:
            return x**2
        if "digit sum" in change:
            return sum(int(digit) for digit in str(x))
        if "distance" in change:
            return abs(x - int(re.findall(r"\d+", change)[0]))
        if "last digit" in change:
            return int(str(x)[-1])
        return int("".join(reversed(str(x)))) if "reverse" in change else x

    values = sorted(changed(x) for place, x in enumerate(numbers, 1) if kept(place, x))
    if not values:
        return "none"
    if "median" in result:
        return str([x for x in values for _ in "ab"][len(values) - 1])
    made = {"their sum": sum(values), "the largest": values[-1], "the number of different values": len({*values})}
    return str(made.get(result, values[-1] - values[0]))


def machine(statement: str, text: str) -> str:
    mod = int(found(r"divided by (\d+)\.", statement))
    limit = int(found(r"stopped after (\d+) steps", statement))
    condition = found(r"backward, if (x .*?); it is counted", statement)
    offset = 0 if "counted from the jump itself" in statement else 1
    code = [row.split() for row in text.splitlines()[1:]]
    holds = dict.fromkeys("abc", 0)
    place = 0
    for _ in range(limit):
        name, x, y = code[place]
        value = holds[y] if y in holds else int(y)
        jumps = {
            "x does not hold 0": holds[x] != 0,
            "x holds 0": holds[x] == 0,
            "x holds an odd number": holds[x] % 2 == 1,
            "x holds an even number": holds[x] % 2 == 0,
        }[condition]
        if name != "jmp":
            holds[x] = {"set": value, "add": holds[x] + value, "sub": holds[x] - value}[name] % mod
        place += value + offset if name == "jmp" and jumps else 1
        if not 0 <= place < len(code):
            return " ".join(str(holds[register]) for register in "abc")
    return "running"


def reachability(statement: str, text: str) -> str:
    closed = int(found(r"number is a multiple of (\d+) are closed", statement))
    both = "in both directions" in statement
    (n, _, limit), *rows = (tuple(map(int, row.split())) for row in text.splitlines())
    roads = {(u, v) for u, v in rows} | ({(v, u) for u, v in rows} if both else set())
    ends = {1}
    for _ in range(min(limit, n)):
        ends |= {v for u, v in roads if u in ends and v % closed}
    return str(len(ends))


def rewriting(statement: str, text: str) -> str:
    rules = re.findall(r"\d\. (\w+) becomes (\w+)", statement)
    word, limit = text.split()
    done = 0
    for _ in range(int(limit)):
        places = [(rule, word.find(old)) for rule, (old, _) in enumerate(rules) if word.find(old) >= 0]
        if not places:
            break
        rule, place = places[0]
        word = word[:place] + rules[rule][1] + word[place + len(rules[rule][0]) :]
        done += 1
    return f"{word} {done}"


def sorting(statement: str, text: str) -> str:
    rule = found(r"^Sort integers by (.*?)\.\n", statement)
    numbers = [int(word) for word in text.splitlines()[1].split()]
    keys: dict[str, Callable[[int], int]] = {
        "digit sum": lambda x: sum(int(digit) for digit in str(x)),
        "last digit": lambda x: int(str(x)[-1]),
        "number of digits": lambda x: len(str(x)),
        "first digit": lambda x: int(str(x)[:1]),
        "largest digit": lambda x: int(max(str(x))),
        "number itself": lambda x: x,
    }
    for part in reversed(rule.split(";")):  # stable sorts, the last key first
        divided = re.search(r"division by (\d+)", part)
        key = next((keys[name] for name in keys if name in part), None)
        if divided:
            modulus = int(divided[1])
            key = lambda x, modulus=modulus: x - x // modulus * modulus  # noqa: E731
        assert key is not None
        numbers = sorted(numbers, key=key, reverse="largest first" in part)
    return " ".join(map(str, numbers))


REFERENCES = {
    reference.__name__: reference
    for reference in (
        bases, brackets, clock, expressions, grid_walk, intervals, ledger, list_statistics, machine, reachability,
        rewriting, sorting,
    )
}  # fmt: skip


def test_every_family_that_hides_nothing_has_a_reference() -> None:
    assert set(REFERENCES) == {name for name, family in FAMILIES.items() if family.ceiling is None}


@pytest.mark.parametrize("name", REFERENCES)
@given(seed=st.integers(0, 10**9), grade=st.integers(0, 4))
@settings(max_examples=max(10, settings.get_profile("default").max_examples // 5))
def test_the_answers_are_what_the_statement_asks_for(name: str, seed: int, grade: int) -> None:
    family = FAMILIES[name]
    problem = family.generate(seed, family.grades[grade])
    for _, _, test in problem.tests():
        assert REFERENCES[name](problem.statement, test.input) == test.output.strip(), problem.statement + test.input
