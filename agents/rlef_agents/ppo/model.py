"""Policy and critic: any causal language model of transformers, and a linear head on its features or on a copy's.

``ActorCritic.forward`` scores a packed micro-batch: log-probability and entropy of every sampled token, and V(c), read
at the last token of every prompt, before the response (RLEF, section 2.2). ``Reference`` computes log rho.

Weights are float32. With ``bfloat16`` only the layers compute in it; head, loss and optimiser stay in float32. Dropout
is off, because the function that is trained must be the function that sampled.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeAlias, cast
from zlib import crc32

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM
from transformers.pytorch_utils import Conv1D

from rlef_agents.ppo import parallel
from rlef_agents.ppo.construction import is_empty, small_version
from rlef_agents.ppo.generation.model_settings import unsupported_rope
from rlef_agents.ppo.packing import ALONE, PACKED_ATTENTION, PackedBatch
from rlef_agents.ppo.products import use_fast_products
from rlef_agents.ppo.token_scores import logits_of, score_tokens
from rlef_env.errors import UsageError

__all__ = ["ActorCritic", "Part", "Reference", "Scores", "add_lora", "check_architecture", "policy_logprobs", "prepare"]

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


def frozen_copy(lm: Any, dtype: torch.dtype) -> Any:
    """Return a copy that is not trained, with matrices of layers in the type that layers compute in."""
    halves = matrices(lm) if dtype == torch.bfloat16 else set()
    copies: dict[int, Any] = {
        id(weight): nn.Parameter(weight.detach().to(dtype if weight in halves else weight.dtype, copy=True), False)
        for weight in lm.parameters()
    }
    return copy.deepcopy(lm, copies).requires_grad_(False).eval()


def set_types(lm: Any, dtype: torch.dtype, trained: bool = False) -> None:
    """Make weights float32, or bfloat16 where that changes no result: matrices of layers that compute in it.

    Autocast rounds these matrices to bfloat16 before each product anyway.

    Args:
        lm: a causal language model of transformers, or a peft model around one.
        dtype: type that its layers compute in.
        trained: also those that are trained, because the model is a copy that only samples.
    """
    halves = matrices(base(lm)) if dtype == torch.bfloat16 else set()
    for tensor in (*lm.parameters(), *lm.buffers()):
        if tensor.is_floating_point():
            half = tensor in halves and (trained or not tensor.requires_grad)
            tensor.data = tensor.data.to(torch.bfloat16 if half else torch.float32)


def matrices(lm: Any) -> set[Tensor]:
    """Return the weights and biases of linear layers inside of the layers, without adapters."""
    return {
        parameter
        for layer in parallel.layers_of(backbone(lm))
        for name, inner in layer.named_modules()
        if type(inner).__name__ in ("Linear", "Conv1D") and "lora_" not in name
        for parameter in inner.parameters(recurse=False)
    }


def policy_logprobs(
    lm: nn.Module, batch: PackedBatch, temperature: float = 1.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Compute log-probabilities of the sampled tokens, ``(tokens,)``, by a model that ``prepare`` was called on."""
    features = run(backbone(lm), batch, dtype)
    return score_tokens(head(lm), features[batch.predictors], batch.labels, temperature)[0]


def add_lora(lm: Any, rank: int, alpha: int, seed: int = 0, targets: str = "all-linear", rslora: bool = False) -> Any:
    """Add low-rank adapters to a model's linear layers; only they are trained. Needs ``peft``.

    Args:
        lm: a causal language model of transformers.
        rank: rank of the adapters.
        alpha: adapters are scaled by this number over their rank.
        seed: seed of their weights; PyTorch's global random state stays as it is.
        targets: ``all-linear``, or names of layers separated by spaces.
        rslora: scale by ``alpha`` over the square root of the rank.

    Raises:
        UsageError: peft is not installed, or the model has no such layer.
    """
    try:
        from peft import LoraConfig, TaskType, get_peft_model
    except ImportError as error:
        raise UsageError(
            "lora_rank: expected the package peft to be installed; run: pip install 'rlef-agents[lora]'"
        ) from error
    settings = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=0.0, use_rslora=rslora, task_type=TaskType.CAUSAL_LM,
        target_modules=targets if targets == "all-linear" else targets.split(),
    )  # fmt: skip
    refuse_unknown_targets(lm, targets)
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if torch.cuda.is_available() else []):
        adapted: Any = get_peft_model(lm, settings)
    for name, parameter in base(adapted).named_parameters():
        if "lora_" in name and not parameter.is_meta:
            fill_adapter(name, parameter, seed)
    return adapted


@torch.no_grad()
def fill_adapter(name: str, target: Tensor, seed: int) -> None:
    """Fill an adapter's matrix: random numbers that depend on its name and the seed alone, or zeros for the second."""
    if "lora_A" in name:
        generator = torch.Generator().manual_seed(crc32(f"{seed} {name}".encode()))
        limit = target.shape[1] ** -0.5
        target.copy_(torch.empty(target.shape).uniform_(-limit, limit, generator=generator))
    else:
        target.zero_()


def refuse_unknown_targets(lm: nn.Module, targets: str) -> None:
    """Raise where a name is of no linear layer: peft would accept it beside one that is. The head is not adapted."""
    linear, head_ = (nn.Linear, Conv1D), base(lm).get_output_embeddings()
    names = {
        name.rpartition(".")[2]
        for name, module in lm.named_modules()
        if isinstance(module, linear) and module is not head_
    }
    if targets != "all-linear" and (not targets.split() or set(targets.split()) - names):
        raise UsageError(
            f"lora_targets: expected 'all-linear' or linear layers of the model, {', '.join(sorted(names))}, got "
            f"{targets!r}"
        )


