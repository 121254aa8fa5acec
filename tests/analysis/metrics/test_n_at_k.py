"""n@k against an enumeration of all draws and choices."""

from __future__ import annotations

from itertools import combinations
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.analysis.metrics import NAtK, check_n_at_k, n_at_k, parse_n_at_k
from rlef_env.errors import UsageError

KINDS = {"fails": (False, False), "passes": (True, False), "solves": (True, True)}


def by_hand(kinds: list[str], submissions: int, drawn: int) -> float:
    """Enumerate all draws, and for each all choices that prefer programs that passed the public tests."""
    chances = []
    for draw in combinations(kinds, drawn):
        passed = [kind for kind in draw if kind != "fails"]
        choices = list(combinations(passed, min(submissions, len(passed))))
        chances.append(sum("solves" in choice for choice in choices) / len(choices))
    return sum(chances) / len(chances)


@given(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=7), st.data())
def test_n_at_k_is_the_mean_over_every_draw_and_choice(kinds: list[str], data: st.DataObject) -> None:
    drawn = data.draw(st.integers(1, len(kinds)))
    submissions = data.draw(st.integers(1, drawn + 1))
    passed, solved = zip(*(KINDS[kind] for kind in kinds), strict=True)
    assert n_at_k(passed, solved, submissions, drawn) == pytest.approx(by_hand(kinds, submissions, drawn), abs=1e-12)


def test_n_at_k_golden() -> None:
    # Of 200 episodes 40 pass the public tests and 10 solve; 33 are without these by (167 ... 158) / (200 ... 191).
    none = prod((167 - place) / (200 - place) for place in range(10))
    passed, solved = [True] * 40 + [False] * 160, [True] * 10 + [False] * 190
    assert n_at_k(passed, solved, 1, 1) == pytest.approx(0.05)
    assert n_at_k(passed, solved, 33, 33) == pytest.approx(1 - none)
    assert n_at_k(passed, solved, 1, 33) == pytest.approx(0.25, abs=1e-3)  # one of those that passed, if any did
    assert n_at_k([False, True], [False, True], 1, 2) == 1.0  # the one that passed is the one that is submitted


def test_n_at_k_refuses_too_few_episodes_and_contradictions() -> None:
    with pytest.raises(ValueError, match="expected 3 episodes or more"):
        n_at_k([True, True], [True, False], 1, 3)
    with pytest.raises(ValueError, match="among those that passed"):
        n_at_k([False], [True], 1, 1)


def test_n_at_k_is_read_and_refused() -> None:
    assert parse_n_at_k("1@3 10@100", 3) == [NAtK(1, 3), NAtK(10, 100)] == parse_n_at_k("1@3,10@100", 3)
    assert (NAtK(10, 100).episodes(3), NAtK(1, 3).episodes(1), str(NAtK(10, 100))) == (33, 3, "10@100")
    assert check_n_at_k("10@100", 3, 33, "evaluate_samples") == [NAtK(10, 100)]
    for text in ("10", "0@3", "4@3", "1@2", "10@100x", "-1@3"):
        with pytest.raises(UsageError, match="expected words such as 10@100"):
            parse_n_at_k(text, 3)
    with pytest.raises(UsageError, match=r"evaluate_samples: expected 33 or more .* which 10@100 needs"):
        check_n_at_k("10@100", 3, 32, "evaluate_samples")
