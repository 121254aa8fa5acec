"""Run a study: every arm with every seed, some at a time, each in a process of its own."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any, Final, TypeVar

from rlef_agents.studies.job import arm_folder, run_job
from rlef_agents.studies.policies import policy_folder, write_json
from rlef_agents.studies.study import Study
from rlef_env.errors import UsageError

__all__ = ["run_study"]

PR_SET_PDEATHSIG: Final = 1

Result = TypeVar("Result")


def run_study(
    study: Study,
    seeds: Sequence[int],
    out: Path,
    jobs: int,
    minutes: float | None = None,
    report: Callable[[str], None] = print,
) -> bool:
    """Run what is missing of a study.

    Args:
        study: the study.
        seeds: seeds of every arm.
        out: folder of all studies' runs.
        jobs: arms that run at the same time, each on one core with one judge.
        minutes: no arm begins after this time; None: no limit.
        report: called with a line after each arm.

    Returns:
        Whether the study is complete.

    Raises:
        UsageError: the folder has runs of an arm with other settings.
    """
    began = time.monotonic()
    missing = [
        (arm.name, seed) for arm in study.arms for seed in seeds
        if not (arm_folder(out, study, arm.name, seed) / "done.json").is_file()
    ]  # fmt: skip
    for name, seed in missing:
        check_settings(study, name, seed, out)
    starts = {}
    for name, seed in missing:
        start = dataclasses.replace(study.arm(name), method="none")
        starts[policy_folder(out, study, start, seed)] = name, seed
    first = [job for folder, job in starts.items() if not folder.exists()]
    report(f"{study.name}: {len(missing)} of {len(study.arms) * len(seeds)} arms to run, {len(first)} starts to make")
    for waiting, only_start in ((first, True), (missing, False)):
        running: dict[Future[dict[str, Any]], tuple[str, int]] = {}
        while waiting or running:
            late = minutes is not None and time.monotonic() - began > 60 * minutes
            while waiting and len(running) < jobs and not late:
                name, seed = waiting.pop(0)
                running[in_own_process(run_job, study, name, seed, out, only_start)] = name, seed
            if not running:
                report(f"{study.name}: {minutes:g} minutes are over; run the command again to continue")
                return False
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                name, seed = running.pop(done)
                cost = done.result()
                if not only_start:
                    write_json(arm_folder(out, study, name, seed) / "done.json", cost)
                passed = (time.monotonic() - began) / 60
                report(
                    f"{study.name}: {passed:5.1f} min: {'start of ' if only_start else ''}{name}, seed {seed}: "
                    f"{cost['cpu_seconds']:.0f} s of CPU time"
                )
    return True


def in_own_process(work: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Call a function in a process that then ends: the memory of one arm is not kept for the next."""
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_parent, (os.getpid(),))
    try:
        return pool.submit(work, *arguments)
    finally:
        pool.shutdown(wait=False)


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that ends. Its judges end with it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(1)


def check_settings(study: Study, arm_name: str, seed: int, out: Path) -> None:
    """Write an arm's settings into its folder, or compare them with those that are there."""
    arm = study.arm(arm_name)
    wanted = {
        "arm": dataclasses.asdict(arm), "task": study.task_of(arm), "start": dataclasses.asdict(study.start_of(arm)),
        "train": study.train, "evaluations": [dataclasses.asdict(each) for each in study.evaluations_of(arm)],
    }  # fmt: skip
    path = arm_folder(out, study, arm_name, seed) / "settings.json"
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")) != json.loads(json.dumps(wanted)):
        raise UsageError(
            f"{path.parent}: expected a run with the settings of the study, got one with others; remove the folder, or "
            "choose another --out"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, wanted)
