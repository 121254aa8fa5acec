"""The environment of a benchmark's registered id: CodeEnv, which takes that benchmark's data only."""

from __future__ import annotations

import os
from typing import Any

from rlef_env.envs.benchmarks import benchmark_dataset
from rlef_env.envs.code_env import CodeEnv
from rlef_env.problems import Dataset

__all__ = ["BenchmarkEnv"]


class BenchmarkEnv(CodeEnv):
    """``CodeEnv`` on the data of one benchmark.

    Args:
        benchmark: a key of ``BENCHMARKS``.
        dataset: its data, as for ``CodeEnv``; None where the benchmark needs none.
        split: as for ``CodeEnv``.
        after: only problems published on this day or later, as ``"2024-08-01"``.
        before: only problems published before this day.
        arguments: the others of ``CodeEnv``.

    Raises:
        UsageError: no data is named where it must be, or it is that of something else; the message says how.
    """

    def __init__(
        self,
        benchmark: str,
        dataset: str | os.PathLike[str] | Dataset | None = None,
        split: str = "train",
        *,
        after: str | None = None,
        before: str | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(benchmark_dataset(benchmark, dataset, split, after=after, before=before), split, **arguments)
