"""The commands in docs/datasets.md: each loads data, from files with the names and the form on the page."""

from __future__ import annotations

import gzip
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from rlef_env.cli.command import main
from rlef_env.problems import load_dataset
from rlef_env.problems.schemas import SCHEMAS
from tools.samples import ROWS

LINE = re.compile(r"^\| (?P<label>[^|]+) \|[^|]*\|[^|]*\| `rlef problems stats (?P<arguments>[^`]+)` \|$", re.MULTILINE)
EXAMPLES = {
    "Starter": None,
    "Procedural": None,
    "CodeContests": "code_contests",
    "CodeContests+": "code_contests_plus",
    "AlphaCodium's CodeContests": "alpha_codium",
    "SandboxFusion CommonOJ": "common_oj",
    "APPS": "apps",
    "TACO": "taco",
    "LiveCodeBench": "live_code_bench",
    "PRIME": "prime",
    "PrimeIntellect": "prime_intellect",
    "DeepCoder": "deep_coder",
    "rLLM's CodeContests": "deep_coder",
    "NeMo Gym": "nemo_gym",
    "Open-R1 Codeforces": "open_r1",
    "HumanEval": "human_eval",
    "HumanEval+": "human_eval_plus",
    "MBPP": "mbpp",
    "MBPP, sanitized": "mbpp_sanitized",
    "MBPP+": "mbpp_plus",
}


def write(path: Path, split: str, row: dict[str, Any]) -> None:
    """Write one problem in the format of the path's name."""
    if path.name == "test" and "input_output" in row:  # the folders of APPS
        folder = path / "0000"
        folder.mkdir(parents=True)
        (folder / "question.txt").write_text(row["question"])
        (folder / "input_output.json").write_text(row["input_output"])
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(row) + "\n"
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(line.encode()))
    elif path.suffix == ".json":
        path.write_text(f"[{line}]")
    elif path.suffix == ".jsonl":
        Path(str(path).replace("*", "2")).write_text(line)
    else:
        pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        path.mkdir()
        parquet.write_table(pyarrow.Table.from_pylist([row]), path / f"{split}-00000-of-00001.parquet")


def test_the_page_has_every_schema(root: Path) -> None:
    labels = [match["label"] for match in LINE.finditer((root / "docs" / "datasets.md").read_text())]
    assert labels == list(EXAMPLES)
    assert {schema.name for schema in SCHEMAS} <= set(EXAMPLES.values())


@pytest.mark.parametrize("label", EXAMPLES)
def test_a_command_of_the_page(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], label: str
) -> None:
    page = (root / "docs" / "datasets.md").read_text()
    arguments = next(shlex.split(match["arguments"]) for match in LINE.finditer(page) if match["label"] == label)
    name, split = arguments[0], arguments[2] if arguments[1:] else "train"
    assert arguments[1:] in ([], ["--split", split])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    schema = EXAMPLES[label]
    if schema is not None:
        write(Path(name), split, ROWS[schema])
    assert main(["problems", "stats", *arguments]) == 0
    dataset = load_dataset(name, split)
    assert re.match(rf" *problems +{len(dataset)} *\n", capsys.readouterr().out)
    assert any(each.tests for each in dataset.metadata())
    if schema is not None:
        assert (dataset.schema, len(dataset)) == (schema, 1)
