"""The workflow in docs/statistics.md: its commands parse, and follow one another."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from rlef_env.cli import command

PAGE = Path(__file__).resolve().parents[3] / "docs" / "statistics.md"


def workflow() -> dict[str, Any]:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = yaml.safe_load(block)
    return found


def test_the_commands_parse_and_the_comparison_reads_what_the_evaluation_wrote() -> None:
    steps = workflow()["jobs"]["compare"]["steps"]
    commands = [shlex.split(step["run"]) for step in steps if step.get("run", "").startswith("rlef ")]
    evaluated, compared = (command.parser().parse_args(words[1:]) for words in commands)
    assert (evaluated.command, compared.command) == ("eval", "compare")
    assert compared.runs[1] == str(evaluated.out)
    kept = steps[-1]["with"]["path"].split()
    assert kept == [str(compared.json), str(evaluated.json)]
