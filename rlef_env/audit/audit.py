"""The audit: attacks are judged one at a time, an honest program before, beside and after each on the same workers."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from rlef_env.audit.attack import Attack
from rlef_env.audit.defences import held_by
from rlef_env.audit.leftovers import Files, Processes, adopting, descendants
from rlef_env.audit.machine_time import MachineTime, Stopwatch, kept_too_long, starved_by_the_machine
from rlef_env.judge import Judge, Judgement, Verdict
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import Program

__all__ = ["AttackResult", "Audit", "HonestProgram", "honest_program_for"]

HONEST_TESTS = 10  # of the honest program's, each time
CANDIDATES = 5  # stored solutions that are looked at for one that is well within its limits
COMFORTABLE = 0.5  # of the time limit
KEPT = 10_000  # characters of a test's output and errors that a result may keep
ATTEMPTS = 3  # to judge where the machine makes a verdict impossible
CUT = "[...]"  # at the end of an output that is kept in part
NEVER_PRINTED = "\x00 nobody prints this \x00\n"


@dataclass(frozen=True, slots=True)
class HonestProgram:
    """An honest program, and the problem that it is judged on."""

    problem: Problem
    program: Program


@dataclass(frozen=True, slots=True)
class AttackResult:
    """What became of an attack.

    Attributes:
        attack: the program.
        judgement: on every test.
        spent: the time from its start to its judgement, and what the machine gave of it.
        held_by: what held it (``DEFENCES``).
        breaches: what it got without passing a test, as it says itself or as was measured.
        leftover_processes: that outlived it.
        leftover_files: and System V objects, that were not there before.
        collateral: how an honest program judged beside or after it got another verdict or output than alone.
    """

    attack: Attack
    judgement: Judgement
    spent: MachineTime
    held_by: tuple[str, ...]
    breaches: tuple[str, ...]
    leftover_processes: tuple[str, ...]
    leftover_files: tuple[str, ...]
    collateral: tuple[str, ...]

    @property
    def paid(self) -> bool:
        """Whether it got anything out of it: a test, something it should not have, or no verdict at all."""
        no_verdict = self.judgement.verdict is Verdict.NO_VERDICT and not self.undecided
        return bool(self.judgement.passed or self.breaches or no_verdict)

    @property
    def undecided(self) -> bool:
        """Whether it has no verdict because the host gave this machine's time to others."""
        return self.judgement.verdict is Verdict.NO_VERDICT and starved_by_the_machine(self.judgement, self.spent)

    @property
    def clean(self) -> bool:
        """Whether it got nothing, harmed nobody, and left nothing, as far as that is known."""
        return not (self.undecided or self.paid or self.collateral or self.leftover_processes or self.leftover_files)


