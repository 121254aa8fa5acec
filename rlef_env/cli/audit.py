"""``rlef audit``: judges programs that try to cheat, and checks that none of them succeeds."""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.table import Table

from rlef_env.audit import Attack, AttackResult, Audit
from rlef_env.audit.attack import MARK, corpus, read_attacks
from rlef_env.audit.audit import HonestProgram, honest_program_for
from rlef_env.audit.defences import DEFENCES
from rlef_env.audit.problems import honest_program, secret_problem
from rlef_env.cli.arguments import whole_number
from rlef_env.cli.display import Screen, progress_bar
from rlef_env.cli.machine import check_machine, show_machine
from rlef_env.errors import DataError, UsageError
from rlef_env.judge import default_workers
from rlef_env.problems import Problem
from rlef_env.problems.reading import iter_jsonl

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "judge programs that try to cheat, and show which defence stops each of them"
DESCRIPTION = """\
Judge a corpus of attacks: programs that try to cheat on a problem whose answers cannot be computed. An honest program
is judged before, beside and after each. Print a table: attack, aim, verdict, the defences that stopped it, and what it
left behind.

The exit code is 0 if no attack succeeded, harmed the honest program or left anything behind. It is 1 otherwise, also
if an attack could not be decided because the host gave this machine's time to other machines. The machine is measured
first; the result is printed on standard error.

With --attacks and --problem, judge your own programs (*.py, *.c and other languages that are installed) on your own
problem (all tests, no early stop). With --json, write one JSON object per program, those in Python first:
  {"file", "verdict", "passed", "total", "wall_seconds", "leftover_processes", "leftover_files", "collateral"}
The leftovers are counts. "collateral" is true if an honest program judged before, beside or after it on the same
workers got another verdict or output than alone. The exit code is then 0 whatever the verdicts are.

The exit code is 2 for bad input."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef audit``."""
    parser.add_argument(
        "--attacks", type=Path, metavar="DIR", help="judge every program of this folder instead of the corpus"
    )
    parser.add_argument(
        "--problem",
        type=Path,
        metavar="PROBLEM.jsonl",
        help="their problem: the first one in this file (CodeContests rows)",
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write one JSON object per program to OUT")
    parser.add_argument(
        "--workers",
        type=whole_number(1),
        default=max(2, default_workers()),
        metavar="N",
        help="number of workers: one judges the attacks, the others the honest program (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Judge the attacks, write the rows, and show the table."""
    if (arguments.attacks is None) != (arguments.problem is None):
        raise UsageError("--attacks, --problem: expected both or neither (for the corpus), got one; name both")
    if arguments.attacks is None:
        attacks, problem, honest = corpus(), secret_problem(), honest_program
        places: tuple[Path, ...] = ()
    else:
        attacks, problem = read_attacks(arguments.attacks), first_problem(arguments.problem)
        honest = functools.partial(honest_program_for, problem)
        places = (arguments.attacks.resolve(), arguments.problem.resolve().parent)
    if arguments.json is not None:
        arguments.json.touch()  # created before the audit, so that it does not count as left behind
    mark = MARK if arguments.attacks is None else ""
    machine = check_machine()
    auditing = audited(attacks, problem, honest, arguments.workers, places, mark)
    results = list(written(auditing, len(attacks), arguments.json))
    show(results, Screen())
    show_machine(machine)
    if arguments.attacks is None and not all(result.clean for result in results):
        raise SystemExit(1)


def audited(
    attacks: Sequence[Attack],
    problem: Problem,
    honest: Callable[[str], HonestProgram],
    workers: int,
    places: Collection[Path],
    mark: str,
) -> Iterator[AttackResult]:
    """Judge attacks; those of a language together, beside an honest program in that language."""
    for language in dict.fromkeys(("python", *(attack.language for attack in attacks))):
        chosen = [attack for attack in attacks if attack.language == language]
        if chosen:
            with Audit(problem, honest(language), workers, places=places, mark=mark) as audit:
                yield from audit.run(chosen)


def first_problem(path: Path) -> Problem:
    """Return the first problem of a file.

    Raises:
        DataError: the file has no problem, or the first is invalid or has no tests.
    """
    problem = next(iter(iter_jsonl(path)), None)
    if problem is None:
        raise DataError(f"{path}: expected a problem (CodeContests row), got an empty file; name another file")
    if not any(problem.tests()):
        raise DataError(f"{path}:1: expected a problem with tests, got {problem.id!r} without tests; name another file")
    return problem


def written(results: Iterator[AttackResult], total: int, path: Path | None) -> Iterator[AttackResult]:
    """Write each result when it arrives, under a progress bar, and yield it."""
    with ExitStack() as stack:
        out = None if path is None else stack.enter_context(path.open("w", encoding="utf-8"))
        advance = stack.enter_context(progress_bar("auditing", total))
        for result in results:
            if out is not None:
                print(json.dumps(as_row(result)), file=out, flush=True)
            advance()
            yield result


def as_row(result: AttackResult) -> dict[str, Any]:
    """Return the JSON object of a result. Scripts read it: its keys are fixed."""
    return {
        "file": result.attack.name,
        "verdict": result.judgement.verdict.value,
        "passed": result.judgement.passed,
        "total": result.judgement.total,
        "wall_seconds": round(result.spent.wall, 4),
        "leftover_processes": len(result.leftover_processes),
        "leftover_files": len(result.leftover_files),
        "collateral": bool(result.collateral),
    }


def show(results: list[AttackResult], console: Screen) -> None:
    """Print the table, the failures, and the totals."""
    table = Table(title="Programs that try to cheat, and what stopped them", title_justify="left")
    for column in ("attack", "aim", "verdict", "stopped by", "left behind"):
        table.add_column(column, overflow="fold")
    for result in results:
        left = (*result.leftover_processes, *result.leftover_files)
        row = (
            result.attack.name.removesuffix(".py"),  # others keep their ending, which says the language
            result.attack.aim,
            verdict(result),
            ", ".join(result.stopped_by),
            ", ".join(left) or "nothing",
        )
        table.add_row(*row, style=None if result.clean else "bold red")
    console.print(table)
    for defence in dict.fromkeys(defence for result in results for defence in result.stopped_by):
        console.print(f"  {defence}: {DEFENCES[defence]}", style="dim", highlight=False, soft_wrap=True)
    for result in results:
        for failure in failures(result):
            console.print(f"{result.attack.name}: {failure}", style="bold red", markup=False, soft_wrap=True)
    if undecided := sum(result.undecided for result in results):
        text = f"{undecided} have no verdict because the host gave this machine's time to others: use another machine"
        console.print(text, style="bold yellow", soft_wrap=True)
    succeeded = sum(result.succeeded for result in results)
    harmed = sum(bool(result.collateral) for result in results)
    left_count = sum(len(result.leftover_processes) + len(result.leftover_files) for result in results)
    console.print(
        f"{len(results)} attacks, {succeeded} passed, {harmed} collateral, {left_count} leftovers", highlight=False
    )


def verdict(result: AttackResult) -> str:
    """Return the verdict with its category, in words."""
    words = result.judgement.verdict.value.replace("_", " ")
    return f"{words} ({result.judgement.category[:40]})" if result.judgement.category else words


def failures(result: AttackResult) -> Iterator[str]:
    """Yield each failure of the defences against an attack, as a sentence."""
    if result.judgement.passed:
        yield f"passed {result.judgement.passed} of {result.judgement.total} tests"
    yield from result.breaches
    for how in result.collateral:
        yield f"the honest program got another result than alone {how}"
    for left in (*result.leftover_processes, *result.leftover_files):
        yield f"left behind: {left}"
