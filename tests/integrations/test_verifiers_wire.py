"""The adapter to verifiers without the package."""

from __future__ import annotations

import importlib.util
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import rlef_env

if sys.version_info >= (3, 11):
    import tomllib


@pytest.mark.skipif(find_spec("verifiers") is not None, reason="verifiers is installed")
def test_the_missing_package_is_one_line(root: Path) -> None:
    spec = importlib.util.spec_from_file_location("rlef_vf", root / "integrations" / "verifiers" / "rlef_vf.py")
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(ImportError, match="rlef_vf: expected verifiers to be installed; pip install verifiers"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="verifiers needs Python 3.11")
def test_the_distribution_has_the_version_of_rlef_env(root: Path) -> None:
    project = tomllib.loads((root / "integrations" / "verifiers" / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == rlef_env.__version__
    assert f"rlef-env=={rlef_env.__version__}" in project["project"]["dependencies"]
    # verifiers looks for the module `rlef_vf` when it is asked for `rlef-vf`.
    assert project["project"]["name"].replace("-", "_") == project["tool"]["setuptools"]["py-modules"][0]
