"""From scores to what a batch is trained towards, and to the numbers that tell how it goes.

Numbers in, numbers out: neither a model nor a gradient is in sight. What is summed over all processes goes through
``parallel.total``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.packing import FlatBatch
from rlef_agents.ppo.rlef import (
    Array,
    advantages,
    bootstrapped,
    group_advantages,
    groups_of,
    normalised,
    returns_to_go,
    rewards_with_kl,
    turn_means,
)
from rlef_agents.ppo.trajectory import TokenEpisode

__all__ = ["Scored", "Targets", "batch_metrics", "make_targets", "minibatch_normalised"]


class Scored(NamedTuple):
    """What the weights at the start of an update say of a batch.

    Attributes:
        old: log pi_old of the sampled tokens, ``(tokens,)``.
        reference: log rho, ``(tokens,)``.
        entropy: of the policy, ``(tokens,)``.
        values: V, ``(turns,)``, with a token-level value ``(tokens,)``.
    """

    old: Array
    reference: Array
    entropy: Array
    values: Array


class Targets(NamedTuple):
    """What a batch is trained towards.

    Attributes:
        advantages: ``(tokens,)``; 0 where a response is masked.
        returns: what V is trained towards, of its shape.
        weights: of each token in the policy loss, ``(tokens,)``; 0 where a response is masked.
        trained: tokens that get a policy gradient, ``(tokens,)``: all but those of masked responses.
        valued: returns that V is trained towards, of its shape: all but those of masked responses.
    """

    advantages: Array
    returns: Array
    weights: Array
    trained: npt.NDArray[np.bool_]
    valued: npt.NDArray[np.bool_]


def make_targets(
    config: TrainConfig, flat: FlatBatch, scored: Scored, problems: Sequence[str], token_values: bool
) -> Targets:
    """Returns and advantages of a batch; called in all processes at once.

    With ``truncated="mask"`` a response that the length limit ended is in no statistic and no loss, that of the critic
    included, and has no KL: what was scored of it changes nothing anywhere. Its reward stays a part of the returns of
    the responses *before* it, which led to it.

    Args:
        config: ``estimator``, ``beta``, ``normalise``, ``truncated`` and ``aggregate`` matter.
        flat: the batch.
        scored: the weights' opinion of it.
        problems: of each episode.
        token_values: whether V is per token.
    """
    lengths, starts = flat.lengths, np.cumsum(flat.lengths) - flat.lengths
    rewards = flat.rewards
    if config.truncated == "bootstrap":
        before = scored.values[starts] if token_values else scored.values
        rewards = bootstrapped(rewards, before, flat.truncated, flat.last)
    counted = ~flat.truncated if config.truncated == "mask" else np.ones(len(lengths), bool)
    trained = np.repeat(counted, lengths)
    kl = np.where(counted, turn_means(scored.old - scored.reference, lengths), 0.0)
    returns = returns_to_go(rewards_with_kl(rewards, kl, config.beta), flat.episodes)
    if config.estimator == "group":
        raw = _group_advantages(returns, rewards, flat, problems, counted, scale=config.normalise == "group")
    else:
        raw = advantages(config.estimator, returns, scored.values, lengths)
    # A token-level value makes every token a decision of its own, so these are what is counted.
    valued = trained if token_values else counted
    if config.normalise in ("turns", "tokens"):
        by_length = config.normalise == "tokens" and not token_values
        each = lengths.astype(np.float64) if by_length else np.ones(len(raw))
        raw = normalised(raw, valued * each, parallel.total)
    return Targets(
        advantages=np.where(trained, raw if token_values else np.repeat(raw, lengths), 0.0),
        returns=np.repeat(returns, lengths) if token_values else returns,
        weights=trained * (np.repeat(1.0 / lengths, lengths) if config.aggregate == "turn" else np.ones(len(trained))),
        trained=trained,
        valued=valued,
    )


def _group_advantages(
    returns: Array,
    rewards: Array,
    flat: FlatBatch,
    problems: Sequence[str],
    counted: npt.NDArray[np.bool_],
    scale: bool,
) -> Array:
    """Advantages over turns, all episodes of a problem being a group, in whatever processes they are.

    An episode's return is that of its first response that is not masked; one of which every response is masked is not
    in its group.
    """
    begins = np.flatnonzero(counted)
    members, firsts = np.unique(flat.episodes[begins], return_index=True)
    begins, names = begins[firsts], [problems[place] for place in members.tolist()]
    outcomes = returns_to_go(rewards, flat.episodes)[begins]
    mine = list(zip(names, returns[begins].tolist(), outcomes.tolist(), strict=True))
    groups = groups_of(chain.from_iterable(parallel.gathered(mine)))
    per_episode = np.zeros(len(problems))
    per_episode[members] = group_advantages(returns[begins], names, groups, scale)
    return np.asarray(per_episode[flat.episodes])


def minibatch_normalised(targets: Targets, flat: FlatBatch, mine: npt.NDArray[np.bool_], token_values: bool) -> Array:
    """Advantages in which those of a minibatch have mean 0 and standard deviation 1; called in all processes at once.

    Args:
        targets: of the batch; masked responses do not count.
        flat: the batch.
        mine: which turns are in the minibatch, ``(turns,)``.
        token_values: statistics over tokens instead of turns.
    """
    tokens = np.repeat(mine, flat.lengths)
    places = np.flatnonzero(tokens) if token_values else (np.cumsum(flat.lengths) - flat.lengths)[mine]
    scaled = normalised(targets.advantages[places], targets.trained[places].astype(np.float64), parallel.total)
    result = targets.advantages.copy()
    result[tokens] = scaled if token_values else np.repeat(scaled, flat.lengths[mine])
    return result


def batch_metrics(
    flat: FlatBatch, scored: Scored, targets: Targets, episodes: Sequence[TokenEpisode], version: int
) -> dict[str, float]:
    """What is known of a batch before training on it, over all processes.

    What is said of policy, reference and V is said of what is trained on, masked responses being left out; what is said
    of episodes, lengths and the sampler, of all.

    Returns:
        solve_rate, episode_reward, turns_per_episode, response_tokens, max_response; truncated (share of
        responses); reference_kl (mean over tokens of log pi - log rho) and reference_kl_turn (over turns: what the
        reward sees); policy_entropy, value, return, explained_variance; sampler_kl and sampler_gap (mean of
        log pi_b - log pi_old and of its size), sampler_gap_max, and quantiles of its size over tokens that are not
        stale: sampler_gap_median, sampler_gap_p90, sampler_gap_p99; effective_samples (of the importance factor, as
        a share); lag (mean age of a token's weights, in updates).
    """
    gap = flat.behaviour.astype(np.float64) - scored.old
    ages = version - flat.versions
    factor = np.where(ages > 0, np.exp(np.minimum(-gap, 0.0)), 1.0)
    median, p90, p99 = parallel.quantiles(np.abs(gap[ages == 0]), (0.5, 0.9, 0.99))
    kl = scored.old - scored.reference
    counted = targets.trained[np.cumsum(flat.lengths) - flat.lengths]
    returns = targets.returns[targets.valued]
    residual = returns - scored.values[targets.valued]
    per_episode = _sums(solved=[episode.solved for episode in episodes], count=np.ones(len(episodes)))
    per_turn = _sums(
        reward=flat.rewards,
        truncated=flat.truncated,
        count=np.ones(len(flat.lengths)),
        kl=turn_means(kl, flat.lengths)[counted],
        counted=counted,
    )
    per_token = _sums(
        gap=gap,
        distance=np.abs(gap),
        lag=ages,
        count=np.ones(len(kl)),
    )
    trained = _sums(
        kl=kl[targets.trained],
        entropy=scored.entropy[targets.trained],
        factor=factor[targets.trained],
        factor2=factor[targets.trained] ** 2,
        count=targets.trained,
    )
    per_value = _sums(
        value=scored.values[targets.valued],
        returned=returns,
        returned2=returns**2,
        residual=residual,
        residual2=residual**2,
        count=np.ones(len(returns)),
    )
    worst = parallel.largest(np.array([np.abs(gap).max(initial=0.0), flat.lengths.max(initial=0)], np.float64))
    episodes_, turns, tokens = (sums["count"] for sums in (per_episode, per_turn, per_token))
    learnt, values = (max(sums["count"], 1.0) for sums in (trained, per_value))
    spread = per_value["returned2"] / values - (per_value["returned"] / values) ** 2
    unexplained = per_value["residual2"] / values - (per_value["residual"] / values) ** 2
    return {
        "solve_rate": per_episode["solved"] / episodes_,
        "episode_reward": per_turn["reward"] / episodes_,
        "turns_per_episode": turns / episodes_,
        "response_tokens": tokens / turns,
        "max_response": float(worst[1]),
        "truncated": per_turn["truncated"] / turns,
        "reference_kl": trained["kl"] / learnt,
        "reference_kl_turn": per_turn["kl"] / max(per_turn["counted"], 1.0),
        "policy_entropy": trained["entropy"] / learnt,
        "value": per_value["value"] / values,
        "return": per_value["returned"] / values,
        "explained_variance": 1.0 - unexplained / spread if spread > 1e-12 else 0.0,
        "sampler_kl": per_token["gap"] / tokens,
        "sampler_gap": per_token["distance"] / tokens,
        "sampler_gap_median": median,
        "sampler_gap_p90": p90,
        "sampler_gap_p99": p99,
        "sampler_gap_max": float(worst[0]),
        "effective_samples": trained["factor"] ** 2 / max(trained["factor2"] * learnt, 1e-12),
        "lag": per_token["lag"] / tokens,
    }


def _sums(**columns: npt.ArrayLike) -> dict[str, float]:
    sums = parallel.total(np.array([np.asarray(column, np.float64).sum() for column in columns.values()]))
    return dict(zip(columns, (float(value) for value in sums), strict=True))
