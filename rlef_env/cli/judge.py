"""``rlef judge``: judges the stored solutions of problems and prints one JSON object per line.

Only these lines go to standard output; progress and the summary go to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, deque
from collections.abc import Container, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from rlef_env.cli.arguments import add_isolation, add_workers, file_path
from rlef_env.cli.display import note, progress_bar
from rlef_env.cli.left_out import LeftOut
from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict
from rlef_env.problems import Problem, load_dataset
from rlef_env.problems.checker_sidecar import read_checkers
from rlef_env.problems.parsing.json_text import parse_json
from rlef_env.problems.problem import ROLES
from rlef_env.sandbox import Program, installed_languages

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "judge the stored solutions of a file of problems"
DESCRIPTION = """\
Judge every stored Python 3 solution of every problem on all of its tests (--languages selects other languages), and
print one JSON object per solution:
  {"problem", "kind": "correct"|"incorrect", "index", "verdict", "passed", "total", "cpu_seconds"}
and "score" if the problem has points. "index" is the solution's index in the problem's list, which may mix languages.

Standard error gets the progress, the reason of every no_verdict, with --languages all the solutions that were left out
and why, and a summary. The exit code is 0 whatever the verdicts are, and 2 for bad input."""

Kind = Literal["correct", "incorrect"]
KINDS: dict[str, tuple[Kind, ...]] = {
    "correct": ("correct",),
    "incorrect": ("incorrect",),
    "all": ("correct", "incorrect"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef judge``."""
    parser.add_argument(
        "file",
        type=file_path,
        metavar="FILE",
        help="problems: a file in any known format, or a folder",
    )
    parser.add_argument(
        "--languages",
        default="python",
        metavar="L,...",
        help="languages of the solutions to judge, or 'all' that are installed here (default: python)",
    )
    parser.add_argument("--which", choices=tuple(KINDS), help="which stored solutions (default: all)")
    parser.add_argument(
        "--meta",
        type=file_path,
        metavar="META.jsonl",
        help="file of rows with 'name' and 'checker': the checker of each problem",
    )
    add_workers(parser)
    parser.add_argument(
        "--json", type=file_path, metavar="OUT", help="write the lines to OUT instead of standard output"
    )
    add_isolation(parser)


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored solution: its kind, its index, and its job."""

    kind: Kind
    index: int
    job: JudgeJob


def run(arguments: argparse.Namespace) -> None:
    """Judge the programs in the file."""
    if (
        arguments.json
        and arguments.json.exists()
        and arguments.file.exists()
        and arguments.json.samefile(arguments.file)
    ):
        raise UsageError(f"--json names the input itself, {arguments.json}; name another file")
    if holds_episodes(arguments.file):
        raise UsageError(f"{arguments.file}: expected problems, got stored episodes; rlef rescore judges these again")
    judge_problems(arguments)


def judge_problems(arguments: argparse.Namespace) -> None:
    """Judge the stored solutions of problems."""
    dataset = load_dataset(arguments.file)
    problems = with_checkers(dataset, arguments.meta)
    kinds = KINDS[arguments.which or "all"]
    chosen = languages(arguments.languages)
    left_out = LeftOut(chosen, kinds)
    stored = stored_solutions(left_out.counted(problems), kinds, chosen)
    with JudgePool(arguments.workers, isolation=arguments.isolation) as pool:
        rows = written(judged(stored, pool), None, arguments.json)
        counts = Counter((row["kind"], row["verdict"]) for row in rows)
    summary = "; ".join(
        f"{kind}: " + ", ".join(f"{count} {verdict}" for (k, verdict), count in counts.most_common() if k == kind)
        for kind in kinds
        if any(k == kind for k, _ in counts)
    )
    judged_count = f"{counts.total()} programs of {len(dataset)} problems"
    if arguments.languages == "all":
        left_out.report()
    note(f"{judged_count}. {summary}" if counts else f"{judged_count}: nothing to judge")


def languages(names: str) -> set[str]:
    """Return the languages to judge.

    Raises:
        UsageError: a language is not installed.
    """
    installed = set(installed_languages())
    chosen = installed if names == "all" else {name.strip() for name in names.split(",")}
    if missing := chosen - installed:
        raise UsageError(
            f"--languages: expected some of {', '.join(sorted(installed))}, which are installed here, got "
            f"{', '.join(sorted(missing))}; see rlef doctor"
        )
    return chosen


def holds_episodes(path: Path) -> bool:
    """Return whether the first row is an episode; False if it is unreadable, which the problem reader reports."""
    try:
        with path.open("rb") as file:
            row = parse_json(next((line for line in file if line.strip()), b"").decode(), python_json=True)
    except (OSError, ValueError):
        return False
    return isinstance(row, dict) and "turns" in row


def with_checkers(problems: Iterable[Problem], meta: Path | None) -> Iterator[Problem]:
    """Yield the problems with the checker that the file ``meta`` names for them; the others keep their own."""
    checkers = {} if meta is None else read_checkers(meta)
    missing = total = 0
    for problem in problems:
        missing, total = missing + (problem.id not in checkers), total + 1
        yield replace(problem, checker=checkers.get(problem.id, problem.checker))
    if meta is not None and missing:
        note(f"{meta} names no checker for {missing} of {total} problems")


def stored_solutions(problems: Iterable[Problem], kinds: Iterable[Kind], languages: Container[str]) -> Iterator[Stored]:
    """Yield every stored solution of the kinds and languages, in the order of the file."""
    kinds = tuple(kinds)
    for problem in problems:
        for kind in kinds:
            solutions = problem.solutions if kind == "correct" else problem.incorrect_solutions
            for index, solution in enumerate(solutions):
                if solution.language in languages:
                    program = Program(solution.source, solution.language)
                    yield Stored(kind, index, JudgeJob(problem, program, roles=ROLES, stop_early=False))


def judged(stored: Iterable[Stored], pool: JudgePool) -> Iterator[dict[str, Any]]:
    """Judge the stored solutions and yield a row for each, in order."""
    pending: deque[Stored] = deque()

    def jobs() -> Iterator[JudgeJob]:
        for entry in stored:
            pending.append(entry)
            yield entry.job

    for judgement in pool.judge_all(jobs()):
        entry = pending.popleft()
        warn_of_no_verdict(judgement, f"{entry.job.problem.id} {entry.kind} {entry.index}")
        yield {
            "problem": entry.job.problem.id,
            "kind": entry.kind,
            "index": entry.index,
            "verdict": judgement.verdict.value,
            "passed": judgement.passed,
            "total": judgement.total,
            "cpu_seconds": round(float(judgement.cpu_seconds), 6),
            **({"score": judgement.score} if judgement.groups else {}),
        }


def warn_of_no_verdict(judgement: Judgement, program: str) -> None:
    """Print on standard error why a program got no verdict."""
    if judgement.verdict is Verdict.NO_VERDICT:
        reason = " ".join((judgement.category or "no reason given").split())
        note(f"no verdict on {program}: {reason}")


def written(rows: Iterable[dict[str, Any]], total: int | None, path: Path | None) -> Iterator[dict[str, Any]]:
    """Write each row as a line of JSON when it arrives, under a progress bar, and yield it."""
    with ExitStack() as stack:
        # Opened only now: if the input cannot be read, an older output is kept.
        out = sys.stdout if path is None else stack.enter_context(path.open("w", encoding="utf-8"))
        # On a terminal the lines themselves show the progress, and a bar would break them.
        advance = stack.enter_context(progress_bar("judging", total, shown=not out.isatty()))
        for row in rows:
            print(json.dumps(row), file=out, flush=True)
            advance()
            yield row
