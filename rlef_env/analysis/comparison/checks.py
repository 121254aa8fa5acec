"""Refuses to compare what cannot be compared: other problems, limits, date windows or judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rlef_env.analysis.comparison.sides import Side
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, ProblemFacts, RunIdentity

__all__ = ["common_problems", "setting_differences"]

SHOWN: Final = 3
"""Problems of each kind that an error names."""
MAY_DIFFER: Final = ("seed", "isolation", "reward", "full_grid", "split")
"""Settings of episodes that change neither what the agent is asked nor what is accepted; the problems have digests."""
SAME_PROBLEMS: Final = ("digest", "count", "dataset", "split")
"""Facts about a list of problems that the problems themselves answer better."""


def common_problems(a: Side, b: Side, common: bool) -> list[ProblemFacts]:
    """Return the problems of both sides, sorted by id: so the order of episodes changes no digit of a result.

    Args:
        a: the first side.
        b: the second side.
        common: whether problems that only one of them has are left out; else they are an error.

    Raises:
        UsageError: the problems differ, or no problem is common. The message says which and how many.
    """
    first, second = _problems(a.facts), _problems(b.facts)
    other = [name for name in first if name in second and _changed(first[name], second[name])]
    only_a = [name for name in first if name not in second]
    only_b = [name for name in second if name not in first]
    found = [facts for name, facts in first.items() if name in second and name not in other]
    if (common and found) or not (other or only_a or only_b):
        return found
    kinds = (("only in", a.name, only_a), ("only in", b.name, only_b), ("with other tests or texts in", b.name, other))
    said = "; ".join(f"{len(names)} {kind} {name} ({_some(names)})" for kind, name, names in kinds if names)
    advice = f"--common compares the {len(found)} common ones" if found else "play both on the same problems"
    raise UsageError(f"expected runs on the same problems, got {said}; {advice}")


def setting_differences(a: Side, b: Side) -> list[str]:
    """Return a line for each setting that must be the same for a fair comparison, and is not."""
    if a.identity is None or b.identity is None:
        return _turn_limits(a.facts, b.facts)
    first, second = _fair(a.identity), _fair(b.identity)
    return first.differences(second, ("episodes", "problems", "judge"))


def _fair(identity: RunIdentity) -> RunIdentity:
    return RunIdentity(
        episodes={name: value for name, value in identity.episodes.items() if name not in MAY_DIFFER},
        problems={name: value for name, value in identity.problems.items() if name not in SAME_PROBLEMS},
        judge=identity.judge,
    )


def _turn_limits(a: Sequence[EpisodeFacts], b: Sequence[EpisodeFacts]) -> list[str]:
    first, second = ({each.max_turns for each in facts} for facts in (a, b))
    return [] if first == second else [f"max_turns: {sorted(first)}, other {sorted(second)}"]


def _problems(facts: Sequence[EpisodeFacts]) -> dict[str, ProblemFacts]:
    found = {each.problem.problem_id: each.problem for each in facts}
    return {name: found[name] for name in sorted(found)}


def _changed(a: ProblemFacts, b: ProblemFacts) -> bool:
    return bool(a.digest and b.digest and a.digest != b.digest)


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:SHOWN], *(["..."] if len(names) > SHOWN else [])])
