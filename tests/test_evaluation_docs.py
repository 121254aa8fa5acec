"""Every command on the pages about evaluation is run, in the order of the page, and ends as the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from rlef_env.cli import command

DOCS = Path(__file__).resolve().parent.parent / "docs"
COMMAND = re.compile(r"^ {4}(rlef .+)$", re.MULTILINE)
WORKFLOW = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CANNOT_TELL = 2
"""Exit code of ``rlef compare`` where there are too few problems, as in these small runs."""


def commands() -> list[str]:
    """Return the commands of the page and of its workflow."""
    text = (DOCS / "evaluation.md").read_text(encoding="utf-8")
    steps = [
        step["run"]
        for workflow in WORKFLOW.findall(text)
        for job in yaml.safe_load(workflow)["jobs"].values()
        for step in job["steps"]
        if step.get("run", "").startswith("rlef ")
    ]
    return [*COMMAND.findall(text), *steps]


def exit_code(words: list[str]) -> int:
    try:
        return command.main(words)
    except SystemExit as end:
        return int(end.code or 0)


def test_the_commands_of_the_page_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd) -> None:
    pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    for line in commands():
        words = shlex.split(line)[1:]
        code = exit_code(words)
        out, err = capfd.readouterr()
        allowed = (0, CANNOT_TELL) if words[0] == "compare" else (0,)
        assert code in allowed, f"{line}: exit code {code}: {err}"
        assert code == 0 or "Cannot tell" in out, err
    for name in ("rates.json", "hard.jsonl", "repairs.jsonl", "regressions.jsonl", "compare.json", "report.html"):
        assert (tmp_path / name).stat().st_size > 0, name
    assert list((tmp_path / "figures").glob("*.svg"))


def test_the_page_has_every_command_of_evaluation() -> None:
    named = {shlex.split(line)[1] for line in commands()}
    assert {"eval", "compare", "errors", "report", "query", "rescore", "replay", "select", "regressions"} <= named


@pytest.mark.parametrize("page", ["evaluation.md", "analytics.md"])
def test_links_to_headings_lead_to_headings(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([\w.-]*\.md)?#([\w-]+)\)", text):
        headings = re.findall(r"^#+ (.+)$", (DOCS / (target or page)).read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors, f"{target}#{anchor}"
