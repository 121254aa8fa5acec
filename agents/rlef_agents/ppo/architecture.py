"""Prepares a model for packed sequences, and refuses one that computes something else with them than without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM

from rlef_agents.ppo.construction import small_version
from rlef_agents.ppo.generation.model_settings import unsupported_rope
from rlef_agents.ppo.network import backbone, base, head, run
from rlef_agents.ppo.packing import ALONE, PACKED_ATTENTION, PackedBatch
from rlef_agents.ppo.products import use_fast_products
from rlef_agents.ppo.token_scores import logits_of
from rlef_env.errors import UsageError

__all__ = ["check_architecture", "prepare", "prepared_small_version"]


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
