"""Evaluation of a policy: play problems it was not trained on, and compute solve rates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from rlef_agents.ppo import parallel
from rlef_agents.ppo.rollout import Batch, Plan, Rollout, seed_of
from rlef_env import Dataset, Episode, Verdict
from rlef_env.analysis.metrics import NAtK, n_at_k

__all__ = ["EpisodeRecord", "evaluate", "evaluated_problems", "evaluation_plans", "record_of", "summary"]

NOT_VALID = (Verdict.NO_PROGRAM, Verdict.COMPILE_ERROR)


class EpisodeRecord(NamedTuple):
    """An episode, as far as an evaluation counts it.

    Attributes:
        problem: problem id.
        has_verdict: False where the judge itself failed.
        turns: number of responses.
        limit: largest number of responses.
        solved_at: number of the response that solved the problem, from 1; 0 where none did.
        passed_public: True where the last program passed the public tests.
        valid: number of responses whose program compiles.
        starved: True where there is no verdict because the machine failed to give the program its time.
        out_of_context: True where the episode ended unsolved because no further response fitted into the context.
        skipped: True where not even a first response fitted.
    """

    problem: str
    has_verdict: bool
    turns: int
    limit: int
    solved_at: int
    passed_public: bool
    valid: int
    starved: bool = False
    out_of_context: bool = False
    skipped: bool = False


def evaluation_plans(
    dataset: Dataset, episodes: int, at_once: int, seed: int, samples: int = 1, process: int = 0, processes: int = 1
) -> list[Plan]:
    """Return plans that play each problem ``samples`` times.

    Args:
        dataset: the problems; those without tests are left out.
        episodes: smallest number of episodes: the first problems are played, more than once where there are too few;
            0 plays every problem.
        at_once: largest number of episodes in a plan.
        seed: seed of all random draws.
        samples: episodes of each problem.
        process: number of this process, which plays every ``processes``-th episode.
        processes: number of processes.
    """
    names = evaluated_problems(dataset, episodes, samples)
    numbers = range(process, max(episodes, len(names) * samples), processes)
    parts = [numbers[first : first + at_once] for first in range(0, len(numbers), at_once)]
    return [
        Plan(
            tuple(names[number % len(names)] for number in part),
            tuple(seed_of(seed, number) for number in part),
            tuple(number // len(names) for number in part),
        )
        for part in parts
    ]


def evaluated_problems(dataset: Dataset, episodes: int, samples: int = 1) -> list[str]:
    """Return the ids of the problems that ``evaluation_plans`` plays, in order: the same in every evaluation."""
    names = [each.id for each in dataset.metadata() if each.tests]
    return names[: -(-episodes // samples)] if episodes else names


def evaluate(
    rollout: Rollout,
    plans: Sequence[Plan],
    wanted: Sequence[NAtK] = (),
    keep: Callable[[Batch, Plan], object] = lambda _, __: None,
) -> dict[str, float]:
    """Play all plans of this process; all processes call it at once.

    Args:
        rollout: plays the episodes.
        plans: plans of this process.
        wanted: n@k to estimate.
        keep: called with each plan and its episodes when they have ended.

    Returns:
        ``summary`` of the episodes of all processes.
    """
    mine: list[EpisodeRecord] = []
    for each in plans:
        batch = rollout.play(each)
        keep(batch, each)
        mine += [
            record_of(episode, place in batch.out_of_context, place in batch.skipped)
            for place, episode in enumerate(batch.episodes)
        ]
    return summary([each for part in parallel.gathered(mine) for each in part], wanted)


def record_of(episode: Episode, out_of_context: bool = False, skipped: bool = False) -> EpisodeRecord:
    """Make the record of an episode that has ended."""
    results = episode.turns[-1].judgement.results if episode.turns else ()
    public = [result.verdict is Verdict.ACCEPTED for result in results if result.role == "public"]
    return EpisodeRecord(
        episode.problem_id,
        has_verdict=(bool(episode.turns) or skipped) and not episode.truncated,
        turns=len(episode.turns),
        limit=int(episode.settings.get("max_turns", len(episode.turns))),
        solved_at=episode.solved_at or 0,
        passed_public=episode.solved or (bool(results) and all(public)),
        valid=sum(turn.judgement.verdict not in NOT_VALID for turn in episode.turns),
        starved=episode.truncated and any(turn.judgement.category == "starved" for turn in episode.turns[-1:]),
        out_of_context=out_of_context,
        skipped=skipped,
    )


def summary(records: Sequence[EpisodeRecord], wanted: Sequence[NAtK] = ()) -> dict[str, float]:
    """Compute the metrics of an evaluation; episodes without a verdict are counted apart.

    Args:
        records: records of the episodes.
        wanted: n@k to estimate, beside 1@k for one whole episode.

    Returns:
        solve_rate (over episodes) and solve_rate_half_width (95 %, normal approximation), solved_at_1, solved_at_2, ...
        (solved by that turn or before), valid_programs (share of responses whose program compiles), turns, episodes,
        no_verdict, starved (episodes of no_verdict that the machine caused), out_of_context (episodes that ended
        unsolved because no further response fitted), skipped (episodes in which no first response fitted); and n@k
        under names such as ``1@3`` or ``10@100``, over problems with as many episodes as k needs.
    """
    kept = [each for each in records if each.has_verdict]
    if not kept:
        return {"episodes": 0.0, **without_verdict(records)}
    responses = sum(each.turns for each in kept)
    solved = [each.solved_at for each in kept]
    rate = sum(map(bool, solved)) / len(kept)
    limit = max(each.limit for each in kept)
    return {
        "solve_rate": rate,
        "solve_rate_half_width": 1.96 * float(np.sqrt(rate * (1.0 - rate) / len(kept))),
        **{f"solved_at_{turn}": sum(0 < at <= turn for at in solved) / len(kept) for turn in range(1, limit + 1)},
        "valid_programs": sum(each.valid for each in kept) / max(responses, 1),
        "turns": responses / len(kept),
        "episodes": float(len(kept)),
        **without_verdict(records),
        "out_of_context": float(sum(each.out_of_context for each in kept)),
        "skipped": float(sum(each.skipped for each in kept)),
        **{
            str(each): found
            for each in dict.fromkeys((NAtK(1, limit), *wanted))
            if (found := mean_n_at_k(kept, each, each.episodes(limit))) is not None
        },
    }


def without_verdict(records: Sequence[EpisodeRecord]) -> dict[str, float]:
    """Count episodes without a verdict, and those of them that the machine caused."""
    lost = [each for each in records if not each.has_verdict]
    return {"no_verdict": float(len(lost)), "starved": float(sum(each.starved for each in lost))}


def mean_n_at_k(records: Sequence[EpisodeRecord], wanted: NAtK, drawn: int) -> float | None:
    """Average n@k over problems with at least ``drawn`` episodes; None where there is none."""
    problems: dict[str, list[EpisodeRecord]] = defaultdict(list)
    for each in records:
        problems[each.problem].append(each)
    rates = [
        n_at_k([each.passed_public for each in those], [each.solved_at > 0 for each in those], wanted.n, drawn)
        for those in problems.values()
        if len(those) >= drawn
    ]
    return float(np.mean(rates)) if rates else None
