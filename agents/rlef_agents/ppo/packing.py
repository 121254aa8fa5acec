"""Episodes of any length side by side in one row of tokens, without padding and without a view of each other.

``flatten`` gives the numbers of a batch that need no model, ``pack`` its micro-batches. Both count responses ("turns")
and sampled tokens in the order of the episodes; a micro-batch knows which of them it holds.
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
"""An attention implementation of transformers: per sequence where a call has ``segments``, ``sdpa`` where not."""


@dataclass(frozen=True, eq=False, slots=True)
class FlatBatch:
    """What is known of a batch before any model has seen it.

    Attributes:
        lengths: sampled tokens per turn, ``(turns,)``.
        episodes: which episode each turn belongs to, ``(turns,)``: 0, 1, ... ascending.
        first: whether it is its episode's first turn, ``(turns,)``.
        last: whether it is its episode's last turn, ``(turns,)``.
        truncated: whether the length limit ended the response, ``(turns,)``.
        rewards: the environment's, ``(turns,)``.
        behaviour: log-probabilities of the sampler, ``(tokens,)``.
        versions: of the weights that sampled, ``(tokens,)``.
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
        ids: their tokens, ``(length,)``.
        positions: of each token in its own sequence, ``(length,)``.
        segments: the length of each sequence.
        predictors: the place in the row before each sampled token: what stands there predicts it, ``(tokens,)``.
        labels: the sampled tokens, ``(tokens,)``.
        states: the place of the last prompt token of each turn: what V(c) is read from, ``(turns,)``.
        tokens: which of the batch's sampled tokens these are, ``(tokens,)``.
        turns: which of the batch's turns these are, ``(turns,)``.
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
    """The numbers of a batch, in the order of the episodes.

    Raises:
        ValueError: an episode without turns, a turn without prompt or response, or numbers that do not fit the ids.
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
                "turn: expected a prompt token or more, and as many log-probabilities and versions as sampled tokens, "
                f"which are one or more; got {sizes[0]} prompt tokens, {sizes[1]} sampled, {sizes[2]} "
                f"log-probabilities, {sizes[3]} versions"
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

    The longest comes first, and each goes to the first that has room. An episode longer than the budget is a
    micro-batch of its own.

    Args:
        episodes: of the whole batch.
        budget: tokens per micro-batch.
        chosen: the places in ``episodes`` of those to pack; all where None.
        device: where the tensors go.
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
    """Keys of ``sizes`` in bins that hold at most ``budget`` each, where no single one is larger."""
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
    """Causal attention within each sequence, ``(1, heads, length, width)`` in, ``(1, length, heads, width)`` out.

    Raises:
        NotImplementedError: the architecture wants something of its attention that is not done here.
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
