"""Problems as the rows from which each trainer draws its prompts. ``rlef problems export`` writes them.

A row names its problem, and the trainer's adapter finds the tests by that name. Only verl's own scorer needs the hidden
tests in the row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rlef_env.envs.prompt_rows import Prompted, prompted
from rlef_env.errors import UsageError
from rlef_env.files import written_whole
from rlef_env.problems import Dataset, Problem
from rlef_env.problems.checker_spec import CHECKERS

__all__ = ["ROWS", "sandbox_fusion_tests", "training_rows", "write_rows"]

Row = dict[str, Any]


def trl_row(each: Prompted, dataset: str, split: str, index: int) -> Row:
    """Return the row for ``rlef_env.integrations.trl``."""
    del split, index
    return {"prompt": each.messages, "problem_id": each.problem.id, "dataset": dataset}


def verl_row(each: Prompted, dataset: str, split: str, index: int) -> Row:
    """Return the row for ``rlef_env.integrations.verl``, which asks ``rlef serve`` for the verdict."""
    return {
        "data_source": "rlef",
        "prompt": each.messages,
        "ability": "code",
        "reward_model": {"style": "rule", "ground_truth": each.problem.id},
        "extra_info": {"problem_id": each.problem.id, "dataset": dataset, "split": split, "index": index},
    }


def verl_sandbox_row(each: Prompted, dataset: str, split: str, index: int) -> Row:
    """Return the row for verl's own scorer, which compares outputs itself: it contains the hidden tests."""
    row = verl_row(each, dataset, split, index)
    tests = json.dumps(sandbox_fusion_tests(each.problem))
    return row | {"data_source": "codecontests", "reward_model": {"style": "rule", "ground_truth": tests}}


def skyrl_row(each: Prompted, dataset: str, split: str, index: int) -> Row:
    """Return the row for ``rlef_env.integrations.skyrl``."""
    extra = {"problem_id": each.problem.id, "dataset": dataset, "split": split, "index": index}
    return {"data_source": "rlef", "prompt": each.messages, "env_class": "rlef", "extra_info": extra}


def nemo_gym_row(each: Prompted, dataset: str, split: str, index: int) -> Row:
    """Return the row for ``rlef_env.integrations.nemo_gym``."""
    del index
    return {
        "responses_create_params": {"input": each.messages},
        "verifier_metadata": {"problem_id": each.problem.id, "dataset": dataset, "split": split},
        "agent_ref": {"type": "responses_api_agents", "name": "rlef_simple_agent"},
    }


ROWS: Final[Mapping[str, Callable[[Prompted, str, str, int], Row]]] = {
    "trl": trl_row,
    "verl": verl_row,
    "verl-sandbox": verl_sandbox_row,
    "skyrl": skyrl_row,
    "nemo-gym": nemo_gym_row,
}
"""Name of a system -> function that makes its row of a prompted problem, and of data set, split and number."""


def training_rows(system: str, dataset: Dataset, name: str, split: str = "train", **arguments: Any) -> Iterator[Row]:
    """Yield the rows of a data set for a system.

    Args:
        system: a key of ``ROWS``.
        dataset: the problems; those without tests are left out, and for ``verl-sandbox`` those that verl's scorer
            would judge wrongly, because a checker or an interactor decides.
        name: the name of the data set, under which the adapter loads it.
        split: its split.
        arguments: those of ``CodeEnv`` that decide the prompt.

    Raises:
        UsageError: an argument is unknown or has a value that is not supported.
    """
    number = 0
    for each in prompted(dataset, split=split, **arguments):
        if system != "verl-sandbox" or verl_compares_rightly(each.problem):
            yield ROWS[system](each, name, split, number)
            number += 1


def verl_compares_rightly(problem: Problem) -> bool:
    """Return whether verl's own scorer can judge the problem: the one right output is the expected one."""
    checker = problem.checker
    if problem.interactor is not None or CHECKERS[checker.name].program is not None or "unordered" in checker.flags:
        return False
    return problem.function is None or not checker.flags


def sandbox_fusion_tests(problem: Problem) -> dict[str, Any]:
    """Return all tests in the form of verl's scorer.

    A test of a function becomes a program that asserts, because verl has no notation for calls with keywords.
    """
    tests = [test for _, _, test in problem.tests()]
    if problem.function is None:
        return {"inputs": [test.input for test in tests], "outputs": [test.output for test in tests]}
    asserts = [f"assert {test.input} == {test.output}" if test.output else test.input for test in tests]
    return {"fn_name": problem.function.entry_point, "assert_case": asserts}


def write_rows(path: Path, rows: Iterator[Row]) -> int:
    """Write rows as Parquet (``.parquet``) or JSON lines, and return their number.

    Raises:
        UsageError: there is no row, or pyarrow is needed and missing.
        OSError: the file cannot be written.
    """
    kept = list(rows)
    if not kept:
        raise UsageError("expected a problem that can be exported, got none")
    with written_whole(path) as file:
        if path.suffix == ".parquet":
            try:
                import pyarrow
                import pyarrow.parquet
            except ImportError:
                raise UsageError(f"{path}: a Parquet file needs pyarrow; pip install 'rlef-env[parquet]'") from None
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(kept), file)
        else:
            file.writelines(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for row in kept)
    return len(kept)
