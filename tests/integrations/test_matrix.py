"""Every adapter stands in the matrix: its tests play all shared cases and a lost verdict, and both tables name it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rlef_env import integrations

FOLDER = Path(integrations.__file__).parent
ADAPTERS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", "rows"))
TABLES = (Path(__file__).parents[2] / "docs" / "integrations" / "README.md").read_text(encoding="utf-8")


def names_in_tests_of(adapter: str) -> set[str]:
    """Return all names and attributes that the tests of an adapter use."""
    files = list(Path(__file__).parent.glob(f"test_{adapter}*.py"))
    assert files, f"no tests/integrations/test_{adapter}*.py"
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_is_tested_on_all_cases_and_on_a_lost_verdict(adapter: str) -> None:
    names = names_in_tests_of(adapter)
    assert "CASES" in names
    assert names & {"NO_VERDICT", "NoVerdictError"}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_page_and_both_tables_name_the_adapter(adapter: str) -> None:
    row = next(line for line in TABLES.splitlines() if f"({adapter}.md)" in line)
    system = row.split("|")[1].strip()
    assert re.search(rf"^\| {re.escape(system)} \|", TABLES.partition("## When the judge fails")[2], re.MULTILINE)
