"""`rlef doctor`: scripts read its --json, so the keys are fixed."""

from __future__ import annotations

import io
import json
import platform
from dataclasses import asdict, fields
from importlib.metadata import version

from rlef_env.cli.display import Screen
from rlef_env.cli.doctor import show_machine
from rlef_env.sandbox import Execution, Status
from rlef_env.sandbox.machine.health import BusyTimes, MachineHealth, machine_health


def test_json_has_the_fixed_keys(rlef) -> None:
    process = rlef("doctor", "--json")
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)
    assert set(report) == {"layers", "landlock_abi", "languages", "machine", "versions", "workers", "cpu_quota"}
    assert report["layers"]
    for layer in report["layers"].values():
        assert set(layer) == {"available", "reason"}
        assert isinstance(layer["available"], bool)
        assert layer["available"] or layer["reason"], "a missing layer needs a reason"
    assert isinstance(report["landlock_abi"], int)
    machine = report["machine"]
    assert set(machine) == {field.name for field in fields(MachineHealth)}
    assert 20 <= machine["runs"] <= 200
    assert 0 < machine["cpu_median"] <= machine["cpu_p99"] <= machine["trusted_seconds"] / 10
    assert isinstance(machine["starved"], bool)
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
    assert "runs of an empty program" in process.stdout
    assert "Verdicts can be trusted for time limits of " in process.stdout


def shown(found: dict[str, object] | None) -> str:
    out = io.StringIO()
    show_machine(found, Screen(file=out))
    return out.getvalue()


def test_a_starved_machine_is_shown_with_advice() -> None:
    runs = [Execution(Status.EXITED, 0, cpu_seconds=0.84, wall_seconds=4.8)]
    health = machine_health(runs, BusyTimes(0.0, (0.0,)), BusyTimes(10.0, (3.6,)))
    text = shown(asdict(health))
    for words in ("0.8400 s at the 99th", "36% of the busy time", "limits of 8.4 s or more", "fewer workers"):
        assert words in text
    assert "failed to run" in shown(None)
