"""Numbers of a batch before it is trained on: metrics over all processes, and values of each turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from rlef_agents.ppo import parallel
from rlef_agents.ppo.packing import FlatBatch
from rlef_agents.ppo.rlef import Scored, Targets, turn_means
from rlef_agents.ppo.trajectory import TokenEpisode

__all__ = ["batch_metrics", "turn_values"]

DIGITS: Final = 6
"""Decimal places of the values of a turn."""


def batch_metrics(
    flat: FlatBatch,
    scored: Scored,
    targets: Targets,
    episodes: Sequence[TokenEpisode],
    version: int,
    compared: npt.NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """Compute the metrics of a batch, over all processes.

    Metrics of policy, reference and V leave out masked responses, which are not trained on. Metrics of episodes,
    lengths and the generator (named ``sampler_*``) count all responses.

    Args:
        flat: the batch.
        scored: its scores by the weights at the start of the update.
        targets: its targets.
        episodes: its episodes.
        version: version of the weights that scored it.
        compared: tokens to compare with the generator's, ``(tokens,)``; all where None.

    Returns:
        episode_reward, turns_per_episode, response_tokens, longest_response; truncated (share of
        responses); reference_kl (mean over tokens of log pi - log rho) and reference_kl_turn (over turns, as in the
        reward); policy_entropy, value, return, explained_variance; sampler_kl and sampler_gap (mean of
        log pi_b - log pi_old and of its size), sampler_gap_max, and quantiles of its size over tokens that are not
        stale: sampler_gap_median, sampler_gap_p90, sampler_gap_p99; effective_samples (of the importance factor, as
        a share); lag (mean age of a token's weights, in updates).
    """
    difference = flat.behaviour.astype(np.float64) - scored.old
    compared = np.ones(len(difference), bool) if compared is None else compared
    gap = difference[compared]
    ages = version - flat.versions
    factor = np.where(ages > 0, np.exp(np.minimum(-difference, 0.0)), 1.0)
    median, p90, p99 = parallel.quantiles(np.abs(gap[ages[compared] == 0]), (0.5, 0.9, 0.99))
    kl = scored.old - scored.reference
    counted = targets.trained[flat.starts]
    returns = targets.returns[targets.valued]
    residual = returns - scored.values[targets.valued]
    per_episode = _sums(count=np.ones(len(episodes)))
    per_turn = _sums(
        reward=flat.rewards,
        truncated=flat.truncated,
        count=np.ones(len(flat.lengths)),
        kl=turn_means(kl, flat.lengths)[counted],
        counted=counted,
    )
    per_token = _sums(gap=gap, distance=np.abs(gap), compared=compared, lag=ages, count=np.ones(len(kl)))
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
    trained_tokens, values = (max(sums["count"], 1.0) for sums in (trained, per_value))
    spread = per_value["returned2"] / values - (per_value["returned"] / values) ** 2
    unexplained = per_value["residual2"] / values - (per_value["residual"] / values) ** 2
    return {
        "episode_reward": per_turn["reward"] / episodes_,
        "turns_per_episode": turns / episodes_,
        "response_tokens": tokens / turns,
        "longest_response": float(worst[1]),
        "truncated": per_turn["truncated"] / turns,
        "reference_kl": trained["kl"] / trained_tokens,
        "reference_kl_turn": per_turn["kl"] / max(per_turn["counted"], 1.0),
        "policy_entropy": trained["entropy"] / trained_tokens,
        "value": per_value["value"] / values,
        "return": per_value["returned"] / values,
        "explained_variance": 1.0 - unexplained / spread if spread > 1e-12 else 0.0,
        "sampler_kl": per_token["gap"] / max(per_token["compared"], 1.0),
        "sampler_gap": per_token["distance"] / max(per_token["compared"], 1.0),
        "sampler_gap_median": median,
        "sampler_gap_p90": p90,
        "sampler_gap_p99": p99,
        "sampler_gap_max": float(worst[0]),
        "effective_samples": trained["factor"] ** 2 / max(trained["factor2"] * trained_tokens, 1e-12),
        "lag": per_token["lag"] / tokens,
    }


def turn_values(
    flat: FlatBatch, scored: Scored, targets: Targets, has_critic: bool, has_reference: bool
) -> list[dict[str, float]]:
    """Return what the learner computed for each turn, for the run's folder.

    Args:
        flat: the batch.
        scored: its scores by the weights at the start of the update.
        targets: its targets.
        has_critic: whether there is a critic.
        has_reference: whether there is a reference.

    Returns:
        For each turn: reward (that was trained on, without KL), return (with KL), advantage (mean over tokens, before
        it is normalised by minibatch), logprob and entropy (log pi_old, summed over tokens; entropy, their mean); kl
        (mean over tokens of log pi_old - log rho) with a reference; value (V_old before the response) with a critic.
    """
    if not len(flat.lengths):
        return []
    starts = flat.starts
    by_token = len(targets.returns) > len(flat.lengths)
    columns = {
        "reward": flat.rewards,
        "return": targets.returns[starts] if by_token else targets.returns,
        "advantage": turn_means(targets.advantages, flat.lengths),
        "logprob": np.add.reduceat(scored.old, starts),
        "entropy": turn_means(scored.entropy, flat.lengths),
    }
    if has_reference:
        columns["kl"] = turn_means(scored.old - scored.reference, flat.lengths)
    if has_critic:
        columns["value"] = scored.values[starts] if by_token else scored.values
    rows = np.stack([np.asarray(column, np.float64).round(DIGITS) for column in columns.values()], axis=1).tolist()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _sums(**columns: npt.ArrayLike) -> dict[str, float]:
    sums = parallel.total(np.array([np.asarray(column, np.float64).sum() for column in columns.values()]))
    return dict(zip(columns, (float(value) for value in sums), strict=True))
