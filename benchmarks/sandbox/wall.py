"""Rows in wall time: mixed verdicts against the ideal, delay of kills, two workers against one."""

from __future__ import annotations

import itertools
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, Goal, measured, missing
from benchmarks.sandbox.blocks import Floor
from benchmarks.sandbox.settings import Settings
from benchmarks.sandbox.workload import Mixed, a_plus_b_problem, mixed_problem, mixed_programs, trivial_programs
from rlef_env.judge import Judge, JudgeJob, JudgePool, Verdict, default_workers
from rlef_env.sandbox import Limits, Program, Sandbox, Status

__all__ = ["kills", "mixed", "workers"]


def mixed(settings: Settings) -> list[Figure]:
    """Measure W3: 40 programs with all verdicts, one worker, against the sum of min(unlocked run time, limit)."""
    limit = settings.mixed_limit
    programs, problem = mixed_programs(5 * limit, settings.mixed_each), mixed_problem(limit)
    overheads, unexpected = [], set()
    late: Counter[str] = Counter()
    with Judge() as judge, Floor() as floor:
        judge.judge(problem, Program(programs[0].source))
        for _ in range(settings.passes):
            ideals = _ideal_seconds(floor, programs, limit, len(problem.private_tests))
            taken = 0.0
            for program in programs:
                began = time.monotonic()
                judgement = judge.judge(problem, Program(program.source))
                seconds = time.monotonic() - began
                taken += seconds
                late[program.kind] += seconds - ideals[program.kind]  # type: ignore[assignment]
                if program.verdict not in (None, judgement.verdict):
                    unexpected.add(f"{program.kind}: {judgement.verdict.value}")
            overheads.append((taken / sum(ideals[program.kind] for program in programs) - 1) * 100)
    parts = ", ".join(f"{kind} {seconds / settings.passes * 1e3:+.0f} ms" for kind, seconds in late.most_common())
    note = f"over the ideal, per pass: {parts}"
    if unexpected:
        note += f"; NOT the right verdict: {sorted(unexpected)}"
    figure = f"mixed verdicts, wall time over the ideal ({len(programs)} programs, limit {limit:g} s, one worker)"
    return [measured("mixed", figure, overheads, "%", Goal(5.0, "%"), note)]


def _ideal_seconds(floor: Floor, programs: list[Mixed], limit: float, tests: int) -> dict[str, float]:
    """Return the ideal seconds per program of each kind: the time of the program alone, in a bare fork."""
    ideal: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "solution.py"
        for program in programs:
            if program.kind in ideal:
                continue
            path.write_text(program.source)
            runs = tests if program.verdict is Verdict.ACCEPTED else 1
            once = min(floor.wall_seconds(path) for _ in range(3)) if program.ends else limit
            ideal[program.kind] = runs * min(once, limit)
    return ideal


def kills(settings: Settings) -> list[Figure]:
    """Measure the delay between reaching a limit and the result."""
    limit = 0.2
    limits = Limits(cpu_seconds=limit, memory_bytes=256 * 10**6, output_bytes=10**6)
    rows = []
    with Sandbox() as sandbox:
        for name, source in (
            ("a loop", "while True:\n    pass\n"),
            ("a long C call", "10 ** (10 ** 8)\n"),
            ("a sleeper", "import time\ntime.sleep(10)\n"),
        ):
            late, statuses = [], Counter[str]()
            with sandbox.load(Program(source), limits) as loaded:
                for _ in range(settings.kills):
                    began = time.monotonic()
                    execution = loaded.run(b"")
                    late.append((time.monotonic() - began - limit) * 1e3)
                    statuses[execution.status.value] += 1
            note = f"latest {max(late):.0f} ms" + (
                "" if set(statuses) == {Status.TIME_LIMIT.value} else f"; {statuses}"
            )
            figure = f"kill: from {name}'s limit of {limit:g} s to the result"
            rows.append(measured("kills", figure, late, "ms", Goal(50, "ms"), note))
    return rows


def workers(settings: Settings) -> list[Figure]:
    """Measure the speed of two workers against one."""
    figure, goal = "two workers against one, W1, judgements per second", Goal(1.85, "x", at_least=True)
    if default_workers() < 2:
        return [missing("workers", figure, "skipped: needs two cores, but this process may use only one", goal)]
    problem = a_plus_b_problem()
    sources = itertools.cycle(trivial_programs())

    def judged(pool: JudgePool, programs: int) -> float:
        jobs = [JudgeJob(problem, Program(next(sources))) for _ in range(programs)]
        began = time.monotonic()
        if any(judgement.verdict is not Verdict.ACCEPTED for judgement in pool.judge_all(jobs)):
            raise RuntimeError("A+B was not accepted")
        return programs / (time.monotonic() - began)

    rates, ceiling = [], []
    with JudgePool(1) as one, JudgePool(2) as two, Floor() as first, Floor() as second:
        judged(one, 2)
        judged(two, 4)
        began = time.monotonic()
        for _ in range(settings.rounds):
            rates.append(judged(two, 2 * settings.programs) / judged(one, settings.programs))
            ceiling.append(_two_at_once(first, second, settings.runs))
            if time.monotonic() - began > settings.row_seconds:
                break
    note = f"two bare floors at once against one: {statistics.median(ceiling):.2f}x, the machine's maximum at that time"
    return [measured("workers", figure, rates, "x", goal, note)]


def _two_at_once(first: Floor, second: Floor, runs: int) -> float:
    def seconds(*work: Callable[[], object]) -> float:
        threads = [threading.Thread(target=each) for each in work]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.monotonic() - began

    alone = seconds(lambda: first.cpu_seconds(runs))
    together = seconds(lambda: first.cpu_seconds(runs), lambda: second.cpu_seconds(runs))
    return 2 * alone / together
