"""A package written from a table of its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

MakePackage: TypeAlias = Callable[..., Path]
NOTHING: Mapping[str, str | bytes | None] = {}

KATTIS: dict[str, str | bytes] = {
    "problem.yaml": "name: Sum\n",
    "problem_statement/problem.en.tex": "\\problemname{Sum}\nAdd two numbers.\n",
    "data/sample/1.in": "1 2\n",
    "data/sample/1.ans": "3\n",
    "data/secret/1.in": "2 3\n",
    "data/secret/1.ans": "5\n",
    "data/secret/2.in": "4 5\n",
    "data/secret/2.ans": "9\n",
}
DMOJ: dict[str, str | bytes] = {
    "init.yml": "test_cases:\n- {in: 1.in, out: 1.out, points: 5}\n- {in: 2.in, out: 2.out, points: 10}\n",
    "statement.md": "Add two numbers.\n",
    "1.in": "1 2\n",
    "1.out": "3\n",
    "2.in": "4 5\n",
    "2.out": "9\n",
}


def write(root: Path, files: Mapping[str, str | bytes | None]) -> Path:
    for name, content in files.items():
        if content is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


@pytest.fixture
def kattis(tmp_path: Path) -> MakePackage:
    """Write a small Kattis package; files given by name are added, replaced, or with None left out."""

    def make(changes: Mapping[str, str | bytes | None] = NOTHING, name: str = "sum") -> Path:
        return write(tmp_path / name, {**KATTIS, **changes})

    return make


@pytest.fixture
def dmoj(tmp_path: Path) -> MakePackage:
    """Likewise a DMOJ package."""

    def make(changes: Mapping[str, str | bytes | None] = NOTHING, name: str = "plus") -> Path:
        return write(tmp_path / name, {**DMOJ, **changes})

    return make


KATTIS_2025: dict[str, str | bytes] = {
    "problem.yaml": "problem_format_version: 2025-09\nname: Sum\nuuid: 1c1a1b62-5e2f-4b7f-9d5b-1f0b3f2a1c11\n",
    "statement/problem.en.md": "Add two numbers.\n",
    "data/sample/1.in": "1 2\n",
    "data/sample/1.ans": "3\n",
    "data/secret/1.in": "2 3\n",
    "data/secret/1.ans": "5\n",
    "data/secret/2.in": "4 5\n",
    "data/secret/2.ans": "9\n",
}


@pytest.fixture
def kattis_2025(tmp_path: Path) -> MakePackage:
    """Likewise a Kattis package of version 2025-09; what is given as ``yaml=`` is added to ``problem.yaml``."""

    def make(changes: Mapping[str, str | bytes | None] = NOTHING, yaml: str = "", name: str = "sum") -> Path:
        files = {**KATTIS_2025, "problem.yaml": f"{KATTIS_2025['problem.yaml']!s}{yaml}", **changes}
        return write(tmp_path / name, files)

    return make
