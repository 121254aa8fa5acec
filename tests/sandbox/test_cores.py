"""The number of cores that a container may use, for given control groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlef_env.sandbox.machine import cores
from rlef_env.sandbox.machine.cores import cpu_quota, usable_cores


def groups(folder: Path, membership: str, **files: str) -> float | None:
    (folder / "membership").write_text(membership)
    for name, text in files.items():
        path = folder / "cgroup" / name.replace("__", "/").replace("cpu_", "cpu.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return cpu_quota(folder / "cgroup", folder / "membership")


def test_version_2(tmp_path: Path) -> None:
    assert groups(tmp_path, "0::/a/b\n") is None
    assert groups(tmp_path, "0::/a/b\n", a__b__cpu_max="max 100000\n") is None
    assert groups(tmp_path, "0::/a/b\n", a__b__cpu_max="150000 100000\n") == 1.5
    assert groups(tmp_path, "0::/a/b\n", a__cpu_max="50000 100000\n") == 0.5, "the tightest bound holds"
    assert groups(tmp_path, "0::/\n", cpu_max="300000 100000\n") == 3.0, "as in a container"


def test_version_1(tmp_path: Path) -> None:
    membership = "9:name=systemd:/\n4:memory:/m\n1:cpu,cpuacct:/docker/x\n0::/\n"
    assert groups(tmp_path, membership) is None
    quota, period = "cpu,cpuacct__cpu_cfs_quota_us", "cpu,cpuacct__cpu_cfs_period_us"
    assert groups(tmp_path, membership, **{quota: "-1\n", period: "100000\n"}) is None
    assert groups(tmp_path, membership, **{quota: "200000\n", period: "100000\n"}) == 2.0
    assert (
        groups(tmp_path, membership, cpu__docker__x__cpu_cfs_quota_us="50000", cpu__docker__x__cpu_cfs_period_us="0")
        == 2.0
    )


@pytest.mark.parametrize("text", ["", "max", "1", "a b", "-5 100", "5 0", "1 2 3"])
def test_invalid_quotas_are_no_bound(tmp_path: Path, text: str) -> None:
    assert groups(tmp_path, "0::/\n", cpu_max=text) is None
    assert groups(tmp_path, "nonsense\n1:\n::/../..\n") is None
    assert cpu_quota(tmp_path, tmp_path / "nowhere") is None


@pytest.mark.parametrize(("quota", "expected"), [(None, 8), (0.2, 1), (1.9, 1), (2.0, 2), (64.0, 8)])
def test_a_quota_bounds_the_cores(monkeypatch: pytest.MonkeyPatch, quota: float | None, expected: int) -> None:
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(cores, "cpu_quota", lambda: quota)
    assert usable_cores() == expected
