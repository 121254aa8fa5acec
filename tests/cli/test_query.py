"""`rlef query`: what a person reads, what scripts read, and one line for each wrong question."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from rlef_env.cli import query
from rlef_env.cli.display import Screen
from rlef_env.runs import RunFolder
from rlef_env.runs.tables import QueryResult
from tests.analysis.backtest.played import PROBLEM, RIGHT, WRONG, played_run

BY_VERDICT = "SELECT verdict, turn, count(*) AS n FROM turns GROUP BY ALL ORDER BY turn, verdict"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two episodes: solved at turn 2, and at turn 1."""
    pytest.importorskip("duckdb")
    return played_run(tmp_path_factory.mktemp("query") / "run", [(WRONG, RIGHT), (RIGHT,)]).path


@pytest.fixture
def run(played: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(played, tmp_path / "run"))


def test_rows_for_a_person(rlef, played: Path) -> None:
    process = rlef("query", played, BY_VERDICT)
    assert process.returncode == 0, process.stderr
    found = [line.split() for line in process.stdout.splitlines() if line.strip(" ─")]
    assert found == [
        ["verdict", "turn", "n"],
        ["accepted", "1", "1"],
        ["wrong_answer", "1", "1"],
        ["accepted", "2", "1"],
        ["3", "rows"],
    ]


def test_rows_for_scripts(rlef_here, played: Path, tmp_path: Path) -> None:
    sql = "SELECT problem_id, sample, solved, solved_at, tokens, reward FROM episodes ORDER BY sample"
    expected = [
        {"problem_id": PROBLEM, "sample": n, "solved": True, "solved_at": 2 - n, "tokens": None, "reward": 1.0}
        for n in range(2)
    ]
    assert json.loads(rlef_here("query", played, sql, "--json").stdout) == expected
    process = rlef_here("query", played, sql, "--json", "rows.json")
    assert process.stdout == ""
    assert json.loads((tmp_path / "rows.json").read_text()) == expected
    rows = list(csv.DictReader(io.StringIO(rlef_here("query", played, sql, "--csv").stdout)))
    assert rows[0] == {
        "problem_id": PROBLEM, "sample": "0", "solved": "true", "solved_at": "2", "tokens": "", "reward": "1.0"
    }  # fmt: skip


def test_no_rows_are_valid_json(rlef_here, played: Path) -> None:
    assert json.loads(rlef_here("query", played, "SELECT * FROM turns WHERE false", "--json").stdout) == []


def test_without_sql_the_tables_are_listed_and_the_examples_work(rlef_here, played: Path) -> None:
    shown = rlef_here("query", played).stdout
    assert "episodes: 2 rows\n" in shown
    assert "turns: 3 rows\n" in shown
    assert "verdict (varchar)" in shown
    folder = RunFolder.open(played)
    for example in query.EXAMPLES:
        assert f'rlef query {played} "{example}"' in shown
        assert query.query(folder, example).rows
    columns = json.loads(rlef_here("query", played, "--json").stdout)
    wanted = (
        "problem_id",
        "sample",
        "turn",
        "verdict",
        "category",
        "reward",
        "program",
        "feedback",
        "cpu_seconds",
        "tokens",
    )
    assert {("turns", name) for name in wanted} <= {(each["table"], each["column"]) for each in columns}


def test_values_that_json_does_not_have() -> None:
    result = QueryResult(("a", "a", "b"), [(float("nan"), b"\xff", {"x": [float("inf"), None]})])
    out = io.StringIO()
    query.write_json(result, out)
    assert json.loads(out.getvalue()) == [{"a": None, "a_2": "b'\\xff'", "b": {"x": [None, None]}}]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_hostile_and_long_texts_are_printed_as_text_and_fit(width: int) -> None:
    hostile = "\x1b]0;owned\x07[red]x[/red]\nsecond \u202e line :smile:"
    result = QueryResult(("n", "text", "\x1b[2J"), [(1, hostile, "y" * 500), (2, None, "")])
    out = io.StringIO()
    query.show_rows(Screen(file=out, force_terminal=True, width=width, color_system=None), result, 100)
    shown = out.getvalue()
    assert not set("\x1b\x07\u202e") & set(shown)
    assert max(map(len, shown.splitlines())) <= width
    if width == 200:
        assert "\\x1b]0;owned\\x07[red]x[/red] second \\u202e line :smile:" in shown
    assert "y" * 61 not in shown


