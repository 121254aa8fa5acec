"""``rlef problems``: shows and converts problems, rates them, adds and orders tests, and finds duplicates."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Final, NamedTuple

from rich.table import Table

from rlef_env.cli.arguments import add_workers, file_path, whole_number
from rlef_env.cli.display import Screen, note, progress_bar
from rlef_env.cli.judge import with_checkers
from rlef_env.cli.left_out import LeftOut
from rlef_env.cli.problems_export import add_export_arguments, export_problems
from rlef_env.cli.problems_order import add_order_arguments, order_problems
from rlef_env.errors import UsageError
from rlef_env.judge import JudgePool
from rlef_env.problems import Dataset, Problem, load_dataset, write_jsonl
from rlef_env.problems.problem import ROLES
from rlef_env.problems.quality_report import Quality, QualityReport, report_path, write_reports
from rlef_env.problems.resuming import part_of
from rlef_env.problems.schemas import SCHEMAS
from rlef_env.quality import augment, find_duplicates, verify
from rlef_env.quality.augment import Augmentation, public_only
from rlef_env.sandbox import Sandbox, installed_languages
from rlef_env.terminal import one_line

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "list, show, count, convert, verify, augment, order and compare problems"
DESCRIPTION = """\
Commands for problems in any known schema (rlef problems list --help lists the schemas).

DATA is 'starter', 'procedural', a file (JSON lines, a JSON array, Parquet; .gz too), a folder of files or of problem
packages, or OWNER/NAME on the Hugging Face hub.

  rlef problems list DATA                  a line per problem
  rlef problems stats DATA                 counts of problems, tests and solutions
  rlef problems show DATA ID               one problem
  rlef problems convert DATA OUT.jsonl     write CodeContests rows
  rlef problems verify DATA                run the stored solutions, and rate each problem
  rlef problems augment DATA OUT.jsonl     add tests
  rlef problems order DATA -o OUT.jsonl    order hidden tests so that wrong programs fail early
  rlef problems dedupe DATA --against DATA find problems that other data have, too
  rlef problems export DATA --for TRAINER -o OUT
                                           write prompts for a trainer: trl, verl, skyrl, ..."""


class Action(NamedTuple):
    """A subcommand of ``rlef problems``."""

    help: str
    run: Callable[[argparse.Namespace], None]
    add_arguments: Callable[[argparse.ArgumentParser], object] = lambda _: None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef problems``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=type(parser))
    for name, action in ACTIONS.items():
        command = actions.add_parser(name, help=action.help, description=action.help[0].upper() + action.help[1:] + ".")
        add_data(command)
        action.add_arguments(command)


def run(arguments: argparse.Namespace) -> None:
    """Run the action."""
    ACTIONS[arguments.action].run(arguments)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name the problems."""
    parser.add_argument("data", metavar="DATA", help="'starter', 'procedural', a file, a folder, or OWNER/NAME")
    parser.add_argument(
        "--split", default="train", metavar="S", help="split of the data, if it has some (default: train)"
    )
    parser.add_argument(
        "--schema",
        "--layout",
        choices=sorted(schema.name for schema in SCHEMAS),
        metavar="NAME",
        help="schema of the rows, if their fields do not identify it: "
        + ", ".join(sorted(schema.name for schema in SCHEMAS)),
    )


def load(arguments: argparse.Namespace) -> Dataset:
    """Load the problems that the arguments name."""
    return load_dataset(arguments.data, arguments.split, schema=arguments.schema)


# --- show ------------------------------------------------------------------------------------------------------------


def list_problems(arguments: argparse.Namespace) -> None:
    """Print a line for each problem."""
    table = Table(box=None)
    for heading in ("id", "source", "difficulty", "tests", "solutions", "kind"):
        table.add_column(heading, no_wrap=heading != "id")
    for problem in load(arguments):
        table.add_row(
            one_line(problem.id),
            one_line(problem.source or "-"),
            one_line(problem.difficulty or "-"),
            "+".join(str(len(tuple(problem.tests(role)))) for role in ROLES),
            f"{len(problem.solutions)}/{len(problem.incorrect_solutions)}",
            one_line(kind(problem)),
        )
    Screen().print(table)


def kind(problem: Problem) -> str:
    """Return how the problem's programs are run: a function, interactively, or on standard input."""
    if problem.function is not None:
        return f"function {problem.function.entry_point}"
    words = "interactive" if problem.interactor is not None else "stdio"
    return words if problem.checker.name == "codecontests" else f"{words}, {problem.checker.name}"


