"""Advantages of ``estimator="group"``: an episode is compared with the other episodes of its problem.

This is the baseline of GRPO (arXiv 2402.03300, eq. 3), not of the paper of RLEF.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from rlef_agents.ppo import parallel

__all__ = ["SMALLEST_STD", "group_advantages"]

Array: TypeAlias = npt.NDArray[np.float64]

SMALLEST_STD: Final = 1e-6
"""Smallest standard deviation to divide by: a smaller one is rounding, which would be scaled up to an advantage."""


def group_advantages(
    returns: Array,
    outcomes: Array,
    episodes: npt.NDArray[np.int64],
    problems: Sequence[str],
    counted: npt.NDArray[np.bool_],
    scale: bool,
) -> Array:
    """Return each turn's advantage, ``(turns,)``: its episode's return less the mean over its problem's episodes.

    The return of an episode is that of its first response that is not masked. An episode whose responses are all
    masked is in no group. A group holds the episodes of its problem in all processes, which call this at once.

    Args:
        returns: returns with KL, ``(turns,)``.
        outcomes: returns without KL, ``(turns,)``.
        episodes: episode number of each turn, ``(turns,)``, ascending.
        problems: problem id of each episode.
        counted: turns that are not masked, ``(turns,)``.
        scale: also divide by the standard deviation of the group's ``outcomes``. Returns with KL would be wrong: in a
            group with equal outcomes, dividing by the spread of KL would turn it into advantages of size 1. Such a
            group is only centred, so that only KL is left in it. The sum over a group is 0 in any case.
    """
    begins = np.flatnonzero(counted)
    members, firsts = np.unique(episodes[begins], return_index=True)
    begins, names = begins[firsts], [problems[place] for place in members.tolist()]
    mine = list(zip(names, returns[begins].tolist(), outcomes[begins].tolist(), strict=True))
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for name, whole, outcome in chain.from_iterable(parallel.gathered(mine)):
        groups[name].append((whole, outcome))
    means = np.array([np.mean([whole for whole, _ in groups[name]]) for name in names], np.float64)
    stds = np.array([np.std([outcome for _, outcome in groups[name]]) for name in names], np.float64)
    per_episode = np.zeros(len(problems))
    per_episode[members] = (returns[begins] - means) / np.where(scale & (stds > SMALLEST_STD), stds, 1.0)
    return np.asarray(per_episode[episodes])
