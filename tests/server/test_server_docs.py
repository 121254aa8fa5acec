"""Each curl example of docs/server.md gets the answer that the page shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rlef_env.problems import load_dataset
from rlef_env.server import JudgeServer, ServerSettings

EXAMPLE = re.compile(r"^```sh\n(.*?)^```\n\n```json\n(.*?)^```", re.DOTALL | re.MULTILINE)
MEASURED = ("cpu_seconds", "execution_time", "peak_bytes")


def without_measures(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_measures(each) for key, each in value.items() if key not in MEASURED}
    return [without_measures(each) for each in value] if isinstance(value, list) else value


def test_the_examples_get_the_answers_that_the_page_shows(root: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    page = (root / "docs" / "server.md").read_text(encoding="utf-8")
    examples = EXAMPLE.findall(page)
    assert len(examples) == page.count("```sh") == 3
    settings = ServerSettings(port=0, workers=1, datasets={"starter": load_dataset("starter")}, warm=())
    with JudgeServer(settings) as server:
        for command, answer in examples:
            command = command.replace("http://127.0.0.1:8080", server.url)
            output = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
            assert without_measures(json.loads(output)) == without_measures(json.loads(answer))
