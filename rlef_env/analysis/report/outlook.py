"""What lies ahead of a training run: how many problems can be solved at all, where that is known, and a forecast."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, get_args

from rlef_env.errors import UsageError
from rlef_env.problems.procedural import FAMILIES, FeedbackMode
from rlef_env.problems.procedural.naming import PREFIX, parse_name
from rlef_env.runs import EpisodeFacts, RunFolder

__all__ = ["ceilings", "forecasts"]

POINTS: Final = 24
"""Points of a forecast curve."""
FURTHER: Final = 1.5
"""How far a curve with a plateau goes, as a multiple of the last step."""
MAX_PROBLEMS: Final = 1000


def ceilings(run: RunFolder) -> dict[str, float]:
    """Return the highest possible solve rates of a run on generated problems with a secret; nothing for others.

    Keys are ``"ceiling"``, and ``"without reading feedback"`` where that is lower.
    """
    name, split = (str(run.identity.problems.get(each) or "") for each in ("dataset", "split"))
    turns, feedback = (run.identity.episodes.get(each) for each in ("max_turns", "feedback"))
    if name.partition("?")[0].partition("/")[0] != PREFIX or type(turns) is not int:
        return {}
    try:
        recipe = parse_name(name, split)
    except UsageError:
        return {}
    families = [FAMILIES[each] for each in recipe.families]

    def mean(mode: FeedbackMode) -> float:
        found = [
            family.ceiling(recipe.config(family, number), turns, mode)
            for family in families
            if family.ceiling is not None
            for number in range(min(recipe.count, MAX_PROBLEMS))
        ]
        return sum(found) / len(found)

    modes = [mode for mode in get_args(FeedbackMode) if mode == feedback]
    if not modes or not all(family.ceiling for family in families):
        return {}
    highest, unread = mean(modes[0]), mean("random")
    return {"ceiling": highest} | ({"without reading feedback": unread} if unread < highest else {})


def forecasts(facts: Sequence[EpisodeFacts]) -> dict[str, dict[str, Any]]:
    """Return the forecast of each evaluation set that was evaluated several times: a sentence, and a curve if allowed.

    The curve begins at the last evaluation; its band has 80 %.
    """
    try:
        from rlef_env.analysis.forecast import Series, forecast
    except ImportError:  # scipy is not installed
        return {}
    counts: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for each in facts:
        if each.phase == "evaluate" and each.step is not None and each.has_verdict:
            counts[each.evaluation][each.step][0] += each.solved
            counts[each.evaluation][each.step][1] += 1
    found = {}
    for evaluation, steps in counts.items():
        if len(steps) < 2:
            continue
        order = sorted(steps)
        successes, trials = zip(*(steps[step] for step in order), strict=True)
        known = forecast(Series(tuple(order), successes, trials, "run", "solve rate", evaluation), quick=True)
        row: dict[str, Any] = {"text": known.sentence(), "band": []}
        if known.allowed:
            end = FURTHER * known.last_step if known.plateau else known.short_horizon
            ahead = [known.last_step + (end - known.last_step) * i / POINTS for i in range(POINTS + 1)]
            curve = known.curve(ahead)
            points = zip(curve.steps, curve.values, *curve.bands[80], strict=True)
            row["band"] = [{"x": x, "value": value, "low": low, "high": high} for x, value, low, high in points]
        found[evaluation] = row
    return found
