"""The adapter to inspect-ai without the package."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

import pytest


@pytest.mark.skipif(find_spec("inspect_ai") is not None, reason="inspect-ai is installed")
def test_the_missing_package_is_one_line() -> None:
    with pytest.raises(ImportError, match=r"inspect: expected inspect-ai to be installed; pip install inspect-ai"):
        importlib.import_module("rlef_env.integrations.inspect")
