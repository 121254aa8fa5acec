"""The adapter to OpenEnv without the package: one line says what is missing, and the manifest tells the truth."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

import rlef_env
from rlef_env import Episodes, Verdict, load_dataset
from rlef_env.testing import ScriptedJudge


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "integrations" / "openenv"


@pytest.fixture
def manifest(folder: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((folder / "openenv.yaml").read_text(encoding="utf-8")))


@pytest.mark.skipif(find_spec("openenv") is not None, reason="OpenEnv is installed")
def test_the_missing_package_is_one_line() -> None:
    with pytest.raises(ImportError, match=r"openenv: expected OpenEnv to be installed; pip install openenv"):
        importlib.import_module("rlef_env.integrations.openenv")


def test_the_manifest_names_what_is_there(folder: Path, manifest: dict[str, Any]) -> None:
    module, name = manifest["app"].split(":")
    assert f"\n{name} = create_app(" in (folder / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    assert f"EXPOSE {manifest['port']}\n" in (folder / "server" / "Dockerfile").read_text(encoding="utf-8")
    assert manifest["version"] == rlef_env.__version__
    assert manifest["validation"]["capabilities"]["declared_task_count"] == {
        "train": len(load_dataset("starter").tested)
    }


def test_the_manifest_has_the_range_of_the_reward(manifest: dict[str, Any]) -> None:
    """The least is that of an episode without a program, the most that of a right one."""
    totals = []
    for responses in (["none", "none", "none"], ["```\nright\n```"]):
        play = Episodes("starter", pool=ScriptedJudge([Verdict.ACCEPTED])).begin("starter/add-numbers")
        for response in responses:
            play.respond(response)
        totals.append(play.total_reward)
    assert totals == pytest.approx(manifest["validation"]["reward"]["range"])
