"""Whichever processes are killed, every episode ends once, and as it would undisturbed.

``make chaos`` plays ten thousand episodes; here it is a few dozen.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from rlef_env.envs import CodeVectorEnv
from rlef_env.judge import JudgePool, Verdict
from rlef_env.judge.pool.ray import RayJudgePool
from tests.chaos.play import DATASET, Chaos, alive, played, undisturbed_episodes
from tests.stopping import wait_until

EPISODES = int(os.environ.get("RLEF_CHAOS_EPISODES", "40"))
FEW, MANY = 20, 200  # environments; with many, workers get jobs ahead
SEED = int(os.environ.get("RLEF_CHAOS_SEED", "0"))


def test_every_episode_ends_once_and_as_undisturbed() -> None:
    with JudgePool(2) as pool:
        check(pool, Chaos(pool, SEED), MANY if EPISODES >= 1000 else FEW, EPISODES)


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.skipif(EPISODES < 1000, reason="slow: set RLEF_CHAOS_EPISODES=1000, or run make chaos")
def test_every_episode_ends_once_and_as_undisturbed_on_a_cluster() -> None:
    ray = pytest.importorskip("ray", reason="needs the extra 'ray'")
    from ray.cluster_utils import Cluster

    machine = {"num_cpus": 1, "object_store_memory": 80_000_000}
    quick = {"health_check_initial_delay_ms": 500, "health_check_period_ms": 500, "health_check_failure_threshold": 10}
    head = {**machine, "num_cpus": 0, "include_dashboard": False, "_system_config": quick}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    machines = [cluster.add_node(**machine) for _ in range(2)]

    def lose_one() -> None:
        cluster.remove_node(machines.pop(0), allow_graceful=False)
        machines.append(cluster.add_node(**machine))

    try:
        cluster.wait_for_nodes()
        with RayJudgePool(cluster.address, workers=2) as pool:
            check(pool, Chaos(pool, SEED, lose_one), FEW, max(1000, EPISODES // 10))
    finally:
        ray.shutdown()
        cluster.shutdown()


def check(pool: JudgePool | RayJudgePool, chaos: Chaos, envs: int, episodes: int) -> None:
    """Play, compare with undisturbed episodes, close the pool, and check that none of its processes is left."""
    each = episodes // envs
    expected = undisturbed_episodes(envs, each, SEED)
    found = played(CodeVectorEnv(envs, dataset=DATASET, pool=pool), each, SEED, chaos)
    chaos.close()
    pool.close()
    different = [
        (env_id, number, [turn.judgement for turn in one.turns], [turn.judgement for turn in other.turns])
        for env_id, (ours, theirs) in enumerate(zip(found, expected, strict=True))
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True))
        if one != other
    ]
    verdicts = Counter(turn.judgement.verdict.value for ended in found for episode in ended for turn in episode.turns)
    print(f"{episodes} episodes, verdicts {dict(verdicts)}, hits {dict(chaos.hits)}")
    assert not different, different[:3]
    assert Verdict.NO_VERDICT.value not in verdicts
    assert sum(chaos.hits.values()) >= min(episodes // 40, 50), "too few processes were killed"
    wait_until(lambda: not any(map(alive, chaos.seen)))  # no process outlives the pool
