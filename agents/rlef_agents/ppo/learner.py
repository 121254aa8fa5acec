"""Learner: ``Learner.update`` trains on one batch of episodes with RLEF's PPO.

1. Episodes without a verdict are counted and left out. Tokens of weights that are too old are refused.
2. The weights score the batch: pi_old, V_old, and rho of the reference. Where only pi_old is needed and the generator
   computes the same (``takes_sampled``), its log-probabilities are taken; the first optimiser step compares them.
3. ``rlef.make_targets`` computes returns and advantages.
4. The episodes are split into disjoint minibatches, one optimiser step each. The gradient of a step is accumulated over
   packed micro-batches, and its losses are divided by counts over the whole minibatch in all processes.

``checks`` stops an update before a number that is not finite, or a score that cannot be right, reaches a weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rlef_agents.ppo import parallel
from rlef_agents.ppo.checks import SAME, SAMPLED, check_age, check_agreement, check_finite, check_replicas
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.construction import ModuleSource, Source, empty_copy
from rlef_agents.ppo.lora import add_lora
from rlef_agents.ppo.metrics import batch_metrics, turn_values
from rlef_agents.ppo.minibatches import Batch, Minibatch, as_sampled, split_at_random, takes_sampled
from rlef_agents.ppo.model import ActorCritic, Part, Reference, Scores
from rlef_agents.ppo.optimiser import clip_gradients, gradient_norm, learning_rates, make_optimiser
from rlef_agents.ppo.packing import FILLER, FlatBatch, PackedBatch, flatten, pack
from rlef_agents.ppo.rlef import (
    Scored,
    entropy_loss,
    make_targets,
    minibatch_normalised,
    policy_loss,
    value_loss,
)
from rlef_agents.ppo.sharding import fill_and_shard
from rlef_agents.ppo.trajectory import Ids, TokenEpisode
from rlef_env.errors import RLEFError, UsageError

__all__ = ["Learner"]

SUMMED: Final = (
    "policy_loss", "value_loss", "entropy", "ratio", "clipped", "approx_kl", "importance", "value_clipped"
)  # fmt: skip
"""Metrics of an optimiser step that are sums over its micro-batches and processes."""


class Learner:
    """Trains a causal language model and its critic.

    Args:
        lm: a causal language model of transformers, on its device. It is trained in place, except in shards: they are
            filled from it, and it is dropped; it may then be on the ``meta`` device.
        config: settings of the run.
        source: weights of a model that is on the ``meta`` device.

    Attributes:
        model: policy and critic; generators sample from ``model.lm``.
        reference: the policy before training, from which KL is measured; None where ``beta`` is 0.
        version: version of the weights: the number of updates so far.
        steps: number of optimiser steps so far.
        turn_values: ``metrics.turn_values`` of the last update's batch, before its first step.
    """

    def __init__(self, lm: Any, config: TrainConfig, source: Source | None = None) -> None:
        self.config = config
        if hasattr(lm, "disable_adapter") or getattr(lm, "_hf_peft_config_loaded", False):
            raise UsageError(
                "model: expected one without adapters, because the reference is the model with its adapters switched "
                "off; merge them first (merge_and_unload of peft) and set lora_rank for new ones"
            )
        self.sharded = config.parallel == "fsdp" and parallel.world() > 1
        if self.sharded and source is None:
            source, lm = ModuleSource(lm), empty_copy(lm)
        if config.lora_rank:
            lm = add_lora(lm, config.lora_rank, config.lora_alpha, config.seed, config.lora_targets, config.lora_rslora)
        if not self.sharded:
            parallel.broadcast(lm)  # before critic and reference are copied from it
        self.model = ActorCritic(
            lm,
            critic=config.critic,
            detach=config.detach_critic,
            value_init=config.value_init,
            token_values=config.estimator == "token_value",
            dtype=config.dtype,
            gradient_checkpointing=config.gradient_checkpointing,
            seed=config.seed,
        )
        self.reference = Reference(self.model) if config.beta else None
        self.version = self.steps = 0
        self.turn_values: list[dict[str, float]] = []
        self.random = np.random.default_rng(config.seed)  # the same in all processes, which draw the same minibatches
        if source is not None:
            fill_and_shard(self.model, self.reference, source, config.seed)
        self.device = str(next(self.model.parameters()).device)  # shards are on this process's GPU, if there is one
        self.policy = [parameter for _, parameter in self.model.policy_parameters()]
        self.critic = [parameter for _, parameter in self.model.critic_parameters()]
        self.optimiser = make_optimiser(self.policy, self.critic, config)

    def update(self, episodes: Sequence[TokenEpisode], minibatches: int | None = None) -> dict[str, float]:
        """Train on a batch of this process's episodes; all processes call it at once.

        Args:
            episodes: episodes sampled with weights at most ``max_lag`` updates old.
            minibatches: number of disjoint parts, an optimiser step each; the configuration's where None.

        Returns:
            Metrics by name, over all processes: those of ``batch_metrics`` and, averaged, those of ``_step``.

        Raises:
            StaleTokensError: tokens are too old, or of weights that do not exist yet.
            NotFiniteError: a number is infinite or NaN.
            ReplicaMismatchError: with ``ddp``, processes have different weights.
            ScoreMismatchError: scores by the same weights differ by more than ``SAME`` and ``SAMPLED`` allow.
        """
        kept = [episode for episode in episodes if episode.has_verdict]
        have, dropped = parallel.total(np.array([len(kept), len(episodes) - len(kept)], np.float64))
        counts = {"episodes": float(have), "episodes_without_verdict": float(dropped)}
        self.turn_values = []
        if not have:
            return counts
        try:
            batch = self._batch(kept)
            steps = [
                self._step(batch, places, untouched=epoch == number == 0)
                for epoch in range(self.config.epochs)
                for number, places in enumerate(self._split(kept, minibatches or self.config.minibatches))
            ]
            flat, scored, targets = batch.flat, batch.scored, batch.targets
            metrics = batch_metrics(flat, scored, targets, kept, self.version, batch.compared)
            self.turn_values = turn_values(
                flat, scored, targets, self.config.critic != "none", self.reference is not None
            )
        except RLEFError:
            self.optimiser.zero_grad(set_to_none=True)
            raise
        self.version += 1
        means = {name: float(np.mean([step[name] for step in steps])) for name in steps[0]}
        means |= {"first_ratio_error": steps[0]["ratio_error"], "lr": steps[-1]["lr"]}
        del means["ratio_error"]
        return {**counts, **metrics, **means, "version": float(self.version), "steps": float(self.steps)}

    @torch.no_grad()
    def score(self, episodes: Sequence[TokenEpisode]) -> Scored:
        """Score episodes with the weights as they are, in the order of their sampled tokens and turns."""
        self.model.train()
        turns = [turn for episode in episodes for turn in episode.turns]
        tokens = sum(len(turn.completion.ids) for turn in turns)
        old, rho, entropy = np.zeros(tokens), np.zeros(tokens), np.zeros(tokens)
        values = np.zeros(tokens if self.model.token_values else len(turns))
        for micro, real in self._micro_batches(episodes):
            scores = self.model(micro, self.config.temperature)
            reference = scores.logprobs if self.reference is None else self.reference(micro, self.config.temperature)
            if real:
                for array, places, found in (
                    (old, micro.tokens, scores.logprobs),
                    (rho, micro.tokens, reference),
                    (entropy, micro.tokens, scores.entropy),
                    (values, self._value_places(micro), scores.values),
                ):
                    array[places] = found.cpu().numpy()
        return Scored(old, rho, entropy, values)

    def _batch(self, episodes: Sequence[TokenEpisode]) -> Batch:
        """Score episodes, check their scores, and compute their targets."""
        config, flat = self.config, flatten(episodes)
        if not self.sharded:
            check_replicas(self.model.parameters(), self.version)
        check_age(flat.versions, self.version, config.max_lag)
        scoring = not takes_sampled(config)
        scored = self.score(episodes) if scoring else as_sampled(flat)
        check_finite("scores", self.version, self.steps, *scored, flat.behaviour, flat.rewards)
        if self.steps == 0 and self.reference is not None:
            check_agreement(
                "KL to the reference before the first step",
                scored.old - scored.reference,
                SAME,
                self.model.dtype,
                "the reference is not the policy before training",
            )
        compared = np.full(len(flat.behaviour), scoring)
        if scoring:
            self._check_generator(flat, scored, compared)
        targets = make_targets(config, flat, scored, [episode.problem_id for episode in episodes])
        return Batch(episodes, flat, scored, compared, targets)

    def _check_generator(self, flat: FlatBatch, scored: Scored, compared: npt.NDArray[np.bool_]) -> float:
        """Refuse log-probabilities of the generator that are not the learner's; return the largest difference."""
        return check_agreement(
            "log-probabilities of the generator, against the learner's",
            (flat.behaviour - scored.old)[compared & (flat.versions == self.version)],
            SAMPLED,
            self.model.dtype,
            "the generator has other weights, or computes another function of them: check a server's --dtype and "
            "--logprobs-mode, its temperature, and whether it read the weights of this update",
        )

    def _split(self, episodes: Sequence[TokenEpisode], wanted: int) -> list[Ids]:
        problems, grouped = [episode.problem_id for episode in episodes], self.config.samples_per_problem > 1
        return split_at_random(problems, wanted, grouped, self.random)

    def _step(self, batch: Batch, places: Ids, untouched: bool) -> dict[str, float]:
        """Take one optimiser step on some episodes; none where all of their responses are masked.

        Args:
            batch: the batch.
            places: places of the episodes in it.
            untouched: the weights are those that scored the batch, so scoring again must agree.

        Returns:
            policy_loss, value_loss, entropy, ratio, clipped, approx_kl, importance, value_clipped, ratio_error, lr,
            gradient_norm, critic_gradient_norm.
        """
        minibatch = self._minibatch(batch, places)
        comparing = untouched and not batch.compared.any()
        sums, moved = self._accumulate_gradients(batch, minibatch, comparing)
        metrics = self._step_metrics(sums, minibatch)
        ratio_error = (
            self._check_generator(batch.flat, batch.scored, batch.compared)
            if comparing
            else check_agreement(
                "log-probabilities before the first step of an update",
                moved if untouched else moved[:0],
                SAME,
                self.model.dtype,
                "the policy has changed since it scored the batch",
            )
        )
        norms = self._sum_and_clip_gradients()
        if minibatch.token_count:
            lr = self._take_step()
        else:  # a step on zero gradients would still move AdamW's moments and decay the weights
            lr = 0.0
            self.optimiser.zero_grad(set_to_none=True)
        return {**metrics, **norms, "ratio_error": ratio_error, "lr": lr}

    def _minibatch(self, batch: Batch, places: Ids) -> Minibatch:
        """Count over all processes what the losses of a minibatch are divided by, and normalise its advantages."""
        flat, targets, token_values = batch.flat, batch.targets, self.model.token_values
        mine = np.isin(flat.episodes, places)
        tokens = targets.trained & np.repeat(mine, flat.lengths)
        valued = targets.valued & (np.repeat(mine, flat.lengths) if token_values else mine)
        policy_count, value_count, token_count = parallel.total(
            np.array([targets.weights[tokens].sum(), valued.sum(), tokens.sum()], np.float64)
        )
        advantages = targets.advantages
        if self.config.normalise == "minibatch":
            advantages = minibatch_normalised(targets, flat, mine, token_values)
        # The loss of no token is 0, not 0 / 0.
        return Minibatch(
            places, advantages, max(float(policy_count), 1e-9), max(float(value_count), 1.0), float(token_count)
        )

    def _accumulate_gradients(
        self, batch: Batch, minibatch: Minibatch, comparing: bool
    ) -> tuple[Mapping[str, float], npt.NDArray[np.float64]]:
        """Add the gradients of all micro-batches of a minibatch.

        Args:
            batch: the batch.
            minibatch: what to train on.
            comparing: the weights are those that sampled the batch, which has not been scored: take these scores.

        Returns:
            Sums for metrics, and how far log pi is from log pi_old, over this process's tokens.
        """
        scale = float(parallel.world() if self.sharded else 1)  # FSDP averages gradients, which must be summed
        sums = dict.fromkeys(SUMMED, 0.0)
        moved: list[npt.NDArray[np.float64]] = [np.zeros(0)]
        self.optimiser.zero_grad(set_to_none=True)
        for micro, real in self._micro_batches(batch.episodes, minibatch.places):
            of_critic = self._critic_gradient(batch, minibatch, micro, scale * real)
            part: Part = "all" if self.model.critic is None else "policy"
            scores = self.model(micro, self.config.temperature, self._entropy_weight > 0, part)
            if not real:
                ((scores.logprobs.sum() + scores.entropy.sum() + scores.values.sum()) * 0.0).backward()
                continue
            if comparing:
                batch.compared[micro.tokens] = True
                batch.scored.old[micro.tokens] = scores.logprobs.numpy(force=True)
            if takes_sampled(self.config):
                batch.scored.entropy[micro.tokens] = scores.entropy.numpy(force=True)
            loss, amounts, difference = self._loss(batch, minibatch, micro, scores)
            (loss * scale).backward()  # type: ignore[no-untyped-call]
            amounts |= of_critic
            for name in amounts.keys() & sums.keys():
                sums[name] += float(amounts[name].detach())
            moved.append(difference.double().numpy(force=True))
        return sums, np.concatenate(moved)

    def _loss(
        self, batch: Batch, minibatch: Minibatch, micro: PackedBatch, scores: Scores
    ) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Compute the loss of a micro-batch.

        Returns:
            The loss, sums for metrics, and log pi - log pi_old of the trained tokens.
        """
        config, flat, scored, targets = self.config, batch.flat, batch.scored, batch.targets
        tokens, chosen = self._chosen(micro.tokens, targets.trained)
        old, weights = self._tensor(scored.old[tokens]), self._tensor(targets.weights[tokens])
        policy, policy_sums = policy_loss(
            scores.logprobs[chosen],
            old,
            self._tensor(flat.behaviour[tokens]),
            self._tensor(minibatch.advantages[tokens]),
            weights,
            minibatch.policy_count,
            config.policy_clip,
            config.importance,
            stale=torch.from_numpy(flat.versions[tokens] < self.version).to(self.device),
        )
        value, value_sums = torch.zeros((), device=self.device), dict[str, Tensor]()
        if config.critic == "shared":
            value, value_sums = self._value_loss(batch, minibatch, micro, scores.values)
        bonus = entropy_loss(scores.entropy[chosen], weights, minibatch.policy_count)
        loss = float(self._policy_learns) * (policy + self._entropy_weight * bonus) + config.value_coefficient * value
        amounts = {"policy_loss": policy, "value_loss": value, "entropy": -bonus, **policy_sums, **value_sums}
        return loss, amounts, scores.logprobs[chosen].detach() - old

    def _value_loss(
        self, batch: Batch, minibatch: Minibatch, micro: PackedBatch, values: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        places, valued = self._chosen(self._value_places(micro), batch.targets.valued)
        return value_loss(
            values[valued],
            self._tensor(batch.scored.values[places]),
            self._tensor(batch.targets.returns[places]),
            minibatch.value_count,
            self.config.value_clip,
        )

    def _critic_gradient(
        self, batch: Batch, minibatch: Minibatch, micro: PackedBatch, scale: float
    ) -> dict[str, Tensor]:
        """Add the gradient of a separate critic, whose activations are gone before the policy's are computed.

        Args:
            batch: the batch.
            minibatch: what to train on.
            micro: micro-batch.
            scale: factor of the loss; 0 for a filler.

        Returns:
            Sums for metrics; none where there is no separate critic.
        """
        if self.model.critic is None:
            return {}
        values = self.model(micro, part="critic").values
        if not scale:
            (values.sum() * 0.0).backward()
            return {}
        value, sums = self._value_loss(batch, minibatch, micro, values)
        (self.config.value_coefficient * scale * value).backward()  # type: ignore[no-untyped-call]
        return {"value_loss": value, **sums}

    def _step_metrics(self, sums: Mapping[str, float], minibatch: Minibatch) -> dict[str, float]:
        """Add the sums of all processes, check them, and make means of those that are not losses."""
        amounts = parallel.total(np.array([sums[name] for name in SUMMED], np.float64))
        check_finite("loss", self.version, self.steps, amounts)
        metrics = dict(zip(SUMMED, (float(amount) for amount in amounts), strict=True))
        token_count = max(minibatch.token_count, 1.0)
        metrics |= {name: metrics[name] / token_count for name in ("ratio", "clipped", "approx_kl", "importance")}
        metrics["value_clipped"] /= minibatch.value_count
        return metrics

    def _sum_and_clip_gradients(self) -> dict[str, float]:
        """Sum gradients over all processes and clip them, once per step, policy and critic apart; return the norms."""
        if not self.sharded:
            parallel.sum_gradients([*self.policy, *self.critic])
        norms = {"gradient_norm": gradient_norm(self.policy), "critic_gradient_norm": gradient_norm(self.critic)}
        check_finite("gradient", self.version, self.steps, np.array(list(norms.values())))
        for norm, parameters in zip(norms.values(), (self.policy, self.critic), strict=True):
            clip_gradients(parameters, norm, self.config.clip_norm)
        return norms

    def _take_step(self) -> float:
        """Move the weights; return the policy's learning rate.

        The count of steps is the only clock of the learning rates, and it advances only when the weights move. Before
        the policy's first step AdamW does not get its gradients: its moments would settle on gradients that are zero.
        """
        rates = learning_rates(self.config, self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rates[group["network"]]
        if not self._policy_learns:
            for parameter in self.policy:
                parameter.grad = None
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.steps += 1
        return rates["policy"]

    @property
    def _policy_learns(self) -> bool:
        """True after the steps in which only the critic learns (``critic_steps``)."""
        return self.steps >= self.config.critic_steps

    @property
    def _entropy_weight(self) -> float:
        """Weight of the entropy bonus in this update."""
        progress = min(self.version / max(self.config.updates - 1, 1), 1.0)
        return self.config.entropy + progress * (self.config.entropy_final - self.config.entropy)

    def _micro_batches(
        self, episodes: Sequence[TokenEpisode], places: Ids | None = None
    ) -> Iterator[tuple[PackedBatch, bool]]:
        """Yield packed micro-batches, and whether each is real.

        All processes gather shards together, so a process with fewer micro-batches than another adds fillers.
        """
        chosen = range(len(episodes)) if places is None else sorted(int(place) for place in places)
        batches = pack(episodes, self.config.token_budget, chosen, self.device)
        fillers = 0
        if self.sharded:
            fillers = int(parallel.largest(np.array([len(batches)], np.float64))[0]) - len(batches)
        yield from ((batch, True) for batch in batches)
        yield from ((pack([FILLER], 1, device=self.device)[0], False) for _ in range(fillers))

    def _value_places(self, micro: PackedBatch) -> Ids:
        """Places of a micro-batch's values in the batch: its tokens with a token-level value, else its turns."""
        return micro.tokens if self.model.token_values else micro.turns

    def _chosen(self, places: Ids, wanted: npt.NDArray[np.bool_]) -> tuple[Ids, Tensor]:
        """Drop places of the batch that are not wanted; return the rest, and where they are in the micro-batch."""
        kept = np.flatnonzero(wanted[places])
        return places[kept], torch.from_numpy(kept).to(self.device)

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.asarray(array, np.float32)).to(self.device)
