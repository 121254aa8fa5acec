"""Packing: episodes of any length in one row of tokens, without padding, none of which attends to another.

``flatten`` makes the arrays of a batch that need no model, ``pack`` its micro-batches. Both number turns (responses)
and sampled tokens in the order of the episodes. A micro-batch has the numbers of those that it contains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from rlef_agents.ppo.trajectory import Floats, Ids, TokenEpisode

__all__ = ["PACKED_ATTENTION", "FlatBatch", "PackedBatch", "flatten", "pack"]

PACKED_ATTENTION = "rlef_packed"
"""Name of the attention in transformers: per sequence where a call has ``segments``, else ``sdpa``."""


@dataclass(frozen=True, eq=False, slots=True)
class FlatBatch:
    """Arrays of a batch that need no model.

    Attributes:
        lengths: sampled tokens per turn, ``(turns,)``.
        episodes: episode number of each turn, ``(turns,)``: 0, 1, ... ascending.
        first: True for the first turn of an episode, ``(turns,)``.
        last: True for the last turn of an episode, ``(turns,)``.
        truncated: True where the length limit ended the response, ``(turns,)``.
        rewards: rewards of the environment, ``(turns,)``.
        behaviour: log-probabilities that the generator reported, ``(tokens,)``.
        versions: versions of the weights that sampled, ``(tokens,)``.
    """

    lengths: Ids
    episodes: Ids
    first: npt.NDArray[np.bool_]
    last: npt.NDArray[np.bool_]
    truncated: npt.NDArray[np.bool_]
    rewards: npt.NDArray[np.float64]
    behaviour: Floats
    versions: Ids

    @property
    def starts(self) -> Ids:
        """Place of each turn's first sampled token, ``(turns,)``."""
        return np.cumsum(self.lengths) - self.lengths


@dataclass(frozen=True, eq=False, slots=True)
class PackedBatch:
    """A micro-batch: sequences one after the other in one row.

    Attributes:
        ids: tokens of the row, ``(length,)``.
        positions: position of each token in its own sequence, ``(length,)``.
        segments: length of each sequence.
        predictors: place in the row before each sampled token, whose features predict it, ``(tokens,)``.
        labels: sampled tokens, ``(tokens,)``.
        states: place of the last prompt token of each turn, where V(c) is read, ``(turns,)``.
        tokens: numbers of these sampled tokens in the batch, ``(tokens,)``.
        turns: numbers of these turns in the batch, ``(turns,)``.
    """

    ids: Tensor
    positions: Tensor
    segments: tuple[int, ...]
    predictors: Tensor
    labels: Tensor
    states: Tensor
    tokens: Ids
    turns: Ids


def flatten(episodes: Sequence[TokenEpisode]) -> FlatBatch:
    """Make the arrays of a batch, in the order of the episodes.

    Raises:
        ValueError: an episode has no turns, a turn has no prompt or response, or lengths differ.
    """
    turns = [turn for episode in episodes for turn in episode.turns]
    for number, episode in enumerate(episodes):
        if not episode.turns:
            raise ValueError(f"episode {number} ({episode.problem_id}): expected one turn or more, got none")
    for turn in turns:
        sampled = turn.completion
        sizes = (len(turn.prompt_ids), len(sampled.ids), len(sampled.logprobs), len(sampled.versions))
        if min(sizes) < 1 or len(set(sizes[1:])) != 1:
            raise ValueError(
                "turn: expected one prompt token or more, one sampled token or more, and as many log-probabilities and "
                f"versions; got {sizes[0]} prompt tokens, {sizes[1]} sampled, {sizes[2]} log-probabilities, {sizes[3]} "
                "versions"
            )
    counts = np.array([len(episode.turns) for episode in episodes], np.int64)
    first, last = np.zeros(len(turns), bool), np.zeros(len(turns), bool)
    ends = np.cumsum(counts, dtype=np.int64)
    first[ends - counts] = last[ends - 1] = True
    empty = np.zeros(0, np.float32)
    return FlatBatch(
        lengths=np.array([len(turn.completion.ids) for turn in turns], np.int64),
        episodes=np.repeat(np.arange(len(episodes)), counts),
        first=first,
        last=last,
        truncated=np.array([not turn.completion.finished for turn in turns], bool),
        rewards=np.array([turn.reward for turn in turns], np.float64),
        behaviour=np.concatenate([empty, *(turn.completion.logprobs for turn in turns)]).astype(np.float32),
        versions=np.concatenate([empty.astype(np.int64), *(turn.completion.versions for turn in turns)]),
    )


