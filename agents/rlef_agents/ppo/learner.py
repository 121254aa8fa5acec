"""Episodes in, better weights out: one call of ``Learner.update`` is one batch of RLEF's PPO.

1. Episodes without a verdict are counted and left out; tokens of weights that are too old are refused.
2. The batch is scored with the weights as they are: pi_old, V_old, and rho of the reference.
3. Rewards get their KL term, returns and advantages follow (``targets``), normalised over all processes.
4. The episodes are split into disjoint minibatches; each is an optimiser step on the losses of ``loss``, its gradient
   accumulated over packed micro-batches and divided by counts over the whole minibatch in all processes.

A number that is not finite stops the update with ``NotFiniteError`` before it reaches a weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.loss import entropy_loss, policy_loss, value_loss
from rlef_agents.ppo.metrics import Scored, Targets, batch_metrics, make_targets, minibatch_normalised
from rlef_agents.ppo.model import ActorCritic, Reference, add_lora, backbone
from rlef_agents.ppo.packing import FlatBatch, PackedBatch, flatten, pack
from rlef_agents.ppo.trajectory import Completion, Ids, TokenEpisode, TokenTurn
from rlef_env.errors import RLEFError, UsageError

__all__ = ["Learner", "NotFiniteError", "ReplicaMismatchError", "ScoreMismatchError", "StaleTokensError"]

SAME: Final = {torch.float32: {1.0: 1e-3}, torch.bfloat16: {0.5: 0.03, 0.9: 0.12, 0.99: 0.5}}
"""How far the log-probabilities of a policy that has not moved may differ from its own: quantile and largest size."""

SAMPLED: Final = {torch.float32: {0.5: 1e-4, 0.99: 1e-3, 1.0: 1e-2}, torch.bfloat16: SAME[torch.bfloat16]}
"""The same for those of the sampler, of tokens sampled with these very weights, against the learner's.

In bfloat16 rounding depends on what is computed side by side: a policy of low entropy differs from itself by about
0.005 in the median and 0.2 for one token in a hundred. A temperature of 0.7 that one side forgets is 0.6 to 1.7 there.
"""


class NotFiniteError(RLEFError, RuntimeError):
    """A score, loss or gradient is infinite or NaN; the weights are those of the last good step."""


class StaleTokensError(RLEFError, RuntimeError):
    """Tokens were sampled with weights older than ``max_lag`` updates, or newer than the learner's."""


class ScoreMismatchError(RLEFError, RuntimeError):
    """The same weights score the same tokens differently: something between sampling and loss is wrong."""


class ReplicaMismatchError(RLEFError, RuntimeError):
    """Processes that should have the same weights have not."""


