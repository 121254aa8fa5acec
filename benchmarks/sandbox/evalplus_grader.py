"""Grade programs with evalplus' in-process grader, as its ``evaluate`` grades each sample.

This is a separate program for an interpreter with evalplus: ``python -I evalplus_grader.py WORKLOAD``. WORKLOAD is JSON
with ``entry_point``, ``sources``, ``inputs`` and ``expected``. It prints ``0`` when it is ready. Then it reads a number
of programs per line, and answers with their CPU seconds (user + system, this process and its children).
"""

import itertools
import json
import resource
import sys

from evalplus.eval import PASS, untrusted_check  # type: ignore[import-not-found]


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    workload = json.loads(sys.argv[1])
    sources, inputs = itertools.cycle(workload["sources"]), workload["inputs"]
    reference_seconds = [0.001] * len(inputs)

    def grade(programs: int) -> None:
        for _ in range(programs):
            status, details = untrusted_check(
                "humaneval",
                next(sources),
                inputs,
                workload["entry_point"],
                workload["expected"],
                0,
                reference_seconds,
            )
            if status != PASS or not all(details):
                sys.exit(f"evalplus: expected {PASS}, got {status} {details}")

    grade(3)
    print(0, flush=True)
    for line in sys.stdin:
        before = cpu_seconds()
        grade(int(line))
        print(cpu_seconds() - before, flush=True)


if __name__ == "__main__":
    main()
