"""Keeps played episodes in a run folder; the wrappers that record episodes share it."""

from __future__ import annotations

import fcntl
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rlef_env.analysis.errors import categorise
from rlef_env.envs import EnvConfig
from rlef_env.envs.arguments import at_least
from rlef_env.episodes import Episode
from rlef_env.errors import UsageError
from rlef_env.problems import Problem
from rlef_env.runs import (
    EpisodeRecord,
    EpisodeWriter,
    RunFolder,
    RunIdentity,
    TurnExtra,
    judge_version,
    problem_facts,
    read_facts,
)

__all__ = ["Answers", "Recorder"]

SAMPLES: Final = 1_000_000
"""Each recorder of a folder numbers its episodes of a problem from a multiple of this on: no number comes twice."""


class Recorder:
    """Appends episodes to a run folder, which is created if there is none.

    Any number of recorders, of this and of other processes, may write to a folder at the same time; each has files of
    its own.

    Args:
        path: the folder.
        config: configuration of the environment.
        every: keep the first of each so many episodes.

    Raises:
        UsageError: the folder has a run with other settings.
        DataError: its run cannot be read.
        OSError: it cannot be written.
    """

    def __init__(self, path: str, config: EnvConfig, every: int) -> None:
        at_least("every", every, 1)
        self._every, self._ended = every, 0
        run = _opened(Path(path), config)
        self._number, self._writer = _free_writer(run)
        self._samples = Counter(
            facts.problem.problem_id for facts in read_facts(run) if facts.sample // SAMPLES == self._number
        )
        self._known: set[str] = set()

    def keep(self, problem: Problem, episode: Episode, answers: Answers) -> None:
        """Append an episode that has ended, unless it is one of those to leave out.

        Raises:
            OSError: the disk is full or fails; nothing of the episode was appended.
        """
        number, self._ended = self._ended, self._ended + 1
        if number % self._every:
            return
        facts = None if problem.id in self._known else problem_facts(problem)
        sample = self._number * SAMPLES + self._samples[problem.id]
        turns = answers.extras(categorise(problem, episode))
        self._writer.append(EpisodeRecord(episode, sample, "play", seconds=answers.seconds, turns=turns), facts)
        self._known.add(problem.id)
        self._samples[problem.id] += 1

    def close(self) -> None:
        """Compress what is left, and free the files. Safe to call twice."""
        self._writer.close()


class Answers:
    """What is known of an episode's responses beside their texts: tokens and seconds.

    A response that says its tokens, such as ``rlef_env.agents.SampledText``, has them in attributes.
    """

    def __init__(self) -> None:
        self._began = self._asked = time.monotonic()
        self._found: list[TurnExtra] = []

    def given(self, response: object) -> TurnExtra:
        """Return what is known of a response to the latest message."""
        seconds = round(time.monotonic() - self._asked, 6)
        return TurnExtra(None, _tokens(response, "prompt_tokens"), _tokens(response, "completion_tokens"), seconds)

    def judged(self, answer: TurnExtra, turns: int) -> None:
        """Take note of a judged response, after which the episode has so many turns.

        Another wrapper may have given no response to the environment, several, or begun another episode.
        """
        self._asked = time.monotonic()
        if turns < len(self._found):
            self._found, self._began = [], self._asked
        self._found += ([answer] + [TurnExtra()] * turns)[: turns - len(self._found)]

    @property
    def seconds(self) -> float:
        """Wall time since the episode began."""
        return round(time.monotonic() - self._began, 6)

    def extras(self, categories: Sequence[str | None]) -> tuple[TurnExtra, ...]:
        """Return one for each turn, with its category."""
        return tuple(
            TurnExtra(category, each.prompt_tokens, each.completion_tokens, each.seconds)
            for category, each in zip(categories, self._found, strict=True)
        )


def _tokens(response: object, name: str) -> int | None:
    count = getattr(response, name, None)
    return count if type(count) is int and count >= 0 else None


def _opened(path: Path, config: EnvConfig) -> RunFolder:
    """Create the run or open it, one process at a time."""
    identity = RunIdentity(
        agent={"name": "recorded"},
        episodes=config.settings,
        problems={"dataset": config.dataset.name, "split": config.split},
        judge=judge_version(),
    )
    path.mkdir(parents=True, exist_ok=True)
    with _locked(path / ".lock"):
        if (path / "run.json").exists():
            return RunFolder.resume(path, identity)
        return RunFolder.create(path, "play", identity)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _free_writer(run: RunFolder, number: int = 0) -> tuple[int, EpisodeWriter]:
    """Return the first number whose files no other recorder writes, and their writer."""
    while True:
        with suppress(UsageError):  # raised where another one writes them
            return number, EpisodeWriter(run, f"recorder{number}")
        number += 1