def pack(
    episodes: Sequence[TokenEpisode], budget: int, chosen: Sequence[int] | None = None, device: str = "cpu"
) -> list[PackedBatch]:
    """Distribute episodes over micro-batches of at most ``budget`` tokens.

    The longest episode is placed first, and each goes to the first micro-batch with room for it. An episode longer
    than the budget is a micro-batch of its own.

    Args:
        episodes: episodes of the whole batch.
        budget: tokens per micro-batch.
        chosen: places in ``episodes`` of those to pack; all where None.
        device: device of the tensors.
    """
    counts = [len(episode.turns) for episode in episodes]
    turn_starts = np.concatenate(([0], np.cumsum(counts)))
    token_counts = [sum(len(turn.completion.ids) for turn in episode.turns) for episode in episodes]
    token_starts = np.concatenate(([0], np.cumsum(token_counts)))
    wanted = range(len(episodes)) if chosen is None else chosen
    return [
        _packed(
            [episodes[place] for place in row],
            np.concatenate([np.arange(token_starts[place], token_starts[place + 1]) for place in row]),
            np.concatenate([np.arange(turn_starts[place], turn_starts[place + 1]) for place in row]),
            device,
        )
        for row in first_fit_decreasing({place: episodes[place].length for place in wanted}, budget)
    ]


def first_fit_decreasing(sizes: dict[int, int], budget: int) -> list[list[int]]:
    """Distribute the keys of ``sizes`` over bins of at most ``budget``; a larger one gets a bin of its own."""
    bins: list[list[int]] = []
    room: list[int] = []
    for key in sorted(sizes, key=lambda key: (-sizes[key], key)):
        place = next((place for place, free in enumerate(room) if free >= sizes[key]), None)
        if place is None:
            bins.append([])
            room.append(budget)
            place = -1
        bins[place].append(key)
        room[place] -= sizes[key]
    return bins


def _packed(episodes: Sequence[TokenEpisode], tokens: Ids, turns: Ids, device: str) -> PackedBatch:
    predictors, labels, states = [], [], []
    offset = 0
    for episode in episodes:
        for turn in episode.turns:
            offset += len(turn.prompt_ids)
            length = len(turn.completion.ids)
            states.append(offset - 1)
            predictors.append(np.arange(offset - 1, offset + length - 1))
            labels.append(turn.completion.ids)
            offset += length

    def tensor(values: Any) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.int64)).to(device)

    lengths = [episode.length for episode in episodes]
    return PackedBatch(
        ids=tensor(np.concatenate([episode.ids for episode in episodes])),
        positions=tensor(np.concatenate([np.arange(length) for length in lengths])),
        segments=tuple(lengths),
        predictors=tensor(np.concatenate(predictors)),
        labels=tensor(np.concatenate(labels)),
        states=tensor(states),
        tokens=tokens,
        turns=turns,
    )


def packed_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    segments: tuple[int, ...] | None = None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Attend causally within each sequence: ``(1, heads, length, width)`` in, ``(1, length, heads, width)`` out.

    Raises:
        NotImplementedError: the architecture needs a kind of attention that is not implemented here.
    """
    if segments is None:
        others |= {"scaling": scaling, "sliding_window": sliding_window}
        return sdpa_attention_forward(module, query, key, value, attention_mask, **others)
    unknown = [name for name in ("softcap", "s_aux", "position_bias") if others.get(name) is not None]
    if unknown or others.get("dropout"):
        raise NotImplementedError(
            f"packed attention: expected plain attention without dropout, got {unknown or 'dropout'}"
        )
    results = []
    for q, k, v in zip(*(torch.split(tensor, list(segments), dim=2) for tensor in (query, key, value)), strict=True):
        mask = None
        if sliding_window is not None and q.shape[2] > sliding_window:
            places = torch.arange(q.shape[2], device=q.device)
            behind = places[:, None] - places[None, :]
            mask = (behind >= 0) & (behind < sliding_window)
        results.append(
            scaled_dot_product_attention(
                q, k, v, attn_mask=mask, is_causal=mask is None, scale=scaling, enable_gqa=k.shape[1] != q.shape[1]
            )
        )
    return torch.cat(results, dim=2).transpose(1, 2).contiguous(), None


AttentionInterface.register(PACKED_ATTENTION, packed_attention)
AttentionMaskInterface.register(PACKED_ATTENTION, sdpa_mask)
