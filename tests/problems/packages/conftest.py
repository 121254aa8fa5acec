"""Packages written from a table of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from tools.samples import DMOJ, KATTIS, KATTIS_2025, write_package

MakePackage: TypeAlias = Callable[..., Path]
NOTHING: Mapping[str, str | bytes | None] = {}


@pytest.fixture
def kattis(tmp_path: Path) -> MakePackage:
    """Write a small Kattis package; files given by name are added or replaced, or removed if None."""

    def make(changes: Mapping[str, str | bytes | None] = NOTHING, name: str = "sum") -> Path:
        return write_package(tmp_path / name, {**KATTIS, **changes})

    return make


@pytest.fixture
def dmoj(tmp_path: Path) -> MakePackage:
    """Write a small DMOJ package in the same way."""

    def make(changes: Mapping[str, str | bytes | None] = NOTHING, name: str = "plus") -> Path:
        return write_package(tmp_path / name, {**DMOJ, **changes})

    return make


@pytest.fixture
def kattis_2025(tmp_path: Path) -> MakePackage:
    """Write a small Kattis package of version 2025-09 in the same way; ``yaml=`` is appended to ``problem.yaml``."""

    def make(changes: Mapping[str, str | bytes | None] = NOTHING, yaml: str = "", name: str = "sum") -> Path:
        files = {**KATTIS_2025, "problem.yaml": f"{KATTIS_2025['problem.yaml']!s}{yaml}", **changes}
        return write_package(tmp_path / name, files)

    return make
