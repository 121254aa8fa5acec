"""Families with a secret: it cannot be known, feedback shows it, and agents reach the ceilings exactly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from rlef_env.envs import CodeEnv
from rlef_env.judge import Judge
from rlef_env.problems import Dataset, Problem
from rlef_env.problems.procedural import FAMILIES, generated_problems
from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.generated import split_of
from rlef_env.problems.procedural.task import run

HIDDEN = [name for name, family in FAMILIES.items() if family.ceiling]
SHOWN = re.compile(r"- input `([^`]*)` failed:\nExpected output `([^`]*)`")
Respond = Callable[[Sequence[Problem], Sequence[str]], str]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


def fenced(source: str) -> str:
    return f"```python\n{source}```"


def informed(variants: Sequence[Problem], feedback: Sequence[str]) -> str:
    """The best agent that uses feedback: it knows everything but the secret, and what failing tests rule out."""
    tests = [test for text in feedback for test in SHOWN.findall(text)]
    programs = [variant.solutions[0].source for variant in variants]
    fitting = [source for source in programs if all(run(source, text) == output for text, output in tests)]
    return fenced(fitting[0])


def blind(variants: Sequence[Problem], feedback: Sequence[str]) -> str:
    """The best agent that only learns that it failed: it guesses something else on the public test each time."""
    programs = {run(v.solutions[0].source, variants[0].public_tests[0].input): v.solutions[0].source for v in variants}
    return fenced(list(programs.values())[len(feedback) % len(programs)])


def copying(variants: Sequence[Problem], feedback: Sequence[str]) -> str:
    """An agent that prints the expected output shown for the public test, and guesses elsewhere."""
    tests = [test for text in feedback for test in SHOWN.findall(text)]
    known = {text.strip(): output.strip() for text, output in tests}
    return fenced(f"print({known!r}.get(input(), 1))\n")


def solved(variants: Sequence[Problem], respond: Respond, judge: Judge, turns: int, feedback: str) -> int:
    """Return the number of variants that an agent solves; it sees only the environment's observations."""
    env = CodeEnv(Dataset("variants", "Variants", tuple(variants)), max_turns=turns, feedback=feedback, judge=judge)  # type: ignore[arg-type]
    count = 0
    for variant in variants:
        env.reset(seed=0, options={"problem_id": variant.id})
        said: list[str] = []
        ended = False
        while not ended:
            observation, _, terminated, truncated, info = env.step(respond(variants, said))
            said.append(observation)
            ended = terminated or truncated
        assert info["has_verdict"]
        count += info["solved"]
    env.close()
    return count


# --- nothing tells but feedback --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HIDDEN)
def test_variants_have_equal_statements_and_inputs(name: str) -> None:
    family = FAMILIES[name]
    for seed in range(10):
        for config in family.grades:
            variants = family.variants(seed, config)
            assert len({variant.statement for variant in variants}) == 1
            assert len({tuple(test.input for _, _, test in variant.tests()) for variant in variants}) == 1
            own = family.generate(seed, config)
            assert sum(tuple(own.tests()) == tuple(variant.tests()) for variant in variants) == 1


@pytest.mark.parametrize("name", HIDDEN)
def test_no_program_is_right_for_two_variants(name: str) -> None:
    family = FAMILIES[name]
    for seed in range(10):
        for config in family.grades:
            variants = family.variants(seed, config)
            assert len({tuple(test.output for _, _, test in variant.tests()) for variant in variants}) == len(variants)
            # One turn without feedback: the chance of one guess.
            assert family.ceiling is not None
            assert family.ceiling(config, 1, "public") == pytest.approx(1 / len(variants))


@pytest.mark.parametrize("name", HIDDEN)
def test_the_split_does_not_depend_on_the_secret(name: str) -> None:
    """Thus each secret is as likely in each split as when it is drawn."""
    family = FAMILIES[name]
    for config in family.grades:
        splits = [{split_of(task) for task in family.draw(Dice(str(seed)), config)} for seed in range(30)]
        assert all(len(found) == 1 for found in splits)
        assert len(set.union(*splits)) == 3


@pytest.mark.parametrize("name", HIDDEN)
def test_secrets_are_equally_likely(name: str) -> None:
    family = FAMILIES[name]
    config = family.grades[0]
    places: list[int] = []
    for seed in range(1000):
        solutions = [task.solution for task in family.draw(Dice(f"{name}/{seed}"), config)]
        places.append(solutions.index(family.task(seed, config).solution))
    expected = 1000 / (max(places) + 1)
    assert all(abs(places.count(place) - expected) < 5 * expected**0.5 for place in range(max(places) + 1))


