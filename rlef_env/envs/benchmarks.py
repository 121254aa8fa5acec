"""Benchmarks with a registered id: the data that each accepts, where to get it, and their environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rlef_env.envs.arguments import loaded, one_of
from rlef_env.envs.code_env import CodeEnv
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset, load_dataset

__all__ = ["BENCHMARKS", "Benchmark", "BenchmarkEnv", "benchmark_dataset"]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark with a registered id.

    Attributes:
        schemas: the schemas of rows that count as its data.
        example: an example of the argument ``dataset``.
        origin: where to get the data.
        builtin: the data set that is used where none is named; None where data must be named.
    """

    schemas: tuple[str, ...]
    example: str
    origin: str
    builtin: str | None = None


_HUB: Final = (
    "or dataset={!r}, which downloads it where the library `datasets` is installed (pip install 'rlef-env[hub]')"
)

BENCHMARKS: Final[Mapping[str, Benchmark]] = {
    "CodeContests": Benchmark(
        ("code_contests", "code_contests_plus", "alpha_codium", "common_oj"),
        "code_contests/data",
        "the folder of Parquet files of deepmind/code_contests on the Hugging Face hub, "
        + _HUB.format("deepmind/code_contests"),
        "starter",
    ),
    "HumanEval": Benchmark(
        ("human_eval", "human_eval_plus"),
        "HumanEval.jsonl.gz",
        "the file in the folder data of github.com/openai/human-eval, or HumanEvalPlus.jsonl.gz from the releases of "
        "github.com/evalplus/humanevalplus_release",
    ),
    "MBPP": Benchmark(
        ("mbpp", "mbpp_sanitized", "mbpp_plus"),
        "mbpp.jsonl",
        "mbpp.jsonl or sanitized-mbpp.json in the folder mbpp of github.com/google-research/google-research, or "
        "MbppPlus.jsonl.gz from the releases of github.com/evalplus/mbppplus_release",
    ),
    "APPS": Benchmark(
        ("apps",),
        "APPS/train",
        "the folder that github.com/hendrycks/apps links to, or a file of its rows, " + _HUB.format("codeparrot/apps"),
    ),
    "TACO": Benchmark(
        ("taco",), "TACO/train", "the folder of files of BAAI/TACO on the Hugging Face hub, " + _HUB.format("BAAI/TACO")
    ),
    "LiveCodeBench": Benchmark(
        ("live_code_bench",),
        "code_generation_lite/test*.jsonl",
        "the files of livecodebench/code_generation_lite on the Hugging Face hub; after='2024-08-01' leaves out what "
        "was published before",
    ),
    "Package": Benchmark(
        ("package",),
        "path/to/packages",
        "a problem package, or a folder of them: folders with a problem.yaml (Kattis, ICPC) or an init.yml (DMOJ)",
    ),
    "Procedural": Benchmark(("procedural",), "procedural", "this package, which generates the problems", "procedural"),
}
"""The name in ``RLEF-NAME-v0`` -> its benchmark."""


def benchmark_dataset(
    name: str, dataset: object, split: object, *, after: str | None = None, before: str | None = None
) -> Dataset:
    """Load the data of a benchmark.

    Args:
        name: a key of ``BENCHMARKS``.
        dataset: a name or path for ``load_dataset``, a ``Dataset``, or None.
        split: as for ``load_dataset``.
        after: as for ``load_dataset``.
        before: as for ``load_dataset``.

    Raises:
        UsageError: no data is named where it must be, or the data is not that of the benchmark.
        DataError: the data cannot be read.
    """
    one_of("benchmark", name, tuple(BENCHMARKS))
    benchmark = BENCHMARKS[name]
    how = f"pass dataset={benchmark.example!r}: {benchmark.origin}"
    if dataset is None and benchmark.builtin is None:
        raise UsageError(f"RLEF-{name}-v0: expected its data, which is not part of this package, got None; {how}")
    if dataset is None and benchmark.builtin in benchmark.schemas:
        dataset = benchmark.builtin
    if isinstance(dataset, (str, os.PathLike)) and isinstance(split, str):
        found = load_dataset(dataset, split, after=after, before=before)
    elif after or before:
        raise UsageError(f"after, before: expected a data set by its name or path, got {type(dataset).__name__}")
    else:
        found = loaded(dataset, split)
    if found.schema is not None and found.schema not in benchmark.schemas:
        raise UsageError(
            f"RLEF-{name}-v0: expected data of schema {' or '.join(benchmark.schemas)}, got {found.name!r} of schema "
            f"{found.schema}; {how}; or make CodeEnv(dataset=...), which takes any problems"
        )
    return found


class BenchmarkEnv(CodeEnv):
    """``CodeEnv`` on the data of one benchmark.

    Args:
        benchmark: a key of ``BENCHMARKS``.
        dataset: the data, as for ``CodeEnv``; None where the benchmark has data built in.
        split: as for ``CodeEnv``.
        after: only problems published on this day or later, as ``"2024-08-01"``.
        before: only problems published before this day.
        arguments: the other arguments of ``CodeEnv``.

    Raises:
        UsageError: no data is named where it must be, or the data is not that of the benchmark; the message says where
            to get it.
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
