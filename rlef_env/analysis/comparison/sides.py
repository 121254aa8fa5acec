"""The two sides of a comparison: a run's episodes of one evaluation, with a name for the report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from rlef_env.analysis.backtest import JudgeFlips, read_judge_flips
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, RunFolder, RunIdentity, read_facts

__all__ = ["Side", "Source", "side_of"]


@runtime_checkable
class HasFolder(Protocol):
    """A run that is open, such as ``rlef_env.analysis.Run``."""

    @property
    def folder(self) -> RunFolder:
        """Its folder."""


Source: TypeAlias = "str | os.PathLike[str] | RunFolder | HasFolder | Sequence[EpisodeFacts]"
"""A run: its path (``RUN``, or ``RUN@STEP`` for an evaluation during training), its folder, or its episodes."""


@dataclass(frozen=True)
class Side:
    """The episodes of one evaluation.

    Attributes:
        name: what the report calls it.
        facts: the episodes, those without a verdict included.
        identity: what decides the run's episodes; None where only episodes are given.
        rescored: what ``rlef rescore`` found about the judge in this run; None if it has not been run.
    """

    name: str
    facts: Sequence[EpisodeFacts]
    identity: RunIdentity | None = None
    rescored: JudgeFlips | None = None

    @property
    def no_verdict(self) -> int:
        """Number of episodes without a verdict."""
        return sum(not each.has_verdict for each in self.facts)


def side_of(source: Source, name: str, evaluation: str | None = None) -> Side:
    """Return the side of a source: of a training run, the last evaluation where the source names no step.

    Args:
        source: the run.
        name: name where the source has none.
        evaluation: name of the evaluation set of a training run that has several.

    Raises:
        UsageError: the run has no episodes to compare, or several evaluation sets and none is named.
        DataError: the folder has no run, or a damaged one.
    """
    step = None
    if isinstance(source, (str, os.PathLike)):
        path, step = _path_and_step(Path(source))
        folder = RunFolder.open(path)
        name = str(source)
    elif isinstance(source, RunFolder):
        folder, name = source, str(source.path)
    elif isinstance(source, HasFolder):
        folder, name = source.folder, str(source.folder.path)
    else:
        return _checked(Side(name, _evaluation(list(source), name, evaluation)))
    facts = [each for each in read_facts(folder) if each.phase != "train"]
    steps = sorted({each.step for each in facts if each.step is not None})
    if step is not None and step not in steps:
        known = ", ".join(map(str, steps[:20])) or "none"
        raise UsageError(f"{name}: expected the step of an evaluation in this run ({known}), got {step}")
    if steps:
        facts = [each for each in facts if each.step == (steps[-1] if step is None else step)]
    return _checked(Side(name, _evaluation(facts, name, evaluation), folder.identity, read_judge_flips(folder)))


def _path_and_step(path: Path) -> tuple[Path, int | None]:
    before, at, step = str(path).rpartition("@")
    if at and step.isdecimal() and step.isascii() and not path.exists():
        return Path(before), int(step)
    return path, None


def _evaluation(facts: list[EpisodeFacts], name: str, evaluation: str | None) -> list[EpisodeFacts]:
    names = sorted({each.evaluation for each in facts})
    if evaluation is None and len(names) < 2:
        return facts
    if evaluation not in names:
        listed = ", ".join(each or "''" for each in names)
        raise UsageError(
            f"{name}: expected --evaluation to name one of its evaluation sets ({listed}), got {evaluation}"
        )
    return [each for each in facts if each.evaluation == evaluation]


def _checked(side: Side) -> Side:
    if not side.facts:
        raise UsageError(f"{side.name}: expected a run with evaluated episodes, found none; has it been played?")
    return side
