"""Policy and critic: any causal language model of transformers, and a linear head on its features or on a copy's.

``ActorCritic.forward`` scores a packed micro-batch: log-probability and entropy of every sampled token, and V(c), read
at the last token of every prompt, before the response (RLEF, section 2.2). ``Reference`` computes log rho.

Weights are float32. With ``bfloat16`` only the layers compute in it; head, loss and optimiser stay in float32. Dropout
is off, because the function that is trained must be the function that sampled.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import torch
from torch import Tensor, nn

from rlef_agents.ppo.architecture import check_architecture, prepare, prepared_small_version
from rlef_agents.ppo.construction import is_empty
from rlef_agents.ppo.network import backbone, base, frozen_copy, head, policy_logprobs, run, set_types, width
from rlef_agents.ppo.packing import PackedBatch
from rlef_agents.ppo.token_scores import score_tokens

__all__ = ["ActorCritic", "Part", "Reference", "Scores"]

Part: TypeAlias = Literal["all", "policy", "critic"]
"""What ``ActorCritic`` computes."""


class Scores(NamedTuple):
    """Scores of a micro-batch by the current weights.

    Attributes:
        logprobs: log-probabilities of the sampled tokens, ``(tokens,)``, float32.
        entropy: entropy of the policy at each sampled token, ``(tokens,)``, float32.
        values: V(c), ``(turns,)``, float32; with ``token_values`` before every sampled token, ``(tokens,)``. Zeros
            where there is no critic.
    """

    logprobs: Tensor
    entropy: Tensor
    values: Tensor


class ActorCritic(nn.Module):
    """Policy and critic.

    Args:
        lm: a causal language model of transformers, or a peft model around one. Its weights become float32; with
            ``dtype`` bfloat16, the frozen matrices of layers become bfloat16. They may be on the ``meta`` device.
        critic: ``separate``: a network of its own that begins as a copy of the policy's (the paper); ``shared``: the
            policy's network; ``none``: no values.
        detach: with a shared critic, stop the gradient of the value loss before the policy's weights.
        value_init: ``zero``, so that the first advantages are returns; or ``random`` (the paper), with a standard
            deviation of 1 / sqrt(width + 1).
        token_values: V before every sampled token instead of once per turn (the paper's ablation).
        dtype: type that the layers compute in, ``float32`` or ``bfloat16``.
        gradient_checkpointing: compute each layer twice instead of keeping its activations.
        seed: seed of the random head.

    Raises:
        UsageError: the architecture cannot be packed, or changes its logits after the head.
    """

    def __init__(
        self,
        lm: nn.Module,
        critic: Literal["separate", "shared", "none"] = "separate",
        detach: bool = True,
        value_init: Literal["zero", "random"] = "zero",
        token_values: bool = False,
        dtype: Literal["float32", "bfloat16"] = "float32",
        gradient_checkpointing: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.detach, self.token_values, self.dtype = detach, token_values, getattr(torch, dtype)
        self.lm = lm.float()
        prepare(self.lm)
        if is_empty(self.lm):  # a small version has the same architecture
            check_architecture(prepared_small_version(self.lm))
        else:
            check_architecture(self.lm)
        set_types(self.lm, self.dtype)
        self.critic = copy.deepcopy(backbone(self.lm)) if critic == "separate" else None
        if self.critic is not None:
            for name, parameter in self.critic.named_parameters():
                # Weights that the policy freezes beside an adapter stay frozen in the copy, whose adapters are trained.
                parameter.requires_grad_(parameter.requires_grad or "lora_" in name)
        self.value_head = None if critic == "none" else make_value_head(width(self.lm), value_init, seed)
        if not is_empty(self.lm):
            self.to(next(self.lm.parameters()).device)
        if gradient_checkpointing:
            for network in [base(self.lm), *([] if self.critic is None else [self.critic])]:
                new = getattr(network, "activation_checkpointing_enable", None)  # the old name is deprecated
                (new or network.gradient_checkpointing_enable)({"use_reentrant": False})

    def forward(
        self, batch: PackedBatch, temperature: float = 1.0, entropy_gradient: bool = False, part: Part = "all"
    ) -> Scores:
        """Score a micro-batch.

        Args:
            batch: packed sequences.
            temperature: temperature that the tokens were sampled at; logits are divided by it.
            entropy_gradient: give the entropy a gradient.
            part: with a separate critic, compute only its values, or only what is the policy's; the rest is empty.
        """
        if part == "critic":
            empty = torch.zeros(0, device=batch.ids.device)
            return Scores(empty, empty, self._values(run(self.critic, batch, self.dtype), batch))
        features = run(backbone(self.lm), batch, self.dtype)
        logprobs, entropy = score_tokens(
            head(self.lm), features[batch.predictors], batch.labels, temperature, entropy_gradient
        )
        if part == "policy":
            return Scores(logprobs, entropy, torch.zeros(0, device=features.device))
        if self.critic is not None:
            features = run(self.critic, batch, self.dtype)
        elif self.detach:
            features = features.detach()
        return Scores(logprobs, entropy, self._values(features, batch))

    def _values(self, features: Tensor, batch: PackedBatch) -> Tensor:
        places = batch.predictors if self.token_values else batch.states
        if self.value_head is None:
            return torch.zeros(len(places), device=features.device)
        with torch.autocast(features.device.type, enabled=False):
            values: Tensor = self.value_head(features[places].float()).squeeze(-1)
            return values.clone()  # shards warn about views

    def policy_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield the trained parameters of the policy with their names."""
        return ((name, p) for name, p in self.named_parameters() if name.startswith("lm.") and p.requires_grad)

    def critic_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield the trained parameters of the critic alone with their names."""
        return ((name, p) for name, p in self.named_parameters() if not name.startswith("lm.") and p.requires_grad)


def make_value_head(features: int, init: Literal["zero", "random"], seed: int) -> nn.Linear:
    """Create a linear layer from features to one number; ``init`` is ``zero`` or ``random``."""
    made = nn.Linear(features, 1)
    with torch.no_grad():
        made.bias.zero_()
        if init == "zero":
            made.weight.zero_()
        else:
            made.weight.normal_(0.0, (features + 1) ** -0.5, generator=torch.Generator().manual_seed(seed))
    return made


class Reference(nn.Module):
    """Policy before training: a frozen copy, or the policy itself with its adapter switched off.

    Args:
        policy: policy and critic; they must not have been trained yet.
    """

    def __init__(self, policy: ActorCritic) -> None:
        super().__init__()
        self.dtype = policy.dtype
        self._adapted = (policy,) if hasattr(policy.lm, "disable_adapter") else ()  # in a tuple: no submodule
        self.lm = None if self._adapted else frozen_copy(base(policy.lm), self.dtype)

    @torch.no_grad()
    def forward(self, batch: PackedBatch, temperature: float = 1.0) -> Tensor:
        """Compute log rho of the sampled tokens, ``(tokens,)``."""
        if not self._adapted:
            return policy_logprobs(cast(nn.Module, self.lm), batch, temperature, self.dtype)
        (policy,) = self._adapted
        lm: Any = policy.lm
        with lm.disable_adapter():
            if hasattr(policy, "unshard"):  # only a call of the whole module gathers shards
                return cast(Scores, policy(batch, temperature)).logprobs
            return policy_logprobs(lm, batch, temperature, self.dtype)
