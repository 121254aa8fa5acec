"""Whatever is killed, every episode ends once, and as it would have in peace.

``make chaos`` plays ten thousand episodes; here are a few hundred.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest

from rlef_env.envs import CodeVectorEnv
from rlef_env.judge import JudgePool, Verdict
from tests.chaos.play import DATASET, Chaos, alive, calm_episodes, played

EPISODES = int(os.environ.get("RLEF_CHAOS_EPISODES", "200"))
ENVS = 20
SEED = int(os.environ.get("RLEF_CHAOS_SEED", "0"))


@pytest.mark.slow
def test_every_episode_ends_once_and_as_in_peace() -> None:
    each = EPISODES // ENVS
    expected = calm_episodes(ENVS, each, SEED)
    with JudgePool(2) as pool:
        chaos = Chaos(pool, SEED)
        found = played(CodeVectorEnv(ENVS, dataset=DATASET, pool=pool), each, SEED, chaos)
        chaos.close()
    differing = [
        (env_id, number, [turn.judgement for turn in one.turns], [turn.judgement for turn in other.turns])
        for env_id, (ours, theirs) in enumerate(zip(found, expected, strict=True))
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True))
        if one != other
    ]
    verdicts = Counter(turn.judgement.verdict.value for ended in found for episode in ended for turn in episode.turns)
    print(f"{EPISODES} episodes, verdicts {dict(verdicts)}, hits {dict(chaos.hits)}")
    assert not differing, differing[:3]
    assert Verdict.NO_VERDICT.value not in verdicts
    assert sum(chaos.hits.values()) >= min(EPISODES // 40, 100), "there was not much chaos"
    until = time.monotonic() + 30
    while (left := [pid for pid in chaos.seen if alive(pid)]) and time.monotonic() < until:
        pass
    assert not left, "processes live on"
