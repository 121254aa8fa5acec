"""Check whether a problem is fit for training: run all of its stored solutions, and compare their results."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rlef_env.judge import BaseJudgePool, JudgeJob, Judgement, TestResult, Verdict
from rlef_env.judge.checkers import make_checker
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.problems.problem import Role
from rlef_env.problems.quality_report import Quality, QualityReport, digest
from rlef_env.sandbox import Program, installed_languages

__all__ = ["RunSolution", "Stored", "classify", "fingerprints", "stored_solutions", "verify"]

SEVERAL_ANSWERS = re.compile(
    r"\b(any (?:of them|one|valid|correct|order|such|possible|optimal|answer|solution|suitable)|in any order|"
    r"(?:several|multiple|many) (?:\w+ )?(?:answers|solutions|ways|outputs|possible)|arbitrary)\b",
    re.IGNORECASE,
)
LENIENT = (  # checkers that may accept answers that the problem's own checker refuses, the strictest first
    CheckerSpec("tokens"),
    CheckerSpec("kattis"),
    CheckerSpec("codecontests"),
    CheckerSpec("kattis", ("float_tolerance", "1e-6")),
    CheckerSpec("kattis", ("float_tolerance", "1e-4")),
)
NOT_RUNNABLE = frozenset(
    {"ImportError", "ModuleNotFoundError", "NameError", "RecursionError", "SyntaxError", "IndentationError", "TabError"}
    | {"OSError", "PermissionError", "FileNotFoundError"}
)
"""Exceptions caused by the program, or by something this machine lacks, and not by the test."""
STOPPED = frozenset({Verdict.COMPILE_ERROR, Verdict.SECURITY_VIOLATION, Verdict.MEMORY_LIMIT, Verdict.OUTPUT_LIMIT})
"""Verdicts caused by the program or by this machine, and not by the test."""
CUT = "[...]"  # the judge's mark at the end of a truncated output


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored solution: its label, its place, and the program."""

    correct: bool
    index: int
    source: str
    language: str


@dataclass(frozen=True, slots=True)
class RunSolution:
    """A stored solution and its judgement.

    Attributes:
        correct: whether it is stored as correct.
        index: its place in the record's list.
        judgement: the judgement on all tests, without early stop.
    """

    correct: bool
    index: int
    judgement: Judgement

    @property
    def name(self) -> str:
        """Name in reasons."""
        return f"{'correct' if self.correct else 'incorrect'} solution {self.index}"


def verify(
    problems: Iterable[Problem], pool: BaseJudgePool, max_solutions: int | None = None
) -> Iterator[QualityReport]:
    """Run the stored solutions of every problem on all of its tests, and yield a report on each problem, in order.

    Args:
        problems: problems, taken one by one.
        pool: judges the solutions.
        max_solutions: maximum number of correct, and of incorrect, solutions per problem; None for all.
    """
    waiting: deque[tuple[Problem, list[Stored]]] = deque()

    def jobs() -> Iterator[JudgeJob]:
        for problem in problems:
            stored = stored_solutions(problem, max_solutions)
            waiting.append((problem, stored))
            for solution in stored:
                yield JudgeJob(problem, Program(solution.source, solution.language), stop_early=False)

    reported = Reporter()
    judgements: deque[Judgement] = deque()
    for judgement in pool.judge_all(jobs()):
        judgements.append(judgement)
        while waiting and len(judgements) >= len(waiting[0][1]):
            yield reported(*waiting.popleft(), judgements)
    while waiting:
        yield reported(*waiting.popleft(), judgements)


def stored_solutions(problem: Problem, max_solutions: int | None = None) -> list[Stored]:
    """Return the solutions of a problem that this machine can run, at most ``max_solutions`` of each label."""
    languages = installed_languages()
    found = []
    for correct, solutions in ((True, problem.solutions), (False, problem.incorrect_solutions)):
        runnable = [
            Stored(correct, index, solution.source, solution.language)
            for index, solution in enumerate(solutions)
            if solution.language in languages
        ]
        found += runnable[:max_solutions]
    return found


