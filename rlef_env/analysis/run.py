"""A run: its episodes, metrics and tables, from any run folder."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from rlef_env.analysis.metrics import MAX_NO_VERDICT, Metrics, NAtK, metrics_by, metrics_of, parse_n_at_k
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, EpisodeRecord, RunFolder, query, read_facts, read_records
from rlef_env.runs.tables import QueryResult

__all__ = ["Run"]


class Run:
    """A run, opened for analysis.

    Args:
        path: folder of an evaluation, a training run or a play; or the open folder.

    Raises:
        DataError: the folder has no run, or a damaged one.

    Attributes:
        folder: the folder, with the run's identity and configuration.
    """

    def __init__(self, path: str | Path | RunFolder) -> None:
        self.folder = path if isinstance(path, RunFolder) else RunFolder.open(path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """The folder's path."""
        return self.folder.path

    @property
    def name(self) -> str:
        """Name of the folder, for tables and plots."""
        return self.path.resolve().name

    @cached_property
    def facts(self) -> list[EpisodeFacts]:
        """All episodes without their texts, read once: open the run again to see later ones."""
        return read_facts(self.folder)

    @property
    def step(self) -> int | None:
        """Number of updates at the last evaluation of a training run; None outside of training."""
        return max((each.step for each in self.facts if each.phase != "train" and each.step is not None), default=None)

    def episodes(
        self, phase: str | None = None, evaluation: str | None = None, step: int | None = None
    ) -> list[EpisodeFacts]:
        """Return the episodes that results are about.

        Args:
            phase: ``"evaluate"``, ``"train"`` or ``"play"``; None: all but those of training.
            evaluation: name of the evaluation set; None: all of them.
            step: number of updates; None: those of the last evaluation.
        """
        wanted = self.step if step is None and phase != "train" else step
        return [
            each
            for each in self.facts
            if (each.phase == phase if phase else each.phase != "train")
            and evaluation in (None, each.evaluation)
            and wanted in (None, each.step)
        ]

    def metrics(
        self,
        n_at_k: str | Sequence[NAtK] = "",
        *,
        phase: str | None = None,
        evaluation: str | None = None,
        step: int | None = None,
        max_no_verdict: float = MAX_NO_VERDICT,
    ) -> Metrics:
        """Return the metrics of the run, each with its 95 % interval.

        Args:
            n_at_k: n@k to estimate, such as ``"1@3 10@100"``; those that the run was made with if empty.
            phase: as for ``episodes``.
            evaluation: as for ``episodes``.
            step: as for ``episodes``.
            max_no_verdict: largest share of episodes without a verdict; with more, every value is NaN.
        """
        facts = self.episodes(phase, evaluation, step)
        return metrics_of(facts, self._wanted(n_at_k, facts), max_no_verdict, self.folder.config.get("prices"))

    def metrics_by(self, group: str, max_no_verdict: float = MAX_NO_VERDICT) -> dict[str, Metrics]:
        """Return the metrics by ``"tag"``, ``"difficulty"``, ``"source"`` or ``"month"`` of publication."""
        return metrics_by(self.episodes(), group, (), max_no_verdict, self.folder.config.get("prices"))

    def records(self) -> Iterator[EpisodeRecord]:
        """Yield the episodes with all their texts."""
        return read_records(self.folder)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> QueryResult:
        """Return the rows of a SELECT statement on the tables ``episodes``, ``turns``, ``problems`` and ``metrics``.

        Raises:
            UsageError: the text is no SELECT statement, or duckdb or pyarrow is not installed.
        """
        return query(self.folder, sql, parameters)

    def _repr_html_(self) -> str:
        """Return the metrics as a table, and figures where matplotlib is installed, for notebooks."""
        from rlef_env.analysis.report.figures import figures_as_svg

        figures = ""
        with contextlib.suppress(UsageError):
            figures = figures_as_svg(self.folder)
        return f"<h4>{html.escape(self.name)}</h4>{self.metrics()._repr_html_()}{figures}"

    def _wanted(self, n_at_k: str | Sequence[NAtK], facts: Sequence[EpisodeFacts]) -> Sequence[NAtK]:
        turns = max((each.max_turns for each in facts), default=1)
        if not isinstance(n_at_k, str):
            return n_at_k
        return parse_n_at_k(n_at_k or str(self.folder.config.get("n_at_k") or ""), turns)
