"""Small runs that really were played and judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rlef_env.agents import play
from rlef_env.envs import CodeEnv
from rlef_env.problems import load_dataset
from rlef_env.runs import (
    EpisodeRecord,
    EpisodeWriter,
    RunFolder,
    RunIdentity,
    judge_version,
    problem_facts,
    problem_list,
)
from rlef_env.runs.folder import Kind

WRONG = "print(8)"
RIGHT = "print(sum(map(int, input().split())))"
PROBLEM = "starter/add-numbers"


class Scripted:
    """Gives programs of a list, whatever the problem is."""

    def __init__(self, programs: Sequence[str]) -> None:
        self.programs = iter(programs)

    def act(self, conversations: Sequence[object]) -> list[str]:
        return [f"```python\n{next(self.programs)}\n```" for _ in conversations]


def played_run(path: Path, episodes: Sequence[Sequence[str]], kind: Kind = "evaluation") -> RunFolder:
    """Play the problem ``PROBLEM`` of the starter set, once for each list of programs, and keep the run."""
    dataset = load_dataset("starter")
    facts = [problem_facts(dataset.get(PROBLEM))]
    with CodeEnv(dataset=dataset) as env:
        identity = RunIdentity(
            agent={"name": "scripted"},
            episodes={**env.config.settings, "seed": 0},
            problems=problem_list(facts, "starter", "train"),
            judge=judge_version(),
        )
        run = RunFolder.create(path, kind, identity, {}, facts)
        with EpisodeWriter(run) as writer:
            for sample, programs in enumerate(episodes):
                (episode,) = play(Scripted(programs), env, 1, problem_ids=[PROBLEM])
                writer.append(EpisodeRecord(episode, sample, seconds=1.0))
    return run
