"""``rlef report``."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlef_env.cli.command import main
from rlef_env.runs import RunFolder
from tests.analysis.report.made import small_run


def test_the_command_writes_the_page_and_says_where(
    small: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    assert main(["report", str(small.path), str(small.path), "--out", str(out)]) == 0
    assert f"40 episodes: open {out} in a browser" in capsys.readouterr().err
    assert out.read_bytes().startswith(b"<!doctype html>")


def test_the_page_is_in_the_run_by_default(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run")
    assert main(["report", str(run.path)]) == 0
    assert (run.path / "report.html").is_file()


def test_what_is_no_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "nothing"), "--out", str(tmp_path / "x.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "x.html").exists()


def test_a_damaged_run_leaves_the_old_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = small_run(tmp_path / "run"), tmp_path / "page.html"
    out.write_text("old")
    (run.episodes / "main-000009.jsonl").write_bytes(b"{}\n")
    assert main(["report", str(run.path), "--out", str(out)]) == 2
    assert "main-000009.jsonl:1" in capsys.readouterr().err
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.name != "run"] == ["page.html"]
