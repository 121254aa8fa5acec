"""``rlef audit``: programs that cheat are judged, and none of them may get anything out of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.table import Table

from rlef_env.audit import (
    ADDING_UP,
    DEFENCES,
    MARK,
    AttackResult,
    Audit,
    HonestProgram,
    corpus,
    honest_program_for,
    read_attacks,
    secret_problem,
)
from rlef_env.cli.arguments import whole_number
from rlef_env.cli.display import Screen, progress_bar
from rlef_env.cli.machine import check_machine, show_machine
from rlef_env.errors import DataError, UsageError
from rlef_env.judge import default_workers
from rlef_env.problems import Problem, iter_jsonl
from rlef_env.sandbox import Program

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "judge programs that cheat, and show what holds each of them"
DESCRIPTION = """\
Judge a corpus of programs that cheat on a problem whose answers cannot be computed, with an honest program before,
beside and after each, and print a table: attack, aim, verdict, what held it, what it left behind.
The exit code is 0 if none of them got anything, harmed the honest program or left anything behind; else 1, also if one
could not be decided, because the host gave this machine's time to others. The machine is measured first; what was found
is said on standard error.

With --attacks and --problem, judge your own programs on a problem of yours (all tests, no early stop). With --json,
write one JSON object per program:
  {"file", "verdict", "passed", "total", "wall_seconds", "leftover_processes", "leftover_files", "collateral"}
where the leftovers are counts, and "collateral" is true if an honest program judged before, beside or after it on the
same workers got any other verdict or output than alone. The exit code is then 0 whatever the verdicts.

In either case it is 2 for bad input."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef audit``."""
    parser.add_argument("--attacks", type=Path, metavar="DIR", help="judge every *.py of this folder instead of ours")
    parser.add_argument(
        "--problem", type=Path, metavar="PROBLEM.jsonl", help="on the first problem of this file (CodeContests rows)"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write one JSON object per program to OUT")
    parser.add_argument(
        "--workers",
        type=whole_number(1),
        default=max(2, default_workers()),
        metavar="N",
        help="one judges the programs, the others an honest one beside them (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Judge, write, show."""
    if (arguments.attacks is None) != (arguments.problem is None):
        raise UsageError("--attacks and --problem belong together: name both, or neither for the corpus")
    if arguments.attacks is None:
        attacks, problem, honest = (
            corpus(),
            secret_problem(),
            HonestProgram(ADDING_UP, Program(ADDING_UP.solutions[0].source)),
        )
        places: tuple[Path, ...] = ()
    else:
        attacks, problem = read_attacks(arguments.attacks), first_problem(arguments.problem)
        honest = honest_program_for(problem)
        places = (arguments.attacks.resolve(), arguments.problem.resolve().parent)
    if arguments.json is not None:
        arguments.json.touch()  # it is ours, not left by an attack
    mark = MARK if arguments.attacks is None else ""
    machine = check_machine()
    with Audit(problem, honest, arguments.workers, places=places, mark=mark) as audit:
        outcomes = list(written(audit.run(attacks), len(attacks), arguments.json))
    show(outcomes, Screen())
    show_machine(machine)
    if arguments.attacks is None and not all(outcome.clean for outcome in outcomes):
        raise SystemExit(1)


def first_problem(path: Path) -> Problem:
    """The first problem of a file.

    Raises:
        DataError: there is none, it is not as it should be, or it has no tests.
    """
    problem = next(iter(iter_jsonl(path)), None)
    if problem is None:
        raise DataError(f"{path}: expected a problem (CodeContests row), the file is empty")
    if not any(problem.tests()):
        raise DataError(f"{path}:1: expected a problem with tests, {problem.id!r} has none; name another file")
    return problem


def written(outcomes: Iterator[AttackResult], total: int, path: Path | None) -> Iterator[AttackResult]:
    """Write each outcome as it comes, under a progress bar; and pass it on."""
    with ExitStack() as stack:
        out = None if path is None else stack.enter_context(path.open("w", encoding="utf-8"))
        advance = stack.enter_context(progress_bar("auditing", total))
        for outcome in outcomes:
            if out is not None:
                print(json.dumps(as_row(outcome)), file=out, flush=True)
            advance()
            yield outcome


def as_row(outcome: AttackResult) -> dict[str, Any]:
    """What is scripted against."""
    return {
        "file": outcome.attack.name,
        "verdict": outcome.judgement.verdict.value,
        "passed": outcome.judgement.passed,
        "total": outcome.judgement.total,
        "wall_seconds": round(outcome.spent.wall, 4),
        "leftover_processes": len(outcome.leftover_processes),
        "leftover_files": len(outcome.leftover_files),
        "collateral": bool(outcome.collateral),
    }


def show(outcomes: list[AttackResult], console: Screen) -> None:
    """Print the table, what went wrong, and the sum."""
    table = Table(title="Programs that cheat, and what held them", title_justify="left")
    for column in ("attack", "aim", "verdict", "held by", "left behind"):
        table.add_column(column, overflow="fold")
    for outcome in outcomes:
        left = (*outcome.leftover_processes, *outcome.leftover_files)
        row = (
            outcome.attack.name.removesuffix(".py"),
            outcome.attack.aim,
            verdict(outcome),
            ", ".join(outcome.held_by),
            ", ".join(left) or "nothing",
        )
        table.add_row(*row, style=None if outcome.clean else "bold red")
    console.print(table)
    for word in dict.fromkeys(word for outcome in outcomes for word in outcome.held_by):
        console.print(f"  {word}: {DEFENCES[word]}", style="dim", highlight=False, soft_wrap=True)
    for outcome in outcomes:
        for wrong in faults(outcome):
            console.print(f"{outcome.attack.name}: {wrong}", style="bold red", markup=False, soft_wrap=True)
    if undecided := sum(outcome.undecided for outcome in outcomes):
        text = f"{undecided} have no verdict, as the host gave this machine's time to others: audit again elsewhere"
        console.print(text, style="bold yellow", soft_wrap=True)
    paid = sum(outcome.paid for outcome in outcomes)
    harmed = sum(bool(outcome.collateral) for outcome in outcomes)
    left_count = sum(len(outcome.leftover_processes) + len(outcome.leftover_files) for outcome in outcomes)
    console.print(
        f"{len(outcomes)} attacks, {paid} passed, {harmed} collateral, {left_count} leftovers", highlight=False
    )


def verdict(outcome: AttackResult) -> str:
    """The verdict as a person says it, with its category."""
    words = outcome.judgement.verdict.value.replace("_", " ")
    return f"{words} ({outcome.judgement.category[:40]})" if outcome.judgement.category else words


def faults(outcome: AttackResult) -> Iterator[str]:
    """What went wrong with an attack, in words."""
    if outcome.judgement.passed:
        yield f"passed {outcome.judgement.passed} of {outcome.judgement.total} tests"
    yield from outcome.breaches
    for how in outcome.collateral:
        yield f"an honest program got something else than alone {how}"
    for left in (*outcome.leftover_processes, *outcome.leftover_files):
        yield f"left behind: {left}"
