"""The files that run `rlef serve` in a cluster name options, paths, routes and variables that exist."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from rlef_env.cli import serve
from rlef_env.server import JudgeServer, ServerSettings
from rlef_env.server import metrics as metrics_module


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "integrations" / "kubernetes"


@pytest.fixture
def objects(folder: Path) -> dict[str, Any]:
    parts = yaml.safe_load_all((folder / "judge.yaml").read_text(encoding="utf-8"))
    return {part["kind"]: part for part in parts}


@pytest.fixture
def container(objects: dict[str, Any]) -> dict[str, Any]:
    (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    return dict(container)


def parsed(options: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    serve.add_arguments(parser)
    return parser.parse_args(options)


def test_the_options_are_those_of_the_command(
    folder: Path, container: dict[str, Any], objects: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLEF_TOKEN", "secret")
    entry = re.search(r"^ENTRYPOINT (\[.*\])$", (folder / "Dockerfile").read_text(), re.MULTILINE)
    assert entry is not None
    command, name, *options = yaml.safe_load(entry[1])
    assert (command, name) == ("rlef", "serve")
    arguments = parsed([*options, *container["args"]])
    assert arguments.host == "0.0.0.0"
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    assert arguments.drain_seconds < pod["terminationGracePeriodSeconds"]
    assert arguments.workers == int(container["resources"]["limits"]["cpu"])
    assert container["resources"]["limits"] == container["resources"]["requests"]
    assert [each["name"] for each in container["env"]] == ["RLEF_TOKEN"]


def test_the_probes_ask_routes_that_need_no_token(container: dict[str, Any]) -> None:
    import urllib.request

    paths = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe")}
    with JudgeServer(ServerSettings(port=0, workers=1, warm=(), token="secret")) as server:
        for path in paths:
            assert urllib.request.urlopen(f"{server.url}{path}").status == 200


def test_ports_and_labels_agree(objects: dict[str, Any], container: dict[str, Any]) -> None:
    deployment, service = objects["Deployment"], objects["Service"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert labels == deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    assert objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    (port,) = container["ports"]
    assert port["containerPort"] == parsed([]).port
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]


def test_the_image_is_built_from_files_that_exist(root: Path, folder: Path, tmp_path: Path) -> None:
    """The copied files are enough for pip to build the package."""
    copies = re.findall(r"^COPY (.+) (\S+)$", (folder / "Dockerfile").read_text(), re.MULTILINE)
    for sources, _ in copies:
        for source in sources.split():
            assert (root / source).exists()
            target = tmp_path / source
            target.symlink_to(root / source)
    files = {file for sources, _ in copies for file in sources.split()}
    assert {"pyproject.toml", "rlef_command.py", "rlef_env", "README.md", "LICENSE"} <= files
    metadata = [sys.executable, "-c", "from setuptools.build_meta import prepare_metadata_for_build_wheel as p; p('.')"]
    made = subprocess.run(metadata, cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


def test_the_page_names_metrics_that_exist(root: Path) -> None:
    page = (root / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    source = Path(metrics_module.__file__).read_text(encoding="utf-8")
    named = set(re.findall(r"`(rlef_(?!env)\w+)`", page))
    assert named
    assert all(f'"{name}"' in source for name in named)
