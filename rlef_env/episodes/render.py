"""Episodes as plain text for a terminal: latest response, verdict grid and feedback."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final

from rlef_env.episodes.episode import Episode
from rlef_env.judge import Judgement, Verdict

__all__ = ["GRID_LETTERS", "episode_text", "verdict_grid", "verdict_words"]

GRID_LETTERS: Final[Mapping[Verdict, str]] = {
    Verdict.ACCEPTED: ".",
    Verdict.WRONG_ANSWER: "W",
    Verdict.RUNTIME_ERROR: "R",
    Verdict.TIME_LIMIT: "T",
    Verdict.MEMORY_LIMIT: "M",
    Verdict.OUTPUT_LIMIT: "O",
    Verdict.COMPILE_ERROR: "C",
    Verdict.SECURITY_VIOLATION: "S",
    Verdict.NO_PROGRAM: "-",
    Verdict.NO_VERDICT: "?",
}
"""Verdict -> its letter in a verdict grid, which has one for each test."""


def episode_text(episode: Episode) -> str:
    """Return the state of an episode: its problem, and the latest response with its grid and feedback."""
    title = f"{episode.problem_id} ({episode.dataset})"
    if not episode.turns:
        return f"{title}\nturn 0\n\n{episode.prompt}\n"
    turn = episode.turns[-1]
    lines = [
        title,
        f"turn {len(episode.turns)}: {verdict_words(turn.judgement.verdict)}, reward {turn.reward:+g}",
        *verdict_grid(turn.judgement),
    ]
    if turn.feedback:
        lines += ["", turn.feedback]
    if episode.ended:
        end = "truncated: the judge failed" if episode.truncated else "solved" if episode.solved else "not solved"
        lines += ["", f"end of the episode: {end}"]
    return "\n".join(lines) + "\n"


def verdict_grid(judgement: Judgement) -> list[str]:
    """Return the lines of a verdict grid, without line ends; none where no test was run.

    The lines are: one for each role, with a letter of ``GRID_LETTERS`` for each test that was run; the number of tests
    that were not run; and the meaning of the letters.
    """
    lines = [
        f"  {role:<9} {''.join(GRID_LETTERS[result.verdict] for result in results)}"
        for role, results in itertools.groupby(judgement.results, key=lambda result: result.role)
    ]
    skipped = judgement.total - len(judgement.results)
    if lines and skipped > 0:
        lines.append(f"  not run   {skipped}")
    seen = {result.verdict: None for result in judgement.results}
    legend = ", ".join(f"{GRID_LETTERS[verdict]} {verdict_words(verdict)}" for verdict in seen)
    return [*lines, f"  ({legend})"] if lines else []


def verdict_words(verdict: Verdict) -> str:
    """Return a verdict as readable text, e.g. ``"wrong answer"``."""
    return verdict.value.replace("_", " ")
