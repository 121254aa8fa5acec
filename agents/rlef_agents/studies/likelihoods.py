"""Likelihood of each right repair under its own feedback and under that of other secrets.

Nothing is sampled, so no repair is right by luck. For every secret of a problem, the judge says what the policy's wrong
program would be told, and the policy how likely each secret's right program is as its next response. A policy that
reads finds that program likely whose secret the feedback shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from rlef_agents.ppo.network import policy_logprobs
from rlef_agents.ppo.packing import pack
from rlef_agents.ppo.sft import Chat, token_episodes
from rlef_agents.ppo.trajectory import TokenEpisode
from rlef_agents.studies.cases import Case, judged_under
from rlef_agents.studies.frozen import FrozenPolicy
from rlef_agents.studies.interventions import Mode
from rlef_agents.studies.rows import as_row
from rlef_env.analysis.statistics import mean_interval
from rlef_env.envs import fenced
from rlef_env.judge import BaseJudgePool

__all__ = ["ScoredRepairs", "last_logprobs", "likelihoods", "score_repairs"]

TOKENS: Final = 8192
"""Tokens per micro-batch."""

MAX_SECRETS: Final = 8
"""Secrets of a problem that are compared; of more, so many at equal distances."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class ScoredRepairs:
    """The right programs of a case, one for each secret, scored after the feedback that each secret gives.

    Attributes:
        told: the messages under each secret, one for each program of the policy; None where there are none, because a
            program is right, ``(secrets,)``.
        logprobs: log-probability of each secret's right program (columns) after each secret's feedback (rows),
            in nats, ``(secrets, secrets)``; NaN in the rows without feedback.
    """

    told: tuple[tuple[str, ...] | None, ...]
    logprobs: Matrix

    @property
    def rows(self) -> list[int]:
        """Secrets with feedback."""
        return [place for place, text in enumerate(self.told) if text is not None]

    @property
    def own_most_likely(self) -> float:
        """Share of rows whose most likely program is one whose secret gives this feedback."""
        return float(np.mean([self.told[int(self.logprobs[row].argmax())] == self.told[row] for row in self.rows]))

    @property
    def chance(self) -> float:
        """The same share if the most likely program were any of them, whatever the feedback."""
        return float(np.mean([self.told.count(self.told[row]) / len(self.told) for row in self.rows]))

    @property
    def chance_after_own(self) -> float:
        """``likeliest_after_own`` if programs were equally likely after any feedback."""
        rows = self.rows
        return float(np.mean([[self.told[row] for row in rows].count(self.told[own]) / len(rows) for own in rows]))

    @property
    def likeliest_after_own(self) -> float:
        """Share of programs that are likeliest after their own feedback, however likely other programs are."""
        rows = self.rows
        return float(np.mean([self.told[rows[self.logprobs[rows, own].argmax()]] == self.told[own] for own in rows]))

    @property
    def difference(self) -> float:
        """Mean over programs: log-probability after their own feedback, less the mean after others' feedback, nats."""
        found = []
        for own in self.rows:
            others = [row for row in self.rows if self.told[row] != self.told[own]]
            if others:
                found.append(self.logprobs[own, own] - self.logprobs[others, own].mean())
        return float(np.mean(found))


def score_repairs(
    policy: FrozenPolicy, cases: Sequence[Case], pool: BaseJudgePool, mode: Mode = "public"
) -> list[ScoredRepairs]:
    """Score the right programs of each case.

    Args:
        policy: the policy.
        cases: the cases; those of which fewer than two secrets give different feedback are left out.
        pool: judges.
        mode: which failures the feedback shows.
    """
    chosen = [[case.variants[place] for place in _spread(len(case.variants))] for case in cases]
    pairs = [(case, variant) for case, variants in zip(cases, chosen, strict=True) for variant in variants]
    told = iter(judged_under(pairs, pool, mode))
    found: list[ScoredRepairs] = []
    for case, variants in zip(cases, chosen, strict=True):
        texts = tuple(None if each is None else (*each.before, each.text) for each in (next(told) for _ in variants))
        if len(set(texts) - {None}) < 2:
            continue
        repairs = [fenced(variant.solutions[0].source.rstrip()) for variant in variants]
        chats: list[Chat] = [
            [*map(dict, case.conversation(text).messages), {"role": "assistant", "content": repair}]
            for text in texts
            if text is not None
            for repair in repairs
        ]
        logprobs = np.full((len(texts), len(repairs)), np.nan)
        rows = [row for row, text in enumerate(texts) if text is not None]
        episodes = list(token_episodes(chats, policy.renderer, last_only=True))
        logprobs[rows] = last_logprobs(policy, episodes).reshape(len(rows), len(repairs))
        found.append(ScoredRepairs(texts, logprobs))
    return found


@torch.no_grad()
def last_logprobs(policy: FrozenPolicy, episodes: Sequence[TokenEpisode]) -> Matrix:
    """Return the log-probability of each episode's responses, ends of turn included, in nats, ``(episodes,)``."""
    owners = np.repeat(
        np.arange(len(episodes)), [sum(len(turn.completion.ids) for turn in each.turns) for each in episodes]
    )
    of_tokens = np.zeros(len(owners))
    for batch in pack(episodes, TOKENS, device=str(next(policy.lm.parameters()).device)):
        of_tokens[batch.tokens] = policy_logprobs(policy.lm, batch, dtype=policy.dtype).double().numpy(force=True)
    return np.bincount(owners, of_tokens, len(episodes)).astype(np.float64)


def likelihoods(scored: Sequence[ScoredRepairs]) -> dict[str, Any]:
    """Return what the likelihoods say, as JSON values.

    Returns:
        ``own_most_likely``: share of feedback after which the right program is the most likely one; ``chance``: that
        share for a policy that ignores feedback, and has its favourite among the programs at random;
        ``likeliest_after_own``: share of right programs that are likeliest after their own feedback, which a preference
        for some programs does not change; ``chance_after_own``: that share for a policy that ignores feedback;
        ``difference``: mean log-probability of a right program after its own feedback less that after others', in nats;
        ``matrix``: mean log-probability of each secret's program (columns) after each secret's feedback (rows), None
        where problems have different numbers of secrets; ``count``: number of problems. Intervals are 95 %, over
        problems.
    """
    sizes = {len(each.told) for each in scored}
    matrix = None
    if len(sizes) == 1:
        stacked = np.stack([each.logprobs for each in scored])
        known = ~np.isnan(stacked)
        sums, counts = np.where(known, stacked, 0.0).sum(0), known.sum(0)
        matrix = [
            [round(float(total / count), 4) if count else None for total, count in zip(*row, strict=True)]
            for row in zip(sums, counts, strict=True)
        ]
    return {
        "own_most_likely": as_row(mean_interval([each.own_most_likely for each in scored])),
        "likeliest_after_own": as_row(mean_interval([each.likeliest_after_own for each in scored])),
        "chance": float(np.mean([each.chance for each in scored])) if scored else None,
        "chance_after_own": float(np.mean([each.chance_after_own for each in scored])) if scored else None,
        "difference": as_row(mean_interval([each.difference for each in scored], bounds=None)),
        "matrix": matrix,
        "count": len(scored),
    }


def _spread(secrets: int) -> list[int]:
    """Return the places of at most ``MAX_SECRETS`` secrets, the first and the last among them."""
    places = np.linspace(0, secrets - 1, min(secrets, MAX_SECRETS)).round().astype(int)
    return [int(place) for place in places]