def test_only_the_first_rows_are_shown(rlef_here, played: Path) -> None:
    shown = rlef_here("query", played, "SELECT turn FROM turns", "--rows", "1").stdout
    assert "3 rows, the first 1 are shown; --rows shows more" in shown


@pytest.mark.parametrize(
    ("sql", "fragments"),
    [
        ("DROP TABLE turns", ("expected one SELECT statement, got DROP", "only be read")),
        ("UPDATE turns SET reward = 1", ("UPDATE",)),
        ("COPY turns TO 'stolen.csv'", ("COPY",)),
        ("SELECT 1; SELECT 2", ("SELECT, SELECT",)),
        ("", ("got nothing",)),
        ("SELECT verdct FROM turns", ('"verdct" not found', '"verdict"')),
        ("SELECT * FROM turn", ('Did you mean "turns"',)),
        ("SELECT * FROM read_csv('/etc/passwd')", ("/etc/passwd", "disabled")),
        ("SELECT FROM WHERE", ("syntax error",)),
        ("SELECT program::int FROM turns", ("Could not convert string",)),
    ],
)
def test_a_wrong_question_costs_one_line(
    rlef_here, played: Path, tmp_path: Path, sql: str, fragments: tuple[str, ...]
) -> None:
    assert_one_line(rlef_here("query", played, sql), "SQL: ", *fragments)
    assert list(tmp_path.iterdir()) == []


def assert_one_line(process, *fragments: str) -> None:
    assert process.returncode == 2, process.stderr
    assert process.stdout == ""
    assert process.stderr.startswith("rlef: ")
    assert process.stderr.count("\n") == 1, process.stderr
    for fragment in fragments:
        assert fragment in process.stderr


def test_sql_after_json_is_not_taken_for_a_file(rlef_here, played: Path) -> None:
    assert_one_line(rlef_here("query", played, "--json", "SELECT 1"), "write the SQL before --json")


def test_folders_without_a_run(rlef_here, run: Path, tmp_path: Path) -> None:
    assert_one_line(rlef_here("query", "missing", "SELECT 1"), "missing: expected the folder of a run", "No such file")
    (tmp_path / "empty").mkdir()
    assert_one_line(rlef_here("query", "empty", "SELECT 1"), "found no run.json", "rlef eval --out")
    shutil.copytree(run, tmp_path / "both" / "first")
    shutil.copytree(run, tmp_path / "both" / "second")
    assert_one_line(rlef_here("query", "both", "SELECT 1"), "name one of the runs in it: first, second")


def test_a_run_of_another_version(rlef_here, run: Path) -> None:
    path = run / "run.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 0'))
    assert_one_line(rlef_here("query", run, "SELECT 1"), "expected a run of version 1, got version 0")


@pytest.mark.parametrize("suffix", [".parquet", ".turns.parquet"])
@pytest.mark.parametrize("damage", ["cut", "foreign", "missing"])
def test_a_damaged_shard(rlef_here, run: Path, suffix: str, damage: str) -> None:
    import pyarrow
    from pyarrow import parquet

    path = run / "episodes" / f"main-000000{suffix}"
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "foreign":
        parquet.write_table(pyarrow.table({"x": [1]}), path)
    elif suffix == ".turns.parquet":
        path.unlink()
    else:
        return  # without its file of episodes, a shard was not finished
    assert_one_line(rlef_here("query", run, BY_VERDICT), "expected the files of a run", "check that nothing was cut")


def test_without_duckdb_it_says_what_to_install(played: Path, tmp_path: Path, rlef) -> None:
    (tmp_path / "duckdb.py").write_text("raise ImportError('not here')\n")
    process = rlef("query", played, "SELECT 1", PYTHONPATH=str(tmp_path))
    assert_one_line(process, 'pip install "rlef-env[analysis]"')