class Learner:
    """Trains a causal language model and its critic.

    Args:
        lm: a causal language model of transformers, on its device; it is trained in place.
        config: of the run.

    Attributes:
        model: policy and critic; ``model.lm`` is what generators sample from.
        reference: what KL is measured against; None where ``beta`` is 0.
        version: of the weights: how many updates there have been.
        steps: how many optimiser steps.
    """

    def __init__(self, lm: Any, config: TrainConfig) -> None:
        self.config = config
        if hasattr(lm, "disable_adapter") or getattr(lm, "_hf_peft_config_loaded", False):
            raise UsageError(
                "model: expected one without adapters, as the reference is the model with its own switched off; merge "
                "them first (merge_and_unload of peft) and set lora_rank for new ones"
            )
        lm = add_lora(lm, config.lora_rank, config.lora_alpha, config.seed) if config.lora_rank else lm
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
        self.random = np.random.default_rng(config.seed)  # the same in all processes: they draw minibatches as one
        self.sharded = config.parallel == "fsdp" and parallel.world() > 1
        if self.sharded:
            critic = [self.model.critic] if self.model.critic is not None else []
            parallel.shard(self.model, [backbone(self.model.lm), *critic])
            if self.reference is not None and self.reference.lm is not None:
                parallel.shard(self.reference, [backbone(self.reference.lm)])
        self.device = str(next(self.model.parameters()).device)  # shards are on this process's GPU, if there is one
        self.policy = [parameter for _, parameter in self.model.policy_parameters()]
        self.critic = [parameter for _, parameter in self.model.critic_parameters()]
        self.optimiser = make_optimiser(self.policy, self.critic, config)

    def update(self, episodes: Sequence[TokenEpisode], minibatches: int | None = None) -> dict[str, float]:
        """Train on a batch of this process's episodes; called in all processes at once.

        Args:
            episodes: sampled with weights at most ``max_lag`` updates old.
            minibatches: disjoint parts, an optimiser step each; the configuration's where None.

        Returns:
            Metrics by name, over all processes; ``batch_metrics`` names those of the batch, ``_step`` those of a step.

        Raises:
            StaleTokensError: tokens are too old, or of weights that do not exist yet.
            NotFiniteError: a number is infinite or NaN.
            ReplicaMismatchError: with ``ddp``, processes have different weights.
            ScoreMismatchError: the untouched policy differs from itself, from the reference, or from what sampled with
                it, by more than ``SAME`` and ``SAMPLED`` allow.
        """
        kept = [episode for episode in episodes if episode.has_verdict]
        have, dropped = parallel.total(np.array([len(kept), len(episodes) - len(kept)], np.float64))
        counts = {"episodes": float(have), "episodes_without_verdict": float(dropped)}
        if not have:
            return counts
        if not self.sharded and not parallel.same(self.model.parameters()):
            raise ReplicaMismatchError(
                f"weights: expected the same in all {parallel.world()} processes before update {self.version}, got "
                "different ones: something changed them in one process alone; go on from the last checkpoint"
            )
        flat = flatten(kept)
        self._refuse_stale(flat)
        scored = self.score(kept)
        self._refuse_not_finite("scores", *scored, flat.behaviour, flat.rewards)
        if self.steps == 0 and self.reference is not None:
            found = scored.old - scored.reference
            self._refuse_mismatch("KL to the reference before the first step", found, SAME, "it is not the start")
        fresh = flat.versions == self.version
        self._refuse_mismatch(
            "log-probabilities of what sampled, against the learner's",
            (flat.behaviour - scored.old)[fresh],
            SAMPLED,
            "the sampler has other weights, or is another function of them: look at a server's --dtype and "
            "--logprobs-mode, its temperature, and whether it read the weights of this update",
        )
        token_values = self.model.token_values
        targets = make_targets(self.config, flat, scored, [episode.problem_id for episode in kept], token_values)
        metrics = batch_metrics(flat, scored, targets, kept, self.version)
        wanted = minibatches or self.config.minibatches
        steps = [
            self._step(kept, flat, scored, targets, part, untouched=epoch == number == 0)
            for epoch in range(self.config.epochs)
            for number, part in enumerate(self._minibatches(len(kept), wanted))
        ]
        self.version += 1
        means = {name: float(np.mean([step[name] for step in steps])) for name in steps[0]}
        means |= {"first_ratio_error": steps[0]["ratio_error"], "lr": steps[-1]["lr"]}
        del means["ratio_error"]
        return {**counts, **metrics, **means, "version": float(self.version), "steps": float(self.steps)}

    def _minibatches(self, mine: int, wanted: int) -> list[npt.NDArray[np.int64]]:
        """Disjoint parts of the episodes of *all* processes, drawn by their numbers there; of each what is here.

        A process may have nothing of a part: a thousand processes with an episode each make as many optimiser steps as
        one with a thousand.
        """
        counts = parallel.gathered(mine)
        first = sum(counts[: parallel.rank()])
        parts = np.array_split(self.random.permutation(sum(counts)), min(wanted, sum(counts)))
        return [part[(first <= part) & (part < first + mine)] - first for part in parts]

    @torch.no_grad()
    def score(self, episodes: Sequence[TokenEpisode]) -> Scored:
        """What the weights say of episodes, in the order of their sampled tokens and turns."""
        self.model.train()
        turns = [turn for episode in episodes for turn in episode.turns]
        tokens = sum(len(turn.completion.ids) for turn in turns)
        old, rho, entropy = np.zeros(tokens), np.zeros(tokens), np.zeros(tokens)
        values = np.zeros(tokens if self.model.token_values else len(turns))
        for batch, real in self._micro_batches(episodes):
            scores = self.model(batch, self.config.temperature)
            reference = scores.logprobs if self.reference is None else self.reference(batch, self.config.temperature)
            if real:
                there = batch.tokens if self.model.token_values else batch.turns
                for array, places, found in (
                    (old, batch.tokens, scores.logprobs),
                    (rho, batch.tokens, reference),
                    (entropy, batch.tokens, scores.entropy),
                    (values, there, scores.values),
                ):
                    array[places] = found.cpu().numpy()
        return Scored(old, rho, entropy, values)

    def _step(
        self,
        episodes: Sequence[TokenEpisode],
        flat: FlatBatch,
        scored: Scored,
        targets: Targets,
        part: npt.NDArray[np.int64],
        untouched: bool,
    ) -> dict[str, float]:
        """One optimiser step on the episodes at ``part``; none where all of their responses are masked.

        Returns:
            policy_loss, value_loss, entropy, ratio, clipped, approx_kl, importance, value_clipped, ratio_error, lr,
            gradient_norm, critic_gradient_norm.
        """
        config, token_values = self.config, self.model.token_values
        mine = np.isin(flat.episodes, part)
        tokens = targets.trained & np.repeat(mine, flat.lengths)
        policy_sum = targets.weights[tokens].sum()
        valued = targets.valued & (np.repeat(mine, flat.lengths) if token_values else mine)
        policy_count, value_count, token_count = parallel.total(
            np.array([policy_sum, valued.sum(), tokens.sum()], np.float64)
        )
        policy_count = max(float(policy_count), 1e-9)  # of no token the loss is 0
        nothing = not token_count  # every response of this minibatch is masked, in all processes
        value_count, token_count = max(float(value_count), 1.0), max(float(token_count), 1.0)
        shaped = targets.advantages
        if config.normalise == "minibatch":
            shaped = minibatch_normalised(targets, flat, mine, token_values)
        progress = min(self.version / max(config.updates - 1, 1), 1.0)
        entropy_weight = config.entropy + progress * (config.entropy_final - config.entropy)
        policy_weight = float(self.steps >= config.critic_steps)
        scale = float(parallel.world() if self.sharded else 1)  # FSDP averages what must be summed
        sums: dict[str, float] = {}
        errors: list[npt.NDArray[np.float64]] = [np.zeros(0)]
        self.optimiser.zero_grad(set_to_none=True)
        for batch, real in self._micro_batches(episodes, part):
            scores = self.model(batch, config.temperature, entropy_gradient=entropy_weight > 0)
            if not real:
                ((scores.logprobs.sum() + scores.entropy.sum() + scores.values.sum()) * 0.0).backward()
                continue
            keep = targets.trained[batch.tokens]
            here = batch.tokens[keep]
            chosen = torch.from_numpy(np.flatnonzero(keep)).to(self.device)
            there = batch.tokens if token_values else batch.turns
            counted = torch.from_numpy(np.flatnonzero(targets.valued[there])).to(self.device)
            there = there[targets.valued[there]]
            logprobs, weights, old = (
                scores.logprobs[chosen],
                self._tensor(targets.weights[here]),
                self._tensor(scored.old[here]),
            )
            policy, found = policy_loss(
                logprobs,
                old,
                self._tensor(flat.behaviour[here]),
                self._tensor(shaped[here]),
                weights,
                policy_count,
                config.policy_clip,
                config.importance,
                torch.from_numpy(flat.versions[here] < self.version).to(self.device),
            )
            value, found_value = torch.zeros((), device=self.device), dict[str, Tensor]()
            if config.critic != "none":
                value, found_value = value_loss(
                    scores.values[counted],
                    self._tensor(scored.values[there]),
                    self._tensor(targets.returns[there]),
                    value_count,
                    config.value_clip,
                )
            bonus = entropy_loss(scores.entropy[chosen], weights, policy_count)
            loss = policy_weight * (policy + entropy_weight * bonus) + config.value_coefficient * value
            (loss * scale).backward()  # type: ignore[no-untyped-call]
            for name, amount in {
                "policy_loss": policy,
                "value_loss": value,
                "entropy": -bonus,
                **found,
                **found_value,
            }.items():
                sums[name] = sums.get(name, 0.0) + float(amount.detach())
            if untouched:
                errors.append((logprobs.detach() - old).double().numpy(force=True))
        names = ("policy_loss", "value_loss", "entropy", "ratio", "clipped", "approx_kl", "importance", "value_clipped")
        amounts = parallel.total(np.array([sums.get(name, 0.0) for name in names], np.float64))
        self._refuse_not_finite("loss", amounts)
        ratio_error = self._refuse_mismatch(
            "log-probabilities before the first step of an update", np.concatenate(errors), SAME, "the policy has moved"
        )
        metrics = dict(zip(names, (float(amount) for amount in amounts), strict=True))
        metrics |= {name: metrics[name] / token_count for name in ("ratio", "clipped", "approx_kl", "importance")}
        metrics["value_clipped"] /= value_count
        norms = self._sum_and_clip_gradients()
        if nothing:  # zeros would be a step, too: of AdamW's moments and of weight decay
            self.optimiser.zero_grad(set_to_none=True)
        lr = 0.0 if nothing else self._take_step(policy_weight)
        return {**metrics, **norms, "ratio_error": ratio_error, "lr": lr}

    def _sum_and_clip_gradients(self) -> dict[str, float]:
        """Over all processes, and once per step; policy and critic apart."""
        if not self.sharded:
            parallel.sum_gradients([*self.policy, *self.critic])
        norms = {}
        for name, group in (("gradient_norm", self.policy), ("critic_gradient_norm", self.critic)):
            norm: Any = torch.nn.utils.get_total_norm([p.grad for p in group if p.grad is not None])
            norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
            norms[name] = float(norm)
        self._refuse_not_finite("gradient", np.array(list(norms.values())))
        for size, group in zip(norms.values(), (self.policy, self.critic), strict=True):
            if self.config.clip_norm and size > self.config.clip_norm:
                for parameter in group:
                    if parameter.grad is not None:
                        parameter.grad.mul_(self.config.clip_norm / size)
        return norms

    def _take_step(self, policy_weight: float) -> float:
        """Warm-up, then linear. The count of steps is the only clock, and it moves only where the weights do.

        The policy warms up when its own first step comes, after those of the critic alone (``critic_steps``). Before it
        AdamW does not see the policy at all: its moments would settle on gradients that are zero.
        """
        config = self.config
        steps = max(config.updates * config.minibatches * config.epochs - 1, 1)
        decay = 1.0 if config.lr_final is None or not config.lr else config.lr_final / config.lr
        factor = 1.0 + min(self.steps / steps, 1.0) * (decay - 1.0)
        critic_lr = config.lr if config.critic_lr is None else config.critic_lr
        rates = {
            "policy": config.lr * policy_weight * factor * warmed(self.steps - config.critic_steps, config.warmup),
            "critic": critic_lr * factor * warmed(self.steps, config.warmup),
        }
        for group in self.optimiser.param_groups:
            group["lr"] = rates[group["network"]]
        if not policy_weight:
            for parameter in self.policy:
                parameter.grad = None
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.steps += 1
        return rates["policy"]

    def _micro_batches(
        self, episodes: Sequence[TokenEpisode], part: npt.NDArray[np.int64] | None = None
    ) -> Iterator[tuple[PackedBatch, bool]]:
        """Packed micro-batches, and whether they are real.

        Shards are gathered by all processes together, so one with fewer micro-batches than another makes some up.
        """
        chosen = range(len(episodes)) if part is None else sorted(int(place) for place in part)
        batches = pack(episodes, self.config.token_budget, chosen, self.device)
        made_up = 0
        if self.sharded:
            made_up = int(parallel.largest(np.array([len(batches)], np.float64))[0]) - len(batches)
        yield from ((batch, True) for batch in batches)
        yield from ((pack([MADE_UP], 1, device=self.device)[0], False) for _ in range(made_up))

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.asarray(array, np.float32)).to(self.device)

    def _refuse_stale(self, flat: FlatBatch) -> None:
        ages = self.version - flat.versions
        behind, ahead = parallel.largest(np.array([ages.max(initial=0), (-ages).max(initial=0)], np.float64))
        if behind > self.config.max_lag or ahead > 0:
            raise StaleTokensError(
                f"versions: expected tokens of weights at most {self.config.max_lag} updates (max_lag) older than "
                f"version {self.version}, got some that are {behind:.0f} older and some {ahead:.0f} newer"
            )

    def _refuse_not_finite(self, what: str, *arrays: npt.NDArray[Any]) -> None:
        bad = parallel.total(np.array([sum((~np.isfinite(array)).sum() for array in arrays)], np.float64))[0]
        if bad:
            self.optimiser.zero_grad(set_to_none=True)
            raise NotFiniteError(
                f"{what}: expected finite numbers, got {bad:.0f} that are not, in update {self.version}, step "
                f"{self.steps}; the weights are those of the last good step. Lower the learning rate, or look at this "
                "batch"
            )

    def _refuse_mismatch(
        self,
        what: str,
        differences: npt.NDArray[np.float64],
        limits: Mapping[torch.dtype, Mapping[float, float]],
        why: str,
    ) -> float:
        """Raise where a quantile of the sizes of differences, over all processes, is above its limit.

        Returns:
            The largest.
        """
        sizes, allowed = np.abs(differences), limits[self.model.dtype]
        found = dict(zip(allowed, parallel.quantiles(sizes, tuple(allowed)), strict=True))
        if any(found[share] > allowed[share] for share in allowed):
            self.optimiser.zero_grad(set_to_none=True)
            said = ", ".join(
                f"{found[share]:.2g} (at most {limit:g}) for {share:.0%} of the tokens"
                for share, limit in allowed.items()
            )
            raise ScoreMismatchError(
                f"{what}: expected differences as small as rounding to {self.config.dtype} makes them, got up to "
                f"{said}; {why}"
            )
        return parallel.quantiles(sizes, (1.0,))[0]


