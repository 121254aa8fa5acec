"""A regression set: problems that a model once failed, and must not fail again. It is a problem set that grows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from rlef_env.analysis.backtest.problem_set import SetEntry, read_problem_set, write_problem_set
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, RunFolder, read_facts
from rlef_env.runs.record import EpisodeKey
from rlef_env.runs.shards import episode_number

__all__ = ["add_regression", "entry_of", "find_episode", "read_regressions", "remove_regressions"]


def read_regressions(path: str | Path) -> list[SetEntry]:
    """Read a regression set; it is empty if there is no such file.

    Raises:
        DataError: the file is no problem set.
    """
    return read_problem_set(path) if Path(path).exists() else []


def find_episode(run: RunFolder, name: str) -> EpisodeFacts:
    """Return an episode of a run.

    Args:
        run: the run.
        name: the episode's number, as the tables have it; or the id of a problem, for the first of its episodes that
            was not solved, or else its first one.

    Raises:
        UsageError: there is no such episode.
        DataError: the run cannot be read.
    """
    facts = [each for each in read_facts(run) if each.has_verdict]
    of_problem = [each for each in facts if each.problem.problem_id == name]
    found = [each for each in facts if name == str(_number(each))] or sorted(of_problem, key=lambda each: each.solved)
    if not found:
        raise UsageError(
            f"{run.path}: expected the number of an episode with a verdict, or the id of its problem, got {name!r}; "
            'rlef query RUN "SELECT episode, problem_id, verdict FROM episodes" lists them'
        )
    return found[0]


def entry_of(run: RunFolder, facts: EpisodeFacts, origin: tuple[str, str], why: str = "") -> SetEntry:
    """Return the line of a regression set for an episode.

    Args:
        run: the run of the episode.
        facts: the episode.
        origin: names of the data set and the split of its problem.
        why: why it is added; what came out if empty.
    """
    verdict = facts.turns[-1].verdict if facts.turns else "no_program"
    outcome = f"solved at turn {facts.solved_at}" if facts.solved else f"{verdict} at turn {len(facts.turns)}"
    return SetEntry(
        origin[0],
        facts.problem.problem_id,
        origin[1],
        digest=facts.problem.digest,
        why=why or outcome,
        run=str(run.path),
        episode=_number(facts),
        added=datetime.now(timezone.utc).date().isoformat(),
    )


def add_regression(path: str | Path, entry: SetEntry) -> bool:
    """Add a problem to a regression set; a line about the same problem is replaced.

    Returns:
        Whether the problem is new to the set.

    Raises:
        DataError: the file is no problem set.
        OSError: the file cannot be written.
    """
    entries = read_regressions(path)
    others = [each for each in entries if (each.dataset, each.split, each.problem_id) != _problem(entry)]
    write_problem_set(path, [*others, entry])
    return len(others) == len(entries)


def remove_regressions(path: str | Path, problem_ids: Sequence[str]) -> None:
    """Remove problems from a regression set.

    Raises:
        UsageError: one of them is not in it; nothing is removed.
        DataError: the file is no problem set.
    """
    entries = read_problem_set(path)
    missing = [each for each in problem_ids if each not in {entry.problem_id for entry in entries}]
    if missing:
        raise UsageError(f"{path}: expected problems of the set, got {missing[0]!r}; rlef regressions list shows them")
    write_problem_set(path, [entry for entry in entries if entry.problem_id not in problem_ids])


def _problem(entry: SetEntry) -> tuple[str, str, str]:
    return entry.dataset, entry.split, entry.problem_id


def _number(facts: EpisodeFacts) -> int:
    key = EpisodeKey(facts.phase, facts.evaluation, facts.step, facts.problem.problem_id, facts.sample)
    return episode_number(key)
