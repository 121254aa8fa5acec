"""The arrows of docs/design.md hold, and importing the package stays light."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "rlef_agents")


def test_import_contracts(root: Path) -> None:
    """The contracts are in pyproject.toml under [tool.importlinter]."""
    lint = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=root, capture_output=True, text=True
    )
    assert lint.returncode == 0, lint.stdout + lint.stderr
    assert "0 broken" in lint.stdout


def test_the_picture_in_the_design_page_shows_every_package(root: Path) -> None:
    packages = {path.parent.name for path in (root / "rlef_env").glob("*/__init__.py")}
    drawn = re.findall(r'class="room"[^>]*>([^<]+)<', (root / "docs" / "design.svg").read_text(encoding="utf-8"))
    assert sorted(drawn) == sorted(packages)


# Public, and slow to load or of one concern.
LOADED_LATE = {
    "rlef_env.problems.procedural",
    "rlef_env.judge.pool.ray",
    "rlef_env.cli.evaluate",
    *(f"rlef_env.analysis.{name}" for name in ("errors", "evaluation", "forecast", "metrics", "statistics")),
}


def test_agents_use_public_names_only(root: Path) -> None:
    """Names that a package's ``__init__.py`` exports, and single modules beside the packages."""
    private = []
    for path in sorted((root / "agents").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rlef_env":
                module = importlib.import_module(node.module or "")
                for alias in node.names:
                    deep = (node.module or "").count(".") > 1 and node.module not in LOADED_LATE
                    if deep or alias.name not in getattr(module, "__all__", ()):
                        private.append(f"{path.relative_to(root)}:{node.lineno} {node.module}.{alias.name}")
    assert private == []


@pytest.mark.parametrize("module", ["rlef_env", "rlef_env.cli", "rlef_env.problems", "rlef_env.judge", "rlef_env.envs"])
def test_rlef_env_loads_no_learning_framework(module: str) -> None:
    assert loaded_after(f"import {module}", HEAVY) == []


@pytest.mark.parametrize(
    "statement",
    [
        "import rlef_agents, rlef_agents.ppo.config_file",
        "from rlef_agents.cli.command import parser; parser().parse_args(['plan', '8b'])",  # makes every option
    ],
)
def test_rlef_agents_loads_torch_only_when_needed(statement: str) -> None:
    assert loaded_after(statement, ("torch", "transformers")) == []


def loaded_after(statement: str, names: tuple[str, ...]) -> list[str]:
    """Which of the modules are loaded in a fresh interpreter after the statement."""
    program = f"import sys; {statement}; print(*[name for name in {names!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
