"""The paper's figure 3 of a run: verdicts by turn, how much programs are edited, and how often they are repeated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlef_agents.studies.rows import as_row
from rlef_env import Episode
from rlef_env.analysis import Run
from rlef_env.analysis.errors import edit_similarities
from rlef_env.analysis.statistics import ratio_interval

__all__ = ["edits_and_verdicts"]


@dataclass(frozen=True, slots=True)
class _Turn:
    problem_id: str
    verdict: str
    chrf: float | None
    repeats: bool | None


def edits_and_verdicts(
    run: str | Path, phase: str | None = None, evaluation: str | None = None, step: int | None = None
) -> dict[str, Any]:
    """Return what the programs of each turn are like.

    Episodes without a verdict are left out. Intervals are 95 %, over problems.

    Args:
        run: folder of the run.
        phase: ``"evaluate"``, ``"train"`` or ``"play"``; None: all but those of training.
        evaluation: name of the evaluation set; None: all of them.
        step: number of updates that the policy had; None: those of the last evaluation.

    Returns:
        JSON values by number of the turn, ``"1"`` first. ``episodes``: number of episodes with such a turn;
        ``verdicts``: number of them by verdict; ``edited``: number of programs with one before them. Of these, or None
        where there are none, ``chrf``: mean similarity to the one before, 1 for equal ones; ``repeats``: share that
        equals any one before.

    Raises:
        DataError: the folder has no run, or a damaged one.
    """
    opened = Run(run)
    wanted = {
        (each.phase, each.evaluation, each.step, each.problem.problem_id, each.sample)
        for each in opened.episodes(phase, evaluation, step)
    }
    turns: dict[int, list[_Turn]] = defaultdict(list)
    for record in opened.records():
        if tuple(record.key) in wanted and record.has_verdict:
            for number, turn in enumerate(_turns(record.episode), start=1):
                turns[number].append(turn)
    return {str(number): _row(turns[number]) for number in sorted(turns)}


def _turns(episode: Episode) -> list[_Turn]:
    before: set[str] = set()
    found = []
    for turn, similarity in zip(episode.turns, edit_similarities(episode), strict=True):
        repeats = None if similarity is None else turn.program in before
        found.append(_Turn(episode.problem_id, turn.judgement.verdict.value, similarity, repeats))
        before |= set() if turn.program is None else {turn.program}
    return found


def _row(turns: Sequence[_Turn]) -> dict[str, Any]:
    edited = [each for each in turns if each.chrf is not None]
    return {
        "episodes": len(turns),
        "verdicts": dict(Counter(each.verdict for each in turns).most_common()),
        "edited": len(edited),
        "chrf": _mean([float(each.chrf or 0.0) for each in edited], edited),
        "repeats": _mean([float(bool(each.repeats)) for each in edited], edited),
    }


def _mean(values: Sequence[float], turns: Sequence[_Turn]) -> dict[str, float | None] | None:
    if not values:
        return None
    return as_row(ratio_interval(values, [1.0] * len(values), [each.problem_id for each in turns]))
