"""`rlef forecast` on a recorded run of the small model: for people, for scripts, and one line for bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlef_env.analysis.forecast import Series

DATA = Path(__file__).resolve().parent.parent / "analysis" / "forecast" / "data"


def write_run(folder: Path, until: int = 40) -> Path:
    """The metrics of a recorded run, up to a step."""
    recorded = json.loads((DATA / "tiny-seed-0.json").read_text(encoding="utf-8"))
    series = {
        row["metric"]: Series(row["steps"], row["successes"], row["trials"], row["name"]) for row in recorded["series"]
    }
    folder.mkdir()
    with (folder / "metrics.jsonl").open("w", encoding="utf-8") as file:
        for place, step in enumerate(series["solve_rate"].steps):
            if step <= until:
                rates = {metric: run.rates[place] for metric, run in series.items()}
                row = {"kind": "evaluate", "update": step, **rates, "episodes": series["solve_rate"].trials[place]}
                file.write(json.dumps(row) + "\n")
    return folder


def test_what_a_person_reads(rlef, tmp_path: Path) -> None:
    """In a process of its own, as a user runs it."""
    run = write_run(tmp_path / "run")
    process = rlef("forecast", run, "--target", "0.6", "--at", "50", "--ceiling", "1", PYTHONIOENCODING="utf-8")
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0] == f"{run}: solve_rate, 41 evaluations up to step 40"
    assert any("●" in line and "░" in line for line in lines)
    found = {line[:14].strip(): line for line in lines}
    assert {"now, step 40", "plateau", "true ceiling", "at step 50", "reaches 0.6", "candidate"} <= set(found)
    assert "already behind" in found["reaches 0.6"]
    assert process.stderr == ""


def test_a_terminal_without_unicode_gets_ascii(rlef, tmp_path: Path) -> None:
    process = rlef("forecast", write_run(tmp_path / "run"), PYTHONIOENCODING="ascii")
    assert process.returncode == 0, process.stderr
    assert process.stdout.isascii()
    assert "\\u" not in process.stdout


def test_what_scripts_read(rlef_here, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    process = rlef_here(
        "forecast", run, "--json", "out.json", "--target", "0.99", "--at", "80", "--backtest", "--ceiling", "1"
    )
    assert process.returncode == 0, process.stderr
    row = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (row["metric"], row["evaluations"], row["last_step"], row["allowed"]) == ("solve_rate", 41, 40, True)
    assert row["sentence"]
    assert row["chosen"] in row["tail_errors"]
    for number in (row["now"], row["at"], *([row["plateau"]] if row["plateau"] else [])):
        ends = [number[name] for name in ("low_95", "low_80", "low_50", "value", "high_50", "high_80", "high_95")]
        assert ends == sorted(ends)
    assert row["reach"]["target"] == 0.99
    assert row["ceiling"] == 1.0
    assert len(row["curve"]["steps"]) == len(row["curve"]["low_80"]) == 101
    assert row["series"][0]["trials"][0] == 250
    assert set(row["backtest"]["scores"]) == {"0.25", "0.5", "0.75", "all"}
    assert row["backtest"]["scores"]["all"]["forecasts"] == 3
    assert "Back-test" in process.stdout


def test_too_few_evaluations_are_one_plain_line_and_no_error(rlef_here, tmp_path: Path) -> None:
    process = rlef_here("forecast", write_run(tmp_path / "run", until=2), "--target", "0.9", "--at", "3")
    assert process.returncode == 0, process.stderr
    assert "No forecast: 3 evaluations so far, at least 6 are needed" in process.stdout


def test_several_runs_are_one_recipe(rlef_here, tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name) for name in ("a", "b")]
    process = rlef_here("forecast", *runs, "--json", "out.json")
    assert process.returncode == 0, process.stderr
    row = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert row["runs"] == [str(run) for run in runs]
    assert row["evaluations"] == 82
    assert len(row["each"]) == 2
    assert process.stdout.count("solve_rate") == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: expected the folder of a run"),
        (["run", "--metric", "solved_at_9"], "got 'solved_at_9'"),
        (["run", "--set", "other"], "evaluation sets ''"),
        (["run", "--target", "1.5"], "--target: expected a rate above 0 and at most 1"),
        (["run", "--at", "soon"], "--at: expected a number of at least 0"),
        (["run", "--samples", "run"], "--samples run: expected a run folder with episodes"),
    ],
)
def test_bad_input_is_one_line(rlef_here, tmp_path: Path, arguments: list[str], said: str) -> None:
    write_run(tmp_path / "run")
    process = rlef_here("forecast", *arguments)
    assert process.returncode == 2
    assert said in process.stderr
    assert process.stderr.count("\n") == 1
    assert process.stdout == ""


def test_control_characters_of_a_name_are_not_sent_to_the_terminal(rlef_here, tmp_path: Path) -> None:
    process = rlef_here("forecast", write_run(tmp_path / "a\x1b[31mb"))
    assert process.returncode == 0, process.stderr
    assert "\x1b" not in process.stdout
