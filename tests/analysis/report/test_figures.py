"""Figures for papers."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlef_env.analysis.report import write_figures
from rlef_env.runs import RunFolder
from tests.analysis.report.made import A, W, record, run_of, turn

pytest.importorskip("matplotlib")


def test_the_figures_of_an_evaluation_are_the_same_each_time(small: RunFolder, tmp_path: Path) -> None:
    first, again = (write_figures([small], tmp_path / "new" / name) for name in ("a", "b"))
    assert [path.name for path in first] == [
        "solved-by-turn.png", "solved-by-turn.svg", "verdicts-by-turn.png", "verdicts-by-turn.svg", "categories.png",
        "categories.svg",
    ]  # fmt: skip
    assert all(path.read_bytes()[:4] in (b"\x89PNG", b"<?xm") for path in first)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    categories = (tmp_path / "new" / "a" / "categories.svg").read_text()
    assert "off by one" in categories
    assert "failed turns (%)" in categories


def test_a_training_run_has_a_curve_and_hostile_names_are_text(tmp_path: Path) -> None:
    records = [
        record(f"p{i}", *([turn(A)] if i < step else [turn(W, category="$\\frac{1}{0}$\n<b>\x1b[31m")] * 3), step=step)
        for step in range(3)
        for i in range(3)
    ]
    runs = [run_of(tmp_path / name, records, "training") for name in ("$x_1$", "_y<&>")]
    written = {path.name: path for path in write_figures(runs, tmp_path / "out")}
    text = written["training.svg"].read_text()
    assert "$x_1$" in text
    assert "_y&lt;&amp;&gt;" in text
    assert "updates" in text
    assert "$\\frac{1}{0}$" in written["categories.svg"].read_text()
