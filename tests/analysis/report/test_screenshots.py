"""Pictures for docs/report.md: RLEF_SCREENSHOTS=docs/images pytest tests/analysis/report/test_screenshots.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.invented_episodes import evaluation_run, training_run
from rlef_env.analysis.report import write_report
from tests.analysis.report.conftest import Open, address

FOLDER = os.environ.get("RLEF_SCREENSHOTS")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="makes pictures only if RLEF_SCREENSHOTS names a folder")


def test_pictures_of_two_runs(browse: Open, tmp_path: Path) -> None:
    runs = [evaluation_run(tmp_path / "before", 600, 6, 0.2, 1), evaluation_run(tmp_path / "after", 600, 6, 0.5, 2)]
    where = address(write_report(runs, tmp_path / "report.html", "before and after").path)
    page = browse(where, width=1200, height=860, color_scheme="light")
    page.wait_for_selector("#turns svg")
    page.screenshot(path=Path(str(FOLDER), "report.png"))
    page.goto(f"{where}#state=1:wrong_answer&outcome=solved")
    page.click("tr[data-place='4'] a")
    page.wait_for_selector("#turn-2 mark")
    page.evaluate("document.getElementById('turn-2').scrollIntoView()")
    page.screenshot(path=Path(str(FOLDER), "episode.png"))
    phone = browse(where, width=390, height=844, color_scheme="dark", device_scale_factor=2)
    phone.wait_for_selector("#turns svg")
    phone.screenshot(path=Path(str(FOLDER), "phone.png"))


def test_pictures_of_training(browse: Open, tmp_path: Path) -> None:
    run = training_run(tmp_path / "training")
    where = address(write_report([run], tmp_path / "report.html").path)
    page = browse(where, width=1200, height=860, color_scheme="dark")
    page.evaluate("document.getElementById('training').scrollIntoView()")
    page.wait_for_selector("#training svg")
    page.wait_for_selector("#turns svg")
    page.screenshot(path=Path(str(FOLDER), "training.png"))
