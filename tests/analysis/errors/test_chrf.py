"""chrF: by hand, by its properties, and for turns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.analysis.errors import chrf, edit_similarities
from rlef_env.episodes import Episode, Turn
from rlef_env.judge import Judgement, Verdict

# (text, reference, sacrebleu 2.6.0's sentence_chrf(text, [reference]).score)
SACREBLEU = (
    ("print(a+b)", "print(a-b)", 62.90343915343916),
    ("n = int(input())\nprint(n * 2)", "n = int(input())\nprint(n ** 2)", 90.84536770544874),
    ("abc", "xyz", 0.0),
    ("ab", "abcd", 47.169811320754704),
    (
        "def f(x):\n    return x + 1\n\nprint(f(3))",
        "import sys\nfor line in sys.stdin:\n    print(line)",
        14.510031160239814,
    ),
    ("a", "abcdefgh", 15.151515151515152),
)


def test_by_hand() -> None:
    # "abcd" against "abce": 3 of 4 characters, 2 of 3 pairs, 1 of 2 triples, 0 of 1 quadruple, on both sides.
    share = (3 / 4 + 2 / 3 + 1 / 2 + 0) / 4
    assert chrf("abcd", "abce") == pytest.approx(share)  # precision and recall are equal, so the F-measure is, too
    # "ab" against "abcd": orders 1 and 2; precision 1 and 1; recall 2/4 and 1/3.
    recall = (1 / 2 + 1 / 3) / 2
    assert chrf("ab", "abcd") == pytest.approx(5 * recall / (4 + recall))


@pytest.mark.parametrize(("text", "reference", "score"), SACREBLEU)
def test_as_sacrebleu(text: str, reference: str, score: float) -> None:
    assert 100 * chrf(text, reference) == pytest.approx(score, abs=1e-6)


TEXTS = st.text("ab c\n", max_size=30)


@given(TEXTS, TEXTS)
def test_it_is_a_share_and_one_for_equal_texts_only_up_to_white_space(text: str, reference: str) -> None:
    score = chrf(text, reference)
    assert 0 <= score <= 1
    assert chrf(f" {text}\n", reference) == score
    assert chrf(text, text) == 1
    if "".join(text.split()) == "".join(reference.split()):
        assert score == 1


def test_edits_of_an_episode() -> None:
    def turn(program: str | None) -> Turn:
        return Turn("", program, Judgement(Verdict.WRONG_ANSWER))

    episode = Episode("p", "", "", tuple(map(turn, ("print(1)", None, "print(2)", "print(2)", "xyz"))))
    assert edit_similarities(episode) == [None, None, chrf("print(2)", "print(1)"), 1.0, 0.0]