def warmed(step: int, warmup: int) -> float:
    """The share of the rate at a network's own step, from 0, under linear warm-up."""
    return min(1.0, max(step + 1, 0) / max(warmup, 1))


def make_optimiser(
    policy: Sequence[nn.Parameter], critic: Sequence[nn.Parameter], config: TrainConfig
) -> torch.optim.AdamW:
    """AdamW over float32 weights, with weight decay on matrices only."""
    for parameter in (*policy, *critic):
        if parameter.dtype != torch.float32:
            raise TypeError(f"optimiser: expected float32 weights, got {parameter.dtype}: small steps would be lost")
    groups = [
        {
            "params": [p for p in parameters if (p.dim() > 1) == matrices],
            "weight_decay": config.weight_decay if matrices else 0.0,
            "network": network,
        }
        for network, parameters in (("policy", policy), ("critic", critic))
        for matrices in (True, False)
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=config.lr,
        betas=(config.adam_beta1, config.adam_beta2),
        eps=config.adam_eps,
    )


def _made_up() -> TokenEpisode:
    one: Ids = np.zeros(1, np.int64)
    return TokenEpisode((TokenTurn(one, Completion(one, np.zeros(1, np.float32), one, True), 0.0),), "", False)


MADE_UP: Final = _made_up()
