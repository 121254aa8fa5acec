"""What an export reads: the episodes of a run, with the names by which others group them."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlef_env.errors import UsageError
from rlef_env.files import written_whole
from rlef_env.runs import EpisodeRecord, ProblemFacts, RunFolder, read_records

__all__ = ["Source", "json_line", "missing_package", "outcome", "stable_id", "turn_rows", "write_lines"]


@dataclass(frozen=True)
class Source:
    """Episodes of a run that are exported.

    Attributes:
        run: the run.
        phase: phase of the episodes; None for all.
        limit: number of episodes at most; None for all.
    """

    run: RunFolder
    phase: str | None = None
    limit: int | None = None

    def records(self) -> Iterator[EpisodeRecord]:
        """Yield the episodes, those of a problem in the order of the run."""
        records = (record for record in read_records(self.run) if self.phase in (None, record.phase))
        return itertools.islice(records, self.limit)

    @property
    def agent(self) -> str:
        """Name of the agent."""
        return str(self.run.identity.agent.get("name") or "unknown")

    @property
    def dataset(self) -> str:
        """Name of the data set."""
        return str(self.run.identity.problems.get("dataset") or "unknown")

    def problems(self) -> Mapping[str, ProblemFacts]:
        """Return the facts about the problems by id."""
        return self.run.problem_facts()

    def id_of(self, record: EpisodeRecord) -> str:
        """Return an id of an episode, the same whenever it is exported, and unique in this run and beside others."""
        return stable_id(self.run.identity.digest, self.run.created, *record.key)


def stable_id(*parts: object) -> str:
    """Return 22 hexadecimal digits that depend on the parts only."""
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()[:22]


def outcome(record: EpisodeRecord) -> str:
    """Return ``"solved"``, ``"failed"``, or ``"no_verdict"`` where the judge itself failed."""
    if not record.has_verdict:
        return "no_verdict"
    return "solved" if record.episode.solved else "failed"


def turn_rows(record: EpisodeRecord) -> list[dict[str, Any]]:
    """Return what is known of each turn, without its texts, as plain JSON values."""
    return [
        {
            "turn": number,
            "verdict": turn.judgement.verdict.value,
            "category": extra.category or turn.judgement.category,
            "passed": turn.judgement.passed,
            "total": turn.judgement.total,
            "reward": turn.reward,
            "cpu_seconds": turn.judgement.cpu_seconds,
            "prompt_tokens": extra.prompt_tokens,
            "completion_tokens": extra.completion_tokens,
            **dict(extra.values),
        }
        for number, (turn, extra) in enumerate(zip(record.episode.turns, record.extras(), strict=True), start=1)
    ]


def json_line(row: Mapping[str, Any]) -> bytes:
    """Return a row as a line of JSON in ASCII, so that every text survives, whatever reads it."""
    return json.dumps(row, allow_nan=False).encode("ascii") + b"\n"


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows to a file of JSON lines, as a whole or not at all; return their number."""
    count = 0
    with written_whole(path) as file:
        for count, row in enumerate(rows, start=1):  # noqa: B007 - the last count is the number of rows
            file.write(json_line(row))
    return count


def missing_package(what: str, package: str) -> UsageError:
    """Return the error that a package is missing."""
    return UsageError(f"--to {what}: expected {package} to be installed; pip install {package}")
