"""From scores to what a batch is trained towards, and to the numbers that tell how it goes.

Numbers in, numbers out: neither a model nor a gradient is in sight. What is summed over all processes goes through
``parallel.total``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rlef_agents.ppo import parallel
from rlef_agents.ppo.advantage import (
    Array,
    advantages,
    bootstrapped,
    group_advantages,
    normalised,
    returns_to_go,
    rewards_with_kl,
    turn_means,
)
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.packing import FlatBatch
from rlef_agents.ppo.types import TokenEpisode

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
        advantages: ``(tokens,)``.
        returns: what V is trained towards, of its shape.
        weights: of each token in the policy loss, ``(tokens,)``.
        trained: tokens that get a policy gradient, ``(tokens,)``.
    """

    advantages: Array
    returns: Array
    weights: Array
    trained: npt.NDArray[np.bool_]


def make_targets(
    config: TrainConfig, flat: FlatBatch, scored: Scored, problems: Sequence[str], token_values: bool
) -> Targets:
    """Returns and advantages of a batch.

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
    kl = turn_means(scored.old - scored.reference, lengths)
    returns = returns_to_go(rewards_with_kl(rewards, kl, config.beta), flat.episodes)
    if config.estimator == "group":
        groups = np.unique(np.array(problems, str), return_inverse=True)[1]
        raw = group_advantages(returns, flat.episodes, groups, scale=config.normalise == "group")
    else:
        raw = advantages(config.estimator, returns, scored.values, lengths)
    if config.normalise in ("turns", "tokens"):
        # A token-level value makes every token a decision of its own, so these are what is counted.
        by_length = config.normalise == "tokens" and not token_values
        raw = normalised(raw, lengths.astype(np.float64) if by_length else np.ones(len(raw)), parallel.total)
    cut = np.repeat(flat.truncated, lengths)
    return Targets(
        advantages=raw if token_values else np.repeat(raw, lengths),
        returns=np.repeat(returns, lengths) if token_values else returns,
        weights=np.repeat(1.0 / lengths, lengths) if config.aggregate == "turn" else np.ones(len(cut)),
        trained=~cut if config.truncated == "mask" else np.ones(len(cut), bool),
    )


def minibatch_normalised(advantages: Array, flat: FlatBatch, mine: npt.NDArray[np.bool_], token_values: bool) -> Array:
    """Advantages in which those of a minibatch have mean 0 and standard deviation 1.

    Args:
        advantages: ``(tokens,)``.
        flat: the batch.
        mine: which turns are in the minibatch, ``(turns,)``.
        token_values: statistics over tokens instead of turns.
    """
    tokens = np.repeat(mine, flat.lengths)
    places = np.flatnonzero(tokens) if token_values else (np.cumsum(flat.lengths) - flat.lengths)[mine]
    scaled = normalised(advantages[places], np.ones(len(places)), parallel.total)
    result = advantages.copy()
    result[tokens] = scaled if token_values else np.repeat(scaled, flat.lengths[mine])
    return result


def batch_metrics(
    flat: FlatBatch, scored: Scored, returns: Array, episodes: Sequence[TokenEpisode], version: int
) -> dict[str, float]:
    """What is known of a batch before training on it, over all processes.

    Returns:
        solve_rate, episode_reward, turns_per_episode, response_tokens, longest_response; truncated (share of
        responses); reference_kl (mean over tokens of log pi - log rho) and reference_kl_turn (over turns: what the
        reward sees); policy_entropy, value, return, explained_variance; sampler_kl and sampler_gap (mean of
        log pi_b - log pi_old and of its size), sampler_gap_max; effective_samples (of the importance factor, as a
        share); lag (mean age of a token's weights, in updates).
    """
    gap = flat.behaviour.astype(np.float64) - scored.old
    factor = np.exp(np.minimum(-gap, 0.0))
    kl = scored.old - scored.reference
    residual = returns - scored.values
    per_episode = _sums(solved=[episode.solved for episode in episodes], count=np.ones(len(episodes)))
    per_turn = _sums(
        reward=flat.rewards,
        truncated=flat.truncated,
        kl=turn_means(kl, flat.lengths),
        count=np.ones(len(flat.lengths)),
    )
    per_token = _sums(
        kl=kl,
        entropy=scored.entropy,
        gap=gap,
        distance=np.abs(gap),
        factor=factor,
        factor2=factor**2,
        lag=version - flat.versions,
        count=np.ones(len(kl)),
    )
    per_value = _sums(
        value=scored.values,
        returned=returns,
        returned2=returns**2,
        residual=residual,
        residual2=residual**2,
        count=np.ones(len(returns)),
    )
    worst = parallel.largest(np.array([np.abs(gap).max(initial=0.0), flat.lengths.max(initial=0)], np.float64))
    episodes_, turns, tokens, values = (sums["count"] for sums in (per_episode, per_turn, per_token, per_value))
    spread = per_value["returned2"] / values - (per_value["returned"] / values) ** 2
    unexplained = per_value["residual2"] / values - (per_value["residual"] / values) ** 2
    return {
        "solve_rate": per_episode["solved"] / episodes_,
        "episode_reward": per_turn["reward"] / episodes_,
        "turns_per_episode": turns / episodes_,
        "response_tokens": tokens / turns,
        "longest_response": float(worst[1]),
        "truncated": per_turn["truncated"] / turns,
        "reference_kl": per_token["kl"] / tokens,
        "reference_kl_turn": per_turn["kl"] / turns,
        "policy_entropy": per_token["entropy"] / tokens,
        "value": per_value["value"] / values,
        "return": per_value["returned"] / values,
        "explained_variance": 1.0 - unexplained / spread if spread > 1e-12 else 0.0,
        "sampler_kl": per_token["gap"] / tokens,
        "sampler_gap": per_token["distance"] / tokens,
        "sampler_gap_max": float(worst[0]),
        "effective_samples": per_token["factor"] ** 2 / (per_token["factor2"] * tokens),
        "lag": per_token["lag"] / tokens,
    }


def _sums(**columns: npt.ArrayLike) -> dict[str, float]:
    sums = parallel.total(np.array([np.asarray(column, np.float64).sum() for column in columns.values()]))
    return dict(zip(columns, (float(value) for value in sums), strict=True))
