"""Families with a secret: it cannot be known, feedback shows it, and agents reach the ceilings exactly."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import pytest

from rlef_env.envs import CodeEnv
from rlef_env.judge import CachedPool, Judge, JudgePool, VerdictCache
from rlef_env.problems import Dataset, Problem
from rlef_env.problems.procedural import FAMILIES, generated_problems
from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.families import two_dials
from rlef_env.problems.procedural.generated import split_of
from rlef_env.problems.procedural.task import run
from rlef_env.sandbox import Program

HIDDEN = [name for name, family in FAMILIES.items() if family.ceiling]
WEAK = ["hidden_rule", "hidden_step", "two_dials", "which_rule"]
"""Families with the knob ``weak``."""

ONE_PUBLIC_TEST_DECIDES = ["hidden_rule", "hidden_step", "hidden_tail", "which_rule"]
SHOWN = re.compile(r"- input `([^`]*)` failed:\nExpected output `([^`]*)`")
Respond = Callable[[Sequence[Problem], Sequence[str]], str]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


@pytest.fixture(scope="module")
def pool() -> Iterator[CachedPool]:
    with CachedPool(JudgePool(1), VerdictCache()) as pool:
        yield pool


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
            inputs = {
                tuple(test.input for role, _, test in variant.tests() if role != "public") for variant in variants
            }
            assert len(inputs) == 1
            shown = {tuple(test.input for test in variant.public_tests) for variant in variants}
            assert len(shown) == (len(variants) if name == "format_from_trace" else 1)
            own = family.generate(seed, config)
            assert sum(tuple(own.tests()) == tuple(variant.tests()) for variant in variants) == 1


def chance_of_one_guess(family: Any, config: Any) -> float:
    """The statements of a family leave open one number of variants, or two numbers, each of them half of the time."""
    sizes = {len(family.variants(seed, config)) for seed in range(20)}
    return sum(1 / size for size in sizes) / len(sizes)


@pytest.mark.parametrize("name", HIDDEN)
def test_no_program_is_right_for_two_variants(name: str) -> None:
    family = FAMILIES[name]
    for seed in range(10):
        for config in family.grades:
            variants = family.variants(seed, config)
            assert len({tuple(test.output for _, _, test in variant.tests()) for variant in variants}) == len(variants)
            # One turn without feedback: the chance of one guess.
            assert family.ceiling is not None
            assert family.ceiling(config, 1, "public") == pytest.approx(chance_of_one_guess(family, config))


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
    drawn: Counter[tuple[int, int]] = Counter()  # number of variants, place of the drawn one
    for seed in range(1000):
        solutions = [task.solution for task in family.draw(Dice(f"{name}/{seed}"), config)]
        drawn[len(solutions), solutions.index(family.task(seed, config).solution)] += 1
    for size in {size for size, _ in drawn}:
        counts = [drawn[size, place] for place in range(size)]
        expected = sum(counts) / size
        assert all(abs(count - expected) < 5 * expected**0.5 for count in counts)


# --- the ceilings, by optimal play -----------------------------------------------------------------------------------

SIZES: dict[str, dict[str, int]] = {
    "format_from_trace": {"marks": 4},
    "half_told": {"constants": 3},
    "hidden_rule": {"rules": 4},
    "hidden_step": {"steps": 4},
    "hidden_tail": {"steps": 3, "tails": 2},
    "two_dials": {"factors": 3, "terms": 3},
    "which_rule": {"rules": 4},
}
TAKES_ANY_MARK = """
line = input()
print(line.split(next(mark for mark in ",;:|" if mark in line))[1])
"""


Outcomes: TypeAlias = "list[list[Outcome]]"


class Outcome(NamedTuple):
    """What a program does on a problem: the observation, whether it ends the episode, whether it solves."""

    observation: str
    ends: bool
    solves: bool


def outcomes(variants: Sequence[Problem], programs: Sequence[str], feedback: Any, pool: CachedPool) -> Outcomes:
    """Return what each program does on each variant, in the environment."""
    # Without feedback no program ends an episode early, so that it is asked whether it solves as the last one.
    turns = 1 if feedback == "none" else 2
    env = CodeEnv(Dataset("variants", "Variants", tuple(variants)), max_turns=turns, feedback=feedback, judge=pool)
    rows = []
    for variant in variants:
        row = []
        for program in programs:
            env.reset(seed=0, options={"problem_id": variant.id})
            observation, _, ended, _, info = env.step(fenced(program))
            assert info["has_verdict"]
            # Random feedback is about another problem: it tells nothing of this one.
            told = "" if feedback in ("random", "none") else observation
            row.append(Outcome(told, ended and feedback != "none", info.get("solved", False)))
        rows.append(row)
    return rows


def best_play(rows: Sequence[Sequence[Outcome]], turns: int) -> int:
    """Return on how many variants the best strategy ends with a right program, by trying all strategies."""

    @cache
    def solved(left: frozenset[int], turns: int) -> int:
        best = 0
        for program in range(len(rows[0])):
            count = 0
            groups: defaultdict[str, set[int]] = defaultdict(set)
            for variant in left:
                outcome = rows[variant][program]
                if turns == 1 or outcome.ends:
                    count += outcome.solves
                else:
                    groups[outcome.observation].add(variant)
            best = max(best, count + sum(solved(frozenset(group), turns - 1) for group in groups.values()))
        return best

    return solved(frozenset(range(len(rows))), turns)


@pytest.mark.parametrize("name", HIDDEN)
def test_the_ceilings_are_those_of_the_best_of_all_strategies(name: str, pool: CachedPool) -> None:
    """A strategy chooses among the right programs of all secrets, one that prints nothing, and one that reads any mark.

    Nothing else a program could do on the public tests tells more: each observation shows a whole test, or none.
    """
    family = FAMILIES[name]
    assert family.ceiling is not None
    config = replace(family.default, **SIZES[name])
    by_size = {len(variants): variants for seed in range(8) for variants in [family.variants(seed, config)]}
    assert len(by_size) == (2 if name == "half_told" else 1)
    for feedback in ("public", "first", "private", "random", "none"):
        found = []
        for variants in by_size.values():
            programs = [*(variant.solutions[0].source for variant in variants), "pass\n", TAKES_ANY_MARK]
            rows = outcomes(variants, programs, feedback, pool)
            found.append([best_play(rows, turns) / len(variants) for turns in (1, 2, 3)])
        means = [sum(each) / len(each) for each in zip(*found, strict=True)]
        assert means == pytest.approx([family.ceiling(config, turns, feedback) for turns in (1, 2, 3)]), feedback  # type: ignore[arg-type]


def knows(problem: Problem) -> str:
    """Return the wrong kind of program: it knows the outputs of the public tests, and nothing else."""
    return f"print({ {test.input.strip(): test.output.strip() for test in problem.public_tests}!r}.get(input(), 1))\n"


def test_the_families_with_weak_tests() -> None:
    """The ceilings of the others would be higher: their public tests do not show the whole secret."""
    assert [name for name, family in FAMILIES.items() if hasattr(family.default, "weak")] == WEAK


@pytest.mark.parametrize("name", WEAK)
def test_weak_tests_accept_a_wrong_kind_of_program_and_change_nothing_else(name: str, judge: Judge) -> None:
    family = FAMILIES[name]
    full, weak = (generated_problems(f"procedural/{name}?count=12{knob}") for knob in ("", "&weak=true"))
    for whole, other in zip(full, weak, strict=True):
        assert other.private_tests == other.public_tests
        assert not other.generated_tests
        assert (other.statement, other.public_tests) == (whole.statement, whole.public_tests)
        assert (other.solutions, other.difficulty) == (whole.solutions, None)
        assert {each.source for each in other.incorrect_solutions} <= {
            each.source for each in whole.incorrect_solutions
        }, "labelled wrong where the tests find it"
        right = Program(other.solutions[0].source)
        constant = Program(knows(other))
        found = [judge.judge(problem, each).verdict.value for problem in (whole, other) for each in (right, constant)]
        assert found == ["accepted", "wrong_answer", "accepted", "accepted"]
    assert family.generate(3, replace(family.default, weak=False)) == family.generate(3)


@pytest.mark.parametrize("name", WEAK)
def test_weak_tests_leave_the_ceilings_where_they_are(name: str, pool: CachedPool) -> None:
    """Also where the best strategy may use programs that know the outputs of one secret, or pass one public test."""
    family = FAMILIES[name]
    assert family.ceiling is not None
    config = replace(family.default, **SIZES[name], weak=True)
    variants = family.variants(0, config)
    right = [variant.solutions[0].source for variant in variants]
    for feedback in ("public", "first", "private", "random", "none"):
        rows = outcomes(variants, [*right, *map(knows, variants), "pass\n"], feedback, pool)
        found = [best_play(rows, turns) / len(variants) for turns in (1, 2, 3)]
        assert found == pytest.approx([family.ceiling(config, turns, feedback) for turns in (1, 2, 3)]), feedback  # type: ignore[arg-type]


@pytest.mark.parametrize("name", WEAK)
def test_copying_what_feedback_shows_is_enough_for_weak_tests(name: str, judge: Judge) -> None:
    """What training rewards as solved, an evaluation on the same problems with all tests shows to be nothing."""
    family = FAMILIES[name]
    variants = family.variants(7, replace(family.default, weak=True))
    full = family.variants(7)
    assert [each.statement for each in variants] == [each.statement for each in full]
    assert solved(variants, copying, judge, 3, "public") == len(variants)
    assert solved(full, copying, judge, 3, "public") == 0


def test_two_dials_by_hand() -> None:
    """a is 1 to 4 and b is 0 to 7: 32 pairs with 11 sums, of which 4 to 7 have 4 pairs each."""
    ceiling: Any = FAMILIES["two_dials"].ceiling
    config = FAMILIES["two_dials"].default
    assert [ceiling(config, turns, "first") for turns in (1, 2, 3)] == [1 / 32, (4 + 10) / 32, 1]
    assert [ceiling(config, turns, "random") for turns in (1, 2, 3)] == [1 / 32, 2 / 32, 3 / 32]
    held_out, known = (set(two_dials.pairs(replace(config, part=part))) for part in (2, 1))
    assert not held_out & known
    assert len(held_out) == 11
    assert len(known) == 21
    for part in (held_out, known):
        assert {a for a, _ in part} == {1, 2, 3, 4}
        assert {b for _, b in part} == set(range(8))


def test_half_told_by_hand() -> None:
    """Two formulas are told, or four constants with two formulas each are left open."""
    ceiling: Any = FAMILIES["half_told"].ceiling
    config = FAMILIES["half_told"].default
    assert [ceiling(config, turns, "public") for turns in (1, 2, 3)] == [(1 / 2 + 1 / 8) / 2, 3 / 4, 3 / 4]
    assert ceiling(config, 3, "random") == (1 + 3 / 8) / 2


def test_a_wrong_mark_ends_in_a_trace_and_shows_no_expected_output(judge: Judge) -> None:
    family = FAMILIES["format_from_trace"]
    env = CodeEnv(Dataset("marks", "Marks", (family.generate(0, replace(family.default, slow=True)),)), judge=judge)
    problem = env.dataset[0]
    right = problem.solutions[0].source
    _, _ = env.reset(seed=0)
    wrong = next(each for each in problem.incorrect_solutions if each.verdict == "runtime_error")
    observation, *_ = env.step(fenced(wrong.source))
    assert "IndexError: list index out of range" in observation
    assert "Expected output" not in observation
    assert problem.public_tests[0].input in observation
    waiting = next(each for each in problem.incorrect_solutions if each.verdict == "time_limit")
    observation, *_ = env.step(fenced(waiting.source))
    assert "took too long" in observation
    *_, info = env.step(fenced(right))
    assert info["solved"]


# --- the ceilings, in the environment itself -------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("name", ONE_PUBLIC_TEST_DECIDES)
def test_the_ceilings_are_reached_exactly(name: str, turns: int, judge: Judge) -> None:
    family = FAMILIES[name]
    assert family.ceiling is not None
    config = family.grades[1]
    variants = family.variants(5, config)
    for feedback, agent in (("public", informed), ("private", informed), ("none", informed), ("random", blind)):
        count = solved(variants, agent, judge, turns, feedback)
        assert count / len(variants) == pytest.approx(family.ceiling(config, turns, feedback)), (feedback, count)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ONE_PUBLIC_TEST_DECIDES)
def test_ignoring_feedback_reaches_the_ceiling_of_random_feedback(name: str, judge: Judge) -> None:
    family = FAMILIES[name]
    assert family.ceiling is not None
    variants = family.variants(6)
    count = solved(variants, blind, judge, 3, "public")
    assert count / len(variants) == pytest.approx(family.ceiling(family.default, 3, "random"))
    assert count < solved(variants, informed, judge, 3, "public")


@pytest.mark.parametrize("name", ONE_PUBLIC_TEST_DECIDES)
def test_copying_what_feedback_shows_solves_nothing(name: str, judge: Judge) -> None:
    assert solved(FAMILIES[name].variants(7), copying, judge, 3, "public") == 0


@pytest.mark.parametrize("name", ONE_PUBLIC_TEST_DECIDES)
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
