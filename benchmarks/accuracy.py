"""Measure the judge's accuracy: judge every stored program, and compare the verdict with its stored label.

``python -m benchmarks.accuracy DATA`` judges every file of problems and every problem package in a folder. It uses the
checkers in ``DATA/meta.jsonl``, if that file exists. The exit code is 1 if any verdict is wrong. The results and their
explanation are in docs/data-quality.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from benchmarks.figures import command_line, machine
from rlef_env.errors import DataError
from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict
from rlef_env.problems import CheckerSpec, Problem, Solution, load_dataset
from rlef_env.problems.checker_sidecar import read_checkers
from rlef_env.sandbox import Program, installed_languages

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".parquet")
NOT_PROBLEMS = ("meta.jsonl", "checkers")


@dataclass(frozen=True, slots=True)
class Miss:
    """A program with a wrong verdict."""

    source: str
    program: str
    kind: str
    """``"false accept"``, ``"false refusal"`` or ``"no verdict"``."""
    why: str


@dataclass(slots=True)
class Line:
    """Counts for the programs of one source in one language."""

    source: str
    language: str
    problems: int
    correct: int = 0
    accepted: int = 0
    incorrect: int = 0
    refused: int = 0
    misses: list[Miss] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    """Number of wrong programs by their verdict."""
    note: str = ""

    def add(self, problem: Problem, correct: bool, index: int, judgement: Judgement) -> None:
        """Count a program's judgement."""
        accepted, lost = (judgement.verdict is verdict for verdict in (Verdict.ACCEPTED, Verdict.NO_VERDICT))
        self.correct += correct
        self.incorrect += not correct
        self.accepted += correct and accepted
        if not correct and not accepted and not lost:
            self.refused += 1
            ended = judgement.verdict.value
            self.refusals[ended] = self.refusals.get(ended, 0) + 1
        if lost or accepted is not correct:
            kind = "no verdict" if lost else "false refusal" if correct else "false accept"
            name = f"{problem.id}, {'correct' if correct else 'incorrect'} {index}"
            self.misses.append(Miss(self.source, name, kind, why(judgement)))

    def missed(self, kind: str) -> int:
        """Return the number of misses of a kind."""
        return sum(miss.kind == kind for miss in self.misses)


def why(judgement: Judgement) -> str:
    """Describe the first failing test and its verdict."""
    for result in judgement.results:
        if result.verdict is not Verdict.ACCEPTED:
            finer = f" ({result.category})" if result.category else ""
            return f"{result.verdict.value}{finer} on {result.role} test {result.index}"
    return f"{judgement.verdict.value}, all {judgement.total} tests passed"


def sources(data: Path) -> Iterator[Path]:
    """Yield each file of problems and each problem package in a folder."""
    packages = {path.parent for name in ("problem.yaml", "init.yml") for path in data.rglob(name)}
    files = {path for path in data.rglob("*") if path.name.endswith(SUFFIXES)}
    inside = {file for file in files for package in packages if package in file.parents}
    for path in sorted((files - inside) | packages):
        if not set(path.relative_to(data).parts).intersection(NOT_PROBLEMS):
            yield path


def stored(problem: Problem, languages: Iterable[str]) -> Iterator[tuple[bool, int, Solution]]:
    """Yield every stored program that can be run: whether it is labelled correct, its index, and the solution."""
    for correct, solutions in ((True, problem.solutions), (False, problem.incorrect_solutions)):
        for index, solution in enumerate(solutions):
            if solution.language in languages:
                yield correct, index, solution


def judge_source(
    path: Path, name: str, checkers: Mapping[str, CheckerSpec], languages: Iterable[str], pool: JudgePool
) -> list[Line]:
    """Judge the stored programs of a file or package; return one line per language."""
    try:
        dataset = load_dataset(path)
    except DataError as error:
        return [Line(name, "-", 0, note=f"not loaded: {str(error).partition(': ')[2]}")]
    lines: dict[str, Line] = {}
    pending: deque[tuple[Problem, bool, int, str]] = deque()

    def jobs() -> Iterator[JudgeJob]:
        for each in dataset:
            problem = replace(each, checker=checkers.get(each.id, each.checker))
            for correct, index, solution in stored(problem, languages):
                pending.append((problem, correct, index, solution.language))
                yield JudgeJob(problem, Program(solution.source, solution.language))

    for judgement in pool.judge_all(jobs()):
        problem, correct, index, language = pending.popleft()
        line = lines.setdefault(language, Line(name, language, len(dataset)))
        line.add(problem, correct, index, judgement)
    return list(lines.values()) or [Line(name, "-", len(dataset), note="no stored program that can be run here")]


def table(lines: Iterable[Line]) -> str:
    """Return the lines as a Markdown table."""
    kinds = "false accept", "false refusal", "no verdict"
    headings = "source", "language", "problems", "correct accepted", "wrong refused", *kinds
    rows = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    for line in lines:
        if line.note:
            cells = [line.note, str(line.problems), *[""] * 5]
        else:
            counts = [f"{line.accepted} of {line.correct}", f"{line.refused} of {line.incorrect}"]
            cells = [line.language, str(line.problems), *counts, *(str(line.missed(kind)) for kind in kinds)]
        rows.append(" | ".join([f"| `{line.source}`", *cells]) + " |")
    return "\n".join(rows)


def main() -> int:
    """Judge, print the results, and return 1 if there is a miss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with files of problems and problem packages")
    parser.add_argument("--only", default="", metavar="TEXT", help="only sources whose name contains TEXT")
    parser.add_argument("--workers", type=int, metavar="N", help="programs at the same time (default: one per core)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the results to OUT")
    arguments = parser.parse_args()
    meta = arguments.data / "meta.jsonl"
    checkers = read_checkers(meta) if meta.exists() else {}
    languages = installed_languages()
    lines: list[Line] = []
    facts = machine()
    with JudgePool(arguments.workers) as pool:
        for path in sources(arguments.data):
            name = str(path.relative_to(arguments.data))
            if arguments.only in name:
                lines += judge_source(path, name, checkers, languages, pool)
                print(f"{name}: done", file=sys.stderr)
    misses = [miss for line in lines for miss in line.misses]
    print(table(lines))
    for line in lines:
        if line.refusals:
            counts = ", ".join(f"{count} {verdict}" for verdict, count in line.refusals.items())
            print(f"{line.source} {line.language}: wrong programs ended as {counts}")
    for miss in misses:
        print(f"{miss.kind}: {miss.source}: {miss.program}: {miss.why}")
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    if arguments.json:
        report = {"machine": facts, "command": command_line("benchmarks.accuracy"), "lines": [asdict(x) for x in lines]}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
