"""Rescoring of a whole run or file of episodes: with which problems and which judge, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from rlef_env.analysis.backtest.rescore import Rescored
from rlef_env.analysis.backtest.source import dataset_of, open_source, read_source
from rlef_env.errors import UsageError
from rlef_env.problems import CheckerSpec, Dataset, Problem
from rlef_env.runs import ProblemFacts, RunFolder, RunIdentity, judge_version, problem_facts, problem_list, read_facts

__all__ = ["RescorePlan", "RescoreTotals", "Tests", "plan_rescoring"]

Tests = Literal["all", "public"]
"""Tests that programs are judged on."""


@dataclass(frozen=True)
class RescorePlan:
    """How the episodes of a run are judged again.

    Attributes:
        folder: the run; None for a file of episodes.
        problem: returns the problem with an id as it is judged now.
        facts: facts about the problems as they are judged now.
        episodes: number of episodes.
        identity: identity of the run that the episodes with the new verdicts make.
        unchanged: whether problems and judge are those of the run; False if that is unknown.
        settings: JSON values that say how the episodes are judged.
    """

    folder: RunFolder | None
    problem: Callable[[str], Problem]
    facts: tuple[ProblemFacts, ...]
    episodes: int
    identity: RunIdentity
    unchanged: bool
    settings: Mapping[str, Any]

    def new_run(self, path: str | Path) -> RunFolder:
        """Create the run that keeps the episodes with the new verdicts.

        Raises:
            UsageError: the folder has a run already.
        """
        kind = "evaluation" if self.folder is None else self.folder.kind
        config = {} if self.folder is None else self.folder.config
        return RunFolder.create(path, kind, self.identity, {**config, "rescored": dict(self.settings)}, self.facts)


def plan_rescoring(
    path: str | Path,
    data: str | None = None,
    split: str | None = None,
    checkers: Mapping[str, CheckerSpec] | None = None,
    tests: Tests = "all",
    time_limit_factor: float = 1.0,
) -> RescorePlan:
    """Prepare to judge episodes again. Everything that is missing is found here, before anything is judged.

    Args:
        path: a run, or a file of episodes.
        data: data set or problem set to take the problems from; None: the run's own.
        split: its split; None: the run's own.
        checkers: checkers to use instead of the problems' own, by the problem's id.
        tests: the tests to judge on.
        time_limit_factor: by which the judge multiplies the time limits.

    Raises:
        UsageError: there are no episodes, or the data set is unknown.
        ProblemNotFound: the data set lacks a problem.
        DataError: something cannot be read.
    """
    folder, dataset = open_source(path), dataset_of(path, data, split)
    if folder is None:
        ids = [record.episode.problem_id for record in read_source(path)]
        known: dict[str, ProblemFacts] = {}
    else:
        ids = [facts.problem.problem_id for facts in read_facts(folder)]
        known = folder.problem_facts()
    if not ids:
        raise UsageError(f"{path}: expected episodes to judge again, got none")
    problem = _as_judged(dataset, tests, checkers or {})
    for each in dict.fromkeys(ids):
        dataset.place(each)  # raises if the problem is unknown
    # Those without an episode are listed too: the list of an evaluation that was not finished is whole.
    unplayed = set(known).difference(ids).difference(dataset.ids)
    facts = tuple(problem_facts(problem(each)) for each in dict.fromkeys([*known, *ids]) if each not in unplayed)
    changed = sum(each.digest != known[each.problem_id].digest for each in facts if each.problem_id in known)
    judge: dict[str, Any] = judge_version()
    if time_limit_factor != 1:
        judge["time_limit_factor"] = time_limit_factor
    before = RunIdentity({"name": str(path)}) if folder is None else folder.identity
    window = [before.problems.get(name) for name in ("after", "before")]
    name, part = data or before.problems.get("dataset", "starter"), split or before.problems.get("split", "train")
    return RescorePlan(
        folder=folder,
        problem=problem,
        facts=facts,
        episodes=len(ids),
        identity=replace(before, problems=problem_list(facts, name, part, *window), judge=judge),
        unchanged=not changed and all(each in known for each in ids) and judge == before.judge,
        settings={
            "data": name,
            "split": part,
            "tests": tests,
            "time_limit_factor": time_limit_factor,
            "checkers": len(checkers or {}),
            "changed_problems": changed,
            "judge": judge,
        },
    )


def _as_judged(dataset: Dataset, tests: Tests, checkers: Mapping[str, CheckerSpec]) -> Callable[[str], Problem]:
    @lru_cache(maxsize=1024)
    def problem(problem_id: str) -> Problem:
        found = dataset.get(problem_id)
        if tests == "public":
            found = replace(found, private_tests=(), generated_tests=(), groups=())
        return replace(found, checker=checkers.get(problem_id, found.checker))

    return problem


@dataclass
class RescoreTotals:
    """Counts over episodes that were judged again.

    Attributes:
        episodes: episodes.
        programs: programs that got a verdict both times.
        changed: those of them whose verdict changed.
        solved_before: episodes that were solved.
        solved_after: episodes that are solved by the new verdicts.
        no_verdict_before: episodes without a verdict before, because the judge had failed.
        no_verdict_after: episodes without a verdict now.
        shorter: episodes that end at an earlier turn now.
        open: episodes that had ended and would go on now.
    """

    episodes: int = 0
    programs: int = 0
    changed: int = 0
    solved_before: int = 0
    solved_after: int = 0
    no_verdict_before: int = 0
    no_verdict_after: int = 0
    shorter: int = 0
    open: int = 0

    def add(self, each: Rescored) -> None:
        """Count an episode."""
        before, after = each.before.episode, each.after.episode
        self.episodes += 1
        self.programs += each.decided
        self.changed += sum(change.is_flip for change in each.changes)
        self.solved_before += before.solved
        self.solved_after += after.solved
        self.no_verdict_before += before.truncated
        self.no_verdict_after += after.truncated
        self.shorter += len(after.turns) < len(before.turns)
        self.open += before.ended and not after.ended

    @property
    def changed_share(self) -> float | None:
        """Share of the programs whose verdict changed; None if there were none."""
        return self.changed / self.programs if self.programs else None
