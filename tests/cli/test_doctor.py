"""`rlef doctor --json` is read by scripts: its keys are fixed."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version


def test_json_has_the_fixed_keys(rlef) -> None:
    process = rlef("doctor", "--json")
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)
    assert set(report) == {"layers", "landlock_abi", "languages", "versions", "workers"}
    assert report["layers"]
    for layer in report["layers"].values():
        assert set(layer) == {"available", "reason"}
        assert isinstance(layer["available"], bool)
        assert layer["available"] or layer["reason"], "what is missing has a reason"
    assert isinstance(report["landlock_abi"], int)
    assert "python" in report["languages"]
    assert report["workers"] >= 1
    assert report["versions"]["python"] == platform.python_version()
    assert report["versions"]["gymnasium"] == version("gymnasium")


def test_table_names_every_layer(rlef) -> None:
    layers = json.loads(rlef("doctor", "--json").stdout)["layers"]
    process = rlef("doctor")
    assert process.returncode == 0, process.stderr
    for name in layers:
        assert name in process.stdout