# --- the ceilings, in the environment itself -------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("name", HIDDEN)
def test_the_ceilings_are_reached_exactly(name: str, turns: int, judge: Judge) -> None:
    family = FAMILIES[name]
    assert family.ceiling is not None
    config = family.grades[1]
    variants = family.variants(5, config)
    for feedback, agent in (("public", informed), ("private", informed), ("none", informed), ("random", blind)):
        count = solved(variants, agent, judge, turns, feedback)
        assert count / len(variants) == pytest.approx(family.ceiling(config, turns, feedback)), (feedback, count)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", HIDDEN)
def test_ignoring_feedback_reaches_the_ceiling_of_random_feedback(name: str, judge: Judge) -> None:
    family = FAMILIES[name]
    assert family.ceiling is not None
    variants = family.variants(6)
    count = solved(variants, blind, judge, 3, "public")
    assert count / len(variants) == pytest.approx(family.ceiling(family.default, 3, "random"))
    assert count < solved(variants, informed, judge, 3, "public")


@pytest.mark.parametrize("name", HIDDEN)
def test_copying_what_feedback_shows_solves_nothing(name: str, judge: Judge) -> None:
    assert solved(FAMILIES[name].variants(7), copying, judge, 3, "public") == 0


@pytest.mark.parametrize("name", HIDDEN)
def test_an_example_in_the_statement_is_as_good_as_feedback(name: str, judge: Judge) -> None:
    family = FAMILIES[name]
    assert family.ceiling is not None
    config = replace(family.default, example=True)
    variants = family.variants(8, config)
    for variant in variants:
        assert variant.public_tests[0].output.strip() in variant.statement
    assert family.ceiling(config, 1, "public") == family.ceiling(family.default, 3, "public")

    def read(all_: Sequence[Problem], feedback: Sequence[str]) -> str:
        return informed(all_, [*feedback, f"- input `{shown.input}` failed:\nExpected output `{shown.output}`"])

    count = 0
    for variant in variants:
        shown = variant.public_tests[0]
        others = [replace(other, id=f"other {other.id}") for other in variants if other != variant]
        count += _one(variant, others, read, judge)
    assert count / len(variants) == pytest.approx(family.ceiling(config, 1, "public"))


def _one(variant: Problem, others: Sequence[Problem], respond: Respond, judge: Judge) -> int:
    env = CodeEnv(Dataset("one", "One", (variant,)), max_turns=1, judge=judge)
    env.reset(seed=0)
    *_, info = env.step(respond(sorted([variant, *others], key=lambda each: each.solutions[0].source), []))
    env.close()
    return int(info["solved"])


# --- small enough for a small model ----------------------------------------------------------------------------------


def test_a_short_conversation_is_short(judge: Judge) -> None:
    problems = generated_problems("procedural/hidden_step?short=true&steps=8")
    env = CodeEnv(Dataset("short", "Short", (problems[0],)), judge=judge)
    _, info = env.reset(seed=0)
    assert len(problems[0].statement) < 60
    for _ in range(3):
        *_, info = env.step(fenced("n = int(input())\nprint(n + 0)\n"))
    assert sum(len(message["content"]) for message in info["messages"]) < 1500
    assert all(len(solution.source) < 40 for problem in problems[:50] for solution in problem.solutions)


def test_the_words_of_a_short_statement() -> None:
    plain, shown = (
        generated_problems(f"procedural/hidden_step?short=true&steps=8&example={e}")[0] for e in ("false", "true")
    )
    assert plain.statement == "Read n and print n + c. The secret c is one of 1 to 8"
    test = shown.public_tests[0]
    assert shown.statement == f"{plain.statement}. Example: {test.input.strip()} gives {test.output.strip()}"


def test_ceilings_are_probabilities_that_grow_with_turns() -> None:
    for name in HIDDEN:
        ceiling: Any = FAMILIES[name].ceiling
        for config in FAMILIES[name].grades:
            for feedback in ("public", "private", "random", "none"):
                values = [ceiling(config, turns, feedback) for turns in range(1, 60)]
                assert values == sorted(values)
                assert 0 < values[0] <= values[-1] <= 1
