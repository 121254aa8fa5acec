"""Measure what `rlef problems order` saves on wrong programs that its order was not made from.

``python -m benchmarks.order DATA --json OUT`` takes the wrong programs of every file of problems in a folder, with the
checkers in ``DATA/meta.jsonl`` if that file exists, and of the starter set: the stored ones, and one-change mutants of
the first stored right program (`benchmarks/program_mutants.py`), because few wrong programs are stored. Those that pass
the public tests and fail a hidden one count: only these run on hidden tests in an episode.

They are split by the parity of the last digit of the SHA-256 of their text. The order that one half makes is measured
on the other half, and the other way round. The results are in docs/data-quality.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.accuracy import sources
from benchmarks.figures import command_line, machine
from benchmarks.program_mutants import mutants
from rlef_env.analysis.statistics import ratio_interval
from rlef_env.errors import DataError
from rlef_env.judge import BaseJudgePool, JudgeJob, JudgePool, Verdict
from rlef_env.judge.points import Place
from rlef_env.problems import CheckerSpec, Problem, load_dataset
from rlef_env.problems.checker_sidecar import read_checkers
from rlef_env.problems.problem import ROLES
from rlef_env.quality.order import Orders, executions, hidden_orders, unordered
from rlef_env.sandbox import Program

MUTANTS: Final = 4  # of each problem


@dataclass(frozen=True, slots=True)
class WrongProgram:
    """A program that passes the public tests and fails a hidden one.

    Attributes:
        digest: SHA-256 of its text, in hexadecimal digits.
        stored: whether it is stored with the problem; else it is a mutant.
        verdicts: of each hidden test that it fails.
    """

    digest: str
    stored: bool
    verdicts: Mapping[Place, Verdict]

    @property
    def half(self) -> int:
        """0 or 1."""
        return int(self.digest[-1], 16) % 2


@dataclass(frozen=True, slots=True)
class Line:
    """Hidden tests run until a program is refused, over the programs of some problems.

    Attributes:
        source: the file of problems.
        made_from: the programs that the order was made from.
        problems: number of problems with a program to measure.
        programs: number of programs that were measured.
        before: tests that they ran in the old order.
        after: tests that they ran in the new order.
        ratio: after / before.
        low: lower end of the 95 % interval of the ratio, problems resampled.
        high: its upper end.
        best: tests that they would run if the first hidden test refused each.
        other_failure: programs whose first failure is of another kind in the new order, such as a time limit in place
            of a wrong answer.
    """

    source: str
    made_from: str
    problems: int
    programs: int
    before: int
    after: int
    ratio: float
    low: float
    high: float
    best: int
    other_failure: int


def chosen_problems(data: Path) -> Iterator[tuple[str, list[Problem]]]:
    """Yield the name and the problems of each file of problems, and of the starter set, if they can be ordered."""
    meta = data / "meta.jsonl"
    checkers: Mapping[str, CheckerSpec] = read_checkers(meta) if meta.exists() else {}
    paths: list[str | Path] = [*sources(data), "starter"]
    for path in paths:
        try:
            dataset = load_dataset(path)
        except DataError:
            continue  # benchmarks.accuracy says why
        found = [replace(each, checker=checkers.get(each.id, each.checker)) for each in dataset if not unordered(each)]
        if found:
            yield str(path.relative_to(data)) if isinstance(path, Path) else path, found


def wrong_programs(problems: Sequence[Problem], pool: BaseJudgePool) -> dict[str, list[WrongProgram]]:
    """Judge the stored wrong programs and the mutants; return those that count, by their problem."""
    tried: list[tuple[Problem, bool, str]] = []
    for problem in problems:
        stored = {each.source: None for each in problem.incorrect_solutions if each.language == "python"}
        right = next((each.source for each in problem.solutions if each.language == "python"), "")
        tried += [(problem, True, source) for source in stored]
        tried += [(problem, False, source) for source in mutants(right, MUTANTS) if source not in stored]
    jobs = (
        JudgeJob(problem, Program(source), stop_early=False, gate=len(problem.public_tests))
        for problem, _, source in tried
    )
    found: dict[str, list[WrongProgram]] = defaultdict(list)
    for (problem, stored_one, source), judgement in zip(tried, pool.judge_all(jobs), strict=True):
        failed = {
            (each.role, each.index): each.verdict for each in judgement.results if each.verdict is not Verdict.ACCEPTED
        }
        roles = {role for role, _ in failed}
        if failed and "public" not in roles and Verdict.NO_VERDICT not in failed.values():
            digest = hashlib.sha256(source.encode()).hexdigest()
            found[problem.id].append(WrongProgram(digest, stored_one, failed))
    return found


def measure(source: str, problems: Iterable[Problem], wrong: Mapping[str, Sequence[WrongProgram]]) -> Iterator[Line]:
    """Yield a line for each choice of programs that the order is made from."""
    problems = [problem for problem in problems if wrong.get(problem.id)]
    if not problems:
        return
    for made_from in ("no program", "the other half", "all, these included"):
        rows = [_of_problem(problem, wrong[problem.id], made_from) for problem in problems]
        before, after = ([row[place] for row in rows] for place in (0, 1))
        interval = ratio_interval(after, before, bounds=(0.0, float("inf")))
        programs = sum(len(wrong[problem.id]) for problem in problems)
        yield Line(
            source=source,
            made_from=made_from,
            problems=len(problems),
            programs=programs,
            before=sum(before),
            after=sum(after),
            ratio=round(interval.value, 3),
            low=round(interval.low, 3),
            high=round(interval.high, 3),
            best=programs,
            other_failure=sum(row[2] for row in rows),
        )


def _of_problem(problem: Problem, programs: Sequence[WrongProgram], made_from: str) -> tuple[int, int, int]:
    """Return the tests that the programs ran before and after, and the number of those that fail otherwise."""
    before = after = other = 0
    for program in programs:
        known = {"no program": [], "all, these included": list(programs)}.get(
            made_from, [each for each in programs if each.half != program.half]
        )
        orders = hidden_orders(problem, [set(each.verdicts) for each in known])
        before += executions(problem, set(program.verdicts))
        after += executions(problem, set(program.verdicts), orders)
        other += _first(program, problem, {}) is not _first(program, problem, orders)
    return before, after, other


def _first(program: WrongProgram, problem: Problem, orders: Orders) -> Verdict:
    """Return how the program fails the first test that it fails."""
    for role in ROLES[1:]:
        for index in orders.get(role) or range(len(getattr(problem, f"{role}_tests"))):
            if (role, index) in program.verdicts:
                return program.verdicts[role, index]
    raise AssertionError("a wrong program fails a hidden test")


def table(lines: Iterable[Line]) -> str:
    """Return the lines as a Markdown table."""
    headings = ("source", "problems", "wrong programs", "order made from", "runs before", "runs after", "ratio", "95 %")
    rows = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    for each in lines:
        cells = (f"`{each.source}`", each.problems, each.programs, each.made_from, each.before, each.after)
        rows.append(f"| {' | '.join(map(str, cells))} | {each.ratio:.2f} | {each.low:.2f} to {each.high:.2f} |")
    return "\n".join(rows)


def main() -> int:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with files of problems")
    parser.add_argument("--only", default="", metavar="TEXT", help="only sources whose name contains TEXT")
    parser.add_argument("--workers", type=int, metavar="N", help="programs at the same time (default: one per core)")
    parser.add_argument(
        "--time-factor",
        type=float,
        default=0.2,
        metavar="X",
        help="multiplies time limits, as many mutants never end (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the results to OUT")
    arguments = parser.parse_args()
    facts, lines = machine(), list[Line]()
    with JudgePool(arguments.workers, time_factor=arguments.time_factor) as pool:
        for name, problems in chosen_problems(arguments.data):
            if arguments.only not in name:
                continue
            lines += measure(name, problems, wrong_programs(problems, pool))
            print(f"{name}: done", file=sys.stderr, flush=True)
            if arguments.json:  # after each source, so that nothing is lost
                report = {
                    "machine": facts,
                    "command": command_line("benchmarks.order"),
                    "lines": list(map(asdict, lines)),
                }
                arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(table(lines))
    for line in lines:
        if line.other_failure:
            print(f"{line.source}, {line.made_from}: {line.other_failure} first failures of another kind")
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
