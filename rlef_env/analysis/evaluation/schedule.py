"""Which episodes of a run are still to be played, in which order, and with which seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from rlef_env.runs import EpisodeRecord, RunFolder, read_facts, read_records

__all__ = ["PlannedEpisode", "episode_seed", "missing_episodes", "played_attempts"]


@dataclass(frozen=True, slots=True)
class PlannedEpisode:
    """An episode to play.

    Attributes:
        problem_id: its problem.
        sample: its number among those of the problem, from 0.
        seed: its seed.
        attempt: how often it was played before without a verdict.
    """

    problem_id: str
    sample: int
    seed: int
    attempt: int = 0


def episode_seed(seed: int, problem_id: str, sample: int) -> int:
    """Return the seed of an episode. It does not depend on which other episodes there are."""
    text = f"{seed}\0{problem_id}\0{sample}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(text).digest()[:6], "big")


def missing_episodes(
    samples: Mapping[str, int], seed: int, attempts: Mapping[tuple[str, int], int | None]
) -> list[PlannedEpisode]:
    """Return the episodes that have not been played or have no verdict.

    The first episodes of all problems come before the second ones, so that a run that is stopped has said something
    about each problem.

    Args:
        samples: number of episodes of each problem; the problems are in the order in which they are played.
        seed: seed of the run.
        attempts: ``played_attempts`` of the run.
    """
    return [
        PlannedEpisode(problem_id, sample, episode_seed(seed, problem_id, sample), attempt)
        for sample in range(max(samples.values(), default=0))
        for problem_id, count in samples.items()
        if sample < count and (attempt := attempts.get((problem_id, sample), 0)) is not None
    ]


def played_attempts(run: RunFolder) -> dict[tuple[str, int], int | None]:
    """Return for each episode of a run, by problem and sample, its next attempt; None if it has a verdict."""
    facts = read_facts(run)
    if all(each.has_verdict for each in facts):
        return dict.fromkeys(((each.problem.problem_id, each.sample) for each in facts), None)
    return dict(_attempt(record) for record in read_records(run))


def _attempt(record: EpisodeRecord) -> tuple[tuple[str, int], int | None]:
    return (record.episode.problem_id, record.sample), None if record.has_verdict else record.attempt + 1
