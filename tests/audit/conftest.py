"""One audit for all attacks of a test file: its workers are reused, as those of a real judge are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlef_env.audit import Audit
from rlef_env.audit.attack import MARK
from rlef_env.audit.problems import honest_program, secret_problem

HONEST = honest_program("python")


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Make the working folder one in which an attack may leave files; no other program does."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))
    yield
    os.chdir(before)


@pytest.fixture(scope="module")
def audit(empty_folder: None) -> Iterator[Audit]:
    with Audit(secret_problem(), HONEST, workers=2, mark=MARK) as audit:
        yield audit


@pytest.fixture(scope="module")
def native_audit(empty_folder: None) -> Iterator[Audit]:
    """For attacks in C: their launchers run the honest program, too."""
    with Audit(secret_problem(), honest_program("c"), workers=2, mark=MARK) as audit:
        yield audit