def add_show_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the id."""
    parser.add_argument("id", metavar="ID", help="the problem's id, as rlef problems list shows it")
    parser.add_argument("--hidden", action="store_true", help="also show the hidden tests and the solutions")


def show(arguments: argparse.Namespace) -> None:
    """Print one problem."""
    problem = load(arguments).get(arguments.id)
    screen = Screen()
    screen.print(f"{problem.id}  ({kind(problem)})")
    for name, value in (
        ("source", problem.source),
        ("difficulty", problem.difficulty),
        ("date", problem.date),
        ("tags", ", ".join(problem.tags)),
        ("time limit", problem.time_limit and f"{problem.time_limit:g} s"),
        ("memory limit", problem.memory_limit and f"{problem.memory_limit / 1e6:g} MB"),
        ("checker", " ".join((problem.checker.name, *problem.checker.flags))),
        ("grader", problem.grader),
        ("groups", ", ".join(f"{group.name}: {group.points:g}" for group in problem.groups)),
    ):
        if value:
            screen.print(f"{name}: {value}")
    screen.print(f"\n{problem.statement.strip()}\n")
    for role, index, test in problem.tests(*(ROLES if arguments.hidden else ("public",))):
        screen.print(f"--- {role} test {index}: input\n{test.input.rstrip()}\n--- output\n{test.output.rstrip()}")
    if arguments.hidden:
        for title, solutions in (("correct", problem.solutions), ("incorrect", problem.incorrect_solutions)):
            for index, solution in enumerate(solutions):
                screen.print(f"--- {title} solution {index} ({solution.language})\n{solution.source.rstrip()}")


def stats(arguments: argparse.Namespace) -> None:
    """Print counts of problems, tests and solutions."""
    counts: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    for problem in load(arguments):
        totals["problems"] += 1
        for role in ROLES:
            totals[f"{role} tests"] += sum(1 for _ in problem.tests(role))
        totals["correct solutions"] += len(problem.solutions)
        totals["incorrect solutions"] += len(problem.incorrect_solutions)
        totals["problems without public tests"] += not problem.public_tests
        totals["problems without a correct solution"] += not problem.solutions
        counts["source", problem.source or "unknown"] += 1
        counts["difficulty", problem.difficulty or "unknown"] += 1
        counts["kind", kind(problem).partition(" ")[0].rstrip(",")] += 1
        counts["checker", problem.checker.name] += 1
        counts.update(("language of solutions", solution.language) for solution in problem.solutions)
    table = Table(box=None, show_header=False)
    for name, number in totals.items():
        table.add_row(name, str(number))
    for (group, name), number in sorted(counts.items(), key=lambda entry: (entry[0][0], -entry[1], entry[0][1])):
        table.add_row(one_line(f"{group}: {name}"), str(number))
    Screen().print(table)


# --- convert ---------------------------------------------------------------------------------------------------------


def add_out(parser: argparse.ArgumentParser) -> None:
    """Add the output file."""
    parser.add_argument("out", type=file_path, metavar="OUT.jsonl", help="output file, in CodeContests rows")


def add_convert_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``convert``."""
    add_out(parser)
    parser.add_argument(
        "--meta",
        type=file_path,
        metavar="META.jsonl",
        help="file of rows with 'name' and 'checker': the checker of each problem, to write into its row",
    )


def convert(arguments: argparse.Namespace) -> None:
    """Write problems as CodeContests rows."""
    refuse_itself(arguments.data, arguments.out)
    dataset = load(arguments)
    write_jsonl(arguments.out, with_checkers(dataset, arguments.meta))
    note(f"{len(dataset)} problems written to {arguments.out}")


def refuse_itself(data: str, out: Path) -> None:
    """Refuse an output file that is the input.

    Raises:
        UsageError: both are the same file.
    """
    if out.exists() and Path(data).exists() and out.samefile(data):
        raise UsageError(f"OUT: expected another file than the input, got {out}; name another")


# --- export ----------------------------------------------------------------------------------------------------------


def export(arguments: argparse.Namespace) -> None:
    """Write problems as the rows or tasks of a trainer."""
    refuse_itself(arguments.data, arguments.out)
    export_problems(load(arguments), arguments)


# --- order ------------------------------------------------------------------------------------------------------------


def order(arguments: argparse.Namespace) -> None:
    """Write problems with their hidden tests in an order that refuses wrong programs early."""
    refuse_itself(arguments.data, arguments.out)
    refuse_itself(arguments.data, part_of(arguments.out))
    order_problems(load(arguments), arguments)


