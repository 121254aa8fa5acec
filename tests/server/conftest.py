"""A server that the tests of one file share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rlef_env.server import JudgeServer
from tests.server.serving import SETTINGS


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeServer]:
    with JudgeServer(SETTINGS) as server:
        yield server
