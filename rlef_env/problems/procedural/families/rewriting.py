"""Words rewritten by a list of rules, one occurrence at a time."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
word, limit = input().split()
steps = 0
while steps < int(limit):
    for old, new in RULES:
        if old in word:
            word = word.replace(old, new, 1)
            steps += 1
            break
    else:
        break
print(word, steps)
"""
LETTERS = "abc"


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        rules: number of rules.
        length: maximum length of a word.
    """

    rules: int = knob(3, 2, 6)
    length: int = knob(12, 5, 100)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw rules whose left sides have two letters, and words."""
    pairs = [a + b for a in LETTERS for b in LETTERS]
    olds = dice.distinct(pairs, config.rules)
    rules = [(old, dice.pick([new for new in (*pairs, *LETTERS) if new != old])) for old in olds]
    lengths = [3 + index * (config.length - 3) // 9 for index in range(10)]
    inputs = [f"{_word(dice, olds, length)} {dice.integer(1, length)}\n" for length in lengths]
    last = dice.pick(LETTERS)

    def program(body: str, listed: list[tuple[str, str]] = rules) -> str:
        return f"RULES = {listed}\n{body}"

    shown = "".join(f"\n{number}. {old} becomes {new}" for number, (old, new) in enumerate(rules, start=1))
    return (
        Task(
            story=(
                f"A word is rewritten step by step, by these rules:\n{shown}\n\n"
                "In each step the first rule of the list whose left side occurs in the word is used, once, on the "
                "leftmost occurrence. It ends when no rule can be used, or after t steps."
            ),
            reads=(
                f"One line: a word of at most {config.length} letters, each of them a, b or c, and the integer t "
                f"(1 <= t <= {config.length})."
            ),
            prints="Print the word that is left and the number of steps that were done, separated by a space.",
            public=(inputs[3], inputs[5]),
            private=(f"{last} 5\n", f"{last} 1\n", inputs[9]),
            generated=(*inputs[:3], inputs[4], *inputs[6:9]),
            solution=program(BODY),
            wrong=(
                program(mutated(BODY, "replace(old, new, 1)", "replace(old, new)")),
                program(mutated(BODY, "word.replace(old, new, 1)", "new.join(word.rsplit(old, 1))")),
                program(BODY, rules[::-1]),
                program(mutated(BODY, "steps < int(limit)", "steps <= int(limit)")),
                program(mutated(BODY, "steps < int(limit)", "steps < limit")),
                program(mutated(BODY, "            break\n", "")),
            ),
            endless=(program(mutated(BODY, "else:\n        break", "else:\n        pass")),),
        ),
    )


def _word(dice: Dice, olds: list[str], length: int) -> str:
    return "".join(dice.picks((*olds, *LETTERS), length))[:length]


FAMILY = Family(
    name="rewriting",
    summary="rewrite a word by a list of rules, leftmost occurrence first",
    tags=("strings", "simulation"),
    grades=(Config(2, 8), Config(3, 8), Config(3, 12), Config(4, 30), Config(6, 100)),
    draw=draw,
)
