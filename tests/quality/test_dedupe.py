"""Duplicates are found by statement, by tests and by similarity."""

from __future__ import annotations

from rlef_env.problems import Problem, Test
from rlef_env.quality import find_duplicates
from rlef_env.quality.dedupe import similarity, sketch

TEXT = " ".join(f"word{number}" for number in range(100))
TESTS = (Test("1\n", "2\n"), Test("3\n", "4\n"))
OTHER = Problem("other", TEXT, TESTS)


def duplicates(problem: Problem) -> list[tuple[str, str]]:
    return [(found.other, found.how) for found in find_duplicates([problem], [Problem("far", "x " * 50), OTHER])]


def test_equal_words_make_a_duplicate() -> None:
    assert duplicates(Problem("a", TEXT.upper().replace(" ", "\n"))) == [("other", "statement")]


def test_equal_tests_make_a_duplicate_in_any_order() -> None:
    assert duplicates(Problem("a", "something else", (TESTS[1],), (Test("1", "2"),))) == [("other", "tests")]


def test_one_shared_test_is_not_enough() -> None:
    assert duplicates(Problem("a", "something else", TESTS[:1])) == []


def test_a_few_other_words_are_similar_and_many_are_not() -> None:
    assert duplicates(Problem("a", TEXT + " and one more line of words")) == [("other", "similar")]
    assert duplicates(Problem("a", " ".join(f"another{number}" for number in range(100)))) == []


def test_the_estimate_is_near_the_true_share() -> None:
    left = [f"w{number}" for number in range(3000)]
    right = left[:2000] + [f"v{number}" for number in range(1000)]
    assert abs(similarity(sketch(" ".join(left)), sketch(" ".join(right))) - 0.5) < 0.12
    assert similarity(sketch("a b c d e f"), sketch("a b c d e f")) == 1.0
