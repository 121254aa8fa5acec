"""The run folder: the same files for an evaluation, a training run and a person who plays.

::

    RUN/run.json                   format, kind, configuration, identity, machine
    RUN/problems.jsonl             a ``ProblemFacts`` a line
    RUN/episodes/PART-000001.jsonl one episode a line, appended while the run goes on
    RUN/episodes/PART-000000.parquet, PART-000000.turns.parquet    earlier episodes, compressed
    RUN/metrics.jsonl              one object a line (training)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final, Literal, get_args

from rlef_env.errors import DataError, UsageError
from rlef_env.files import written_whole
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.runs.facts import ProblemFacts
from rlef_env.runs.identity import RunIdentity, machine

__all__ = ["Kind", "RunFolder"]

Kind = Literal["evaluation", "training", "play"]
"""What a run folder holds the episodes of."""

FORMAT: Final = "rlef-run"
VERSION: Final = 1


@dataclass(frozen=True)
class RunFolder:
    """A folder with a run.

    Attributes:
        path: the folder.
        kind: what the run is.
        identity: what decides its episodes.
        config: the settings that the user gave, as plain JSON values.
        created: when it was created, in UTC, as ``"2026-11-30T01:02:03+00:00"``.
        machine: ``rlef_env.runs.machine()`` where the run was created.
    """

    path: Path
    kind: Kind
    identity: RunIdentity = field(default_factory=RunIdentity)
    config: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def create(
        cls,
        path: str | Path,
        kind: Kind,
        identity: RunIdentity,
        config: Mapping[str, Any] | None = None,
        problems: Iterable[ProblemFacts] = (),
    ) -> RunFolder:
        """Create a run in a folder, which may exist and hold other files.

        Raises:
            UsageError: the folder has a run already.
            OSError: a file cannot be written.
        """
        folder = Path(path)
        if (folder / "run.json").exists():
            raise UsageError(
                f"{path}: expected a folder without a run, got one with a run; add --resume to continue it, or choose "
                "another folder"
            )
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        run = cls(folder, kind, identity, dict(config or {}), created, machine())
        run.episodes.mkdir(parents=True, exist_ok=True)
        with written_whole(run.problems) as file:
            file.writelines(problem_line(each) for each in problems)
        row = {
            "format": FORMAT,
            "version": VERSION,
            "kind": run.kind,
            "created": run.created,
            "identity": asdict(run.identity),
            "config": run.config,
            "machine": run.machine,
        }
        with written_whole(folder / "run.json") as file:  # last, so that a folder with it is complete
            file.write(json.dumps(row, indent=1).encode("ascii") + b"\n")
        return run

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """Open the run in a folder.

        Raises:
            DataError: the folder has no run, or its ``run.json`` is not of this version or damaged.
        """
        folder = Path(path)
        file = folder / "run.json"
        try:
            raw = file.read_bytes()
        except OSError as error:
            if folder.is_dir():
                inside = sorted(each.parent.name for each in folder.glob("*/run.json"))
                advice = (
                    f"name one of the runs in it: {', '.join(inside[:8])}"
                    if inside
                    else "name a folder that `rlef eval --out`, `rlef play --out` or `rlef-agents train` wrote"
                )
                raise DataError(f"{path}: expected the folder of a run, found no run.json in it; {advice}") from None
            raise DataError(f"{path}: expected the folder of a run, got: {error.strerror}; check the path") from None
        row = parse_row(raw.replace(b"\n", b" "), str(file))
        if row.get("format") != FORMAT:
            raise DataError(f"{file}: expected a run of rlef-env (format {FORMAT!r}), got {row.get('format')!r}")
        if row.get("version") != VERSION:
            raise DataError(
                f"{file}: expected a run of version {VERSION}, got version {row.get('version')!r}; open it with the "
                "rlef-env that wrote it, or play it again"
            )
        root = Field(row, str(file))
        kind = root.child("kind")
        if kind.value not in get_args(Kind):
            raise kind.error(f"one of {', '.join(get_args(Kind))}", "was this file edited?")
        identity = root.child("identity")
        sections = {each: identity.child(each).table() for each in ("agent", "episodes", "problems", "judge")}
        config, made_on = root.child("config").table(), root.child("machine").table()
        return cls(folder, kind.value, RunIdentity(**sections), config, root.child("created").text(), made_on)

    @classmethod
    def resume(cls, path: str | Path, identity: RunIdentity) -> RunFolder:
        """Open a run to add episodes to it.

        Raises:
            UsageError: the run has another identity; the message names what changed.
            DataError: as for ``open``.
        """
        run = cls.open(path)
        changed = identity.differences(run.identity)
        if changed:
            raise UsageError(
                f"{path}: expected the settings with which this run began, got other ones: "
                f"{'; '.join(changed[:8])}; use the same settings, or choose another folder"
            )
        return run

    @property
    def episodes(self) -> Path:
        """Folder of the episodes."""
        return self.path / "episodes"

    @property
    def problems(self) -> Path:
        """File of the problems."""
        return self.path / "problems.jsonl"

    @property
    def metrics(self) -> Path:
        """File of the metrics of training; it may not exist."""
        return self.path / "metrics.jsonl"

    def problem_facts(self) -> dict[str, ProblemFacts]:
        """Return the facts about the run's problems, by id.

        Raises:
            DataError: the file cannot be read.
        """
        found: dict[str, ProblemFacts] = {}
        for number, line in enumerate(whole_lines(self.problems), start=1):
            root = Field(parse_row(line, f"{self.problems}:{number}"), f"{self.problems}:{number}")
            facts = ProblemFacts(
                problem_id=_text(root.child("problem_id")),
                digest=_text(root.child("digest")),
                cluster=_text(root.child("cluster")),
                source=_text_or_none(root.child("source")),
                difficulty=_text_or_none(root.child("difficulty")),
                published=_text_or_none(root.child("published")),
                tags=tuple(map(_text, root.child("tags").items())),
            )
            found.setdefault(facts.problem_id, facts)
        return found


def problem_line(facts: ProblemFacts) -> bytes:
    """Return facts about a problem as a line of JSON."""
    return json.dumps(asdict(facts)).encode("ascii") + b"\n"


def whole_lines(path: Path) -> list[bytes]:
    """Return the lines of a file that end with a line end: the last one may have been cut by a crash.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: expected a readable file, got: {error.strerror}; check the folder") from None
    return [line for line in data[: data.rfind(b"\n") + 1].split(b"\n") if line.strip()]


def _text(field: Field) -> str:
    if not isinstance(field.value, str):
        raise field.error("text", "was this file edited?")
    return field.value


def _text_or_none(field: Field) -> str | None:
    return None if field.value is None else _text(field)
