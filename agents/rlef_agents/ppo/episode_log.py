"""Keeps the episodes of a training run in its run folder, as they were played and as the learner saw them."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final, Literal

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.rollout import Batch, Plan
from rlef_agents.ppo.verdict_noise import FLIPPED
from rlef_env import Episode, Verdict
from rlef_env.analysis.errors import categorise
from rlef_env.errors import RLEFError, UsageError
from rlef_env.problems import Problem
from rlef_env.runs import (
    EpisodeFacts,
    EpisodeRecord,
    EpisodeWriter,
    ProblemFacts,
    RunFolder,
    RunIdentity,
    TurnExtra,
    facts_of,
    judge_version,
    problem_facts,
    problem_list,
)

__all__ = ["EpisodeLog", "open_run", "records", "run_identity", "sample_numbers"]

NOT_OF_THE_POLICY: Final = frozenset(
    {"out", "save_every", "keep", "keep_episodes_every", "device", "servers", "judge", "judge_address"}
)
"""Settings that do not decide which policy a run trains."""

STARTS: Final = "starts.jsonl"
"""File with a line for each start of the run."""


class EpisodeLog:
    """Appends the episodes of a run to its folder. Each process writes files of its own.

    A run that was killed plays the updates after its last checkpoint again. Their episodes then replace those of the
    start before, because their ``attempt`` is higher.

    Args:
        run: the run's folder.
        attempt: number of earlier starts of the run.
        every: updates between those whose episodes are kept; 0: none. Evaluations are always kept.

    Raises:
        UsageError: another process writes this run.
        RLEFError: a file cannot be written, here or later.
    """

    def __init__(self, run: RunFolder, attempt: int, every: int) -> None:
        self.run, self._attempt, self._every = run, attempt, every
        self._facts: dict[str, ProblemFacts] = run.problem_facts()
        try:
            self._writer = EpisodeWriter(run, f"rank{parallel.rank()}")
        except OSError as error:
            raise self._full(error) from error

    def keeps(self, step: int) -> bool:
        """Return whether the episodes of the update after ``step`` updates are kept."""
        return bool(self._every) and step % self._every == 0

    def trained(
        self, batch: Batch, step: int, values: Sequence[Mapping[str, float]], trained: Sequence[bool] = ()
    ) -> list[EpisodeFacts]:
        """Keep the episodes of an update; all processes call it at once.

        Args:
            batch: the episodes.
            step: number of updates before this one.
            values: ``Learner.turn_values`` after the update.
            trained: for each of ``batch.tokens``, whether it was trained on; empty: all were.

        Returns:
            Facts about the episodes of this process, whether they are kept or not.
        """
        samples = sample_numbers([episode.problem_id for episode in batch.episodes])
        made = records(batch, samples, "train", step, self._attempt, "", values, trained)
        return self._keep(batch, made, self.keeps(step))

    def evaluated(self, batch: Batch, plan: Plan, step: int, evaluation: str) -> list[EpisodeFacts]:
        """Keep episodes of an evaluation.

        Args:
            batch: the episodes.
            plan: the plan by which they were played.
            step: number of updates so far.
            evaluation: name of the evaluation set.

        Returns:
            Facts about the episodes of this process.
        """
        made = records(batch, plan.samples, "evaluate", step, self._attempt, evaluation)
        return self._keep(batch, made, True)

    def close(self) -> None:
        """Compress what is left."""
        self._writer.close()

    def _keep(self, batch: Batch, made: Iterable[EpisodeRecord], write: bool) -> list[EpisodeFacts]:
        found = []
        for record, problem in zip(made, batch.problems, strict=True):
            if problem.id not in self._facts:
                self._facts[problem.id] = problem_facts(problem)
            facts = self._facts[problem.id]
            found.append(facts_of(record, facts))
            try:
                if write:
                    self._writer.append(record, facts)
            except OSError as error:
                raise self._full(error) from error
        return found

    def _full(self, error: OSError) -> RLEFError:
        return RLEFError(
            f"{self.run.episodes}: expected to be able to write episodes; {error}. Free some space, or keep fewer: "
            "set keep_episodes_every"
        )


def records(
    batch: Batch,
    samples: Sequence[int],
    phase: Literal["train", "evaluate"],
    step: int,
    attempt: int,
    evaluation: str = "",
    values: Sequence[Mapping[str, float]] = (),
    trained: Sequence[bool] = (),
) -> Iterator[EpisodeRecord]:
    """Yield the records of a batch.

    Args:
        batch: the episodes.
        samples: number of each among the episodes of its problem.
        phase: what they were played for.
        step: number of updates that the policy had.
        attempt: number of earlier starts of the run.
        evaluation: name of the evaluation set.
        values: numbers of each turn of the episodes that have a verdict and were trained on; empty: there are none.
        trained: for each of ``batch.tokens``, whether it was trained on; empty: all were.
    """
    tokens, numbers = iter(zip(batch.tokens, trained or [True] * len(batch.tokens), strict=True)), iter(values)
    flipped = frozenset(batch.flipped)
    for place, (episode, problem, sample) in enumerate(zip(batch.episodes, batch.problems, samples, strict=True)):
        played, learned = next(tokens) if episode.turns else (None, False)
        extras, read = [], 0
        for turn, category in zip(played.turns if played else (), categories(problem, episode), strict=True):
            read, written = read + len(turn.prompt_ids), len(turn.completion.ids)
            own = next(numbers) if values and learned and not episode.truncated else {}
            extras.append(TurnExtra(category, read, written, values=own))
            read += written
        if place in flipped:
            extras[-1] = replace(extras[-1], values={**extras[-1].values, FLIPPED: 1.0})
        yield EpisodeRecord(episode, sample, phase, evaluation, step, attempt, turns=tuple(extras))


def categories(problem: Problem, episode: Episode) -> list[str | None]:
    """Return the category of each turn's failure; None where it has none, or no verdict: the judge's reason stays."""
    found = categorise(problem, episode)
    return [
        None if turn.judgement.verdict is Verdict.NO_VERDICT else category
        for turn, category in zip(episode.turns, found, strict=True)
    ]


def sample_numbers(problems: Sequence[str]) -> list[int]:
    """Count the episodes of each problem over all processes, which call this at once, in their order.

    Args:
        problems: problem id of each episode of this process.

    Returns:
        The number of each episode among those of its problem, from 0.
    """
    counts = Counter(name for share in parallel.gathered(problems)[: parallel.rank()] for name in share)
    numbers = []
    for name in problems:
        numbers.append(counts[name])
        counts[name] += 1
    return numbers


def open_run(config: TrainConfig, identity: RunIdentity, problems: Sequence[ProblemFacts]) -> RunFolder:
    """Create the run in the folder ``out``, or open the one that is there.

    Raises:
        UsageError: the run was evaluated on other problems so far.
        RLEFError: a file cannot be written.
    """
    out = Path(config.out)
    if (out / "run.json").exists():
        run = RunFolder.open(out)
        changed = identity.differences(run.identity, ["problems"])
        if changed and identity.problems and run.identity.problems:
            raise UsageError(
                f"{out}: expected the evaluation problems with which this run began, got other ones: "
                f"{'; '.join(changed)}; set them back (evaluate_dataset, evaluate_split, evaluate_episodes), or choose "
                "another out"
            )
        return run
    try:
        return RunFolder.create(out, "training", identity, asdict(config), problems)
    except OSError as error:
        raise RLEFError(f"{out}: expected a writable folder; {error}. Free some space") from error


def count_start(out: Path, update: int, changed: Sequence[str]) -> int:
    """Append a line about this start to the run's file of starts, and return the number of earlier ones.

    Args:
        out: folder of the run.
        update: number of updates of the checkpoint from which it starts.
        changed: settings that differ from the checkpoint's.
    """
    path = out / STARTS
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    line = json.dumps({"time": now, "update": update, "processes": parallel.world(), "changed": list(changed)})
    try:
        before = path.read_bytes().count(b"\n") if path.exists() else 0
        with path.open("a", encoding="ascii") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RLEFError(f"{path}: expected a writable file; {error}. Free some space") from error
    return before


def run_identity(
    config: TrainConfig,
    env: Mapping[str, Any],
    problems: Sequence[ProblemFacts],
    split: str,
    seed: int,
) -> RunIdentity:
    """Return what decides the episodes of a run.

    Args:
        config: its settings.
        env: settings of the environment of evaluations.
        problems: the problems that evaluations play, in order; empty where there are no evaluations.
        split: their split.
        seed: seed of evaluations.
    """
    policy = {name: value for name, value in asdict(config).items() if name not in NOT_OF_THE_POLICY}
    names = dict.fromkeys(each.evaluate_dataset or each.dataset for each in config.evaluation_configs().values())
    listed = problem_list(problems, ", ".join(names), split) if problems else {}
    return RunIdentity(
        {"name": policy.pop("model") or "tiny", **policy}, {**env, "seed": seed}, listed, judge_version()
    )
