"""A function from a dictionary to another one. The traps: cents that cannot be shared, nobody at the table, floats."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import arguments, call, require

TAGS = ("functions", "math", "sorting", "hashing")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000
FUNCTION = "balances"

STATEMENT = """
After a trip some friends share what it cost. Everybody bears the same number of cents. If the sum cannot be
shared evenly, the cents left over are borne by those whose names come first in alphabetical order, one
cent each.

Define a function balances(paid) that returns for everybody what he or she gets back, or has to pay.

Input

paid is a dictionary: for each name, a string of 1 to 10 lower-case letters, the number of cents that this
person has paid, an integer from 0 to 10^18. It has at most 50 names, and may be empty.

Output

Return a dictionary with the same names: for each of them the cents that the person paid less those that
the person bears, as an integer. It is negative for those who still have to pay.

{examples}

Note

In the first example 10 cents are shared by three: ada bears 4, the others 3 each.
"""

SOLUTIONS = (
    r"""
def balances(paid):
    if not paid:
        return {}
    share, left = divmod(sum(paid.values()), len(paid))
    return {name: paid[name] - share - (place < left) for place, name in enumerate(sorted(paid))}
""",
    r"""
# share one cent after the other of what is left, in whole numbers
def balances(paid):
    result = dict(paid)
    rest = sum(paid.values())
    names = sorted(paid)
    for place, name in enumerate(names):
        share = -(-rest // (len(names) - place))
        result[name] -= share
        rest -= share
    return result
""",
)

INCORRECT = (
    (  # parts of a cent
        "wrong_answer",
        r"""
def balances(paid):
    if not paid:
        return {}
    share = sum(paid.values()) / len(paid)
    return {name: paid[name] - share for name in paid}
""",
    ),
    (  # nobody bears the cents that are left over
        "wrong_answer",
        r"""
def balances(paid):
    if not paid:
        return {}
    share = sum(paid.values()) // len(paid)
    return {name: paid[name] - share for name in paid}
""",
    ),
    (  # the first in the dictionary instead of the alphabet
        "wrong_answer",
        r"""
def balances(paid):
    if not paid:
        return {}
    share, left = divmod(sum(paid.values()), len(paid))
    return {name: paid[name] - share - (place < left) for place, name in enumerate(paid)}
""",
    ),
    (  # the first one bears all that is left over
        "wrong_answer",
        r"""
def balances(paid):
    result = {}
    if paid:
        share, left = divmod(sum(paid.values()), len(paid))
        result = {name: paid[name] - share for name in paid}
        result[min(paid)] -= left
    return result
""",
    ),
    (  # the sign the other way round
        "wrong_answer",
        r"""
def balances(paid):
    if not paid:
        return {}
    share, left = divmod(sum(paid.values()), len(paid))
    return {name: share + (place < left) - paid[name] for place, name in enumerate(sorted(paid))}
""",
    ),
    (  # divides by nobody
        "runtime_error",
        r"""
def balances(paid):
    share, left = divmod(sum(paid.values()), len(paid))
    return {name: paid[name] - share - (place < left) for place, name in enumerate(sorted(paid))}
""",
    ),
    (  # takes names away while it goes through them
        "runtime_error",
        r"""
def balances(paid):
    people, rest, result = len(paid), sum(paid.values()), {}
    share, left = divmod(rest, people) if people else (0, 0)
    for place, name in enumerate(paid):
        result[name] = paid.pop(name) - share - (place < left)
    return result
""",
    ),
    (  # a bracket is never closed
        "compile_error",
        r"""
def balances(paid):
    share, left = divmod(sum(paid.values()), max(1, len(paid))
    return {name: paid[name] - share - (place < left) for place, name in enumerate(sorted(paid))}
""",
    ),
)

PUBLIC = (
    call(FUNCTION, {"ada": 10, "ben": 0, "cem": 0}),
    call(FUNCTION, {"kim": 250, "lee": 50}),
)

PRIVATE = (
    call(FUNCTION, {"ann": 5, "bob": 0, "cyd": 0}),
    call(FUNCTION, {"zoe": 1, "amy": 0}),
    call(FUNCTION, {}),
    call(FUNCTION, {"solo": 77}),
    call(FUNCTION, {"c": 0, "b": 0, "a": 0}),
    call(FUNCTION, {"c": 1, "b": 1, "a": 0}),
    call(FUNCTION, {"b": 10**18, "aa": 10**18 - 1, "a": 1, "ab": 3}),
    call(FUNCTION, {"x": 10**18, "y": 0, "z": 10**18}),
    call(FUNCTION, {chr(122 - i) + "q": i * i for i in range(26)}),
)


def generated(rng: Random) -> Iterator[str]:
    for n, most in ((2, 5), (3, 9), (4, 20), (6, 1000), (9, 10**6), (17, 10**4), (30, 10**18), (50, 99)):
        names: dict[str, int] = {}
        while len(names) < n:
            names["".join(rng.choices("abcde", k=rng.randint(1, 5)))] = rng.randint(0, most)
        yield call(FUNCTION, names)


def validate(text: str) -> None:
    values = arguments(text, FUNCTION)
    require(len(values) == 1 and isinstance(values[0], dict) and len(values[0]) <= 50, "one dictionary, 50 names")
    for name, cents in values[0].items():
        require(isinstance(name, str) and name.isascii() and name.isalpha() and name.islower(), "lower-case names")
        require(len(name) <= 10 and type(cents) is int and 0 <= cents <= 10**18, "short names, cents up to 10^18")
