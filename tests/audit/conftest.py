"""One audit for all attacks of a test file: its workers are reused, as those of a real judge are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlef_env.audit import Audit
from rlef_env.audit.attack import MARK
from rlef_env.audit.audit import HonestProgram
from rlef_env.audit.problems import HONEST_PROBLEM, secret_problem
from rlef_env.sandbox import Program

HONEST = HonestProgram(HONEST_PROBLEM, Program(HONEST_PROBLEM.solutions[0].source))


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))  # an attack may leave files here; no other program does
    try:
        with Audit(secret_problem(), HONEST, workers=2, mark=MARK) as audit:
            yield audit
    finally:
        os.chdir(before)