class Audit:
    """Workers for an audit, each with a sandbox of its own. A context manager.

    The first worker judges the attacks; meanwhile the others judge the honest program again and again; afterwards all
    do once, which is at the same time what comes before the next attack.

    Args:
        problem: what the attacks are judged on.
        honest: the program around them.
        workers: how many. With one, nothing runs beside an attack.
        isolation: as for ``Judge``.
        places: further folders where an attack might leave files.
        mark: in the public folders, which new files count (all, if empty).
    """

    def __init__(
        self,
        problem: Problem,
        honest: HonestProgram,
        workers: int = 2,
        isolation: str = "locked",
        places: Collection[Path] = (),
        mark: str = "",
    ) -> None:
        self.problem, self.honest = problem, honest
        others = [process.pid for process in descendants()]
        self._judges = [Judge(isolation) for _ in range(workers)]
        try:
            self._alone = self._yardstick()
            self._processes = Processes(workers, others)
            self._files = Files(places, mark)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Audit:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers. Safe to call twice."""
        for judge in self._judges:
            judge.close()

    def run(self, attacks: Iterable[Attack]) -> Iterator[AttackResult]:
        """Judge attacks, one at a time."""
        with adopting():
            yield from map(self._outcome, attacks)

    def _outcome(self, attack: Attack) -> AttackResult:
        over = threading.Event()
        with ThreadPoolExecutor(len(self._judges)) as threads:
            futures = [threads.submit(self._differences_until, over, judge) for judge in self._judges[1:]]
            try:
                judgement, spent = _decided(self._judges[0], self.problem, Program(attack.source))
            finally:
                over.set()
            beside = [difference for future in futures for difference in future.result()]
        # This also makes each sandbox wait for the end of what it ran last: what is still there then has been left.
        after = [difference for judge in self._judges for difference in self._differences(judge)]
        outcome = AttackResult(
            attack,
            judgement,
            spent,
            held_by(judgement),
            breaches=tuple(_breaches(judgement, spent, self.problem)),
            leftover_processes=self._processes.left(),
            leftover_files=self._files.left(),
            collateral=(*(f"beside it: {text}" for text in beside), *(f"after it: {text}" for text in after)),
        )
        if after:
            self.close()  # so that the next attack finds fresh workers
        return outcome

    def _yardstick(self) -> dict[Problem, Judgement]:
        """What the honest program gets alone, on its problem and on one that nothing solves.

        Of an accepted test nothing is kept, of a wrong answer the output: so the second shows what it prints. Where
        that is all of it, the first tells nothing more; where it is not the same each time, the second tells nothing.
        """
        problem, unanswerable = self.honest.problem, _unanswerable(self.honest.problem)
        shown = [self._judged(judge, unanswerable) for judge in (*self._judges, self._judges[0])]
        self._steady = all(other == shown[0] for other in shown)
        if not self._steady:
            return {problem: self._judged(self._judges[0], problem)}
        if any(result.stdout.endswith(CUT) for result in shown[0].results):
            return {problem: self._judged(self._judges[0], problem), unanswerable: shown[0]}
        return {unanswerable: shown[0]}

    def _differences_until(self, over: threading.Event, judge: Judge) -> list[str]:
        """Judge the honest program at least once, until the attack is over."""
        differences = self._differences(judge)
        while not over.is_set():
            differences += self._differences(judge)
        return differences

    def _differences(self, judge: Judge) -> list[str]:
        """How what an honest program gets now differs from what it gets alone."""
        judged = ((self._decided(judge, problem), alone) for problem, alone in self._alone.items())
        return [
            _difference(judgement, alone)
            for (judgement, spent), alone in judged
            if not (starved_by_the_machine(judgement, spent) or self._same(judgement, alone))
        ]

    def _same(self, judgement: Judgement, alone: Judgement) -> bool:
        if self._steady:
            return judgement == alone
        verdicts, before = ([result.verdict for result in one.results] for one in (judgement, alone))
        return verdicts == before

    def _judged(self, judge: Judge, problem: Problem) -> Judgement:
        return self._decided(judge, problem)[0]

    def _decided(self, judge: Judge, problem: Problem) -> tuple[Judgement, MachineTime]:
        return _decided(judge, problem, self.honest.program, HONEST_TESTS)


def _decided(
    judge: Judge, problem: Problem, program: Program, limit: int | None = None
) -> tuple[Judgement, MachineTime]:
    """Judge a program; again, if the host gave this machine's time to others so that there is no verdict."""
    for _ in range(ATTEMPTS):
        watch = Stopwatch()
        judgement, spent = judge.judge(problem, program, stop_early=False, limit=limit), watch.read()
        if not starved_by_the_machine(judgement, spent):
            break
    return judgement, spent


def _difference(judgement: Judgement, alone: Judgement) -> str:
    for now, before in zip(judgement.results, alone.results, strict=False):
        if now != before:
            category = f" ({now.category})" if now.category else ""
            return f"{now.verdict.value}{category} on {now.role} {now.index}, printed {now.stdout[:100]!r}"
    return f"{judgement.verdict.value}, {len(judgement.results)} of {len(alone.results)} tests"


def honest_program_for(problem: Problem) -> HonestProgram:
    """An honest program for a problem: its first stored solution in Python that is well within its limits, if any."""
    stored = [Program(solution.source) for solution in problem.solutions if solution.language == "python"]
    with Judge() as judge:
        for program in stored[:CANDIDATES]:
            judgement = judge.judge(problem, program, stop_early=False, limit=HONEST_TESTS)
            slowest = max(judgement.test_cpu_seconds, default=0.0)
            within = problem.time_limit is None or slowest < COMFORTABLE * problem.time_limit
            if judgement.verdict is Verdict.ACCEPTED and within:
                return HonestProgram(problem, program)
    return HonestProgram(problem, stored[0] if stored else Program("print(input())"))


def _unanswerable(problem: Problem) -> Problem:
    tests = {
        f"{role}_tests": tuple(Test(test.input, NEVER_PRINTED) for test in getattr(problem, f"{role}_tests"))
        for role in ("public", "private", "generated")
    }
    return replace(problem, checker=CheckerSpec(), **tests)  # type: ignore[arg-type]


def _breaches(judgement: Judgement, spent: MachineTime, problem: Problem) -> Iterator[str]:
    for result in judgement.results:
        for line in (*result.stdout.splitlines(), *result.stderr.splitlines()):
            if line.startswith("BREACH"):
                yield f"{line[:200]} (test {result.role} {result.index})"
        kept = len(result.stdout) + len(result.stderr) + len(result.category or "")
        if kept > KEPT:
            yield f"BREACH: {kept:,} characters of what it printed are kept"
    limit = problem.time_limit
    if limit is not None and kept_too_long(spent, judgement.cpu_seconds, judgement.total, limit):
        yield (
            f"BREACH: kept its worker for {spent.wall:.0f} s, of which the machine withheld "
            f"{spent.wall - spent.given:.0f} s; {judgement.total} tests of {limit:g} s each"
        )
