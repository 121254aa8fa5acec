"""The episodes of a run as SQL tables: DuckDB over the run's Parquet files, and over lines that are not sealed yet.

Tables: ``episodes`` (one row an episode), ``turns`` (one row a turn), ``problems``, ``metrics`` (training).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rlef_env.errors import DataError, UsageError
from rlef_env.runs.facts import ProblemFacts
from rlef_env.runs.folder import RunFolder
from rlef_env.runs.reader import episode_files, read_lines, twice
from rlef_env.runs.shards import EPISODE_COLUMNS, TURN_COLUMNS, tables_of, turns_file, valid_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["QueryResult", "connect", "query"]

NEEDS_DUCKDB: Final = 'expected duckdb and pyarrow to be installed; pip install "rlef-env[analysis]"'


class QueryResult(NamedTuple):
    """Rows that a query returned.

    Attributes:
        columns: names of the columns.
        rows: the rows, in order.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def connect(run: RunFolder) -> DuckDBPyConnection:
    """Return a connection that reads the run's tables, and cannot read or write anything else.

    Of episodes that were played again, the tables have the last attempt only.

    Raises:
        UsageError: duckdb or pyarrow is not installed.
        DataError: a file of the run is damaged.
    """
    try:
        import duckdb
        import pyarrow  # noqa: F401
    except ImportError:
        raise UsageError(f"{run.path}: {NEEDS_DUCKDB}") from None
    connection = duckdb.connect(":memory:")
    try:
        _create_tables(connection, run)
    except duckdb.Error as error:
        raise _unreadable(run, error) from None
    # From here on, only the run's own folder can be read, whatever a query says.
    connection.execute(f"SET allowed_directories = [{_quoted(run.episodes)}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def query(run: RunFolder, sql: str, parameters: Sequence[object] = ()) -> QueryResult:
    """Return the rows of one SELECT statement on the run's tables.

    Raises:
        UsageError: the text is not one SELECT statement, or DuckDB refuses it.
        DataError: as for ``connect``.
    """
    with connect(run) as connection:
        import duckdb

        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                kinds = ", ".join(str(each.type).rsplit(".", 1)[-1] for each in statements) or "nothing"
                raise UsageError(f"SQL: expected one SELECT statement, got {kinds}; a run can only be read")
            result = connection.execute(sql, parameters)
            return QueryResult(tuple(column[0] for column in result.description or ()), result.fetchall())
        except duckdb.IOException as error:  # a file was cut or deleted meanwhile
            raise _unreadable(run, error) from None
        except duckdb.Error as error:
            raise UsageError(
                f"SQL: expected a query on the tables episodes, turns, problems and metrics, got: {_first_line(error)}"
            ) from None


def _create_tables(connection: DuckDBPyConnection, run: RunFolder) -> None:
    shards, lines = episode_files(run)
    tail = tables_of(record for path in lines for record in read_lines(path))
    for name, table, files, columns in (
        ("episodes", tail[0], shards, EPISODE_COLUMNS),
        ("turns", tail[1], [turns_file(path) for path in shards], TURN_COLUMNS),
    ):
        connection.register(f"tail_{name}", table)
        connection.execute(f"CREATE TABLE open_{name} AS SELECT * FROM tail_{name}")
        connection.unregister(f"tail_{name}")
        parts = [f"SELECT * FROM open_{name}"]
        if files:
            listed = ", ".join(_quoted(path) for path in files)
            # The columns are named, so that a foreign file, which has others, is an error.
            parts.insert(0, f"SELECT {', '.join(columns)} FROM read_parquet([{listed}])")
        connection.execute(f"CREATE VIEW all_{name} AS {' UNION ALL BY NAME '.join(parts)}")
    # Attempts are counted from 0, so this reads the statistics of the files where no episode was played again.
    connection.execute(
        "CREATE TABLE last_attempts AS SELECT episode, max(attempt) AS last FROM all_episodes WHERE attempt > 0 "
        "GROUP BY episode"
    )
    again = connection.execute("SELECT count(*) FROM last_attempts").fetchone()
    double = connection.execute(
        "SELECT any_value(problem_id), any_value(sample) FROM all_episodes GROUP BY episode, attempt "
        "HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    if double is not None:
        raise DataError(twice(run, *double))
    hidden = " WHERE attempt >= coalesce((SELECT last FROM last_attempts l WHERE l.episode = e.episode), 0)"
    for name in ("episodes", "turns"):
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM all_{name} e{hidden if again and again[0] else ''}")
    connection.register("problem_rows", _problem_table(run.problem_facts().values()))
    connection.execute("CREATE TABLE problems AS SELECT * FROM problem_rows")
    connection.unregister("problem_rows")
    if run.metrics.exists() and run.metrics.stat().st_size:
        connection.execute(
            f"CREATE TABLE metrics AS SELECT * FROM read_json_auto({_quoted(run.metrics)}, "
            "format = 'newline_delimited', ignore_errors = true, union_by_name = true)"
        )


def _unreadable(run: RunFolder, error: Exception) -> DataError:
    return DataError(
        f"{run.path}: expected the files of a run, got: {_first_line(error)}; check that nothing was cut or added"
    )


def _first_line(error: Exception) -> str:
    return str(error).split("\n\n", 1)[0].replace("\n", " ")


def _problem_table(problems: Iterable[ProblemFacts]) -> Any:
    """Return the Arrow table ``problems``."""
    import pyarrow

    texts = ("problem_id", "digest", "cluster", "source", "difficulty", "published")
    columns: dict[str, list[Any]] = {name: [] for name in (*texts, "tags")}
    for each in problems:
        for name in texts:
            value: str | None = getattr(each, name)
            columns[name].append(value and valid_text(value))
        columns["tags"].append(list(map(valid_text, each.tags)))
    schema = pyarrow.schema([*((name, pyarrow.string()) for name in texts), ("tags", pyarrow.list_(pyarrow.string()))])
    return pyarrow.table(columns, schema=schema)


def _quoted(path: Path) -> str:
    return "'" + str(path.absolute()).replace("'", "''") + "'"
