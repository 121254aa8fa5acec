"""Checks of settings against each other, and effective values of those that depend on others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rlef_env.analysis.metrics import check_n_at_k
from rlef_env.envs import make_reward
from rlef_env.errors import UsageError

if TYPE_CHECKING:
    from rlef_agents.ppo.config import TrainConfig

__all__ = ["check", "effective"]

LARGEST_BETA2: Final = 0.99
"""Largest beta2 with moments of 8 significant bits: a step changes them by 1 - beta2, and 0.002 is rounded away."""

OUTCOMES: Final = ("outcome", "solved")
"""Components of rewards that ask whether an episode is solved."""


def effective(config: TrainConfig) -> dict[str, Any]:
    """Return the settings whose value follows from others; they are written into the run's folder."""
    found: dict[str, Any] = {}
    if not reads_values(config):
        found["critic"] = "none"
    if config.normalise == "auto":
        found["normalise"] = "group" if config.estimator == "group" else "turns"
    if config.schedule == "auto":
        found["schedule"] = "constant" if config.lr_final is None else "linear"
    elif config.schedule != "constant" and config.lr_final is None:
        found["lr_final"] = 0.0
    if config.evaluations and not config.best_by:
        found["best_by"] = config.evaluations[0].name
    return found


def check(config: TrainConfig) -> None:
    """Refuse settings that contradict each other.

    Raises:
        UsageError: they do; one line for the first contradiction.
    """
    make_reward(config.reward)
    check_noise(config)
    check_critic(config)
    check_groups(config)
    check_optimiser(config)
    if config.difficulty_weights and config.sampling != "difficulty":
        raise UsageError(f"difficulty_weights: expected sampling = 'difficulty', got {config.sampling!r}")
    if not config.evaluations:
        turns = config.evaluate_turns or config.turns
        check_n_at_k(config.evaluate_n_at_k, turns, config.evaluate_samples, "evaluate_samples")
    names = [each.name for each in config.evaluations]
    if config.best_by and config.best_by not in names:
        raise UsageError(
            f"best_by: expected one of the evaluations, {', '.join(names) or 'none'}, got {config.best_by!r}"
        )


def reads_values(config: TrainConfig) -> bool:
    """Return whether anything reads what a critic says."""
    return config.estimator in ("turn_value", "token_value") or config.truncated == "bootstrap"


def check_critic(config: TrainConfig) -> None:
    """Refuse to read values that nothing computes, and to train a critic that is not there."""
    if config.critic == "none" and reads_values(config):
        raise UsageError(
            f"critic: expected 'separate' or 'shared', because estimator = {config.estimator!r} with truncated = "
            f"{config.truncated!r} reads values; got 'none'"
        )
    if config.critic == "none" and config.critic_steps:
        raise UsageError(f"critic_steps: expected 0 without a critic, got {config.critic_steps}")


def check_noise(config: TrainConfig) -> None:
    """Refuse wrong outcomes where no reward depends on the outcome, or where something else is told the right one."""
    if not config.verdict_noise:
        return
    terms = {component.__name__ for component, weight in make_reward(config.reward).terms if weight}
    if terms.isdisjoint(OUTCOMES):
        raise UsageError(
            f"verdict_noise: expected 0, or a reward with {' or '.join(OUTCOMES)}, got {config.verdict_noise} with "
            f"reward = {config.reward!r}, in which no outcome is flipped"
        )
    if config.sampling == "curriculum":
        raise UsageError(
            f"verdict_noise: expected 0 with sampling = 'curriculum', which is told the true outcomes, got "
            f"{config.verdict_noise}"
        )


def check_groups(config: TrainConfig) -> None:
    """Refuse settings of groups without groups, and groups of one episode."""
    in_groups = config.estimator == "group"
    if config.normalise == "group" and not in_groups:
        raise UsageError(f"normalise: 'group' needs estimator = 'group', got estimator = {config.estimator!r}")
    if in_groups and config.normalise not in ("group", "none"):
        raise UsageError(
            f"normalise: expected 'group' or 'none' with estimator = 'group', got {config.normalise!r}, which would "
            "centre a second time and reinforce groups that all failed; leave normalise out"
        )
    if config.equal_groups == "skip" and not in_groups:
        raise UsageError(f"equal_groups: 'skip' needs estimator = 'group', got estimator = {config.estimator!r}")
    if config.replace_groups and (config.equal_groups != "skip" or config.max_lag):
        raise UsageError(
            "replace_groups: expected equal_groups = 'skip' and max_lag = 0, because a replacement is played when its "
            f"batch is complete, got {config.equal_groups!r} and {config.max_lag}"
        )
    if in_groups and config.samples_per_problem < 2:
        raise UsageError(
            "samples_per_problem: expected 2 or more with estimator = 'group', as one episode is its own mean, got "
            f"{config.samples_per_problem}"
        )


def check_optimiser(config: TrainConfig) -> None:
    """Refuse a last learning rate of a constant one, and moments that cannot be stored as wanted."""
    if config.schedule == "constant" and config.lr_final is not None:
        raise UsageError(
            f"lr_final: expected schedule = 'linear' or 'cosine', got schedule = 'constant' with {config.lr_final}"
        )
    special = config.moments != "float32" or config.offload_moments
    if config.optimiser == "adamw_8bit" and (special or config.parallel == "fsdp"):
        raise UsageError(
            "optimiser: 'adamw_8bit' expects moments = 'float32', offload_moments = false and parallel = 'ddp', got "
            f"{config.moments!r}, {str(config.offload_moments).lower()} and {config.parallel!r}"
        )
    if config.offload_moments and config.parallel == "fsdp":
        raise UsageError("offload_moments: expected parallel = 'ddp', got 'fsdp', whose shards stay on their GPU")
    if config.moments == "bfloat16" and config.adam_beta2 > LARGEST_BETA2:
        raise UsageError(
            f"moments: 'bfloat16' expects adam_beta2 of at most {LARGEST_BETA2}, got {config.adam_beta2}: a smaller "
            "change of a moment is rounded away"
        )
