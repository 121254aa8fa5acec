"""Packing: episodes of any length in one row of tokens, without padding, none of which attends to another.

``flatten`` makes the arrays of a batch that need no model, ``pack`` its micro-batches. Both number turns (responses)
and sampled tokens in the order of the episodes. A micro-batch has the numbers of those that it contains.

Episodes that begin with the same prompt share it: it is in the row once, as a segment of its own, and what follows in
each of these episodes is a segment that continues it. So a group of samples of one problem computes its prompt once,
forward and backward.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from rlef_agents.ppo.trajectory import Completion, Floats, Ids, TokenEpisode, TokenTurn

__all__ = ["ALONE", "FILLER", "PACKED_ATTENTION", "FlatBatch", "PackedBatch", "flatten", "pack"]

PACKED_ATTENTION = "rlef_packed"
"""Name of the attention in transformers: per sequence where a call has ``segments``, else ``sdpa``."""

ALONE = -1
"""In ``PackedBatch.continues``: the segment begins a sequence."""


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
        segments: length of each segment. A segment is a whole episode, a prompt that several episodes begin with, or
            the rest of one of these.
        continues: for each segment, number of the segment before that it continues, a shared prompt; ``ALONE`` where
            it begins a sequence itself.
        predictors: place in the row before each sampled token, whose features predict it, ``(tokens,)``.
        labels: sampled tokens, ``(tokens,)``.
        states: place of the last prompt token of each turn, where V(c) is read, ``(turns,)``.
        tokens: numbers of these sampled tokens in the batch, ``(tokens,)``.
        turns: numbers of these turns in the batch, ``(turns,)``.
    """

    ids: Tensor
    positions: Tensor
    segments: tuple[int, ...]
    continues: tuple[int, ...]
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

    Episodes with the same first prompt are kept together and share it. The longest such part is placed first, and each
    goes to the first micro-batch with room for it. An episode longer than the budget is a micro-batch of its own.

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
    parts = _sharing(episodes, budget, range(len(episodes)) if chosen is None else chosen)
    rows = first_fit_decreasing({number: size for number, (_, size) in enumerate(parts)}, budget)
    packed = []
    for row in rows:
        groups = [parts[number][0] for number in row]
        places = [place for group in groups for place in group]
        packed.append(
            _packed(
                [[episodes[place] for place in group] for group in groups],
                np.concatenate([np.arange(token_starts[place], token_starts[place + 1]) for place in places]),
                np.concatenate([np.arange(turn_starts[place], turn_starts[place + 1]) for place in places]),
                device,
            )
        )
    return packed


def _sharing(episodes: Sequence[TokenEpisode], budget: int, chosen: Sequence[int]) -> list[tuple[list[int], int]]:
    """Split episodes into parts that share their first prompt, each of at most ``budget`` tokens, with their sizes."""
    by_prompt: dict[bytes, list[int]] = defaultdict(list)
    for place in chosen:
        by_prompt[episodes[place].turns[0].prompt_ids.tobytes()].append(place)
    parts: list[tuple[list[int], int]] = []
    for places in by_prompt.values():
        shared = len(episodes[places[0]].turns[0].prompt_ids)
        part, size = [places[0]], episodes[places[0]].length
        for place in places[1:]:
            more = episodes[place].length - shared
            if size + more > budget:
                parts.append((part, size))
                part, size = [place], shared + more
            else:
                part, size = [*part, place], size + more
        parts.append((part, size))
    return parts


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


def _packed(groups: Sequence[Sequence[TokenEpisode]], tokens: Ids, turns: Ids, device: str) -> PackedBatch:
    """Put groups of episodes, each with a common first prompt, into one row."""
    row, positions, predictors, labels, states = [], [], [], [], []
    segments: list[int] = []
    continues: list[int] = []
    offset = 0
    for group in groups:
        prompt, shared, root, parent = group[0].turns[0].prompt_ids, 0, offset, ALONE
        if len(group) > 1:
            shared, parent = len(prompt), len(segments)
            row.append(prompt)
            positions.append(np.arange(shared))
            segments.append(shared)
            continues.append(ALONE)
            offset += shared
        for episode in group:
            # Where a position of the episode is in the row: in the shared prompt, or in the episode's own segment.
            places = np.concatenate((root + np.arange(shared), offset + np.arange(episode.length - shared)))
            end = 0
            for turn in episode.turns:
                end += len(turn.prompt_ids)
                length = len(turn.completion.ids)
                states.append(places[end - 1])
                predictors.append(places[end - 1 : end + length - 1])
                labels.append(turn.completion.ids)
                end += length
            row.append(episode.ids[shared:])
            positions.append(np.arange(shared, episode.length))
            segments.append(episode.length - shared)
            continues.append(parent)
            offset += segments[-1]

    def tensor(values: Any) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.int64)).to(device)

    return PackedBatch(
        ids=tensor(np.concatenate(row)),
        positions=tensor(np.concatenate(positions)),
        segments=tuple(segments),
        continues=tuple(continues),
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
    continues: tuple[int, ...] = (),
    scaling: float | None = None,
    sliding_window: int | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Attend causally within each sequence: ``(1, heads, length, width)`` in, ``(1, length, heads, width)`` out.

    A segment that continues another attends to all of that one, too.

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
    queries, keys, values = (torch.split(tensor, list(segments), dim=2) for tensor in (query, key, value))
    results = []
    for q, k, v, parent in zip(queries, keys, values, continues, strict=True):
        before = 0
        if parent != ALONE:
            before = segments[parent]
            k, v = torch.cat((keys[parent], k), dim=2), torch.cat((values[parent], v), dim=2)
        beyond = sliding_window is not None and k.shape[2] > sliding_window
        mask = _visible(q.shape[2], before, sliding_window if beyond else None, q.device) if before or beyond else None
        results.append(
            scaled_dot_product_attention(
                q, k, v, attn_mask=mask, is_causal=mask is None, scale=scaling, enable_gqa=k.shape[1] != q.shape[1]
            )
        )
    return torch.cat(results, dim=2).transpose(1, 2).contiguous(), None


def _visible(count: int, before: int, window: int | None, device: torch.device) -> Tensor:
    """Return which of ``before + count`` tokens each of the last ``count`` sees: itself and those before it."""
    whole = before + count
    return _visible_from(1 << (whole - 1).bit_length(), window, device)[before:whole, :whole]


@lru_cache(maxsize=4)  # all layers and segments ask for parts of it
def _visible_from(size: int, window: int | None, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # a later pass may save it for its gradient
        places = torch.arange(size, device=device)
        behind = places[:, None] - places
        return (behind >= 0) if window is None else (behind >= 0) & (behind < window)


AttentionInterface.register(PACKED_ATTENTION, packed_attention)
AttentionMaskInterface.register(PACKED_ATTENTION, sdpa_mask)


def _filler() -> TokenEpisode:
    one: Ids = np.zeros(1, np.int64)
    return TokenEpisode((TokenTurn(one, Completion(one, np.zeros(1, np.float32), one, True), 0.0),), "", False)


FILLER: Final = _filler()
"""Episode for a micro-batch that adds nothing, where a process has fewer micro-batches than another."""
