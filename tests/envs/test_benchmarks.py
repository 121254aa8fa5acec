"""Registered benchmark ids: the data that each accepts, and its errors without data or with other data."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

from rlef_env.envs.benchmarks import BENCHMARKS
from rlef_env.envs.registration import ENVIRONMENTS
from rlef_env.errors import DataError, UsageError
from rlef_env.problems import load_dataset, write_jsonl
from rlef_env.problems.schemas import SCHEMAS
from tests.envs.samples import DOUBLE, SUM, TINY
from tools.samples import ROWS

NEEDY = [name for name, benchmark in BENCHMARKS.items() if benchmark.builtin is None]
LOADED = {schema.name for schema in SCHEMAS}
FILES = [(name, schema) for name in BENCHMARKS for schema in BENCHMARKS[name].schemas if schema in LOADED]


def write_rows(path: Path, schema: str, **changes: Any) -> str:
    path.write_text(json.dumps(ROWS[schema] | changes), encoding="utf-8")
    return str(path)


def package(folder: Path) -> str:
    """Write a problem package."""
    for group in ("sample", "secret"):
        data = folder / "data" / group
        data.mkdir(parents=True)
        (data / "1.in").write_text("1 2\n", encoding="utf-8")
        (data / "1.ans").write_text("3\n", encoding="utf-8")
    (folder / "problem.yaml").write_text("name: Sum\n", encoding="utf-8")
    (folder / "problem_statement").mkdir()
    (folder / "problem_statement" / "problem.en.tex").write_text("Add two numbers.\n", encoding="utf-8")
    return str(folder)


def test_every_id_names_its_schemas() -> None:
    assert {f"RLEF-{name}-v0" for name in BENCHMARKS} | {"RLEF-Starter-v0"} == set(ENVIRONMENTS)
    known = LOADED | {"package", "procedural"}
    assert {schema for benchmark in BENCHMARKS.values() for schema in benchmark.schemas} <= known


@pytest.mark.parametrize("name", NEEDY)
def test_missing_data_is_an_error_that_says_where_to_get_it(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        gymnasium.make(f"RLEF-{name}-v0")
    assert f"RLEF-{name}-v0: expected its data" in str(caught.value)
    assert f"pass dataset={BENCHMARKS[name].example!r}: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "schema"), FILES)
def test_gymnasium_finds_no_fault_with_the_benchmarks_data(tmp_path: Path, name: str, schema: str) -> None:
    path = write_rows(tmp_path / "rows.jsonl", schema)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make(f"RLEF-{name}-v0", dataset=path)
        check_env(env.unwrapped)
        assert env.reset(seed=0)[1]["dataset"] == "rows"
        assert gymnasium.make(env.spec).reset(seed=0)[1]["dataset"] == "rows"
        env.close()


def test_gymnasium_finds_no_fault_with_packages_and_generated_problems(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for made in (
            gymnasium.make("RLEF-Package-v0", dataset=package(tmp_path / "sum")),
            gymnasium.make("RLEF-Procedural-v0"),
            gymnasium.make("RLEF-Procedural-v0", split="test"),
        ):
            check_env(made.unwrapped)
            made.close()


@pytest.mark.parametrize("name", NEEDY)
def test_data_of_another_benchmark_is_refused(tmp_path: Path, name: str) -> None:
    write_jsonl(tmp_path / "tiny.jsonl", [SUM, DOUBLE])
    with pytest.raises(UsageError) as caught:
        gymnasium.make(f"RLEF-{name}-v0", dataset=str(tmp_path / "tiny.jsonl"))
    assert f"expected data of schema {BENCHMARKS[name].schemas[0]}" in str(caught.value)
    assert "tiny.jsonl' of schema code_contests" in str(caught.value)
    with pytest.raises(UsageError, match="got 'starter' of schema code_contests"):
        gymnasium.make(f"RLEF-{name}-v0", dataset=load_dataset("starter"))


def test_unreadable_data_is_the_files_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        gymnasium.make("RLEF-HumanEval-v0", dataset=str(tmp_path / "HumanEval.jsonl.gz"))


def test_problems_made_in_code_are_accepted() -> None:
    assert gymnasium.make("RLEF-HumanEval-v0", dataset=TINY).reset(seed=0)[1]["dataset"] == "Tiny"


def test_a_window_of_dates(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", "live_code_bench", contest_date="2024-06-01T00:00:00")
    name = "RLEF-LiveCodeBench-v0"
    assert gymnasium.make(name, dataset=path, after="2024-06-01", before="2024-06-02").reset()[1]["dataset"] == "rows"
    with pytest.raises(UsageError, match="its dates are 2024-06-01 to 2024-06-01"):
        gymnasium.make(name, dataset=path, after="2024-06-02")
    with pytest.raises(UsageError, match="after: expected a day as YYYY-MM-DD, got '2024'"):
        gymnasium.make(name, dataset=path, after="2024")
    with pytest.raises(UsageError, match="by its name or path, got Dataset"):
        gymnasium.make(name, dataset=TINY, after="2024-06-02")


def test_an_unknown_benchmark_is_refused() -> None:
    with pytest.raises(UsageError, match="benchmark: expected one of 'CodeContests'"):
        gymnasium.make("RLEF-APPS-v0", benchmark="apps")
