"""Backtests: another agent plays the problems, samples and seeds of a run, and each episode is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rlef_env.agents import NamedAgent
from rlef_env.analysis.evaluation import Evaluation
from rlef_env.analysis.run import Run
from rlef_env.envs import REWARDS
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset
from rlef_env.runs import EpisodeFacts, problem_facts

__all__ = ["EpisodeChange", "Outcome", "episode_changes", "replayed_evaluation"]

Outcome = Literal["won", "lost", "earlier", "later", "same", "unknown"]
"""Of an episode the second time: solved now, not solved any more, solved at an earlier or a later turn, the same, or
without a verdict once."""


@dataclass(frozen=True, slots=True)
class EpisodeChange:
    """An episode that was played twice.

    Attributes:
        before: the first time.
        after: the second time.
    """

    before: EpisodeFacts
    after: EpisodeFacts

    @property
    def outcome(self) -> Outcome:
        """What changed."""
        if not (self.before.has_verdict and self.after.has_verdict):
            return "unknown"
        if self.before.solved != self.after.solved:
            return "won" if self.after.solved else "lost"
        if self.before.solved_at == self.after.solved_at:
            return "same"
        return "earlier" if self.after.solved_at < self.before.solved_at else "later"


def replayed_evaluation(run: Run, agent: NamedAgent, dataset: Dataset, **arguments: Any) -> Evaluation:
    """Return the evaluation in which another agent plays what a run played: problems, samples, seeds and turns.

    Of a training run, that is its last evaluation.

    Args:
        run: the run.
        agent: the other agent.
        dataset: the data set of the run's problems.
        arguments: further fields of ``Evaluation``, such as ``workers``.

    Raises:
        UsageError: the run has no episodes, or a problem is not as it was.
        ProblemNotFound: the data set lacks a problem.
    """
    identity, known = run.folder.identity, run.folder.problem_facts()
    samples = Counter[str]()
    for facts in run.episodes():
        samples[facts.problem.problem_id] = max(samples[facts.problem.problem_id], facts.sample + 1)
    if not samples:
        raise UsageError(f"{run.path}: expected episodes to play again, got none")
    ids = [each for each in dict.fromkeys([*known, *samples]) if each in samples]
    for each in ids:
        problem = dataset.get(each)
        if each in known and known[each].digest not in ("", problem_facts(problem).digest):
            raise UsageError(
                f"{run.path}: expected problem {each!r} as the run played it, got one with another statement, tests, "
                "limits or checker; evaluate both agents on the new one"
            )
    episodes, problems = identity.episodes, identity.problems
    return Evaluation(
        agent,
        dataset,
        name=problems.get("dataset") or dataset.name,
        split=problems.get("split") or "train",
        problem_ids=ids,
        samples=dict(samples),
        turns=episodes.get("max_turns", 3),
        seed=episodes.get("seed", 0),
        feedback=episodes.get("feedback", "public"),
        after=problems.get("after"),
        before=problems.get("before"),
        env=_environment(episodes),
        **arguments,
    )


def _environment(episodes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the further settings of a run's environment, as far as a stored run can give them back.

    A reward that was a function and a tokenizer cannot be: their defaults are used.
    """
    env = {name: episodes[name] for name in ("prompt_cap", "feedback_cap", "protocol") if name in episodes}
    reward = episodes.get("reward")
    if isinstance(reward, Mapping) or reward in REWARDS:
        env["reward"] = reward
    return env


def episode_changes(before: Iterable[EpisodeFacts], after: Iterable[EpisodeFacts]) -> list[EpisodeChange]:
    """Return the episodes that are in both, by problem and sample, in the order of the first."""
    second: Mapping[tuple[str, int], EpisodeFacts] = {(each.problem.problem_id, each.sample): each for each in after}
    return [
        EpisodeChange(each, second[each.problem.problem_id, each.sample])
        for each in before
        if (each.problem.problem_id, each.sample) in second
    ]
