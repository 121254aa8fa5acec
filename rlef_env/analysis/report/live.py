"""A report that follows runs while they go on: what the page asks a server for."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rlef_env.analysis.report.data import EpisodeTable, key_of
from rlef_env.analysis.report.differences import differences
from rlef_env.analysis.report.page import page_html, shared_head
from rlef_env.analysis.report.summary import run_summary
from rlef_env.analysis.report.tail import RunTail
from rlef_env.runs import EpisodeFacts, RunFolder
from rlef_env.runs.record import EpisodeKey

__all__ = ["LiveReport"]

SUMMARY_SHARE: Final = 0.1
"""Share of the time that may go into computing metrics again."""


class LiveReport:
    """A report on runs that may still go on. Safe to use from several threads.

    Args:
        runs: the runs.
        title: title of the page; the names of the runs if None.
    """

    def __init__(self, runs: Sequence[RunFolder], title: str | None = None) -> None:
        self._runs, self._title = list(runs), title
        self._table = EpisodeTable()
        self._tails = [RunTail(run) for run in runs]
        self._facts: list[dict[EpisodeKey, EpisodeFacts]] = [{} for _ in runs]
        self._lock = threading.Lock()
        self._summaries: list[dict[str, Any]] = []
        self._differences: list[dict[str, Any]] = []
        self._version = self._summarised = 0
        self._next_summary = 0.0

    def close(self) -> None:
        """Delete temporary files."""
        with self._lock:
            self._table.pages.close()

    def html(self) -> bytes:
        """Return the page.

        Raises:
            DataError: a run is damaged.
        """
        with self._lock:
            self._refresh()
            title = self._title or " and ".join(each["name"] for each in self._summaries)
            return page_html({"title": title, **self._shared(), "version": self._version})

    def changes(self, known: Mapping[str, int]) -> dict[str, Any]:
        """Return what has come since the page asked last, as plain JSON values.

        Args:
            known: numbers of ``"episodes"``, ``"problems"`` and ``"prompts"`` that the page has, and the ``"version"``
                of its metrics.

        Raises:
            DataError: a run is damaged.
        """
        with self._lock:
            self._refresh()
            shared = self._shared()
            changed: dict[str, Any] = {
                "age": self._age(),
                "columns": self._table.columns(known.get("episodes", 0)),
                "problems": shared.pop("problems")[known.get("problems", 0) :],
                "prompts": shared.pop("prompts")[known.get("prompts", 0) :],
                "names": shared.pop("names"),
                "hidden": shared.pop("hidden"),
            }
            if known.get("version") != self._version:
                changed["head"] = {**shared, "version": self._version}
            return changed

    def page(self, number: int) -> tuple[bytes, bool] | None:
        """Return a page of texts, deflated, and whether it is finished; None if there is no such page."""
        with self._lock:
            if not 0 <= number < len(self._table.pages):
                return None
            return self._table.pages.compressed(number), self._table.pages.finished(number)

    def _shared(self) -> dict[str, Any]:
        return {"runs": self._summaries, "comparisons": self._differences, **shared_head(self._table, self._summaries)}

    def _refresh(self) -> None:
        for number, tail in enumerate(self._tails):
            for episode in tail.new():
                self._table.add(number, episode)
                self._facts[number][key_of(episode.facts)] = episode.facts
        now = time.monotonic()
        if self._summaries and (self._summarised == len(self._table) or now < self._next_summary):
            return
        self._summarised = len(self._table)
        facts = [list(each.values()) for each in self._facts]
        self._summaries = [run_summary(run, own) for run, own in zip(self._runs, facts, strict=True)]
        self._differences = differences(facts)
        self._version += 1
        self._next_summary = now + (time.monotonic() - now) / SUMMARY_SHARE

    def _age(self) -> float:
        """Return the seconds since a run was last written to."""
        times = [path.stat().st_mtime for run in self._runs for path in (run.path / "run.json", run.episodes)]
        for run in self._runs:
            for path in run.episodes.glob("*.jsonl"):
                with contextlib.suppress(FileNotFoundError):  # compressed by now
                    times.append(path.stat().st_mtime)
        return max(0.0, time.time() - max(times))