class Reporter:
    """Makes the report on each problem, and stores fingerprints to detect duplicates."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def __call__(self, problem: Problem, stored: list[Stored], judgements: deque[Judgement]) -> QualityReport:
        """Return the report; takes one judgement per solution."""
        runs = [RunSolution(solution.correct, solution.index, judgements.popleft()) for solution in stored]
        keys = fingerprints(problem)
        duplicate_of = next((self._seen[key] for key in keys if key in self._seen), None)
        for key in keys:
            self._seen.setdefault(key, problem.id)
        return classify(problem, runs, duplicate_of)


def fingerprints(problem: Problem) -> list[str]:
    """Return keys that two records of one problem share: hashes of the words of its statement, and of its tests."""
    words = " ".join(re.findall(r"\w+", problem.statement.lower()))
    tests = "\0".join(sorted(f"{test.input.strip()}\0{test.output.strip()}" for _, _, test in problem.tests()))
    kinds = [("statement", words)] if len(words) >= 40 else []
    kinds += [("tests", tests)] if sum(1 for _ in problem.tests()) >= 2 else []
    return [f"{kind} {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}" for kind, text in kinds]


def classify(problem: Problem, runs: Sequence[RunSolution], duplicate_of: str | None = None) -> QualityReport:
    """Return the report on a problem whose solutions were run.

    Args:
        problem: the problem.
        runs: the solutions, judged on all of its tests.
        duplicate_of: the id of an earlier problem that it repeats.
    """
    correct = [run for run in runs if run.correct]
    incorrect = [run for run in runs if not run.correct]
    passing = [run for run in correct if run.judgement.verdict is Verdict.ACCEPTED]
    surviving = [run for run in incorrect if run.judgement.verdict is Verdict.ACCEPTED]
    quality, reasons, checker = _class(problem, correct, passing, surviving, runs)
    if duplicate_of is not None:
        quality, reasons = Quality.DUPLICATE, [f"repeats problem {duplicate_of!r}", *reasons]
    return QualityReport(
        problem=problem.id,
        digest=digest(problem),
        quality=quality,
        reasons=tuple(reasons),
        correct_passed=len(passing),
        correct_total=len(correct),
        incorrect_refused=len(incorrect) - len(surviving),
        incorrect_total=len(incorrect),
        checker=(checker.name, *checker.flags) if checker else (),
    )


def _class(
    problem: Problem,
    correct: list[RunSolution],
    passing: list[RunSolution],
    surviving: list[RunSolution],
    runs: Sequence[RunSolution],
) -> tuple[Quality, list[str], CheckerSpec | None]:
    lost = [run for run in runs if run.judgement.verdict is Verdict.NO_VERDICT]
    if lost:
        return Quality.UNVERIFIED, [f"{run.name}: no verdict ({run.judgement.category})" for run in lost], None
    if not correct:
        return Quality.UNVERIFIED, ["no stored correct solution in a language that this machine can run"], None
    lacking = [run for run in correct if run not in passing and _cannot_run(run)]
    aside = [f"{run.name} cannot run here: {_first_failure(run)}" for run in lacking]
    ran = [run for run in correct if run not in lacking]
    if not ran:
        return Quality.UNVERIFIED, aside, None
    if not passing:
        quality, reasons, checker = _none_passes(problem, ran)
        return quality, reasons + aside, checker
    failing = [run for run in ran if run not in passing]
    reasons = [f"{run.name}: {_first_failure(run)}" for run in failing]
    reasons += aside
    reasons += [f"{run.name} passes all {run.judgement.total} tests" for run in surviving]
    if failing:
        return Quality.WRONG_LABEL, reasons, None
    return (Quality.WEAK_TESTS if surviving else Quality.VERIFIED), reasons, None


def _cannot_run(run: RunSolution) -> bool:
    """Return whether a solution stored as correct fails in a way that does not depend on the test."""
    return any(
        result.verdict in STOPPED or (result.verdict is Verdict.RUNTIME_ERROR and result.category in NOT_RUNNABLE)
        for result in run.judgement.results
    )


def _none_passes(problem: Problem, correct: list[RunSolution]) -> tuple[Quality, list[str], CheckerSpec | None]:
    """Classify a problem whose correct solutions all fail: the limits, the checker, or a test is at fault."""
    reasons = [f"{run.name}: {_first_failure(run)}" for run in correct]
    failures = [[result for result in run.judgement.results if _failed(result)] for run in correct]
    if all(any(result.verdict is Verdict.TIME_LIMIT for result in of_run) for of_run in failures):
        return Quality.TOO_SLOW, reasons, None
    wrong = [[result for result in of_run if result.verdict is Verdict.WRONG_ANSWER] for of_run in failures]
    only_wrong = any(answers and len(answers) == len(of_run) for answers, of_run in zip(wrong, failures, strict=True))
    if only_wrong:
        for lenient in LENIENT:
            if lenient != problem.checker and problem.function is None and _accepted_by(lenient, problem, wrong):
                return Quality.NEEDS_CHECKER, [*reasons, f"{_words(lenient)} would accept the answers"], lenient
        if SEVERAL_ANSWERS.search(problem.statement):
            return Quality.AMBIGUOUS, [*reasons, "the statement mentions several right answers"], None
    shared = set.intersection(*({(result.role, result.index) for result in of_run} for of_run in failures))
    if shared:
        names = ", ".join(f"{role} test {index}" for role, index in sorted(shared)[:5])
        return Quality.BAD_TEST, [*reasons, f"no correct solution passes {names}"], None
    return Quality.WRONG_LABEL, reasons, None


def _accepted_by(spec: CheckerSpec, problem: Problem, wrong: list[list[TestResult]]) -> bool:
    """Return whether a checker accepts every wrong answer of a solution that has only wrong answers."""
    tests: dict[tuple[Role, int], Test] = {(role, index): test for role, index, test in problem.tests()}
    checker = make_checker(spec)

    def accepts(result: TestResult) -> bool:
        test = tests[result.role, result.index]
        if result.stdout.endswith(CUT):
            return False
        return checker(
            test.input.encode(errors="replace"), result.stdout.encode(), test.output.encode(errors="replace")
        )

    return any(answers and all(map(accepts, answers)) for answers in wrong)


def _failed(result: TestResult) -> bool:
    return result.verdict is not Verdict.ACCEPTED


def _first_failure(run: RunSolution) -> str:
    failed = [result for result in run.judgement.results if _failed(result)]
    if not failed:
        return run.judgement.verdict.value
    first = failed[0]
    words = f"{first.verdict.value} on {first.role} test {first.index}"
    if first.category and first.verdict is not Verdict.WRONG_ANSWER:
        words += f" ({first.category})"
    return words if len(failed) == 1 else f"{words} and {len(failed) - 1} more"


def _words(spec: CheckerSpec) -> str:
    return f"the {spec.name} checker" + (f" with {' '.join(spec.flags)}" if spec.flags else "")
