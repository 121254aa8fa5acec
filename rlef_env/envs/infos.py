"""Info dicts: the facts of an episode so far, for learners and reports."""

from __future__ import annotations

from typing import Any, Final

from rlef_env.envs.feedback import cut_item, cut_trace
from rlef_env.episodes.episode import Episode
from rlef_env.judge import Judgement, Verdict
from rlef_env.judge.judgement import UNDECIDED
from rlef_env.problems import Problem
from rlef_env.problems.problem import Role

__all__ = ["episode_info"]


def episode_info(episode: Episode, problem: Problem, item_cap: int | None = None) -> dict[str, Any]:
    """Return the ``info`` of an episode's latest step (keys: see ``CodeEnv``).

    Args:
        episode: the episode.
        problem: its problem.
        item_cap: characters kept of one input, output or standard error; None: not cut.

    Equal episodes give equal dicts, and every call gives new objects. Timings are left out, because they differ from
    run to run. The content of hidden tests is left out too: only their verdicts are given, and only at the end. The
    content of a failing public test is given if the feedback shows it.
    """
    judgement = episode.turns[-1].judgement if episode.turns else None
    # A problem without public tests has no verdict before the end, because no test ran.
    untested = judgement is None or (judgement.verdict is Verdict.ACCEPTED and not judgement.results)
    tested = None if untested else judgement
    info: dict[str, Any] = {
        "problem_id": episode.problem_id,
        "dataset": episode.dataset,
        "turn": len(episode.turns),
        "messages": episode.messages,
        "verdict": tested.verdict.value if tested else None,
        "category": tested.category if tested else None,
        "public": _public(judgement, episode, problem, item_cap),
        "has_verdict": judgement is None or judgement.verdict is not Verdict.NO_VERDICT,
        "isolation": episode.settings.get("isolation", "locked"),
    }
    if judgement is not None and episode.ended:
        info |= {
            "private": _results(judgement, "private"),
            "generated": _results(judgement, "generated"),
            "passed": judgement.passed,
            "total": judgement.total,
            "solved": episode.solved,
            "score": judgement.score,
        }
    return info


SHOWS_TESTS: Final = ("public", "first", "private")
"""Sources of feedback that show the content of this problem's failing public tests."""


def _public(
    judgement: Judgement | None, episode: Episode, problem: Problem, item_cap: int | None
) -> list[dict[str, Any]]:
    """Return the results of the public tests that were run."""
    rows = _results(judgement, "public")
    if judgement is None or judgement.verdict is Verdict.ACCEPTED or episode.settings["feedback"] not in SHOWS_TESTS:
        return rows
    results = [result for result in judgement.results if result.role == "public"]
    for row, result in zip(rows, results, strict=True):
        if result.verdict not in UNDECIDED:
            if episode.settings["feedback"] == "first" and any("input" in each for each in rows):
                break
            test = problem.public_tests[result.index]
            row["input"], row["expected"] = cut_item(test.input, item_cap), cut_item(test.output, item_cap)
            row["got"], row["stderr"] = cut_item(result.stdout, item_cap), cut_trace(result.stderr, item_cap)
    return rows


def _results(judgement: Judgement | None, role: Role) -> list[dict[str, Any]]:
    """Return the verdicts of a role's tests that were run, without their content."""
    return [
        {"index": result.index, "verdict": result.verdict._value_, "category": result.category}
        for result in (judgement.results if judgement else ())
        if result.role == role
    ]
