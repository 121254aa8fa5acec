"""One audit for all attacks of a file: its workers are used again, as those of a real judge are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlef_env.audit import ADDING_UP, MARK, Audit, HonestProgram, secret_problem
from rlef_env.sandbox import Program

HONEST = HonestProgram(ADDING_UP, Program(ADDING_UP.solutions[0].source))


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))  # where an attack might leave something, and nobody else does
    try:
        with Audit(secret_problem(), HONEST, workers=2, mark=MARK) as audit:
            yield audit
    finally:
        os.chdir(before)
