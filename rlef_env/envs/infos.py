"""Info dicts: the facts of an episode so far, for learners and reports."""

from __future__ import annotations

from typing import Any

from rlef_env.episodes.episode import Episode
from rlef_env.judge import Judgement, Verdict
from rlef_env.problems.problem import Role

__all__ = ["episode_info"]


def episode_info(episode: Episode) -> dict[str, Any]:
    """Return the ``info`` of an episode's latest step (keys: see ``CodeEnv``).

    Equal episodes give equal dicts, and every call gives new objects. Timings are left out, because they differ from
    run to run. The content of hidden tests is left out too: only their verdicts are given, and only at the end.
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
        "public": _results(judgement, "public"),
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


def _results(judgement: Judgement | None, role: Role) -> list[dict[str, Any]]:
    """Return the verdicts of a role's tests that were run, without their content."""
    return [
        {"index": result.index, "verdict": result.verdict._value_, "category": result.category}
        for result in (judgement.results if judgement else ())
        if result.role == role
    ]
