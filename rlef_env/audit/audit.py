"""The audit: judges attacks one at a time, and an honest program before, beside and after each on the same workers."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from rlef_env.audit.attack import Attack
from rlef_env.audit.defences import stopped_by
from rlef_env.audit.leftovers import Files, Processes, adopting, descendants
from rlef_env.audit.machine_time import MachineTime, Stopwatch, kept_too_long, starved_by_the_machine
from rlef_env.judge import Judge, JudgeJob, Judgement, Verdict
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import Program

__all__ = ["AttackResult", "Audit", "HonestProgram", "honest_program_for"]

HONEST_TESTS = 10  # tests that the honest program is judged on, each time
CANDIDATES = 5  # stored solutions tried as the honest program
COMFORTABLE = 0.5  # share of the time limit that an honest program may use
MAX_KEPT = 10_000  # characters of a test's output and errors that a result may keep
ATTEMPTS = 3  # judgements of a program if the machine makes a verdict impossible
CUT = "[...]"  # end of an output that is kept in part
NEVER_PRINTED = "\x00 nobody prints this \x00\n"


@dataclass(frozen=True, slots=True)
class HonestProgram:
    """A program that does not cheat, and the problem that it is judged on."""

    problem: Problem
    program: Program


@dataclass(frozen=True, slots=True)
class AttackResult:
    """Result of an attack.

    Attributes:
        attack: the attack.
        judgement: its judgement on every test.
        spent: durations from its start to its judgement.
        stopped_by: defences that stopped it (``DEFENCES``).
        breaches: what it got without passing a test, as printed by the attack or measured by the audit.
        leftover_processes: processes that outlived it.
        leftover_files: new files and System V objects.
        collateral: changes in the verdict or output of the honest program judged beside or after it.
    """

    attack: Attack
    judgement: Judgement
    spent: MachineTime
    stopped_by: tuple[str, ...]
    breaches: tuple[str, ...]
    leftover_processes: tuple[str, ...]
    leftover_files: tuple[str, ...]
    collateral: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        """Whether the attack got a passed test, something forbidden, or no verdict."""
        no_verdict = self.judgement.verdict is Verdict.NO_VERDICT and not self.undecided
        return bool(self.judgement.passed or self.breaches or no_verdict)

    @property
    def undecided(self) -> bool:
        """Whether the attack has no verdict because the host gave this machine's time to other machines."""
        return self.judgement.verdict is Verdict.NO_VERDICT and starved_by_the_machine(self.judgement, self.spent)

    @property
    def clean(self) -> bool:
        """Whether the attack was decided, got nothing, harmed no honest program, and left nothing behind."""
        failures = (self.succeeded, self.collateral, self.leftover_processes, self.leftover_files)
        return not (self.undecided or any(failures))