def prepare(lm: nn.Module) -> None:
    """Switch dropout off and packed attention on; calls without ``segments`` attend as ``sdpa`` does.

    Linear layers multiply with the library that is faster on this machine.
    """
    for module in lm.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        for name in [name for name, value in vars(module).items() if "drop" in name and isinstance(value, float)]:
            setattr(module, name, 0.0)  # attention_dropout, resid_pdrop, residual_dropout, layerdrop, ...
    use_fast_products(lm)
    base(lm).set_attn_implementation(PACKED_ATTENTION)
    if base(lm).config._attn_implementation != PACKED_ATTENTION:
        raise UsageError(
            f"model: expected an architecture whose attention can be replaced, got {type(base(lm)).__name__}"
        )


def prepared_small_version(lm: Any) -> Any:
    """Return a model of the same architecture with few small layers and random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = small_version(base(lm).config)
        small: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    prepare(small)
    return small


@torch.no_grad()
def check_architecture(lm: nn.Module) -> None:
    """Compare the logits of two packed sequences with those that the model computes for each alone.

    Raises:
        UsageError: they differ, because the model scales or caps its logits, attends beyond a sequence, or computes a
            sequence differently beside one with high positions; or the model draws random numbers in training; or it
            cannot be packed.
    """
    kind = type(base(lm)).__name__
    was_training = lm.training
    try:
        _compare(lm, kind)
    except (NotImplementedError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(
            f"model: expected an architecture whose sequences can be packed, such as Llama, Qwen or Mistral; {kind} "
            f"cannot be: {str(error).partition(chr(10))[0]}"
        ) from error
    finally:
        lm.train(was_training)


def _compare(lm: nn.Module, kind: str) -> None:
    if (objection := unsupported_rope(base(lm).config)) is not None:
        raise UsageError(f"model: {objection}; use a version of it with another rope_type")
    device = next(lm.parameters()).device
    ids = torch.arange(9, device=device) % base(lm).config.vocab_size
    positions = torch.tensor([0, 1, 2, 3, 0, 1, 2, 4, 5], device=device)  # two sequences, and a second end of the first
    none = ids[:0]
    batch = PackedBatch(
        ids, positions, (4, 3, 2), (ALONE, ALONE, 0), none, none, none, none.cpu().numpy(), none.cpu().numpy()
    )
    lm.eval()
    ours = logits_of(head(lm), run(backbone(lm), batch, torch.float32))
    far = int(getattr(base(lm).config, "max_position_embeddings", None) or 0)
    if far > 7:
        high = replace(batch, positions=torch.cat([positions[:4], positions[4:7] + far - 3, positions[7:]]))
        beside = logits_of(head(lm), run(backbone(lm), high, torch.float32))[:4]
    else:
        beside = ours[:4]
    alone = [ids[:4], ids[4:7], torch.cat([ids[:4], ids[7:]])]
    theirs = torch.cat([lm(input_ids=part[None], use_cache=False).logits[0] for part in alone])
    theirs = theirs[[*range(7), *range(11, 13)]]
    lm.train()
    trained = logits_of(head(lm), run(backbone(lm), batch, torch.float32))
    error = float(torch.maximum((ours - theirs).abs().max(), (beside - ours[:4]).abs().max()))
    if not error < 1e-3 * max(1.0, float(theirs.abs().max())):
        raise UsageError(
            f"model: expected logits that are the head's output and sequences that can be packed; {kind} differs by "
            f"{error:.2g}. Use an architecture such as Llama, Qwen or Mistral"
        )
    noise = float((trained - ours).abs().max())
    if not noise < 1e-3 * max(1.0, float(theirs.abs().max())):
        raise UsageError(
            f"model: expected one that computes in training what it computes in sampling; {kind} differs by "
            f"{noise:.2g}: set its dropout or jitter to 0 in its config.json"
        )


def base(lm: Any) -> Any:
    """Return the transformers model inside a peft model, or the model itself."""
    return lm.get_base_model() if hasattr(lm, "get_base_model") else lm


def backbone(lm: Any) -> Any:
    """Return the model without its head."""
    return base(lm).base_model


def head(lm: Any) -> nn.Module:
    """Return the layer from features to logits."""
    layer: nn.Module = base(lm).get_output_embeddings()
    return layer


def width(lm: Any) -> int:
    """Return the number of features."""
    return int(base(lm).get_input_embeddings().weight.shape[1])


def run(network: Any, batch: PackedBatch, dtype: torch.dtype) -> Tensor:
    """Compute the features of a packed row, ``(length, width)``."""
    if network.config._attn_implementation != PACKED_ATTENTION:
        raise RuntimeError(
            f"attention: expected {PACKED_ATTENTION!r}, got {network.config._attn_implementation!r}: packed sequences "
            "would attend to each other; set it back after changing it"
        )
    anything = torch.empty(1, 1, 1, 1, device=batch.ids.device)  # four axes: a mask that transformers leaves as it is
    # No cache of cast weights: with shards it would keep a whole copy, and each weight is used once.
    kind, bfloat16 = batch.ids.device.type, dtype == torch.bfloat16
    with torch.autocast(kind, dtype=torch.bfloat16, enabled=bfloat16, cache_enabled=False):
        features: Tensor = network(
            input_ids=batch.ids[None],
            position_ids=batch.positions[None],
            attention_mask=anything,
            use_cache=False,
            segments=batch.segments,
            continues=batch.continues,
        ).last_hidden_state
    return features[0]