# --- verify ----------------------------------------------------------------------------------------------------------


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``verify``."""
    parser.add_argument(
        "--out", type=file_path, metavar="REPORT", help="file of the reports (default: DATA.trust, beside DATA)"
    )
    parser.add_argument(
        "--max-solutions",
        type=whole_number(1),
        default=20,
        metavar="N",
        help="solutions to run, correct and incorrect each (default: %(default)s)",
    )
    add_workers(parser)


def verify_problems(arguments: argparse.Namespace) -> None:
    """Run the stored solutions and write a report on each problem."""
    dataset = load(arguments)
    out = arguments.out
    if out is None:
        if not Path(arguments.data).exists():
            raise UsageError(f"--out: expected a file for the reports, because {arguments.data!r} is no file; name one")
        out = report_path(arguments.data)
    reports: list[QualityReport] = []
    left_out = LeftOut(installed_languages())
    with JudgePool(arguments.workers) as pool, progress_bar("verifying", len(dataset)) as advance:
        for report in verify(left_out.counted(dataset), pool, arguments.max_solutions):
            reports.append(report)
            advance()
    write_reports(reports, out)
    screen = Screen()
    for report in reports:
        if report.quality is not Quality.VERIFIED:
            screen.print(one_line(f"{report.quality.value}: {report.problem}: {'; '.join(report.reasons)}"))
    left_out.report()
    counts = Counter(report.quality for report in reports)
    words = ", ".join(f"{counts[each]} {each.value}" for each in Quality if counts[each])
    note(f"{len(reports)} problems: {words}. Reports in {out}")


# --- augment ---------------------------------------------------------------------------------------------------------


def add_augment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``augment``."""
    add_out(parser)
    parser.add_argument(
        "--tests", type=whole_number(1), default=20, metavar="N", help="tests to add per problem (default: 20)"
    )
    parser.add_argument(
        "--tries", type=whole_number(1), default=200, metavar="N", help="inputs to try per problem (default: 200)"
    )
    parser.add_argument(
        "--min-solutions",
        type=whole_number(1),
        default=2,
        metavar="N",
        help="correct solutions that must agree on a test (default: %(default)s)",
    )
    parser.add_argument("--seed", type=whole_number(0), default=0, metavar="N", help="seed of the inputs (default: 0)")
    parser.add_argument(
        "--public-only", action="store_true", help="start without the hidden tests, to measure how well this works"
    )
    add_workers(parser)


def augment_problems(arguments: argparse.Namespace) -> None:
    """Add tests to problems, and write them."""
    refuse_itself(arguments.data, arguments.out)
    dataset = load(arguments)
    done: list[Augmentation] = []
    with ExitStack() as stack:
        pool = stack.enter_context(JudgePool(arguments.workers))
        sandbox = stack.enter_context(Sandbox())
        advance = stack.enter_context(progress_bar("augmenting", len(dataset)))
        for problem in dataset:
            start = public_only(problem) if arguments.public_only else problem
            done.append(
                augment(
                    start,
                    pool,
                    sandbox,
                    want=arguments.tests,
                    tries=arguments.tries,
                    min_solutions=arguments.min_solutions,
                    seed=arguments.seed,
                )
            )
            advance()
    write_jsonl(arguments.out, (each.problem for each in done))
    for each in done:
        if each.reason is not None:
            note(f"{each.problem.id}: nothing added: {each.reason}")
    before = sum(len(each.survived_before) for each in done)
    after = sum(len(each.survived_after) for each in done)
    note(
        f"{sum(each.added for each in done)} tests added to {sum(each.added > 0 for each in done)} of "
        f"{len(done)} problems; stored wrong solutions that pass every test: {before} before, {after} now"
    )


# --- dedupe ----------------------------------------------------------------------------------------------------------


def add_dedupe_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``dedupe``."""
    parser.add_argument("--against", required=True, metavar="OTHER", help="data to compare with, e.g. a test split")
    parser.add_argument("--against-split", default="train", metavar="S", help="split of OTHER (default: train)")
    parser.add_argument(
        "--similarity",
        type=float,
        default=0.5,
        metavar="X",
        help="statements with at least this share of common word 5-grams are duplicates (default: %(default)s)",
    )
    parser.add_argument("--out", type=file_path, metavar="OUT.jsonl", help="write the problems that have no duplicate")


def dedupe(arguments: argparse.Namespace) -> None:
    """Print the problems that the other data have, too, as one JSON object per line."""
    if not 0 < arguments.similarity <= 1:
        raise UsageError(f"--similarity: expected a number above 0 and at most 1, got {arguments.similarity:g}")
    if arguments.out is not None:
        refuse_itself(arguments.data, arguments.out)
    dataset = load(arguments)
    found = set()
    for duplicate in find_duplicates(
        dataset, load_dataset(arguments.against, arguments.against_split), arguments.similarity
    ):
        found.add(duplicate.problem)
        print(json.dumps(asdict(duplicate)))
    if arguments.out is not None:
        write_jsonl(arguments.out, (problem for problem in dataset if problem.id not in found))
    note(f"{len(found)} of {len(dataset)} problems have a duplicate in {arguments.against}")


ACTIONS: Final = {
    "list": Action("print a line for each problem", list_problems),
    "show": Action("print one problem", show, add_show_arguments),
    "stats": Action("print how many problems, tests and solutions there are, by kind", stats),
    "convert": Action("write problems of any schema as CodeContests rows", convert, add_convert_arguments),
    "verify": Action(
        "run the stored solutions and rate how far each problem can be trusted", verify_problems, add_verify_arguments
    ),
    "augment": Action(
        "add tests: mutated inputs that all correct solutions agree on", augment_problems, add_augment_arguments
    ),
    "order": Action(
        "order hidden tests so that stored wrong solutions fail early, and write the problems",
        order,
        add_order_arguments,
    ),
    "export": Action("write the prompts, with the ids of their problems, for a trainer", export, add_export_arguments),
    "dedupe": Action("find problems that other data have, too", dedupe, add_dedupe_arguments),
}
