"""Judge the same suite idle and on a busy machine, name every verdict that differs, exit with 1 where one does.

A flip is a verdict that is not the one the program must get, or not the one it got at the first load level. A program
that has no verdict because the machine was starved is no flip: it is counted apart. The suite has a limit of 0.2 s; a
tenth of it uses between half and twice that. Where g++ is installed, one program in 25 is in C++, and compiled.
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
        number: the program's place in the suite.
        kind: what it does.
        expected: the verdict it must get.
        first: the verdict it got at the first load level.
        got: the verdict it got.
        category: what the judge says besides.
        cpu_seconds: what it used.
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
    """The whole suite judged at one load."""

    load: int
    seconds: float
    verdicts: tuple[Verdict, ...]
    starved: int
    flips: tuple[Flip, ...]


def judge_all(cases: Sequence[Case], load: int, workers: int, first: Sequence[Verdict] | None) -> Level:
    """Judge the suite with so many busy processes per core."""
    asked = problem()
    with busy(load * default_workers()), JudgePool(workers) as pool:
        # On a fresh virtual machine the host provides each page when it is first touched, at five times the time.
        touching = [Program(case.source) for case in cases if case.kind == "taking too much memory"]
        collections.deque(pool.judge_all(JudgeJob(asked, program) for program in touching[: 4 * workers]), maxlen=0)
        began = time.monotonic()
        judgements = pool.judge_all(JudgeJob(asked, Program(case.source, case.language)) for case in cases)
        label = f"load {load}x"
        got = list(track(judgements, label, total=len(cases), console=Console(stderr=True), transient=True))
        seconds = time.monotonic() - began
    verdicts = tuple(judgement.verdict for judgement in got)
    flips = flips_of(cases, load, got, first or verdicts)
    return Level(load, seconds, verdicts, sum(map(was_starved, got)), flips)


def was_starved(judgement: Judgement) -> bool:
    """Whether the machine gave too little to judge it."""
    return judgement.verdict is Verdict.NO_VERDICT and judgement.category == "starved"


def flips_of(cases: Sequence[Case], load: int, got: Sequence[Judgement], first: Sequence[Verdict]) -> tuple[Flip, ...]:
    """Every judgement that differs from what the program must get, or from what it got first."""
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
    """What a level says: how many verdicts differ, and how long it took."""
    near = sum(case.kind.startswith(NEAR) for case in cases)
    name = "idle" if level.load == 0 else f"{level.load}x more busy processes than cores"
    minutes = Goal(MAX_MINUTES, "minutes")
    counts = (
        ("flips against what they must get", sum(flip.got != flip.expected for flip in level.flips)),
        ("flips against the first level", sum(flip.got != flip.first for flip in level.flips)),
    )
    what = f"{name}: {{}} of {len(cases):,} judgements, {near:,} near their limit"
    rows = [
        _figure(f"load {level.load}", what.format(words), count, "", Goal(0, ""), len(cases)) for words, count in counts
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
    command.add_argument("--quick", action="store_true", help="200 judgements at each level: a look")
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