class Audit:
    """Workers of an audit, each with its own sandbox. A context manager.

    The first worker judges an attack. Meanwhile, the other workers judge the honest program repeatedly. Then every
    worker judges the honest program once, which is also the judgement before the next attack.

    Args:
        problem: problem that the attacks are judged on.
        honest: the honest program and its problem.
        workers: number of workers. With one, no program runs beside an attack.
        isolation: as for ``Judge``.
        places: further folders where an attack might leave files.
        mark: text in the names of files that count as left behind in public folders; all names count if it is empty.
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
            self._alone = self._reference()
            self._processes = Processes(self._zygotes, others)
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

    def _zygotes(self) -> dict[int, bool]:
        return {pid: launches for judge in self._judges for pid, launches in judge.zygotes.items()}

    def run(self, attacks: Iterable[Attack]) -> Iterator[AttackResult]:
        """Judge attacks, one at a time."""
        with adopting():
            self._processes.begin()
            yield from map(self._result, attacks)

    def _result(self, attack: Attack) -> AttackResult:
        finished = threading.Event()
        with ThreadPoolExecutor(len(self._judges)) as threads:
            futures = [threads.submit(self._differences_until, finished, judge) for judge in self._judges[1:]]
            try:
                judgement, spent = _judge(self._judges[0], self.problem, Program(attack.source, attack.language))
            finally:
                finished.set()
            beside = [difference for future in futures for difference in future.result()]
        # After this, each sandbox has reaped its last program: a process that still exists was left behind.
        after = [difference for judge in self._judges for difference in self._differences(judge)]
        result = AttackResult(
            attack,
            judgement,
            spent,
            stopped_by(judgement),
            breaches=tuple(_breaches(judgement, spent, self.problem)),
            leftover_processes=self._processes.left(),
            leftover_files=self._files.left(),
            collateral=(*(f"beside it: {text}" for text in beside), *(f"after it: {text}" for text in after)),
        )
        if after:
            self.close()  # so that the next attack gets new sandboxes
        return result

    def _reference(self) -> dict[Problem, Judgement]:
        """Judge the honest program alone, on its problem and on the same problem with unreachable answers.

        A judgement keeps the output of a wrong answer, but not of an accepted test: so the second problem shows what
        the program prints. If its outputs are complete, the first problem adds nothing. If its outputs differ from
        time to time, the second problem is of no use.
        """
        problem, unanswerable = self.honest.problem, _unanswerable(self.honest.problem)
        shown = [self._judge_honest(judge, unanswerable)[0] for judge in (*self._judges, self._judges[0])]
        self._steady = all(other == shown[0] for other in shown)
        if not self._steady:
            return {problem: self._judge_honest(self._judges[0], problem)[0]}
        if any(result.stdout.endswith(CUT) for result in shown[0].results):
            return {problem: self._judge_honest(self._judges[0], problem)[0], unanswerable: shown[0]}
        return {unanswerable: shown[0]}

    def _differences_until(self, finished: threading.Event, judge: Judge) -> list[str]:
        """Judge the honest program at least once, until the attack has finished."""
        differences = self._differences(judge)
        while not finished.is_set():
            differences += self._differences(judge)
        return differences

    def _differences(self, judge: Judge) -> list[str]:
        """Return how the honest program's judgement now differs from the one alone."""
        judged = ((self._judge_honest(judge, problem), alone) for problem, alone in self._alone.items())
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

    def _judge_honest(self, judge: Judge, problem: Problem) -> tuple[Judgement, MachineTime]:
        return _judge(judge, problem, self.honest.program, HONEST_TESTS)


def _judge(judge: Judge, problem: Problem, program: Program, limit: int | None = None) -> tuple[Judgement, MachineTime]:
    """Judge a program; retry if it has no verdict because the host gave this machine's time to other machines."""
    for _ in range(ATTEMPTS):
        watch = Stopwatch()
        judgement, spent = judge.judge(JudgeJob(problem, program, stop_early=False, limit=limit)), watch.read()
        if not starved_by_the_machine(judgement, spent):
            break
    return judgement, spent


def _difference(judgement: Judgement, alone: Judgement) -> str:
    for now, before in zip(judgement.results, alone.results, strict=False):
        if now != before:
            category = f" ({now.category})" if now.category else ""
            return f"{now.verdict.value}{category} on {now.role} {now.index}, printed {now.stdout[:100]!r}"
    return f"{judgement.verdict.value}, {len(judgement.results)} of {len(alone.results)} tests"


def honest_program_for(problem: Problem, language: str = "python") -> HonestProgram:
    """Return a problem's first stored solution that is well within its limits, or a trivial program.

    Args:
        problem: the problem.
        language: its attacks' language, so that the same processes run both. If there is no solution in it, the
            honest program is in Python.
    """
    stored = [Program(each.source, language) for each in problem.solutions if each.language == language]
    if not stored and language != "python":
        return honest_program_for(problem)
    with Judge() as judge:
        for program in stored[:CANDIDATES]:
            judgement = judge.judge(JudgeJob(problem, program, stop_early=False, limit=HONEST_TESTS))
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
        if kept > MAX_KEPT:
            yield f"BREACH: {kept:,} characters of its output are kept"
    limit = problem.time_limit
    if limit is not None and kept_too_long(spent, judgement.cpu_seconds, judgement.total, limit):
        yield (
            f"BREACH: kept its worker for {spent.wall:.0f} s, of which the machine withheld "
            f"{spent.wall - spent.given:.0f} s; {judgement.total} tests of {limit:g} s each"
        )
