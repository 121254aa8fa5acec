"""Judge the same suite on an idle and on a busy machine, list every verdict that differs, and exit with 1 if one does.

A flip is a verdict other than the expected one, or other than the one at the first load level. A program that has no
verdict because the machine was starved is not a flip; it is counted separately. The suite has a time limit of 0.2 s; a
tenth of its programs use between half and twice of that. If g++ is installed, one program in 25 is in C++.
"""

from __future__ import annotations

import argparse
import collections
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from benchmarks.figures import Figure, Goal, command_line, machine, missed, show, write_json
from benchmarks.stability.load import busy
from benchmarks.stability.suite import NEAR, Case, problem, suite
from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict, default_workers
from rlef_env.sandbox import Program, installed_languages

MAX_MINUTES = 20


@dataclass(frozen=True, slots=True)
class Flip:
    """A verdict that differs.

    Attributes:
        load: busy processes per core.
        number: index of the program in the suite.
        kind: of program.
        expected: expected verdict.
        first: verdict at the first load level.
        got: verdict at this load level.
        category: of the judgement.
        cpu_seconds: CPU time that the program used.
    """

    load: int
    number: int
    kind: str
    expected: str
    first: str
    got: str
    category: str | None
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Level:
    """The judgements of the whole suite at one load."""

    load: int
    seconds: float
    verdicts: tuple[Verdict, ...]
    starved: int
    flips: tuple[Flip, ...]


def judge_all(cases: Sequence[Case], load: int, workers: int, first: Sequence[Verdict] | None) -> Level:
    """Judge the suite while this many processes per core are busy."""
    asked = problem()
    with busy(load * default_workers()), JudgePool(workers) as pool:
        # A fresh virtual machine gets each page from its host at the first access, which takes five times as long.
        memory_users = [Program(case.source) for case in cases if case.kind == "taking too much memory"]
        collections.deque(pool.judge_all(JudgeJob(asked, program) for program in memory_users[: 4 * workers]), maxlen=0)
        start = time.monotonic()
        judgements = pool.judge_all(JudgeJob(asked, Program(case.source, case.language)) for case in cases)
        label = f"load {load}x"
        got = list(track(judgements, label, total=len(cases), console=Console(stderr=True), transient=True))
        seconds = time.monotonic() - start
    verdicts = tuple(judgement.verdict for judgement in got)
    flips = flips_of(cases, load, got, first or verdicts)
    return Level(load, seconds, verdicts, sum(map(was_starved, got)), flips)


def was_starved(judgement: Judgement) -> bool:
    """Return whether the machine gave too little time or memory to judge the program."""
    return judgement.verdict is Verdict.NO_VERDICT and judgement.category == "starved"


def flips_of(cases: Sequence[Case], load: int, got: Sequence[Judgement], first: Sequence[Verdict]) -> tuple[Flip, ...]:
    """Return every judgement that differs from the expected verdict, or from the verdict at the first level."""
    return tuple(
        Flip(
            load,
            case.number,
            case.kind,
            case.verdict.value,
            before.value,
            judgement.verdict.value,
            judgement.category,
            round(judgement.cpu_seconds, 4),
        )
        for case, before, judgement in zip(cases, first, got, strict=True)
        if not was_starved(judgement)
        and (judgement.verdict is not case.verdict or before not in (judgement.verdict, Verdict.NO_VERDICT))
    )


def figures_of(level: Level, cases: Sequence[Case], workers: int) -> list[Figure]:
    """Return the figures of a level: how many verdicts differ, and how long it took."""
    near = sum(case.kind.startswith(NEAR) for case in cases)
    name = "idle" if level.load == 0 else f"{level.load}x more busy processes than cores"
    minutes = Goal(MAX_MINUTES, "minutes")
    flips = (
        ("flips against what they must get", sum(flip.got != flip.expected for flip in level.flips)),
        ("flips against the first level", sum(flip.got != flip.first for flip in level.flips)),
    )
    pattern = f"{name}: {{}} of {len(cases):,} judgements, {near:,} near their limit"
    rows = [
        _figure(f"load {level.load}", pattern.format(label), count, "", Goal(0, ""), len(cases))
        for label, count in flips
    ]
    starved = f"{name}: without a verdict, as the machine gave too little"
    rows.append(Figure(f"load {level.load}", starved, "", level.starved, "", n=len(cases), met=None))
    took = f"{name}: time for one level, {workers} workers"
    return [*rows, _figure(f"load {level.load}", took, level.seconds / 60, "minutes", minutes, 1)]


def _figure(row: str, figure: str, value: float, unit: str, goal: Goal, n: int) -> Figure:
    return Figure(row, figure, str(goal), round(value, 2), unit, n=n, met=goal.met(value))


def parser() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser(
        prog="python -m benchmarks.stability",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--load",
        type=_levels,
        default=[0, 2, 4],
        metavar="0,2,4",
        help="busy processes per core (default: %(metavar)s)",
    )
    command.add_argument("--judgements", type=int, help="at each level (default: 5000)")
    command.add_argument("--quick", action="store_true", help="200 judgements at each level, for a first look")
    command.add_argument("--workers", type=int, default=default_workers(), help="default: one per core (%(default)s)")
    command.add_argument("--json", type=Path, metavar="OUT", help="also write figures and flips to OUT")
    return command


def _levels(text: str) -> list[int]:
    try:
        return [int(level) for level in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected numbers such as 0,2,4, got {text!r}") from None


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    cases = suite(given.judgements or (200 if given.quick else 5000), compiled="cpp" in installed_languages())
    facts, command = machine(), command_line("benchmarks.stability")
    levels: list[Level] = []
    for load in given.load:
        levels.append(judge_all(cases, load, given.workers, levels[0].verdicts if levels else None))
    figures = [figure for level in levels for figure in figures_of(level, cases, given.workers)]
    flips = [flip for level in levels for flip in level.flips]
    show("Verdicts are stable", figures, facts, command)
    console = Console()
    for flip in flips:
        cause = f" ({flip.category})" if flip.category else ""
        console.print(
            f"[red]flip[/] at load {flip.load}x: program {flip.number}, {flip.kind}: must be {flip.expected}, was "
            f"{flip.first} at the first level, got {flip.got}{escape(cause)} after {flip.cpu_seconds:.3f} s on a core",
            soft_wrap=True,
        )
    if given.json:
        write_json(given.json, figures, facts, command, flips=[asdict(flip) for flip in flips])
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
