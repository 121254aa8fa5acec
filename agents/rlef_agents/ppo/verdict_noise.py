"""A judge that errs: with ``verdict_noise``, training is told the wrong outcome of some episodes.

For experiments on how robust training is. What is wrong is whether a last response passed all tests: accepted becomes
wrong answer, and every failure becomes accepted. Feedback stays true, and so does the episode that is kept: the error
is a number beside its last turn, so episodes can be judged again, replayed and counted. Evaluations are told the truth.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from rlef_env import Turn, Verdict

__all__ = ["FLIPPED", "errs", "with_other_outcome"]

FLIPPED: Final = "verdict_flipped"
"""Name under which a run keeps, beside the last turn, that training was told the wrong outcome."""

NOISE: Final = 17_171
"""Number that tells draws of errors from those of sampling, whose second number is that of a turn."""

NOT_JUDGED: Final = (Verdict.NO_VERDICT, Verdict.NO_PROGRAM)
"""Outcomes in which no judge decided anything about a program."""


def errs(noise: float, seed: int, turn: Turn) -> bool:
    """Return whether the judge errs about an episode.

    The error depends on the episode's seed alone, which is a function of run, update, problem and sample. So it is the
    same in a resumed run and with any number of processes, and with less noise a part of the errors remain. It does not
    depend on the program: no program is accepted more often than others that fail, and one that was accepted by error
    gains nothing by being written again. A missing verdict and a response without a program are never flipped.

    Args:
        noise: probability of an error, 0 to 1.
        seed: seed of the episode in its plan.
        turn: its last turn, which was judged on all tests.
    """
    if turn.judgement.verdict in NOT_JUDGED or not noise:
        return False
    return bool(np.random.default_rng((seed, NOISE)).random() < noise)


def with_other_outcome(turn: Turn) -> Turn:
    """Return a turn with the other outcome. Results of single tests stay as they are."""
    solved = turn.judgement.verdict is Verdict.ACCEPTED
    told = Verdict.WRONG_ANSWER if solved else Verdict.ACCEPTED
    return replace(turn, judgement=replace(turn.judgement, verdict=told, category=None))
