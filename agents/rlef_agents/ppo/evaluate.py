"""How good is a policy: play problems it was not trained on, and count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rlef_agents.ppo.rollout import Batch, Plan, Rollout, seed_of
from rlef_env import Dataset, Episode, Verdict

__all__ = ["evaluate", "evaluation_plans", "summary"]

NOT_VALID = (Verdict.NO_PROGRAM, Verdict.COMPILE_ERROR)


def evaluation_plans(dataset: Dataset, episodes: int, at_once: int, seed: int) -> list[Plan]:
    """Each problem once, and again from the first until there are ``episodes``; 0: each once."""
    facts = list(dataset.facts())
    names = [fact.id for fact in facts if fact.tests]
    wanted = [names[number % len(names)] for number in range(episodes or len(names))]
    seeds = [seed_of(seed, number) for number in range(len(wanted))]
    return [
        Plan(tuple(wanted[first : first + at_once]), tuple(seeds[first : first + at_once]))
        for first in range(0, len(wanted), at_once)
    ]


def evaluate(rollout: Rollout, plans: Sequence[Plan]) -> tuple[dict[str, float], list[Episode]]:
    """Play all plans.

    Returns:
        What ``summary`` gives, and the episodes.
    """
    batches: list[Batch] = [rollout.play(each) for each in plans]
    episodes = [episode for batch in batches for episode in batch.episodes]
    return summary(episodes), episodes


def summary(episodes: Sequence[Episode]) -> dict[str, float]:
    """Count what came of episodes; those without a verdict are left out and counted apart.

    Returns:
        solve_rate (with three turns this is the paper's 1@3) and solve_rate_half_width (95 %, normal approximation),
        solved_at_1, solved_at_2, ... (solved by that turn or before), valid_programs (share of responses whose program
        compiles), turns, episodes, no_verdict.
    """
    kept = [episode for episode in episodes if episode.turns and not episode.truncated]
    if not kept:
        return {"episodes": 0.0, "no_verdict": float(len(episodes))}
    turns = [turn for episode in kept for turn in episode.turns]
    solved = [episode.solved_at or 0 for episode in kept]
    rate = sum(map(bool, solved)) / len(kept)
    limit = max(int(episode.settings.get("max_turns", len(episode.turns))) for episode in kept)
    found: dict[str, Any] = {
        "solve_rate": rate,
        "solve_rate_half_width": 1.96 * float(np.sqrt(rate * (1.0 - rate) / len(kept))),
        **{f"solved_at_{turn}": sum(0 < at <= turn for at in solved) / len(kept) for turn in range(1, limit + 1)},
        "valid_programs": sum(turn.judgement.verdict not in NOT_VALID for turn in turns) / len(turns),
        "turns": len(turns) / len(kept),
        "episodes": float(len(kept)),
        "no_verdict": float(len(episodes) - len(kept)),
    }
    return found
