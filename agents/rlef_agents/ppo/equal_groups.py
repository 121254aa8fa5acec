"""Groups of episodes that fare alike: with ``estimator="group"`` they teach nothing except KL.

``equal_groups="skip"`` leaves them out of an update, and ``replace_groups`` plays further problems in their place, as
the dynamic sampling of DAPO does (arXiv 2503.14476, section 3.2), but at most so many times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from rlef_agents.ppo import parallel
from rlef_agents.ppo.groups import SMALLEST_STD
from rlef_agents.ppo.planner import Planner
from rlef_agents.ppo.rollout import Batch, Plan
from rlef_agents.ppo.trajectory import TokenEpisode

__all__ = ["Chosen", "equal_problems", "merged", "play_groups"]


class Chosen(NamedTuple):
    """Episodes of an update, and which of them are trained on.

    Attributes:
        batch: all episodes of this process.
        trained: for each of ``batch.tokens``, whether it is trained on.
        equal: groups that are left out, of all processes.
        replaced: groups that were played in place of others, of all processes.
    """

    batch: Batch
    trained: Sequence[bool]
    equal: int = 0
    replaced: int = 0

    @property
    def tokens(self) -> list[TokenEpisode]:
        """Token sequences of the episodes that are trained on."""
        return [each for each, trained in zip(self.batch.tokens, self.trained, strict=True) if trained]


def play_groups(play: Callable[[Plan], Batch], planner: Planner, update: int, replacements: int) -> Chosen:
    """Play the episodes of an update, and choose the groups that do not fare alike; all processes call it at once.

    Episodes without a verdict are in no group, and are chosen, so that the learner counts them. If all groups fare
    alike, all are chosen.

    Args:
        play: plays episodes; all processes call it at once, some with an empty plan.
        planner: plans of the run.
        update: number of updates so far.
        replacements: how many times groups that fare alike are replaced.
    """
    wanted = planner.plan(update)
    batch, replaced = play(wanted), 0
    again = list(range(len(wanted.seeds)))  # places in the plan of the episodes of the last round
    names = [episode.problem_id for episode in batch.episodes]
    for number in range(1, replacements + 1):
        equal = equal_problems(batch.tokens)
        again = [place for place, name in zip(again, names, strict=True) if name in equal]
        count = int(parallel.total(np.array([len({wanted.problems[place] for place in again})], np.float64))[0])
        if not count:
            break
        wanted = planner.plan(update, number)
        part = Plan(tuple(wanted.problems[place] for place in again), tuple(wanted.seeds[place] for place in again))
        more, replaced = play(part), replaced + count
        names = [episode.problem_id for episode in more.episodes]
        batch = merged([batch, more])
    equal = equal_problems(batch.tokens)
    trained = [not (each.has_verdict and each.problem_id in equal) for each in batch.tokens]
    learned = sum(chosen and each.has_verdict for each, chosen in zip(batch.tokens, trained, strict=True))
    if not parallel.total(np.array([learned], np.float64))[0]:
        trained = [True] * len(trained)
    return Chosen(batch, trained, len(equal), replaced)


def equal_problems(episodes: Sequence[TokenEpisode]) -> frozenset[str]:
    """Return the ids of problems whose episodes all have the same reward, in all processes, which call it at once."""
    mine = [(each.problem_id, sum(turn.reward for turn in each.turns)) for each in episodes if each.has_verdict]
    ends: dict[str, tuple[float, float]] = {}
    for name, outcome in chain.from_iterable(parallel.gathered(mine)):
        low, high = ends.get(name, (outcome, outcome))
        ends[name] = min(low, outcome), max(high, outcome)
    return frozenset(name for name, (low, high) in ends.items() if high - low <= SMALLEST_STD)


def merged(batches: Sequence[Batch]) -> Batch:
    """Return one batch with the episodes of several, in their order."""
    whole = Batch()
    for each in batches:
        before = len(whole.episodes)
        whole.out_of_context += [before + index for index in each.out_of_context]
        whole.skipped += [before + index for index in each.skipped]
        whole.flipped += [before + index for index in each.flipped]
        whole.tokens += each.tokens
        whole.episodes += each.episodes
        whole.problems += each.problems
        whole.decode_seconds += each.decode_seconds
        whole.judge_seconds += each.judge_seconds
    return whole
