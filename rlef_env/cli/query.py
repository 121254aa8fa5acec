"""``rlef query``: SQL on the episodes of a run."""

from __future__ import annotations

import argparse
import csv
import json
import math
import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rlef_env.cli.arguments import whole_number
from rlef_env.cli.display import Screen
from rlef_env.cli.json_output import add_json, json_output
from rlef_env.errors import UsageError
from rlef_env.runs import RunFolder, connect, query
from rlef_env.runs.tables import QueryResult
from rlef_env.terminal import one_line

__all__ = ["DESCRIPTION", "EXAMPLES", "HELP", "add_arguments", "run"]

HELP = "ask SQL questions about the episodes of a run"
DESCRIPTION = """\
Run one SELECT statement (DuckDB's SQL) on the tables of a run and print the rows:
  episodes: one row an episode
  turns: one row a turn, with the program and the feedback
  problems: one row a problem
  metrics: one row an update (training only)

Without SQL, print the tables, their columns and some examples. A run can be queried while it is being played. The table
cuts long texts; --json and --csv print them whole."""

EXAMPLES: Final = (
    "SELECT verdict, turn, count(*) AS programs FROM turns GROUP BY ALL ORDER BY turn, programs DESC",
    "SELECT problem_id, avg(solved::int) AS solve_rate FROM episodes WHERE has_verdict GROUP BY ALL ORDER BY ALL",
    "SELECT problem_id, sample, program, feedback FROM turns WHERE verdict = 'wrong_answer' LIMIT 3",
)
"""Queries that work for every run."""

CELLS: Final = (60, 40, 30, 20)
"""Maximum characters of a cell of the table: the first of these with which the table fits."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef query``."""
    parser.add_argument("run", metavar="RUN", help="folder of the run")
    parser.add_argument("sql", nargs="?", metavar="SQL", help="one SELECT statement; without it, the tables are listed")
    output = parser.add_mutually_exclusive_group()
    add_json(output, "a JSON list with an object for each row")
    output.add_argument("--csv", action="store_true", help="print comma-separated values")
    parser.add_argument(
        "--rows", type=whole_number(1), default=100, metavar="N", help="rows of the table (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Run the query."""
    if arguments.sql is None and any(each.isspace() for each in str(arguments.json or "")):
        raise UsageError("--json OUT: expected the name of a file, got SQL; write the SQL before --json")
    folder = RunFolder.open(arguments.run)
    result = columns_of(folder) if arguments.sql is None else query(folder, arguments.sql)
    if arguments.json is not None:
        with json_output(arguments.json) as file:
            write_json(result, file)
    elif arguments.csv:
        write_csv(result, sys.stdout)
    elif arguments.sql is None:
        show_tables(Screen(), folder, result)
    else:
        show_rows(Screen(), result, arguments.rows)


def columns_of(folder: RunFolder) -> QueryResult:
    """Return a row for each column of each table of a run: table, column, type."""
    with connect(folder) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name, lower(data_type) FROM duckdb_columns() WHERE NOT internal "
            "AND table_name IN ('episodes', 'turns', 'problems', 'metrics') "
            "ORDER BY list_position(['episodes', 'turns', 'problems', 'metrics'], table_name), column_index"
        ).fetchall()
    return QueryResult(("table", "column", "type"), rows)


def write_json(result: QueryResult, file: TextIO) -> None:
    """Write rows as a JSON list with one object a line. JSON has no NaN or infinity: these become null."""
    names = unique(result.columns)
    file.write("[")
    for number, row in enumerate(result.rows):
        values = dict(zip(names, map(json_value, row), strict=True))
        file.write(f"{',' if number else ''}\n{json.dumps(values, allow_nan=False)}")
    file.write("\n]\n")


def write_csv(result: QueryResult, file: TextIO) -> None:
    """Write rows as comma-separated values with a line of headings; NULL is an empty cell."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(result.columns)
    for row in result.rows:
        writer.writerow(["" if value is None else text_of(value) for value in row])


def unique(names: Sequence[str]) -> list[str]:
    """Return the names, with a number after each that is there already.

    >>> unique(["a", "b", "a"])
    ['a', 'b', 'a_2']
    """
    found: list[str] = []
    for name in names:
        options = (name, *(f"{name}_{number}" for number in range(2, len(names) + 2)))
        found.append(next(each for each in options if each not in found))
    return found


def json_value(value: Any) -> Any:
    """Return a value of DuckDB as a JSON value."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case None | bool() | int() | float() | str():
            return value
        case dict():
            return {str(key): json_value(each) for key, each in value.items()}
        case list() | tuple():
            return [json_value(each) for each in value]
        case _:  # decimals, dates, bytes
            return str(value)


def text_of(value: Any) -> str:
    """Return a value as text."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value).lower()
        case dict() | list() | tuple():
            return json.dumps(json_value(value), ensure_ascii=False)
        case _:
            return str(value)


def line_of(value: Any) -> str:
    """Return a value as a line that is safe to print."""
    return f"{value:.6g}" if isinstance(value, float) else one_line(text_of(value)[:1000])


def cut(line: str, length: int) -> str:
    """Return a line of at most ``length`` characters."""
    return line if len(line) <= length else line[: length - 3] + "..."


def show_rows(console: Console, result: QueryResult, max_rows: int) -> None:
    """Show rows as a table; one column below the other if they do not fit side by side."""
    rows = result.rows[:max_rows]
    headings = [one_line(name) for name in result.columns]
    lines = [[line_of(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    for length in CELLS:
        if sum(min(width, length) + 3 for width in widths) < console.width:
            right = [bool(rows) and all(isinstance(row[n], (int, float)) for row in rows) for n in range(len(widths))]
            show_table(console, *([cut(line, length) for line in row] for row in (headings, *lines)), right=right)
            break
    else:
        show_blocks(console, headings, lines)
    count = len(result.rows)
    more = f", the first {max_rows} are shown; --rows shows more" if count > max_rows else ""
    console.print(Text(f"{count} {'row' if count == 1 else 'rows'}{more}", style="dim"))


def show_table(console: Console, headings: Sequence[str], *rows: Sequence[str], right: Sequence[bool]) -> None:
    """Show rows side by side; ``right`` says which columns are numbers."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading, at_right in zip(headings, right, strict=True):
        table.add_column(heading, justify="right" if at_right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def show_blocks(console: Console, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show each row as a block of lines, one for each column."""
    width = max(map(len, headings))
    space = max(CELLS[-1], console.width - width - 4)
    for number, row in enumerate(rows, start=1):
        console.print(Text(f"row {number}", style="bold"))
        for heading, line in zip(headings, row, strict=True):
            console.print(Text(f"  {heading:<{width}}  {cut(line, space)}".rstrip()))


def show_tables(console: Console, folder: RunFolder, columns: QueryResult) -> None:
    """Show the tables of a run, their columns, and examples."""
    counted = {
        name: query(folder, f"SELECT count(*) FROM {name}").rows[0][0]
        for name in dict.fromkeys(table for table, _, _ in columns.rows)
    }
    for name, count in counted.items():
        console.print(Text.assemble((name, "bold"), f": {count} rows"))
        listed = ", ".join(f"{column} ({kind})" for table, column, kind in columns.rows if table == name)
        console.print(Text(f"  {one_line(listed)}\n"))
    console.print(Text("Examples", style="bold"))
    for example in EXAMPLES:
        console.print(Text(f'  rlef query {one_line(shlex.quote(str(folder.path)))} "{example}"'))
