"""Problems as the rows from which each trainer draws its prompts. ``rlef problems export`` writes them.

A row names its problem, and the trainer's adapter finds the tests by that name. Only verl's own scorer needs the hidden
tests in the row.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rlef_env.envs.prompt_rows import Prompted, prompted
from rlef_env.errors import UsageError
from rlef_env.files import written_whole
from rlef_env.problems import Dataset, Problem, Test
from rlef_env.problems.checker_spec import CHECKERS

__all__ = ["ROWS", "sandbox_fusion_tests", "training_rows", "write_rows"]

Row = dict[str, Any]


def trl_row(each: Prompted, dataset: str, split: str, index: int) -> Row:
    """Return the row for ``rlef_env.integrations.trl``."""
    del split, index
    return {"prompt": each.messages, "problem_id": each.problem.id, "dataset": dataset}


def verl_row(each: Prompted, dataset: str, split: str, index: int) -> Row:
    """Return the row for ``rlef_env.integrations.verl``, which asks ``rlef serve`` for the verdict."""
    names = {"problem_id": each.problem.id, "dataset": dataset, "split": split}
    return {
        "data_source": "rlef",
        "prompt": each.messages,
        "ability": "code",
        "reward_model": {"style": "rule", "ground_truth": each.problem.id},
        "extra_info": {**names, "index": index, "tools_kwargs": {"submit": {"create_kwargs": names}}},
    }


def verl_sandbox_row(each: Prompted, dataset: str, split: str, index: int) -> Row | None:
    """Return the row for verl's own scorer, which compares outputs itself: it contains the hidden tests."""
    tests = sandbox_fusion_tests(each.problem)
    if tests is None:
        return None
    reward_model = {"style": "rule", "ground_truth": json.dumps(tests)}
    return verl_row(each, dataset, split, index) | {"data_source": "codecontests", "reward_model": reward_model}


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


ROWS: Final[Mapping[str, Callable[[Prompted, str, str, int], Row | None]]] = {
    "trl": trl_row,
    "verl": verl_row,
    "verl-sandbox": verl_sandbox_row,
    "skyrl": skyrl_row,
    "nemo-gym": nemo_gym_row,
}
"""Name of a system -> function that makes its row of a prompted problem, and of data set, split and number.

It returns None where the system would judge the problem wrongly.
"""


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
        row = ROWS[system](each, name, split, number)
        if row is not None:
            yield row
            number += 1


def sandbox_fusion_tests(problem: Problem) -> dict[str, Any] | None:
    """Return all tests in the form of verl's scorer; None where it cannot judge the problem.

    Hidden tests come first: verl counts the first ten tests only, and the statement may show the public ones. Tests of
    a function are calls, never verl's ``assert_case``: that runs in the program's own process and passes if the process
    ends with 0, so a program that only exits would pass.
    """
    checker, function = problem.checker, problem.function
    tests = [test for _, _, test in problem.tests("private", "generated", "public")]
    if problem.interactor is not None or CHECKERS[checker.name].program is not None or "unordered" in checker.flags:
        return None
    if function is None:
        return {"inputs": [test.input for test in tests], "outputs": [test.output for test in tests]}
    calls = [sandbox_fusion_call(test, function.entry_point) for test in tests]
    if checker.flags or function.preamble or None in calls:
        return None
    inputs, outputs = zip(*(call for call in calls if call is not None), strict=True)
    return {"fn_name": function.entry_point, "inputs": inputs, "outputs": outputs}


def sandbox_fusion_call(test: Test, name: str) -> tuple[str, str] | None:
    """Return a call as verl writes it, a line of JSON for each argument, and what verl prints of the right value.

    None if the test is no plain call, or JSON would change a value: a tuple, a set, a dictionary with numbers as keys.
    """
    try:
        call = ast.parse(test.input.strip(), mode="eval").body
        if not isinstance(call, ast.Call) or call.keywords or ast.unparse(call.func) != name:
            return None
        given, value = list(map(ast.literal_eval, call.args)), ast.literal_eval(test.output.strip())
        if json.loads(json.dumps([given, value])) != [given, value]:
            return None
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    printed = json.dumps(value) if value is None or isinstance(value, (bool, list, dict)) else str(value)
    return "\n".join(map(json.dumps, given)), printed


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
