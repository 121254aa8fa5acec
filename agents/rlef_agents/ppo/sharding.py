"""Filling a learner's empty networks and splitting them over all processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from rlef_agents.ppo import parallel
from rlef_agents.ppo.construction import Filler, Source
from rlef_agents.ppo.lora import fill_adapter
from rlef_agents.ppo.model import ActorCritic, Reference
from rlef_agents.ppo.network import backbone, base

__all__ = ["fill_and_shard"]


def fill_and_shard(model: ActorCritic, reference: Reference | None, source: Source, seed: int) -> None:
    """Fill a learner's empty networks and split them over all processes, layer by layer.

    Args:
        model: policy and critic.
        reference: the reference, if there is one.
        source: weights of the policy before training, from which critic and reference begin, too.
        seed: seed of the adapters.
    """

    def filling(name: str) -> Callable[[Tensor], None]:
        if "lora_" in name:
            return lambda tensor: fill_adapter(name, tensor, seed)
        return lambda tensor: source.fill(name.replace(".base_layer.", "."), tensor)

    def filler(networks: Mapping[str, Any]) -> Filler:
        return Filler(
            source.device,
            {
                weight: filling(prefix + name)
                for prefix, network in networks.items()
                for name, weight in network.named_parameters()
            },
        )

    policy = base(model.lm)
    networks = {"": policy}
    if model.critic is not None:
        networks[f"{policy.base_model_prefix}."] = model.critic
    if model.value_head is not None:
        model.value_head.to(source.device)
    critic = [] if model.critic is None else [model.critic]
    matrices = embeddings(policy, [policy, *critic])
    parallel.shard(model, [backbone(model.lm), *critic], filler(networks), matrices)
    if reference is not None and reference.lm is not None:
        matrices = embeddings(policy, [reference.lm])
        parallel.shard(reference, [backbone(reference.lm)], filler({"": reference.lm}), matrices)


def embeddings(policy: Any, networks: Sequence[Any]) -> list[Any]:
    """Return the embeddings of networks; none where the policy's head shares its weights.

    The head itself is not split off: processes call it a different number of times, for each chunk of their tokens.
    """
    if policy.get_output_embeddings().weight is policy.get_input_embeddings().weight:
        return []
    return [network.get_input_embeddings() for network in networks]
